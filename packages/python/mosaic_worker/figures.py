"""The figures that a run ends with, as `packages/mosaic/src/figures/run-figures.ts` has them, and the text about it."""
from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, Dict, List, Mapping, Optional

Record = Mapping[str, Any]


def result_of(history: List[Record], parameters: int, seconds: float) -> Dict[str, Optional[float]]:
    """`history`: all epochs, those before a continuation included."""
    last: Record = history[-1] if history else {}
    train, test = [each["trainLoss"] for each in history], [each["validLoss"] for each in history]
    return {
        "train_loss": last.get("trainLoss"),
        "test_loss": last.get("validLoss"),
        "train_acc": last.get("trainAccuracy"),
        "test_acc": last.get("validAccuracy"),
        "nb_params": parameters,
        "duration(s)": seconds,
        "epochs": last.get("epoch", 0),
        "overfit": overfit(train, test),
        "trainability": sum(test) / len(test) if test else None,
        "slope": slope(train),
        **{f"train_{name}": value for name, value in (last.get("trainMetrics") or {}).items()},
        **{f"test_{name}": value for name, value in (last.get("metrics") or {}).items()},
    }


def overfit(train: List[float], test: List[float]) -> Optional[float]:
    """Gap between the curves at their end, as a share of the range of both; None where they are flat."""
    if not train or not test:
        return None
    if any(math.isnan(loss) for loss in train + test):
        return math.nan
    low, high = min(train + test), max(train + test)
    return _quotient(abs(test[-1] - train[-1]), high - low) if high > low else None


def slope(train: List[float]) -> Optional[float]:
    """Mean change from epoch to epoch over the last tenth of the epochs, at least one change; None for a single epoch."""
    changes = max(1, len(train) // 10)
    return (train[-1] - train[-1 - changes]) / changes if len(train) > changes else None


def _quotient(one: float, other: float) -> float:
    return math.nan if math.isinf(one) and math.isinf(other) else one / other


def number_text(value: Any) -> str:
    """A number as JavaScript writes it, so that files of both languages look alike."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    text = repr(float(value))
    if "e" not in text:
        return text[:-2] if text.endswith(".0") else text
    sign, digits, exponent = Decimal(text).normalize().as_tuple()
    text, point = "".join(map(str, digits)), len(digits) + int(exponent)
    if 0 < point <= 21:
        number = text.ljust(point, "0") if len(text) <= point else f"{text[:point]}.{text[point:]}"
    elif -6 < point <= 0:
        number = f"0.{'0' * -point}{text}"
    else:
        head = text[0] + (f".{text[1:]}" if len(text) > 1 else "")
        number = f"{head}e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return ("-" if sign else "") + number


def run_info_text(order: Mapping[str, Any], result: Mapping[str, Any], stopped_early: bool) -> str:
    """The text of a run's `.mdt` file, in the form of `packages/mosaic/src/run/run-info.ts`."""
    lines = [
        f"run {order['runId']}",
        f"repetition {order['repetition']}",
        f"seed {order['seed']}",
        f"device {order['device']}",
        f"stopped early {'yes' if stopped_early else 'no'}",
    ]
    pipeline = order["pipeline"]
    for module in pipeline["modules"]:
        flat = _flat_module(module)
        lines += ["", f"[{flat.get('name', flat['type'])}]", *_texts(flat)]
    if pipeline.get("training"):
        flat = {"type": "process", **pipeline["training"], "name": "PROCESS"}
        lines += ["", "[PROCESS]", *_texts(flat)]
    lines += ["", "[PROCESS]", *_texts(order["process"]), "", "[RESULTS]"]
    lines += [f"{name} = {number_text(value)}" for name, value in result.items()]
    return "\n".join(lines) + "\n"


def _flat_module(module: Mapping[str, Any]) -> Dict[str, str]:
    named = {} if module.get("section") is None else {"name": module["section"]}
    own = {"type": module["type"], "class": module["className"], "path_to_class": module["path"]}
    flat = {**own, **module["options"], "key": module["key"], **named}
    order = module.get("order")
    return flat if order is None else dict(sorted(flat.items(), key=lambda each: order.index(each[0]) if each[0] in order else -1))


def _texts(texts: Mapping[str, str]) -> List[str]:
    return [f"{name} = {text}" for name, text in texts.items()]
