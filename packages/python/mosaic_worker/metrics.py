"""The metrics of Mosaic, with scikit-learn's definitions, as `packages/tensor/src/metrics` has them."""
from __future__ import annotations

import math
import re
from typing import Any, Dict, List, Mapping, Tuple

import torch

from .errors import MosaicError


class Metric:
    """Starts afresh for every evaluation."""

    direction = "higher"

    def __init__(self, name: str) -> None:
        self.name = name

    def start(self) -> None:
        raise NotImplementedError

    def add(self, prediction: torch.Tensor, target: torch.Tensor) -> None:
        raise NotImplementedError

    def result(self) -> Any:
        """A number, or lists of numbers."""
        raise NotImplementedError


def _scores(owner: str, prediction: torch.Tensor, target: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
    """[samples, classes] (one column: the score of class 1 against class 0), and the right classes."""
    if prediction.shape == target.shape:
        return prediction.float().reshape(-1, 1), (target > 0.5).long().reshape(-1)
    fits = prediction.dim() == target.dim() + 1 and prediction.shape[:1] + prediction.shape[2:] == target.shape
    if not fits or prediction.shape[1] < 2:
        raise MosaicError(
            f"{owner}: prediction {list(prediction.shape)} and target {list(target.shape)} do not fit: scores of two or more "
            "classes [batch, classes, ...] need class indices [batch, ...]; scores of one class need targets of their own shape"
        )
    return prediction.float().movedim(1, -1).reshape(-1, prediction.shape[1]), target.long().reshape(-1)


def _classes(owner: str, prediction: torch.Tensor, target: torch.Tensor, threshold: float) -> Tuple[int, torch.Tensor, torch.Tensor]:
    scores, actual = _scores(owner, prediction, target)
    if scores.shape[1] == 1:
        return 2, (scores > threshold).long().reshape(-1), actual
    return scores.shape[1], scores.argmax(1), actual


def _refuse_uncounted(owner: str, actual: torch.Tensor, classes: int) -> None:
    outside = int(((actual < 0) | (actual >= classes)).sum())
    if outside:
        raise MosaicError(f"{owner}: {outside} of {actual.numel()} targets are none of the {classes} classes, 0 to {classes - 1}")


class Accuracy(Metric):
    def __init__(self, name: str, threshold: float = 0.5) -> None:
        super().__init__(name)
        self._threshold = threshold

    def start(self) -> None:
        self._right = self._samples = 0

    def add(self, prediction: torch.Tensor, target: torch.Tensor) -> None:
        _, predicted, actual = _classes("accuracy", prediction, target, self._threshold)
        self._right += int((predicted == actual).sum())
        self._samples += actual.numel()

    def result(self) -> float:
        return self._right / self._samples


class TopKAccuracy(Metric):
    def __init__(self, name: str, k: int) -> None:
        super().__init__(name)
        self._k = k

    def start(self) -> None:
        self._right = self._samples = 0

    def add(self, prediction: torch.Tensor, target: torch.Tensor) -> None:
        scores, actual = _scores("topKAccuracy", prediction, target)
        classes = scores.shape[1]
        if self._k > classes:
            raise MosaicError(f"topKAccuracy: k is {self._k}, but there are scores of {classes} classes only")
        index = torch.arange(classes, device=scores.device)
        column = actual.unsqueeze(1)
        own = torch.where(column == index, scores, torch.zeros_like(scores)).sum(1, keepdim=True)
        # Of equal scores the first classes go ahead; a score of NaN is not right.
        ahead = (scores > own) | ((scores == own) & (index < column))
        self._right += int(((ahead.sum(1) < self._k) & (own == own).squeeze(1)).sum())
        self._samples += actual.numel()

    def result(self) -> float:
        return self._right / self._samples


class _Counts(Metric):
    """By actual class (rows) and predicted class (columns)."""

    owner = ""

    def __init__(self, name: str, threshold: float = 0.5) -> None:
        super().__init__(name)
        self._threshold = threshold

    def start(self) -> None:
        self._matrix: Any = None

    def add(self, prediction: torch.Tensor, target: torch.Tensor) -> None:
        classes, predicted, actual = _classes(self.owner, prediction, target, self._threshold)
        self.check(classes)
        _refuse_uncounted(self.owner, actual, classes)
        counts = torch.bincount((actual * classes + predicted).cpu(), minlength=classes * classes).reshape(classes, classes)
        self._matrix = counts if self._matrix is None else self._matrix + counts

    def check(self, classes: int) -> None:
        """Whether there are as many classes as it is for."""


class ConfusionMatrix(_Counts):
    owner = "confusionMatrix"

    def result(self) -> List[List[int]]:
        return self._matrix.tolist()


class _Rate(_Counts):
    def __init__(self, name: str, average: str = "binary", threshold: float = 0.5) -> None:
        super().__init__(name, threshold)
        self._average = average

    def check(self, classes: int) -> None:
        if self._average == "binary" and classes != 2:
            raise MosaicError(
                f'{self.owner}: average "binary" is for two classes, there are {classes}; choose "macro", "micro" or "none"'
            )

    def rate(self, hits: int, predicted: int, actual: int) -> float:
        raise NotImplementedError

    def result(self) -> Any:
        hits = self._matrix.diagonal().tolist()
        predicted, actual = self._matrix.sum(0).tolist(), self._matrix.sum(1).tolist()
        classes = list(zip(hits, predicted, actual))
        if self._average == "micro":
            return self.rate(sum(hits), sum(predicted), sum(actual))
        if self._average == "binary":
            return self.rate(*classes[1])
        if self._average == "none":
            return [self.rate(*each) for each in classes]
        present = [each for each in classes if each[1] + each[2] > 0]
        return sum(self.rate(*each) for each in present) / len(present)


def _share(part: float, whole: float) -> float:
    return 0.0 if whole == 0 else part / whole


class Precision(_Rate):
    owner = "precision"

    def rate(self, hits: int, predicted: int, actual: int) -> float:
        return _share(hits, predicted)


class Recall(_Rate):
    owner = "recall"

    def rate(self, hits: int, predicted: int, actual: int) -> float:
        return _share(hits, actual)


class F1(_Rate):
    owner = "f1"

    def rate(self, hits: int, predicted: int, actual: int) -> float:
        return _share(2 * hits, predicted + actual)


class _Ranking(Metric):
    """From all scores."""

    owner = ""

    def __init__(self, name: str, average: str = "macro") -> None:
        super().__init__(name)
        self._average = average

    def start(self) -> None:
        self._scores: List[torch.Tensor] = []
        self._actual: List[torch.Tensor] = []

    def add(self, prediction: torch.Tensor, target: torch.Tensor) -> None:
        scores, actual = _scores(self.owner, prediction, target)
        self._scores.append(scores.detach().cpu())
        self._actual.append(actual.cpu())

    def result(self) -> Any:
        scores, actual = torch.cat(self._scores), torch.cat(self._actual)
        columns = scores.shape[1]
        areas = []
        for column in range(columns):
            own = scores[:, column]
            is_inside = actual == (1 if columns == 1 else column)
            areas.append(math.nan if bool(own.isnan().any()) else self.area(own, is_inside))
        return areas if self._average == "none" else sum(areas) / columns

    def area(self, scores: torch.Tensor, is_inside: torch.Tensor) -> float:
        raise NotImplementedError


def _ties(scores: torch.Tensor, is_inside: torch.Tensor) -> Tuple[List[int], List[int]]:
    """Of each score, the smallest first: how many of the class have it, and how many others."""
    values, place = scores.unique(return_inverse=True)
    hits = torch.bincount(place[is_inside], minlength=values.numel()).tolist()
    misses = torch.bincount(place[~is_inside], minlength=values.numel()).tolist()
    return hits, misses


class RocAuc(_Ranking):
    owner = "rocAuc"

    def area(self, scores: torch.Tensor, is_inside: torch.Tensor) -> float:
        pairs = below = 0.0
        hits, misses = _ties(scores, is_inside)
        for hit, miss in zip(hits, misses):
            pairs += hit * (below + miss / 2)
            below += miss
        whole = sum(hits) * sum(misses)
        return math.nan if whole == 0 else pairs / whole


class AveragePrecision(_Ranking):
    owner = "averagePrecision"

    def area(self, scores: torch.Tensor, is_inside: torch.Tensor) -> float:
        hits, misses = _ties(scores, is_inside)
        area = 0.0
        found = seen = 0
        for hit, miss in zip(reversed(hits), reversed(misses)):
            found += hit
            seen += hit + miss
            area += hit * (found / seen)
        return math.nan if found == 0 else area / found


def _refuse_other_shape(owner: str, prediction: torch.Tensor, target: torch.Tensor) -> None:
    if prediction.shape != target.shape or target.dim() == 0:
        raise MosaicError(
            f"{owner}: prediction {list(prediction.shape)} and target {list(target.shape)} must have one shape, [batch, ...]"
        )


class MeanAbsoluteError(Metric):
    direction = "lower"

    def start(self) -> None:
        self._distance, self._count = 0.0, 0

    def add(self, prediction: torch.Tensor, target: torch.Tensor) -> None:
        _refuse_other_shape("meanAbsoluteError", prediction, target)
        self._distance += float((prediction.float() - target.float()).abs().sum())
        self._count += target.numel()

    def result(self) -> float:
        return self._distance / self._count


class R2Score(Metric):
    def start(self) -> None:
        self._predictions: List[torch.Tensor] = []
        self._targets: List[torch.Tensor] = []

    def add(self, prediction: torch.Tensor, target: torch.Tensor) -> None:
        _refuse_other_shape("r2Score", prediction, target)
        count = target.shape[0]
        self._predictions.append(prediction.detach().reshape(count, -1).cpu().double())
        self._targets.append(target.reshape(count, -1).cpu().double())

    def result(self) -> float:
        predictions, targets = torch.cat(self._predictions), torch.cat(self._targets)
        if targets.shape[0] < 2:
            return math.nan
        residual = ((predictions - targets) ** 2).sum(0).tolist()
        spread = ((targets - targets.mean(0)) ** 2).sum(0).tolist()
        scores = [1 - r / s if s != 0 else float(r == 0) for r, s in zip(residual, spread)]
        return sum(scores) / len(scores)


_KINDS: Dict[str, Any] = {
    "accuracy": Accuracy,
    "topkaccuracy": TopKAccuracy,
    "precision": Precision,
    "recall": Recall,
    "f1": F1,
    "confusionmatrix": ConfusionMatrix,
    "rocauc": RocAuc,
    "averageprecision": AveragePrecision,
    "meanabsoluteerror": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
    "r2score": R2Score,
    "r2": R2Score,
}


def make_metrics(list_of: List[Mapping[str, Any]]) -> List[Metric]:
    """From `{"name", "label", "options"}` each: kind of the metric, and what results call it, where that is not its usual name."""
    return [_make_metric(said) for said in list_of]


def _make_metric(said: Mapping[str, Any]) -> Metric:
    written = said["name"]
    kind = _KINDS.get(re.sub(r"[_ ]", "", written).lower())
    if kind is None:
        known = "accuracy, top_k_accuracy, precision, recall, f1, confusion_matrix, roc_auc, average_precision, mean_absolute_error, r2_score"
        raise MosaicError(f"[PROCESS] metrics: there is no {written} in Python; there are {known}")
    options = {name: value for name, value in (said.get("options") or {}).items() if value is not None}
    try:
        return kind(said.get("label") or _usual_name(kind, options), **options)
    except TypeError as error:
        raise MosaicError(f"[PROCESS] metrics: {written}: {error}") from error


def _usual_name(kind: Any, options: Mapping[str, Any]) -> str:
    words = re.sub(r"(?<=[a-z0-9])[A-Z]", lambda found: "_" + found.group(), kind.__name__).lower()
    average = options.get("average")
    if kind is TopKAccuracy:
        return f"top{options.get('k')}_accuracy"
    if average == "none":
        return f"{words}_per_class"
    return f"{average}_{words}" if average in ("macro", "micro") and issubclass(kind, _Rate) else words


def flat_figures(metrics: List[Metric]) -> Dict[str, float]:
    """Those with several numbers become `name_0`, `name_1`…, a matrix `name_0_1`."""
    figures: Dict[str, float] = {}

    def put(name: str, value: Any) -> None:
        if isinstance(value, list):
            for index, each in enumerate(value):
                put(f"{name}_{index}", each)
        else:
            figures[name] = value

    for metric in metrics:
        put(metric.name, metric.result())
    return figures
