"""Losses, optimizers and schedulers of torch, as the order names them with their options."""
from __future__ import annotations

import warnings
from typing import Any, Callable, Dict, List, Mapping, Optional

import torch
from torch import nn

from .errors import MosaicError
from .imports import UserFiles, class_in
from .kept_state import KeptState

_CLASS_LOSSES = (nn.CrossEntropyLoss, nn.NLLLoss)
#: They have no own shape: targets of the prediction's are wanted.
_KNOWN_LOSSES = (
    nn.MSELoss,
    nn.L1Loss,
    nn.SmoothL1Loss,
    nn.HuberLoss,
    nn.BCELoss,
    nn.BCEWithLogitsLoss,
    nn.KLDivLoss,
)


class Loss:
    """A loss of (prediction, target), and what is known of it."""

    def __init__(self, function: Any, name: str, say: Callable[[str], None]) -> None:
        self._call = function if isinstance(function, nn.Module) else function.forward
        self._name = name
        self._say = say
        self._has_said = False
        self.function = function
        self.kept = KeptState(function)
        self.is_of_classes = isinstance(function, _CLASS_LOSSES)
        self.is_of_logits = isinstance(function, nn.BCEWithLogitsLoss)
        self._is_known = isinstance(function, _KNOWN_LOSSES)

    def __call__(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        value = self._call(prediction, target)
        if not isinstance(value, torch.Tensor):
            raise MosaicError(f"forward of the loss {self._name} must return a tensor, it returned {value!r}")
        if value.dim() != 0:
            if value.numel() != 1:
                shape = list(value.shape)
                raise MosaicError(f"the loss {self._name} gave a tensor of shape {shape}; it must give one number, the mean of a batch")
            value = value.reshape(())
        return value

    def fitted(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The target in the shape that the prediction wants, where only axes of length 1 are between them."""
        if prediction.shape == target.shape and not self.is_of_classes:
            return target
        wanted = self._wanted_shape(prediction, target)
        if wanted is None or target.shape == wanted:
            return target
        if _without_ones(target.shape) == _without_ones(wanted):
            if not self._has_said:
                self._has_said = True
                self._say(f"targets of shape {list(target.shape)} are given the shape {list(wanted)} that the predictions have")
            return target.reshape(wanted)
        if not (self._is_known or self.is_of_classes):
            return target
        what = f"prediction {list(prediction.shape)} and target {list(target.shape)} do not fit"
        if self.is_of_classes:
            raise MosaicError(f"{what}: {self._name} wants class indices of shape {list(wanted)}")
        raise MosaicError(f"{what}: {self._name} wants them to have one shape")

    def _wanted_shape(self, prediction: torch.Tensor, target: torch.Tensor) -> Optional[torch.Size]:
        if self.is_of_classes and not target.is_floating_point():
            shape = prediction.shape
            return torch.Size(shape[:1] + shape[2:]) if len(shape) > 1 else torch.Size(())
        # What a loss of one's own makes of class indices is its own affair.
        if not self._is_known and not target.is_floating_point():
            return None
        return prediction.shape


def _without_ones(shape: torch.Size) -> List[int]:
    return [length for length in shape if length != 1]


def make_loss(said: Mapping[str, Any], files: UserFiles, device: torch.device, say: Callable[[str], None]) -> Loss:
    name = said["class"]
    path = said.get("path")
    if path is not None:
        function = class_in(files.load(path), name, path)()
        if not isinstance(function, nn.Module) and not callable(getattr(function, "forward", None)):
            raise MosaicError(f"{name} ({path}): a loss needs the method forward(self, prediction, target)")
    else:
        options = dict(said.get("options") or {})
        if isinstance(options.get("pos_weight"), (int, float)):
            options["pos_weight"] = torch.tensor(float(options["pos_weight"]))
        function = _class_of(nn, name, "loss_function", nn.Module)(**options)
    if isinstance(function, nn.Module):
        function.to(device)
    return Loss(function, name, say)


def make_optimizer(said: Mapping[str, Any], parameters: List[torch.Tensor], lr: float) -> torch.optim.Optimizer:
    options = {"lr": lr, **(said.get("options") or {})}
    if "betas" in options:
        options["betas"] = tuple(options["betas"])
    optimizer = _class_of(torch.optim, said["class"], "optimizer", torch.optim.Optimizer)
    try:
        return optimizer(parameters, **options)
    except (TypeError, ValueError) as error:
        raise MosaicError(f"[PROCESS] optimizer: torch {torch.__version__} cannot make {said['class']}: {error}") from error


class Schedule:
    """A scheduler of torch, stepped after each optimizer step or each epoch."""

    def __init__(self, said: Optional[Mapping[str, Any]], optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer
        self._scheduler = None if said is None else _make_scheduler(said, optimizer)
        self._by_steps = said is not None and _goes_by_steps(said)
        # A run that goes on at the end of an epoch steps it first.
        warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step")
        self._judges = isinstance(self._scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau)

    @property
    def rate(self) -> float:
        return float(self._optimizer.param_groups[0]["lr"])

    def after_step(self) -> None:
        if self._by_steps:
            self._scheduler.step()

    def after_epoch(self, test_loss: float) -> None:
        if self._scheduler is None or self._by_steps:
            return
        if self._judges:
            self._scheduler.step(test_loss)
        else:
            self._scheduler.step()

    def state(self) -> Optional[Dict[str, Any]]:
        return None if self._scheduler is None else self._scheduler.state_dict()

    def load_state(self, state: Optional[Dict[str, Any]]) -> None:
        if self._scheduler is not None and state is not None:
            self._scheduler.load_state_dict(state)


def _goes_by_steps(said: Mapping[str, Any]) -> bool:
    options = said.get("options") or {}
    if options.get("schedulers"):
        return _goes_by_steps(options["schedulers"][0])
    return said["class"] == "OneCycleLR" or options.get("every") == "step"


def _make_scheduler(said: Mapping[str, Any], optimizer: torch.optim.Optimizer) -> Any:
    name = said["class"]
    options = {key: value for key, value in (said.get("options") or {}).items() if key != "every" and value is not None}
    if name == "OneCycleLR":
        # Momentum is left alone, as by the schedulers of Mosaic in TypeScript.
        options["cycle_momentum"] = False
    scheduler = _class_of(torch.optim.lr_scheduler, name, "scheduler", object)
    try:
        if "schedulers" in options:
            parts = [_make_scheduler(part, optimizer) for part in options.pop("schedulers")]
            return scheduler(parts) if name == "ChainedScheduler" else scheduler(optimizer, parts, **options)
        return scheduler(optimizer, **options)
    except (TypeError, ValueError) as error:
        raise MosaicError(f"[PROCESS] scheduler: torch {torch.__version__} cannot make {name}: {error}") from error


def _class_of(module: Any, name: str, option: str, base: type) -> Any:
    found = getattr(module, name, None)
    if isinstance(found, type) and issubclass(found, base):
        return found
    raise MosaicError(f"[PROCESS] {option}: torch {torch.__version__} has no {name}; take another one, or a newer torch")
