"""How many predictions are right: the largest score for class indices, the threshold 0.5 for targets in {0, 1} (0 where the
predictions are logits), the sign for targets in {-1, 1}; anything else has no accuracy.
"""
from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple

import torch

#: Predictions that wait until they are looked at together, so that small batches cost little.
_MOST_WAITING = 1 << 16
#: So few that what is kept does not slow down the training.
_MOST_BATCHES = 64


class AccuracyRule:
    """What may count as right, as far as the targets that have come allow it."""

    def __init__(self, is_wanted: bool, of_classes: bool, of_logits: bool) -> None:
        self.is_of_classes = of_classes
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
        if self.is_of_classes:
            if target.is_floating_point():
                self.candidates = []
                return {}
            return {"argmax": torch.count_nonzero(prediction.argmax(1 if prediction.dim() > 1 else 0) == target)}
        found: Dict[str, torch.Tensor] = {}
        if "threshold" in self.candidates:
            if self.is_settled or bool(((target == 0) | (target == 1)).all()):
                found["threshold"] = torch.count_nonzero((prediction > self._threshold) == (target > 0.5))
            else:
                self.candidates = [each for each in self.candidates if each != "threshold"]
        if "sign" in self.candidates:
            if self.is_settled or bool(((target == 1) | (target == -1)).all()):
                found["sign"] = torch.count_nonzero((prediction > 0) == (target > 0))
            else:
                self.candidates = [each for each in self.candidates if each != "sign"]
        return found


class AccuracyCount:
    """Of one epoch, or evaluation."""

    def __init__(self, rule: AccuracyRule, copies: bool, begun: Optional[Dict[str, Any]] = None) -> None:
        """`copies`: whether targets may have other values by the time when they are looked at."""
        self._rule = rule
        self._copies = copies
        self._rights: Dict[str, int] = dict((begun or {}).get("rights", {}))
        self._all: int = (begun or {}).get("all", 0)
        #: Batches that wait, and how many values their predictions have.
        self._predictions: List[torch.Tensor] = []
        self._targets: List[torch.Tensor] = []
        self._waiting = 0
        #: Batches of one value: as numbers they leave the memory to the training.
        self._numbers: List[Tuple[float, float]] = []

    def add(self, prediction: torch.Tensor, target: torch.Tensor) -> None:
        if not self._rule.candidates:
            return
        count = prediction.numel()
        if count == 1 and self._rule.is_begun and not self._rule.is_of_classes and target.numel() == 1 and prediction.is_cpu:
            self._numbers.append((prediction.item(), target.item()))
            if len(self._numbers) >= _MOST_WAITING:
                self.flush()
            return
        # Without its gradients, at a third of the time that detach() takes.
        self._predictions.append(prediction.data)
        self._targets.append(target.clone() if self._copies else target)
        self._waiting += count
        # The first batch shows of most targets that there is nothing to count.
        if self._waiting >= _MOST_WAITING or len(self._targets) >= _MOST_BATCHES or not self._rule.is_begun:
            self.flush()

    def flush(self) -> None:
        pairs = self._pairs()
        self._predictions, self._targets, self._waiting, self._numbers = [], [], 0, []
        for prediction, target in pairs:
            self._rule.is_begun = True
            for name, right in self._rule.rights(prediction, target).items():
                self._rights[name] = self._rights.get(name, 0) + int(right)
            self._all += target.numel()

    def _pairs(self) -> List[Tuple[torch.Tensor, torch.Tensor]]:
        """As one batch; as they are where they do not go together: sizes beside that of the batch may vary from batch to batch."""
        pairs = list(zip(self._predictions, self._targets))
        if len(pairs) > 1:
            try:
                joined = torch.cat(self._predictions), torch.cat(self._targets)
                if self._rule.is_of_classes or joined[0].shape == joined[1].shape:
                    pairs = [joined]
            except RuntimeError:
                pass
        if self._numbers:
            predictions, targets = torch.tensor(self._numbers, dtype=torch.float64).unbind(1)
            pairs.append((predictions, targets))
        return pairs

    def state(self) -> Dict[str, Any]:
        self.flush()
        return {"rights": dict(self._rights), "all": self._all}

    def percent(self) -> Optional[float]:
        """None where the targets have no notion of right: known when all sets have been seen once."""
        name = self._rule.name
        return None if name is None or self._all == 0 else 100 * self._rights.get(name, 0) / self._all
