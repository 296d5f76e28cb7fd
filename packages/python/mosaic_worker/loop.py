"""The training loop: epochs of steps, an evaluation after each, learning rate and early stopping from the evaluation's loss.

The rules are those of `packages/training/src/train.ts`.
"""
from __future__ import annotations

import copy
import time
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional

import torch

from .accuracy import AccuracyCount, AccuracyRule
from .averages import Averages
from .chain import Chain
from .components import Loss, Schedule, make_optimizer
from .data_digest import SetDigest, digest_of_sums
from .early_stopping import EarlyStopping
from .errors import MosaicError
from .loaders import LoaderGenerators, batches, can_be_repositioned, gives_new_tensors, samples_of
from .metrics import flat_figures, make_metrics
from .seeds import random_state, seed_all, set_random_state

#: Losses on a graphics device that wait until they are read together: it would have to wait for each.
_MOST_LOSSES = 64


class Trained(NamedTuple):
    history: List[Dict[str, Any]]
    #: Whole epochs, those before a resumption included.
    epoch: int
    stopped_early: bool
    paused: bool


class LossSum:
    """Over the samples of an epoch, in double precision and in order."""

    def __init__(self, name: str, device: torch.device, begun: Optional[Mapping[str, Any]] = None) -> None:
        self._name = name
        self._waits = device.type != "cpu"
        self.loss: float = (begun or {}).get("loss", 0.0)
        self.samples: int = (begun or {}).get("samples", 0)
        self._losses: List[torch.Tensor] = []
        self._counts: List[int] = []

    def add(self, loss: torch.Tensor, samples: int) -> None:
        if not self._waits:
            self.loss += loss.item() * samples
            self.samples += samples
            return
        self._losses.append(loss.detach())
        self._counts.append(samples)
        if len(self._losses) >= _MOST_LOSSES:
            self.flush()

    def flush(self) -> None:
        if self._losses:
            for value, count in zip(torch.stack(self._losses).tolist(), self._counts):
                self.loss += value * count
                self.samples += count
            self._losses, self._counts = [], []

    def mean(self) -> float:
        self.flush()
        if self.samples == 0:
            raise MosaicError(f"the {self._name} loader gave no batch")
        return self.loss / self.samples


