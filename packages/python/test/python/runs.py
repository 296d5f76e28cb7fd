"""Carries out runs within the process of a test, and says what came of them."""
import contextlib
import os
import sys
from pathlib import Path

from mosaic_worker.driver import complete
from mosaic_worker.run import carry_out

CLASSES = str(Path(__file__).parent / "classes")
POINTS = {"class": "Points", "path": "points.py", "options": {"batch_size": "5", "data_size": "40"}}
MLP = {"class": "Mlp", "path": "nets.py", "options": {"width": "3", "dropout": "0.2"}}


def order(*modules, saves=None, earlier=None, **fields):
    """Of classes in `classes`; the last module is the model."""
    chosen = list(modules) or [POINTS, MLP]
    training = fields.pop("training", {})
    said = {"modules": chosen, "training": training, **fields}
    if saves is not None:
        said.setdefault("filesFolder", str(saves))
    if earlier is not None:
        said["earlierEpochs"] = earlier
    return complete(said, CLASSES)


class Talk:
    """Hears what a run says; asks it to pause after so many steps."""

    def __init__(self, pause_after=None):
        self.pause_after = pause_after
        #: No snapshots on the way.
        self.snapshot_seconds = None
        self.is_snapshot_due = False
        self.steps = self.works = 0
        self.records = []
        self.said = []

    def say(self, text):
        self.said.append(text)

    def prepared(self):
        pass

    def step(self, seconds=0.0):
        self.steps += 1

    @contextlib.contextmanager
    def working(self):
        self.works += 1
        yield

    def epoch(self, record, epochs):
        self.records.append(record)

    def stops_after_step(self):
        self.step()
        return self.pause_after is not None and self.steps >= self.pause_after


def run(said, pause_after=None, is_check=False):
    """The last message, and the talk."""
    for name in ("points", "nets"):
        sys.modules.pop(name, None)
    talk = Talk(pause_after)
    last = carry_out(said, talk, is_check)
    return last, talk


def without_times(records):
    return [{name: value for name, value in record.items() if name != "seconds"} for record in records]


def figures(last):
    return {name: value for name, value in last["result"].items() if name != "duration(s)"}


def names_in(folder):
    return sorted(os.listdir(folder))
