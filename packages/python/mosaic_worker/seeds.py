"""Where random numbers come from: what is random in one part of a run does not shift what is random in another.

`random`, `numpy` and `torch` are seeded before the data modules ("data"), before the pipeline modules ("model"), before each
epoch ("train") and each evaluation ("evaluation", "train evaluation"). A loop written by hand that calls `seed_all` at the
same places has the same bits.
"""
from __future__ import annotations

import hashlib
import random
import sys
from typing import Any, Dict


def seed_of(seed: int, stream: str, epoch: int = 0) -> int:
    """Unsigned, of 32 bits. `seed` is that of `run_info`; epochs count from 0."""
    return int.from_bytes(hashlib.sha256(f"{seed} {stream} {epoch}".encode()).digest()[:4], "big")


def seed_all(seed: int, stream: str, epoch: int = 0) -> None:
    value = seed_of(seed, stream, epoch)
    random.seed(value)
    _seed_torch(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(value)


def _seed_torch(value: int) -> None:
    """As torch.manual_seed, which on a machine without such a device keeps the stack of each call for later."""
    import torch

    torch.default_generator.manual_seed(value)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(value)
    mps = getattr(torch, "mps", None)
    if mps is not None and torch.backends.mps.is_available():
        mps.manual_seed(value)


def random_state() -> Dict[str, Any]:
    """Of the three, to go on in the middle of an epoch."""
    import torch

    state: Dict[str, Any] = {"random": random.getstate(), "torch": torch.get_rng_state()}
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        state["numpy"] = numpy.random.get_state()
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        state["cuda"] = torch.cuda.get_rng_state()
    if hasattr(torch, "mps") and torch.backends.mps.is_available():
        state["mps"] = torch.mps.get_rng_state()
    return state


def set_random_state(state: Dict[str, Any]) -> None:
    import torch

    random.setstate(state["random"])
    torch.set_rng_state(state["torch"])
    numpy = sys.modules.get("numpy")
    if numpy is not None and "numpy" in state:
        numpy.random.set_state(state["numpy"])
    if "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"])
    if "mps" in state:
        torch.mps.set_rng_state(state["mps"])
