"""A digest of the data that a run sees, the same in every language: whether repetition k saw the same samples in two of them.

The form is that of `packages/mosaic/src/run/data-digest.ts`; `packages/python/digest-cases.json` has cases for both. It is taken
of what the first epoch gives, on its way: no loader is gone through once more.
"""
from __future__ import annotations

import ctypes
import hashlib
import struct
from typing import Any, Iterator, List, Optional, Tuple

import torch

#: Of a set, in values: a larger one would take longer than shows nowhere.
_MOST_VALUES = 2**22
#: A sample costs as much as so many values.
_FEWEST_VALUES = 256


class SetDigest:
    """Of one set, as a set: the sum of its samples' SHA-256."""

    def __init__(self, state: Optional[Tuple[int, int, int]] = None) -> None:
        self._count, self._sum, self._left = state or (0, 0, _MOST_VALUES)

    def state(self) -> Tuple[int, int, int]:
        return self._count, self._sum, self._left

    def add(self, features: Any, target: torch.Tensor) -> None:
        if self._left < 0:
            return
        fields = [*_tensors_in(features), target]
        if not all(_is_plain(each) and each.shape[0] == target.shape[0] for each in fields):
            self._left = -1
            return
        count = int(target.shape[0])
        values = sum(each[0].numel() for each in fields) if count > 0 else 0
        self._left -= count * max(values, _FEWEST_VALUES)
        if self._left < 0:
            return
        heads = [_head_of(each) for each in fields]
        rows = [_rows_of(each) for each in fields]
        for sample in zip(*rows):
            content = b"".join(part for pair in zip(heads, sample) for part in pair)
            self._sum += int.from_bytes(hashlib.sha256(content).digest(), "big")
        self._sum %= 2**256
        self._count += count

    def text(self) -> Optional[str]:
        """None where it is not known."""
        return None if self._left < 0 else f"{self._count} {self._sum:064x}"


def digest_of_sums(sums: List[Optional[str]]) -> Optional[str]:
    """`sums`: of the train and the test set."""
    if any(each is None for each in sums):
        return None
    return hashlib.sha256("".join(f"{each}\n" for each in sums).encode()).hexdigest()[:32]


def _tensors_in(features: Any) -> Iterator[Any]:
    if isinstance(features, (tuple, list)):
        for each in features:
            yield from _tensors_in(each)
    else:
        yield features


def _is_plain(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.layout == torch.strided and value.dim() > 0 and not value.is_complex()


def _head_of(field: torch.Tensor) -> bytes:
    """What stands before the values."""
    kind = b"b" if field.dtype == torch.bool else b"f" if field.is_floating_point() else b"i"
    sizes = [size for size in field.shape[1:] if size != 1]
    return kind + struct.pack(f"<{1 + len(sizes)}I", len(sizes), *sizes)


def _rows_of(field: torch.Tensor) -> List[bytes]:
    """The values of each sample, with one zero, and one number that is none."""
    count = field.shape[0]
    values = field.detach().cpu()
    if values.dtype != torch.float32:
        # As JavaScript rounds: by way of doubles.
        values = values.to(torch.float64).to(torch.float32)
    values = (values + 0.0).masked_fill(torch.isnan(values), float("nan")).contiguous()
    size = 4 * values.numel() // max(count, 1)
    # PyTorch may be there without numpy.
    content = ctypes.string_at(values.data_ptr(), 4 * values.numel())
    return [content[start : start + size] for start in range(0, size * count, size)] if size > 0 else [b""] * count
