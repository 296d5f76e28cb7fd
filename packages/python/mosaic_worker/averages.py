"""A moving average of the weights: after each step, average = decay average + (1 - decay) parameter."""
from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator, List, Optional

import torch


class Averages:
    """Where there is no decay, nothing is kept and nothing changes."""

    def __init__(self, parameters: List[torch.Tensor], decay: Optional[float]) -> None:
        self._parameters = [each for each in parameters if each.requires_grad]
        self._decay = decay
        self._values: Optional[List[torch.Tensor]] = None

    def after_step(self) -> None:
        # For small steps even to switch gradients off takes its time.
        if self._decay is not None:
            self._take_step(self._decay)

    @torch.no_grad()
    def _take_step(self, decay: float) -> None:
        if self._values is None:
            # The first step's parameters enter whole.
            self._values = [each.detach().clone() for each in self._parameters]
            return
        for average, parameter in zip(self._values, self._parameters):
            average.sub_(parameter).mul_(decay).add_(parameter)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model has the averages meanwhile."""
        if self._values is None:
            yield
            return
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    @torch.no_grad()
    def _exchange(self) -> None:
        for average, parameter in zip(self._values or [], self._parameters):
            kept = parameter.detach().clone()
            parameter.copy_(average)
            average.copy_(kept)

    def state(self) -> Optional[List[torch.Tensor]]:
        return self._values

    def load_state(self, values: Optional[List[torch.Tensor]]) -> None:
        moved = None if values is None else [value.to(each.device) for value, each in zip(values, self._parameters)]
        self._values = moved
