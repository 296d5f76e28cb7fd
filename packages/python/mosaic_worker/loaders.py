"""Loaders of the user's, and where in an epoch they are."""
from __future__ import annotations

import random
import sys
from typing import Any, Dict, Iterator, List, Tuple

import torch
from torch.utils.data import DataLoader, IterableDataset

from .chain import described, to_device
from .errors import MosaicError


def batches(name: str, loader: Any, device: torch.device) -> Iterator[Tuple[Any, torch.Tensor]]:
    """Features and target of each batch, on the device."""
    moves = device.type != "cpu"
    for batch in loader:
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            raise MosaicError(f"the {name} loader gives {described(batch)} a batch; two are needed, features and target")
        features, target = batch
        if not isinstance(target, torch.Tensor):
            raise MosaicError(f"the {name} loader gives {described(target)} as target; it must be a tensor")
        yield (to_device(features, device), target.to(device)) if moves else (features, target)


def samples_of(target: torch.Tensor) -> int:
    return target.shape[0] if target.dim() > 0 else 1


def can_be_repositioned(loader: Any) -> bool:
    """Whether an epoch that begins with the same random numbers gives the same batches."""
    return (
        isinstance(loader, DataLoader)
        and not isinstance(loader.dataset, IterableDataset)
        # Its workers draw random numbers of their own from epoch to epoch.
        and not getattr(loader, "persistent_workers", False)
    )


class LoaderGenerators:
    """The random numbers that loaders draw from generators of their own, which seeding does not reach."""

    def __init__(self, *loaders: Any) -> None:
        found: Dict[int, Any] = {}
        for loader in loaders:
            sampler, batch_sampler = getattr(loader, "sampler", None), getattr(loader, "batch_sampler", None)
            owners = [loader, sampler, batch_sampler, getattr(batch_sampler, "sampler", None), getattr(loader, "dataset", None)]
            for owner in owners:
                for value in list(getattr(owner, "__dict__", {}).values()):
                    if _is_generator(value):
                        found[id(value)] = value
        self._generators: List[Any] = list(found.values())

    def state(self) -> List[Any]:
        return [_state_of(each) for each in self._generators]

    def load_state(self, states: List[Any]) -> None:
        for generator, state in zip(self._generators, states):
            _set_state(generator, state)


def _is_generator(value: Any) -> bool:
    if isinstance(value, (torch.Generator, random.Random)):
        return True
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, (numpy.random.Generator, numpy.random.RandomState))


def _state_of(generator: Any) -> Any:
    if isinstance(generator, torch.Generator):
        return generator.get_state()
    if isinstance(generator, random.Random):
        return generator.getstate()
    return generator.bit_generator.state if hasattr(generator, "bit_generator") else generator.get_state()


def _set_state(generator: Any, state: Any) -> None:
    if isinstance(generator, torch.Generator):
        generator.set_state(state)
    elif isinstance(generator, random.Random):
        generator.setstate(state)
    elif hasattr(generator, "bit_generator"):
        generator.bit_generator.state = state
    else:
        generator.set_state(state)
