"""How many predictions are right: the largest score for class indices, the threshold 0.5 for targets in {0, 1} (0 where the
predictions are logits), the sign for targets in {-1, 1}; anything else has no accuracy.
"""
from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

import torch

#: Predictions that wait until they are looked at together, so that small batches cost little.
_MOST_WAITING = 1 << 16


class AccuracyRule:
    """What may count as right, as far as the targets that have come allow it."""

    def __init__(self, is_wanted: bool, of_classes: bool, of_logits: bool) -> None:
        self._of_classes = of_classes
        self._threshold = 0.0 if of_logits else 0.5
        self.candidates: List[str] = [] if not is_wanted else ["argmax"] if of_classes else ["threshold", "sign"]
        #: Whether some targets have been looked at.
        self.is_begun = False
        #: Whether all have: what counts as right is known.
        self.is_settled = False

    def settle(self) -> None:
        """After a whole epoch and its evaluation."""
        self.candidates = self.candidates[:1]
        self.is_settled = True

    def state(self) -> Dict[str, Any]:
        return {"candidates": list(self.candidates), "is_settled": self.is_settled}

    def load_state(self, state: Mapping[str, Any]) -> None:
        self.candidates, self.is_settled = list(state["candidates"]), state["is_settled"]

    @property
    def name(self) -> Optional[str]:
        return self.candidates[0] if self.candidates else None

    def rights(self, prediction: torch.Tensor, target: torch.Tensor) -> Dict[str, torch.Tensor]:
        """Of each candidate that is left; the targets decide which are."""
        if self._of_classes:
            if target.is_floating_point():
                self.candidates = []
                return {}
            return {"argmax": (prediction.argmax(1 if prediction.dim() > 1 else 0) == target).sum()}
        found: Dict[str, torch.Tensor] = {}
        if "threshold" in self.candidates:
            if self.is_settled or bool(((target == 0) | (target == 1)).all()):
                found["threshold"] = ((prediction > self._threshold) == (target > 0.5)).sum()
            else:
                self.candidates = [each for each in self.candidates if each != "threshold"]
        if "sign" in self.candidates:
            if self.is_settled or bool(((target == 1) | (target == -1)).all()):
                found["sign"] = ((prediction > 0) == (target > 0)).sum()
            else:
                self.candidates = [each for each in self.candidates if each != "sign"]
        return found


class AccuracyCount:
    """Of one epoch, or evaluation."""

    def __init__(self, rule: AccuracyRule, begun: Optional[Dict[str, Any]] = None) -> None:
        self._rule = rule
        self._rights: Dict[str, int] = dict((begun or {}).get("rights", {}))
        self._all: int = (begun or {}).get("all", 0)
        self._predictions: List[torch.Tensor] = []
        self._targets: List[torch.Tensor] = []
        self._waiting = 0

    def add(self, prediction: torch.Tensor, target: torch.Tensor) -> None:
        if not self._rule.candidates:
            return
        count = target.numel()
        if self._rule.candidates == ["argmax"] or prediction.shape != target.shape:
            self._take(self._rule.rights(prediction.detach(), target), count)
            return
        self._predictions.append(prediction.detach())
        self._targets.append(target)
        self._waiting += count
        # The first batch shows of most targets that there is nothing to count.
        if not self._rule.is_begun or self._waiting >= _MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        if self._waiting > 0:
            self._rule.is_begun = True
            self._take(self._rule.rights(_joined(self._predictions), _joined(self._targets)), self._waiting)
            self._predictions, self._targets, self._waiting = [], [], 0

    def _take(self, rights: Dict[str, torch.Tensor], count: int) -> None:
        for name, right in rights.items():
            self._rights[name] = self._rights.get(name, 0) + int(right)
        self._all += count

    def state(self) -> Dict[str, Any]:
        self.flush()
        return {"rights": dict(self._rights), "all": self._all}

    def percent(self) -> Optional[float]:
        """None where the targets have no notion of right: known when all sets have been seen once."""
        name = self._rule.name
        return None if name is None or self._all == 0 else 100 * self._rights.get(name, 0) / self._all


def _joined(tensors: List[torch.Tensor]) -> torch.Tensor:
    try:
        return torch.cat(tensors)
    except RuntimeError:  # Sizes beside that of the batch may vary from batch to batch.
        return torch.cat([tensor.reshape(-1) for tensor in tensors])
