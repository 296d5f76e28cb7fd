"""When training ends before its last epoch, as `packages/training/src/early-stopping.ts` and `monitored.ts` have it."""
from __future__ import annotations

import math
import re
from typing import Any, Dict, List, Mapping, Optional

from .errors import MosaicError
from .metrics import Metric


class EarlyStopping:
    """Ends when what is watched has not become better by more than `min_delta` for more than `patience` epochs."""

    def __init__(self, said: Mapping[str, Any], monitor: Optional[str], metrics: List[Metric]) -> None:
        self._patience = said.get("patience", 10)
        self._min_delta = said.get("min_delta", said.get("minDelta", 0))
        self._monitor = said.get("monitor") or monitor or "loss"
        self._metrics = metrics
        self._best, self._waited = math.inf, 0

    def state(self) -> Dict[str, float]:
        return {"best": self._best, "waited": self._waited}

    def load_state(self, state: Mapping[str, float]) -> None:
        self._best, self._waited = state["best"], int(state["waited"])

    @property
    def stops(self) -> bool:
        return self._waited > self._patience

    def after_epoch(self, record: Mapping[str, Any]) -> None:
        loss = self._watched(record)
        if loss < self._best - self._min_delta or (self._best == math.inf and loss < self._best):
            self._best, self._waited = loss, 0
        else:
            self._waited += 1

    def _watched(self, record: Mapping[str, Any]) -> float:
        """Turned so that lower is better."""
        figures = _named(record)
        if self._monitor not in figures:
            known = ", ".join(name for name in figures if not name.startswith(("valid_", "test_")))
            raise MosaicError(
                f'early stopping watches "{self._monitor}" (its option monitor), which no epoch has. There are: {known}; '
                "what else is to be watched must be among the metrics"
            )
        name = re.sub(r"^(train|valid|test)_", "", self._monitor)
        whole = [each for each in self._metrics if each.name == name]
        # `f1_0` is a part of `f1`.
        metric = (whole or [each for each in self._metrics if name.startswith(f"{each.name}_")] or [None])[0]
        is_lower_better = name == "loss" if metric is None else metric.direction == "lower"
        return figures[self._monitor] if is_lower_better else -figures[self._monitor]


def _named(record: Mapping[str, Any]) -> Dict[str, float]:
    own = {"loss": record["validLoss"], **_accuracy(record.get("validAccuracy")), **record["metrics"]}
    train = {"loss": record["trainLoss"], **_accuracy(record.get("trainAccuracy")), **(record.get("trainMetrics") or {})}
    figures = {prefix + name: value for prefix in ("", "valid_", "test_") for name, value in own.items()}
    return {**figures, **{f"train_{name}": value for name, value in train.items()}}


def _accuracy(value: Optional[float]) -> Dict[str, float]:
    return {} if value is None else {"acc": value}
