import tempfile
import unittest

import torch

from runs import MLP, POINTS, figures, order, run, without_times

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
        self.check([POINTS, MLP], TRAINING, [[3, None], [7, None], [9, None], [12, None], [18, 5, None], [30, 1, 9, None]])

    def test_with_workers(self):
        self.check([data("Points", workers="2"), MLP], {**TRAINING, "epochs": 2}, [[3, None]])

    def test_with_a_generator_of_the_loader(self):
        self.check([data("OwnGenerator"), MLP], TRAINING, [[3, None], [8, None], [20, None]])

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
        plain = {"class": "Plain", "path": "nets.py"}
        with tempfile.TemporaryDirectory() as folder:
            whole, talk = run(order(POINTS, plain, saves=folder, runId=1, training={"epochs": 3}))
            last, first = run(order(POINTS, plain, saves=folder, runId=2, training={"epochs": 3}), pause_after=12)
            self.assertEqual(last["kind"], "paused")
            last, second = run(order(POINTS, plain, saves=folder, runId=2, earlier=first.records, training={"epochs": 3}))
            self.assertEqual(without_times(first.records + second.records), without_times(talk.records))
            self.assertEqual(figures(last), figures(whole))


if __name__ == "__main__":
    unittest.main()
