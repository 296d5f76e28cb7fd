"""A run's snapshot: all that going on needs. It is a file of safetensors whose header says what Mosaic wants to know of it."""
from __future__ import annotations

import io
import json
import math
import os
import struct
from typing import Any, Dict, Mapping, NamedTuple

import torch

from .errors import MosaicError

#: The pickle of torch in it, as bytes.
_TENSOR = "PYTHON_STATE"


class Snapshot(NamedTuple):
    #: Texts of the header.
    metadata: Dict[str, str]
    epoch: int
    start: int
    end: int


def snapshot_name(run_id: int) -> str:
    return f"snapshot_{run_id}.safetensors"


def write_snapshot(path: str, state: Mapping[str, Any], texts: Mapping[str, str]) -> None:
    info = json.dumps({"epoch": state["epoch"], "step": state["step"], "scheduler": {}, "earlyStopping": _plain(state["stopping"])})
    buffer = io.BytesIO()
    torch.save(dict(state), buffer)
    data = buffer.getbuffer()
    header = {
        "__metadata__": {**texts, "TRAIN_INFO": info},
        _TENSOR: {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]},
    }
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    # The data begins at a multiple of eight bytes.
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        file.write(data)


def _plain(state: Any) -> Dict[str, Any]:
    """JSON has no infinity, which "no best loss yet" is."""
    values = dict(state or {})
    return {name: value if math.isfinite(value) else str(value).replace("inf", "Infinity") for name, value in values.items()}


def read_snapshot(path: str) -> Snapshot:
    """Its header. Raises MosaicError where it is none, or cut off."""
    size = os.path.getsize(path)
    try:
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(length, size)))
        metadata = header["__metadata__"]
        begin, end = header[_TENSOR]["data_offsets"]
        epoch = json.loads(metadata["TRAIN_INFO"])["epoch"]
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise MosaicError(f"{path} is damaged, or no snapshot of a run in Python: remove it to start the run anew") from error
    if 8 + length + end != size:
        raise MosaicError(f"{path} is cut off: remove it to start the run anew")
    return Snapshot(metadata, epoch, 8 + length + begin, 8 + length + end)


def load_state(path: str, snapshot: Snapshot) -> Dict[str, Any]:
    with open(path, "rb") as file:
        file.seek(snapshot.start)
        data = io.BytesIO(file.read(snapshot.end - snapshot.start))
    try:
        # It is our own, and holds more than tensors.
        return torch.load(data, map_location="cpu", weights_only=False)
    except Exception as error:
        raise MosaicError(f"{path} is damaged: remove it to start the run anew ({error})") from error