class Loop:
    """One training. `say` writes to the run's log."""

    def __init__(
        self,
        chain: Chain,
        training: Mapping[str, Any],
        loss: Loss,
        device: torch.device,
        seed: int,
        say: Callable[[str], None],
    ) -> None:
        self._chain = chain
        self._loss = loss
        self._device = device
        self._seed = seed
        self._epochs: int = training["epochs"]
        self._parameters = chain.parameters()
        self._optimizer = make_optimizer(training["optimizer"], self._parameters, training["lr"])
        self._schedule = Schedule(training.get("scheduler"), self._optimizer)
        self._accumulate: int = training.get("accumulate") or 1
        self._clip_norm: Optional[float] = training.get("clipNorm")
        self._clip_value: Optional[float] = training.get("clipValue")
        self._metrics = make_metrics(training.get("metrics") or [])
        stopping = training.get("earlyStopping")
        self._stopping = None if stopping is None else EarlyStopping(stopping, training.get("monitor"), self._metrics)
        self._rule = AccuracyRule(training.get("accuracy") is not False, loss.is_of_classes, loss.is_of_logits)
        self.averages = Averages(self._parameters, _decay_of(training.get("averaging")))
        self._generators = LoaderGenerators(chain.train_loader, chain.test_loader)
        self._goes_on_within = can_be_repositioned(chain.train_loader)
        self._is_checked = False
        #: Of the samples that the first epoch gives, by set; a set that is not there yet was not given as a whole.
        self._sums: Dict[str, Optional[str]] = {}
        self._epoch = 0
        #: Minibatches in all.
        self._step = 0
        #: How far the next epoch has come.
        self._within: Optional[Dict[str, Any]] = None
        self._last_whole: Optional[Dict[str, Any]] = None
        if not self._goes_on_within:
            say("the train loader cannot be set to a place within an epoch: a pause goes back to the epoch before")

    @property
    def epoch(self) -> int:
        """Whole ones, those before a resumption included."""
        return self._epoch

    @property
    def directions(self) -> Dict[str, str]:
        return {metric.name: metric.direction for metric in self._metrics}

    @property
    def data_digest(self) -> Optional[str]:
        """None where it is not known."""
        return digest_of_sums([self._sums.get(name) for name in ("train", "test")])

    def check(self) -> None:
        """Computes one loss, and trains nothing."""
        self._chain.train(False)
        with torch.no_grad():
            for features, target in batches("test", self._chain.test_loader, self._device):
                self._loss_of(features, target)
                return
        raise MosaicError("the test loader gave no batch")

    def train(self, talk: Any) -> Trained:
        """`talk`: what the run says on its way, and hears."""
        history: List[Dict[str, Any]] = []
        stopped = paused = False
        while self._epoch < self._epochs and not stopped:
            if not self._goes_on_within:
                self._last_whole = copy.deepcopy(self.state())
            record = self._one_epoch(talk)
            if record is None:
                paused = True
                break
            history.append(record)
            stopped = self._stopping is not None and self._stopping.stops
            talk.epoch(record, self._epochs)
            if talk.is_snapshot_due and self._epoch < self._epochs and not stopped:
                talk.snapshot(self)
        if paused and not self._goes_on_within and self._last_whole is not None:
            self.load_state(self._last_whole)
        return Trained(history, self._epoch, stopped, paused)

    def _one_epoch(self, talk: Any) -> Optional[Dict[str, Any]]:
        """None where it was paused."""
        start = time.perf_counter() - (self._within or {}).get("seconds", 0.0)
        rate = self._within["rate"] if self._within is not None else self._schedule.rate
        loss, accuracy = self._train_epoch(talk, start, rate)
        if loss is None:
            return None
        train_loss = loss.mean()
        with self.averages.in_place():
            evaluated = self._evaluate(talk, "evaluation", "test", self._chain.test_loader, True)
            on_train = None
            if evaluated is not None and self._metrics:
                on_train = self._evaluate(talk, "train evaluation", "train", self._chain.train_loader, False)
        if evaluated is None or (self._metrics and on_train is None):
            self._within = {**(self._within or {}), "seconds": time.perf_counter() - start}
            return None
        self._epoch += 1
        self._within = None
        record: Dict[str, Any] = {
            "epoch": self._epoch,
            "lr": rate,
            "trainLoss": train_loss,
            "validLoss": evaluated["loss"],
            "metrics": evaluated["metrics"],
            "seconds": time.perf_counter() - start,
        }
        self._rule.settle()
        right = {"trainAccuracy": accuracy.percent(), "validAccuracy": evaluated["accuracy"].percent()}
        record.update({name: value for name, value in right.items() if value is not None})
        if on_train is not None:
            record["trainMetrics"] = on_train["metrics"]
        if self._stopping is not None:
            self._stopping.after_epoch(record)
        self._schedule.after_epoch(record["validLoss"])
        return record

    def _train_epoch(self, talk: Any, start: float, rate: float) -> tuple:
        """Its losses and what was right; (None, None) where it was paused."""
        begun = self._within
        loss = LossSum("train", self._device, begun)
        accuracy = AccuracyCount(self._rule, not gives_new_tensors(self._chain.train_loader), (begun or {}).get("accuracy"))
        if begun is not None and begun["is_trained"]:
            # Only the evaluation is to come, as a whole.
            self._generators.load_state(begun["generators_now"])
            return loss, accuracy
        self._chain.train(True)
        if begun is not None:
            self._generators.load_state(begun["generators"])
        generators = self._generators.state()
        seed_all(self._seed, "train", self._epoch)
        source = batches("train", self._chain.train_loader, self._device)
        count = 0
        if begun is not None:
            for _ in range(begun["batches"]):
                if next(source, None) is None:
                    raise MosaicError("the train loader gives fewer batches than when the run was paused: rerun it from its start")
                if talk.stops_after_step():
                    return None, None
            count = begun["batches"]
            self._generators.load_state(begun["generators_now"])
            set_random_state(begun["random"])
        digest = self._digest_of_train(begun)

        def within(is_trained: bool) -> Dict[str, Any]:
            loss.flush()
            return {
                "batches": count,
                "loss": loss.loss,
                "samples": loss.samples,
                "accuracy": accuracy.state(),
                "seconds": time.perf_counter() - start,
                "rate": rate,
                "data": None if digest is None else digest.state(),
                "is_trained": is_trained,
                "generators": generators,
                "generators_now": self._generators.state(),
                "random": None if is_trained else random_state(),
            }

        for features, target in source:
            if digest is not None:
                digest.add(features, target)
            value, prediction, target = self._loss_of(features, target)
            self._update(value, prediction, target)
            loss.add(value, samples_of(target))
            accuracy.add(prediction, target)
            count += 1
            if talk.stops_after_step():
                self._within = within(False)
                return None, None
            if talk.is_snapshot_due and self._goes_on_within:
                self._within = within(False)
                talk.snapshot(self)
                # Modules that are saved may have drawn numbers, or be as for an evaluation.
                set_random_state(self._within["random"])
                self._chain.train(True)
                self._within = begun
        if digest is not None:
            self._sums["train"] = digest.text()
        self._within = within(True)
        return loss, accuracy

    def _digest_of_train(self, begun: Optional[Mapping[str, Any]]) -> Optional[SetDigest]:
        """Of the first epoch, if it was begun with one: batches that are gone through again may draw other numbers."""
        if self._epoch > 0:
            return None
        if begun is None:
            return SetDigest()
        state = begun.get("data")
        return None if state is None else SetDigest(state)

    def _loss_of(self, features: Any, target: torch.Tensor) -> tuple:
        prediction = self._chain.forward(features)
        target = self._loss.fitted(prediction, target)
        value = self._loss(prediction, target)
        if not self._is_checked:
            self._is_checked = True
            self._chain.refuse_unread()
        return value, prediction, target

    def _update(self, value: torch.Tensor, prediction: torch.Tensor, target: torch.Tensor) -> None:
        if self._step % self._accumulate == 0:
            self._optimizer.zero_grad()
        try:
            (value if self._accumulate == 1 else value / self._accumulate).backward()
        except RuntimeError as error:
            if "Found dtype" not in str(error) or prediction.dtype == target.dtype:
                raise
            raise MosaicError(
                f"predictions are of {prediction.dtype}, targets of {target.dtype}, which this loss cannot be trained with: "
                "let the data set give targets of the predictions' type, as by .float()"
            ) from error
        self._step += 1
        if self._step % self._accumulate != 0:
            return
        if self._clip_value is not None:
            torch.nn.utils.clip_grad_value_(self._parameters, self._clip_value)
        if self._clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(self._parameters, self._clip_norm)
        self._optimizer.step()
        self._schedule.after_step()
        self.averages.after_step()

    def _evaluate(self, talk: Any, stream: str, name: str, loader: Any, counts: bool) -> Optional[Dict[str, Any]]:
        """None where it was paused: an evaluation is made as a whole, or anew."""
        loss, accuracy = LossSum(name, self._device), AccuracyCount(self._rule, not gives_new_tensors(loader))
        for metric in self._metrics:
            metric.start()
        self._chain.train(False)
        seed_all(self._seed, stream, self._epoch)
        digest = SetDigest() if self._epoch == 0 and name == "test" else None
        with torch.no_grad():
            for features, target in batches(name, loader, self._device):
                if digest is not None:
                    digest.add(features, target)
                value, prediction, target = self._loss_of(features, target)
                loss.add(value, samples_of(target))
                if counts:
                    accuracy.add(prediction, target)
                for metric in self._metrics:
                    metric.add(prediction, target)
                if talk.stops_after_step():
                    return None
        if digest is not None:
            self._sums[name] = digest.text()
        accuracy.flush()
        return {"loss": loss.mean(), "accuracy": accuracy, "metrics": flat_figures(self._metrics)}

    # Where training is.

    def state(self) -> Dict[str, Any]:
        return {
            "epoch": self._epoch,
            "step": self._step,
            "within": self._within,
            "modules": [link.state() for link in self._chain.links],
            "loss": self._loss.kept.state(),
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state(),
            "stopping": None if self._stopping is None else self._stopping.state(),
            "averages": self.averages.state(),
            "accuracy": self._rule.state(),
            "gradients": self._gradients(),
            "generators": self._generators.state(),
            "sums": self._sums,
        }

    def _gradients(self) -> Optional[List[Optional[torch.Tensor]]]:
        """Those that wait for others."""
        is_between = self._step % self._accumulate != 0
        return [each.grad for each in self._parameters] if is_between else None

    def load_state(self, state: Mapping[str, Any], with_attributes: bool = True) -> None:
        """Without attributes, what modules have counted and kept for themselves is as their present code begins with it."""
        for link, values in zip(self._chain.links, state["modules"]):
            link.load_state(values, with_attributes)
        if with_attributes and "loss" in state:
            self._loss.kept.load_parts(state["loss"])
            self._loss.kept.load_attributes(state["loss"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state(state["schedule"])
        if self._stopping is not None and state["stopping"] is not None:
            self._stopping.load_state(state["stopping"])
        self.averages.load_state(state["averages"])
        self._rule.load_state(state["accuracy"])
        self._epoch, self._step, self._within = state["epoch"], state["step"], state["within"]
        self._generators.load_state(state["generators"])
        # A snapshot from before digests has none.
        self._sums = dict(state.get("sums") or {})
        for parameter, gradient in zip(self._parameters, state["gradients"] or []):
            parameter.grad = None if gradient is None else gradient.to(parameter.device)


def _decay_of(said: Any) -> Optional[float]:
    return said.get("decay") if isinstance(said, Mapping) else said
