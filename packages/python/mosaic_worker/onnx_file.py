"""The trained chain in evaluation form, runnable anywhere."""
from __future__ import annotations

import inspect
import io
import os
import warnings
from typing import Any, Callable, Dict

import torch
from torch import nn

from .chain import Chain
from .errors import MachineTrouble
from .files import RunFiles


_HAS_TWO_EXPORTERS = "dynamo" in inspect.signature(torch.onnx.export).parameters


class _Whole(nn.Module):
    """The chain as one module of torch, which its parts are registered in."""

    def __init__(self, chain: Chain) -> None:
        super().__init__()
        self._chain = chain
        self.parts = nn.ModuleList(part for link in chain.links for part in link.parts)

    def forward(self, features: Any) -> torch.Tensor:
        return self._chain.forward(features)


def save_onnx(files: RunFiles, run_id: int, chain: Chain, features: Any, say: Callable[[str], None]) -> None:
    """Says in the log where it cannot be made: the model is trained all the same."""
    name = f"model_{run_id}.onnx"
    if not isinstance(features, torch.Tensor):
        say(f"{name} is not written: it would need features that are one tensor")
        return
    chain.train(False)
    try:
        files.write("onnx", lambda staging: _export(os.path.join(staging, name), _Whole(chain), features))
    except MachineTrouble:
        raise
    except Exception as error:  # Of the exporter, in its many ways.
        files.drop(name)
        lines = str(error).strip().splitlines() or [type(error).__name__]
        say(f"{name} is not written: torch cannot export the model: {lines[0][:300]}")


def warm_up() -> None:
    """The exporter makes its tables when it is first used: for all runs at once."""
    try:
        _export(io.BytesIO(), nn.Linear(1, 1), torch.zeros(1, 1))
    except Exception:  # Where it cannot, each run says so in its log.
        pass


def _export(path: Any, model: nn.Module, features: torch.Tensor) -> None:
    options: Dict[str, Any] = {
        "input_names": ["features"],
        "output_names": ["prediction"],
        "dynamic_axes": {"features": {0: "batch"}, "prediction": {0: "batch"}},
    }
    if _HAS_TWO_EXPORTERS:
        # The other exporter needs packages that torch does not bring.
        options["dynamo"] = False
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (features,), path, **options)
