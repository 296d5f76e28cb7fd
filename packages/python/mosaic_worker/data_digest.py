"""A digest of the data that a run sees, the same in every language: whether repetition k saw the same samples in two of them.

The form is that of `packages/mosaic/src/run/data-digest.ts`; `packages/python/digest-cases.json` has cases for both. It is taken
of what the first epoch gives, on its way: no loader is gone through once more.
"""
from __future__ import annotations

import ctypes
import math
import struct
from hashlib import sha256
from typing import Any, Iterator, List, Optional, Tuple

import torch

#: Of a set, in values: a larger one would take longer than shows nowhere.
_MOST_VALUES = 2**22
#: A sample costs as much as so many values.
_FEWEST_VALUES = 256
#: Values that wait: so much memory that nobody misses it.
_MOST_WAITING = 2**18
_MOST_BATCHES = 64


class SetDigest:
    """Of one set, as a set: the sum of its samples' SHA-256. Small batches wait, to be looked at together."""

    def __init__(self, state: Optional[Tuple[int, int, int]] = None) -> None:
        self._count, self._sum, self._left = state or (0, 0, _MOST_VALUES)
        #: Of each batch its fields, which all have samples of this form.
        self._waiting: List[List[torch.Tensor]] = []
        self._form: Optional[List[Any]] = None
        self._waiting_values = 0

    def state(self) -> Tuple[int, int, int]:
        self._flush()
        return self._count, self._sum, self._left

    def add(self, features: Any, target: torch.Tensor) -> None:
        if self._left < 0:
            return
        fields = [*_tensors_in(features), target]
        count = target.shape[0] if target.dim() > 0 else 0
        if not all(_is_plain(each) and each.shape[0] == count for each in fields):
            self._give_up()
            return
        form = [(each.dtype, each.shape[1:]) for each in fields]
        values = count * max(sum(math.prod(shape) for _, shape in form), _FEWEST_VALUES)
        self._left -= values
        if self._left < 0:
            self._give_up()
            return
        if count == 0:
            return
        if form != self._form or self._waiting_values >= _MOST_WAITING or len(self._waiting) >= _MOST_BATCHES:
            self._flush()
        self._form = form
        self._waiting_values += values
        # The model may change what it is given.
        self._waiting.append([each.clone() for each in fields])

    def _give_up(self) -> None:
        self._left = -1
        self._waiting = []

    def _flush(self) -> None:
        if self._waiting:
            fields = [torch.cat(parts) for parts in zip(*self._waiting)]
            self._waiting, self._waiting_values = [], 0
            samples = _samples_of(fields)
            self._sum = (self._sum + sum(int.from_bytes(sha256(each).digest(), "big") for each in samples)) % 2**256
            self._count += len(samples)

    def text(self) -> Optional[str]:
        """None where it is not known."""
        self._flush()
        return None if self._left < 0 else f"{self._count} {self._sum:064x}"


def digest_of_sums(sums: List[Optional[str]]) -> Optional[str]:
    """`sums`: of the train and the test set."""
    if any(each is None for each in sums):
        return None
    return sha256("".join(f"{each}\n" for each in sums).encode()).hexdigest()[:32]


def _tensors_in(features: Any) -> Iterator[Any]:
    if isinstance(features, (tuple, list)):
        for each in features:
            yield from _tensors_in(each)
    else:
        yield features


def _is_plain(value: Any) -> bool:
    if not isinstance(value, torch.Tensor) or value.is_nested or value.layout != torch.strided:
        return False
    return value.dim() > 0 and not value.is_complex()


def _head_of(field: torch.Tensor) -> bytes:
    """What stands before the values."""
    kind = b"b" if field.dtype == torch.bool else b"f" if field.is_floating_point() else b"i"
    sizes = [size for size in field.shape[1:] if size != 1]
    return kind + struct.pack(f"<{1 + len(sizes)}I", len(sizes), *sizes)


def _samples_of(fields: List[torch.Tensor]) -> List[bytes]:
    """Heads and values of each."""
    count = fields[0].shape[0]
    parts: List[torch.Tensor] = []
    for field in fields:
        head = torch.tensor(list(_head_of(field)), dtype=torch.uint8)
        parts += [head.expand(count, -1), _values_of(field).reshape(count, math.prod(field.shape[1:])).view(torch.uint8)]
    rows = torch.cat(parts, 1)
    size = rows.shape[1]
    # PyTorch may be there without numpy.
    content = ctypes.string_at(rows.data_ptr(), count * size)
    return [content[start : start + size] for start in range(0, count * size, size)]


def _values_of(field: torch.Tensor) -> torch.Tensor:
    """As float32, with one zero, and one number that is none."""
    values = field.detach().cpu()
    if values.dtype != torch.float32:
        # As JavaScript rounds: by way of doubles.
        values = values.to(torch.float64).to(torch.float32)
    return (values + 0.0).masked_fill(torch.isnan(values), float("nan")).contiguous()
