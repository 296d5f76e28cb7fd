"""What a run leaves in its folder."""
from __future__ import annotations

import json
import os
import tempfile
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

import torch

from .chain import Chain, Link
from .errors import MosaicError
from .files import RunFiles
from .loop import Loop
from .onnx_file import save_onnx
from .snapshot import load_state, read_snapshot, snapshot_name, write_snapshot
from .wire import read_value, write_value

#: EPOCHS: what the snapshot knows of the last ones, which may not have come into the database.
_RUN, _SECONDS, _CODE, _RECORDS = "RUN_ID", "DURATION_SECONDS", "CODE", "EPOCHS"


def model_name(link: Link, links: List[Link], run_id: int) -> str:
    """Of a module's own file, to which the module adds its extension."""
    name, kind = link.stage.class_name, link.stage.type
    is_twice = sum(other.stage.class_name == name for other in links) > 1
    return f"model_{name}_{kind}_{run_id}" if is_twice else f"model_{name}_{run_id}"


def save_state(
    files: RunFiles,
    order: Mapping[str, Any],
    chain: Chain,
    loop: Loop,
    seconds: float,
    talk: Any,
    records: Sequence[Mapping[str, Any]] = (),
) -> None:
    """What going on needs: each module's own file and a snapshot."""
    run_id = order["runId"]
    # Of the averages, where they are kept: they are what was evaluated.
    with loop.averages.in_place():
        for link in chain.links:
            name = model_name(link, chain.links, run_id)
            written = files.write("model", lambda staging: link.module.save_model(os.path.join(staging, name)))
            objection = None if written == [name] and files.is_folder(name) else _objection(link, name, written)
            if objection is not None:
                talk.say(objection)
            talk.step()
    texts = {_RUN: str(run_id), _SECONDS: repr(seconds), _CODE: _code_text(chain.files.digests(), order["folder"])}
    texts[_RECORDS] = write_value(list(records)).decode()
    # The snapshot last: where it is new, all is.
    with talk.working():
        files.write("snapshot", lambda staging: write_snapshot(os.path.join(staging, snapshot_name(run_id)), loop.state(), texts))
    talk.step()


def check_saving(chain: Chain, run_id: int) -> None:
    """Saves each module where nothing is kept. Raises what a training would otherwise find out at its end."""
    with tempfile.TemporaryDirectory() as folder:
        for link in chain.links:
            name = model_name(link, chain.links, run_id)
            before = set(os.listdir(folder))
            link.module.save_model(os.path.join(folder, name))
            written = sorted(set(os.listdir(folder)) - before)
            objection = None if os.path.isdir(os.path.join(folder, name)) else _objection(link, name, written)
            if objection is not None and written:
                raise MosaicError(objection)


def _objection(link: Link, name: str, written: List[str]) -> Optional[str]:
    """What is wrong with the names that `save_model` has written under a path that ends with `name`."""
    what = f"save_model of {link.stage.class_name}"
    if not written:
        return f"{what} has written no file"
    if name in written:
        return f"{what} has written {name}: it must add an ending to its path, as in path + '.pt', and load_model the same"
    foreign = [each for each in written if not each.startswith(name)]
    if foreign:
        return f"{what} has written {', '.join(foreign)}, which every run would write again: names must begin with its path, as path + '.pt' does"
    return None


def save_rest(
    files: RunFiles, run_id: int, chain: Chain, loop: Loop, history: List[Mapping[str, Any]], features: Any, talk: Any
) -> None:
    """The curves, as torch saves them, and the model as ONNX."""
    curves = history_of(history)
    files.write("history", lambda staging: torch.save(curves, os.path.join(staging, f"history_{run_id}.pt")))
    talk.step()
    with talk.working(), loop.averages.in_place():
        save_onnx(files, run_id, chain, features, talk.say)


