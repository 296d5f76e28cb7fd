"""Loaders of the user's, and where in an epoch they are."""
from __future__ import annotations

from typing import Any, Iterator, List, Tuple

import torch
from torch.utils.data import DataLoader, IterableDataset

from .chain import described, to_device
from .errors import MosaicError
from .kept_state import generator_state, generators_in, set_generator_state


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


def gives_new_tensors(loader: Any) -> bool:
    """Whether each batch has memory of its own; other loaders may fill the same one again and again."""
    return isinstance(loader, DataLoader) and loader.batch_sampler is not None


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
        self._generators: List[Any] = generators_in(loaders)

    def state(self) -> List[Any]:
        return [generator_state(each) for each in self._generators]

    def load_state(self, states: List[Any]) -> None:
        for generator, state in zip(self._generators, states):
            set_generator_state(generator, state)
