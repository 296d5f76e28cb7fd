import os
import socket
import tempfile
import time
import unittest
from pathlib import Path

import torch

from mosaic_worker import child
from mosaic_worker.errors import MosaicError
from mosaic_worker.progress import Progress
from runs import CLASSES, MLP, POINTS, figures, order, run, without_times

NETS = f"{CLASSES}/nets.py"
TRAINING = {
    "epochs": 3,
    "lr": 0.05,
    "metrics": [{"name": "f1"}],
    "scheduler": {"class": "StepLR", "options": {"step_size": 1, "gamma": 0.5}},
    "earlyStopping": {"patience": 5},
}


def data(name, **options):
    return {**POINTS, "class": name, "options": {**POINTS["options"], **options}}


class Pause(unittest.TestCase):
    def check(self, modules, training, pauses, exact=True):
        with tempfile.TemporaryDirectory() as folder:
            undisturbed, talk = run(order(*modules, saves=folder, runId=1, training=training))
            whole = torch.load(f"{folder}/model_{modules[-1]['class']}_1.pt")
            for number, pause in enumerate(pauses, 2):
                records, last = [], {"kind": "paused"}
                seen = []
                while last["kind"] == "paused":
                    self.assertLess(len(seen), 50)
                    earlier = records if seen else None
                    said = order(*modules, saves=folder, runId=number, earlier=earlier, training=training)
                    last, one = run(said, pause_after=pause[min(len(seen), len(pause) - 1)])
                    seen.append(last["kind"])
                    records = records + one.records
                    if last["kind"] == "paused":
                        self.assertEqual(last["epochs"], len(records))
                self.assertIn("paused", seen)
                if not exact:
                    self.assertEqual(len(records), len(talk.records))
                    continue
                self.assertEqual(without_times(records), without_times(talk.records), pause)
                self.assertEqual(figures(last), figures(undisturbed))
                resumed = torch.load(f"{folder}/model_{modules[-1]['class']}_{number}.pt")
                for name, value in whole.items():
                    self.assertTrue(torch.equal(value, resumed[name]), (pause, name))

    def test_goes_on_bit_for_bit_wherever_it_is_left(self):
        # An epoch has 7 steps, 2 of the evaluation, and 7 for the metrics of the train set.
        self.check([POINTS, MLP], TRAINING, [[3, None], [7, None], [9, None], [12, None], [18, 5, None], [6, 2, 3, None], [30, 1, 9, None]])

    def test_large_files_are_written_while_the_run_comes_forward(self):
        with tempfile.TemporaryDirectory() as folder:
            _, paused = run(order(saves=folder, runId=1, training=TRAINING), pause_after=3)
            self.assertEqual(paused.works, 2)
            _, done = run(order(saves=folder, runId=2, training={"epochs": 1}))
            self.assertEqual(done.works, 3)
        channel, other = socket.socketpair()
        self.addCleanup(setattr, child, "_WORK_SECONDS", child._WORK_SECONDS)
        child._WORK_SECONDS = 0.01
        with channel, other:
            progress = Progress.new()
            conversation = child.Conversation({"token": 1}, channel, progress)
            with conversation.working():
                deadline = time.monotonic() + 60
                while progress.read()[0] < 3 and time.monotonic() < deadline:
                    time.sleep(0.01)
            count = progress.read()[0]
            self.assertGreaterEqual(count, 3)
            time.sleep(0.1)
            self.assertEqual(progress.read()[0], count)

    def test_a_loader_that_gives_less_than_before_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            _, first = run(order(saves=folder, training=TRAINING), pause_after=6)
            shorter = {**POINTS, "options": {**POINTS["options"], "data_size": "20"}}
            with self.assertRaisesRegex(MosaicError, "gives fewer batches"):
                run(order(shorter, MLP, saves=folder, earlier=first.records, training=TRAINING))

    def test_with_workers(self):
        self.check([data("Points", workers="2"), MLP], {**TRAINING, "epochs": 2}, [[3, None]])

    def test_with_a_generator_of_the_loader(self):
        self.check([data("OwnGenerator"), MLP], TRAINING, [[3, None], [8, None], [20, None]])

    def test_with_a_generator_of_the_data_set_behind_a_subset(self):
        self.check([data("DrawsInside"), MLP], TRAINING, [[3, None], [8, None]])

    def test_with_accumulation_averages_and_steps_of_the_scheduler(self):
        training = {
            "epochs": 3,
            "accumulate": 3,
            "averaging": 0.9,
            "clipNorm": 0.5,
            "clipValue": 0.3,
            "scheduler": {"class": "OneCycleLR", "options": {"max_lr": 0.1, "total_steps": 100}},
        }
        self.check([POINTS, MLP], training, [[2, None], [8, None], [13, None]])

    def test_a_loader_without_places_goes_back_to_the_last_epoch(self):
        self.check([data("Stream"), MLP], {**TRAINING, "metrics": []}, [[3, None], [12, None]])

    def test_more_epochs_go_on_as_if_they_had_been_asked_for_at_once(self):
        with tempfile.TemporaryDirectory() as folder:
            whole, talk = run(order(saves=folder, runId=1, training=TRAINING))
            _, first = run(order(saves=folder, runId=2, training={**TRAINING, "epochs": 1}))
            last, second = run(order(saves=folder, runId=2, earlier=first.records, training=TRAINING))
            self.assertEqual(without_times(first.records + second.records), without_times(talk.records))
            self.assertEqual(figures(last), figures(whole))
            self.assertEqual(
                torch.load(f"{folder}/history_2.pt")["train_loss"], torch.load(f"{folder}/history_1.pt")["train_loss"]
            )

    def test_modules_of_any_kind(self):
        for kind in ("Plain", "Whole", "Counting", "Listed", "Keeping"):
            self.check_kind(kind, {"epochs": 3})

    def test_a_loss_that_keeps_and_learns(self):
        self.check_kind("Mlp", {"epochs": 3, "loss": {"class": "Adversary", "path": NETS}})

    def check_kind(self, kind, training):
        with self.subTest(kind):
            model = {"class": kind, "path": "nets.py"}
            with tempfile.TemporaryDirectory() as folder:
                whole, talk = run(order(POINTS, model, saves=folder, runId=1, training=training))
                last, first = run(order(POINTS, model, saves=folder, runId=2, training=training), pause_after=12)
                self.assertEqual(last["kind"], "paused")
                said = order(POINTS, model, saves=folder, runId=2, earlier=first.records, training=training)
                last, second = run(said)
                self.assertEqual(without_times(first.records + second.records), without_times(talk.records))
                self.assertEqual(figures(last), figures(whole))

    def test_what_cannot_go_on_says_so(self):
        training = {"epochs": 2}
        with tempfile.TemporaryDirectory() as folder:
            _, first = run(order(saves=folder, runId=1, training=training))
            _, other = run(order(saves=folder, runId=2, earlier=first.records, training=training))
            self.assertIn("snapshot_2.safetensors is gone: the run starts anew", " ".join(other.said))
            _, ahead = run(order(saves=folder, runId=1, earlier=first.records[:1], training=training))
            self.assertIn("the snapshot is of epoch 2, the record of epoch 1: the run starts anew", ahead.said)
            path = f"{folder}/snapshot_1.safetensors"
            data = Path(path).read_bytes()
            for damaged, words in [(data[:-1], "is cut off"), (b"x" * 100, "is damaged")]:
                Path(path).write_bytes(damaged)
                with self.assertRaisesRegex(Exception, words):
                    run(order(saves=folder, runId=1, earlier=first.records, training=training))
            os.rename(f"{folder}/snapshot_2.safetensors", path)
            with self.assertRaisesRegex(Exception, "is the snapshot of run 2, not of run 1"):
                run(order(saves=folder, runId=1, earlier=first.records, training=training))


if __name__ == "__main__":
    unittest.main()