def history_of(records: List[Mapping[str, Any]]) -> Dict[str, List[Optional[float]]]:
    """A list for each curve."""
    names = {"epoch": "epoch", "lr": "lr", "trainLoss": "train_loss", "validLoss": "test_loss", "trainAccuracy": "train_acc"}
    names.update({"validAccuracy": "test_acc", "seconds": "seconds"})
    curves: Dict[str, List[Optional[float]]] = {
        column: [record.get(name) for record in records]
        for name, column in names.items()
        if any(name in record for record in records)
    }
    for field, prefix in (("trainMetrics", "train_"), ("metrics", "test_")):
        for name in {name: None for record in records for name in record.get(field) or {}}:
            curves[prefix + name] = [(record.get(field) or {}).get(name) for record in records]
    return curves


class Resumption:
    """How a run goes on from its snapshot."""

    def __init__(
        self,
        path: str,
        seconds: float,
        earlier: List[Mapping[str, Any]],
        unrecorded: List[Mapping[str, Any]],
        load: Callable[[], Mapping[str, Any]],
    ) -> None:
        self.path = path
        self.earlier = earlier
        #: Those of the earlier epochs that the snapshot alone knows of.
        self.unrecorded = unrecorded
        #: Wall time that the run has taken before.
        self.seconds = seconds
        self.load = load


def open_resumption(order: Mapping[str, Any], chain: Chain, talk: Any) -> Optional[Resumption]:
    """Loads the modules' own files; None where the run starts anew."""
    earlier, folder, run_id = order.get("earlierEpochs"), order.get("filesFolder"), order["runId"]
    if earlier is None or folder is None:
        return None
    path = os.path.join(folder, snapshot_name(run_id))
    if not os.path.exists(path):
        talk.say(f"{path} is gone: the run starts anew")
        return None
    snapshot = read_snapshot(path)
    owner = snapshot.metadata.get(_RUN)
    if owner is not None and owner != str(run_id):
        raise MosaicError(
            f"{path} is the snapshot of run {owner}, not of run {run_id}: put the right file back, or remove it to start the run anew"
        )
    unrecorded = [each for each in read_value(snapshot.metadata.get(_RECORDS, "[]").encode()) if each["epoch"] > len(earlier)]
    # The snapshot may be ahead of what was heard of it, and behind it where a worker that was given up has written it.
    known = [*earlier[: snapshot.epoch], *unrecorded]
    if [each["epoch"] for each in known] != list(range(1, snapshot.epoch + 1)):
        talk.say(f"the snapshot is of epoch {snapshot.epoch}, the record of epoch {len(earlier)}: the run starts anew")
        return None
    if order.get("acceptsCode") is not True:
        _refuse_other_code(snapshot.metadata.get(_CODE), chain, order["folder"], path)
    for link in chain.links:
        _load_model(link, os.path.join(folder, model_name(link, chain.links, run_id)))
    talk.say(f"goes on from its snapshot, in epoch {snapshot.epoch + 1}")
    return Resumption(path, float(snapshot.metadata.get(_SECONDS, 0)), known, unrecorded, lambda: load_state(path, snapshot))


def _load_model(link: Link, path: str) -> None:
    try:
        link.module.load_model(path)
    except Exception as error:
        if "weights_only" not in str(error) and "Weights only" not in str(error):
            raise
        raise MosaicError(
            f"{link.stage.name}: load_model could not read {path}: since torch 2.6 torch.load takes weights alone unless it is "
            "told otherwise; save the state_dict of the model instead of the model, or write torch.load(path, weights_only=False)"
        ) from error


def _code_text(digests: Mapping[str, str], folder: str) -> str:
    return json.dumps({os.path.relpath(path, os.path.realpath(folder)): digest for path, digest in digests.items()})


def _refuse_other_code(text: Optional[str], chain: Chain, folder: str, snapshot: str) -> None:
    now = chain.files.digests()
    for name, digest in json.loads(text or "{}").items():
        path = os.path.normpath(os.path.join(os.path.realpath(folder), name))
        if now.get(path, digest) != digest:
            raise MosaicError(
                f"{snapshot} was trained with another text of {name}: put the text back, go on with the new one by "
                "mosaic rerun --accept-code, or remove the snapshot to start the run anew"
            )
