"""The device of a run, by its name in `gpu_available`; `cpu:0`, `cpu:1`… are shares of the processor."""
from __future__ import annotations

import os
import re

import torch

from .errors import MosaicError

_CPU = re.compile(r"cpu(:\d+)?\Z")


def take_device(name: str) -> torch.device:
    """A bare `.cuda()` of the user's hits the assigned one afterwards."""
    if _CPU.match(name):
        return torch.device("cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise MosaicError(f"[MONITOR] gpu_available: torch {torch.__version__} knows no device {name}") from error
    if device.type == "cuda":
        _take_cuda(device, name)
    elif device.type == "mps" and not torch.backends.mps.is_available():
        raise MosaicError(f"[MONITOR] gpu_available: there is no {name} here; take cpu")
    return device


def _take_cuda(device: torch.device, name: str) -> None:
    count = torch.cuda.device_count()
    if (device.index or 0) >= count:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        why = "" if visible is None else f" (CUDA_VISIBLE_DEVICES is {visible!r})"
        there = ", ".join(f"cuda:{index}" for index in range(count)) or "none"
        raise MosaicError(f"[MONITOR] gpu_available: there is no {name} here{why}; there are: {there}")
    torch.cuda.set_device(device.index or 0)
    # Seeds reach it from now on.
    torch.cuda.init()


def make_deterministic() -> None:
    """On a graphics device the same bits come only of this; an operation that cannot have them is an error."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
