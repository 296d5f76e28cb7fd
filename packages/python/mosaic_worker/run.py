"""Carries out one run: prepare, train, save."""
from __future__ import annotations

import contextlib
import os
import time
from typing import Any, Dict, List, Mapping, Optional, Tuple

import torch

from .chain import Chain, build_chain
from .components import make_loss
from .construct import Stage
from .device import make_deterministic, take_device
from .figures import number_text, result_of, run_info_text
from .file_state import FileState
from .files import RunFiles
from .imports import UserFiles
from .loaders import batches
from .loop import Loop
from .run_snapshots import RunSnapshots
from .saving import check_saving, open_resumption, save_rest, save_state
from .seeds import seed_all

Order = Mapping[str, Any]


def carry_out(order: Order, talk: Any, is_check: bool = False) -> Dict[str, Any]:
    """The run's last message. Raises whatever the users' modules raise."""
    start = time.perf_counter()
    training = order["training"]
    torch.set_num_threads(training.get("threads") or 1)
    if training.get("deterministic") is True:
        make_deterministic()
    device = take_device(order["device"])
    files = UserFiles(order["folder"])
    chain = _build(order, files, device)
    talk.prepared()
    files.refuse_changes(order.get("files"))
    resumption = None if is_check else open_resumption(order, chain, talk)
    chain.to(device)
    seed = _seed_of(order)
    chain.finish_lazy(lambda: _one_batch(chain, device, seed))
    loop = Loop(chain, training, make_loss(training["loss"], files, device, talk.say), device, seed, talk.say)
    if is_check:
        loop.check()
        check_saving(chain, order["runId"])
        return _last("done", result={}, directions={}, artifacts=[])
    if resumption is not None:
        loop.load_state(resumption.load(), with_attributes=order.get("acceptsCode") is not True)

    def seconds() -> float:
        return (0.0 if resumption is None else resumption.seconds) + time.perf_counter() - start

    for record in [] if resumption is None else resumption.unrecorded:
        talk.epoch(record, training["epochs"])
    told = _EpochLines(talk, RunSnapshots(order, chain, talk, seconds))
    file_state = FileState(files.modules())
    trained = loop.train(told)
    files.refuse_changes(order.get("files"))

    with contextlib.ExitStack() as opened:
        files_folder = order.get("filesFolder")
        run_files = None if files_folder is None else opened.enter_context(RunFiles(files_folder, order))
        if run_files is not None:
            _say_what_is_not_kept(file_state, talk)
            save_state(run_files, order, chain, loop, seconds(), talk)
        if trained.paused:
            return _last("paused", epochs=trained.epoch, dataDigest=loop.data_digest, artifacts=_published(run_files, talk))
        history = [*(resumption.earlier if resumption is not None else []), *trained.history]
        if run_files is not None:
            save_rest(run_files, order["runId"], chain, loop, history, _one_batch(chain, device, seed), talk)
        count = sum(each.numel() for each in chain.parameters() if each.requires_grad)
        result = result_of(history, count, seconds())
        if run_files is not None:
            _write_info(run_files, order, result, trained.stopped_early)
        artifacts = _published(run_files, talk)
        return _last("done", result=result, directions=loop.directions, dataDigest=loop.data_digest, artifacts=artifacts)


def _published(files: Optional[RunFiles], talk: Any) -> List[Dict[str, Any]]:
    if files is None:
        return []
    with talk.working():
        return files.publish()


def _last(kind: str, **fields: Any) -> Dict[str, Any]:
    # Each run has a process of its own, so that none leaves anything to the next one.
    return {"kind": kind, **fields, "last": False}


def _say_what_is_not_kept(file_state: FileState, talk: Any) -> None:
    changed = file_state.changed()
    if changed:
        talk.say(
            f"{', '.join(changed)} changed in the training, and will begin anew where the run goes on from its snapshot: what "
            "is to be kept belongs into an attribute of the module"
        )


def _seed_of(order: Order) -> int:
    """Unsigned, of 32 bits, as numpy takes it."""
    return int(order["seed"]) % 2**32


def _build(order: Order, files: UserFiles, device: torch.device) -> Chain:
    data, pipeline = _stages(order)
    facts = {
        "run_id": order["runId"],
        # `cpu:1` is a share of the processor, which torch knows nothing of.
        "device": "cpu" if device.type == "cpu" else order["device"],
        "seed": _seed_of(order),
        "repetition": order["repetition"],
    }
    return build_chain(data, pipeline, files, facts)


def _stages(order: Order) -> Tuple[List[Stage], List[Stage]]:
    """Which modules are the data set and which the model; where nobody says it, the first of several is the data."""
    modules = order["pipeline"]["modules"]
    scheme = order["process"].get("data_scheme")
    types = None if scheme is None else [each.strip() for each in scheme.split(",")]
    data, pipeline = [], []
    for index, (module, source) in enumerate(zip(modules, order["modules"])):
        stage = Stage(
            type=module["type"],
            class_name=source["class"],
            path=source["path"],
            written_path=module["path"],
            key=module["key"],
            section=source.get("section") or module.get("section"),
            options=source["options"],
            quoted=source.get("quoted") or (),
        )
        is_data = (index == 0 and len(modules) > 1) if types is None else stage.type in types
        (data if is_data else pipeline).append(stage)
    return data, pipeline


def _one_batch(chain: Chain, device: torch.device, seed: int) -> Any:
    """Features, to know their shape by."""
    seed_all(seed, "evaluation", 0)
    for features, _ in batches("test", chain.test_loader, device):
        return features
    return None


def _write_info(files: RunFiles, order: Order, result: Mapping[str, Any], stopped_early: bool) -> None:
    def write(staging: str) -> None:
        with open(os.path.join(staging, f"run_info_{order['runId']}.mdt"), "w", encoding="utf-8") as file:
            file.write(run_info_text(order, result, stopped_early))

    files.write("info", write)


class _EpochLines:
    """Says each epoch in the run's log too."""

    def __init__(self, talk: Any, snapshots: RunSnapshots) -> None:
        self._talk = talk
        self._snapshots = snapshots
        self.step = talk.step
        self.stops_after_step = talk.stops_after_step

    def epoch(self, record: Dict[str, Any], epochs: int) -> None:
        train, test = number_text(record["trainLoss"]), number_text(record["validLoss"])
        self._talk.say(f"epoch {record['epoch']}/{epochs} train_loss {train} test_loss {test}")
        self._snapshots.epoch(record)
        self._talk.epoch(record, epochs)

    @property
    def is_snapshot_due(self) -> bool:
        return self._talk.is_snapshot_due

    def snapshot(self, loop: Loop) -> None:
        self._snapshots.take(loop)
