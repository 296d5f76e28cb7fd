"""What differs between versions of PyTorch and NumPy, by stand-ins for those that are not here."""
import tempfile
import unittest

import torch

from mosaic_worker.figures import number_text
from mosaic_worker.kept_state import KeptState
from runs import POINTS, order, run


class NumberOfNumpy(float):
    """Since NumPy 2 its representation is no literal."""

    def __repr__(self):
        return f"np.float64({float(self)!r})"


class Scaler:
    """As torch.cuda.amp.GradScaler and torch.amp.GradScaler, whose module has changed."""

    __module__ = "torch.amp.grad_scaler"

    def __init__(self):
        self.scale = 1.0

    def state_dict(self):
        return {"scale": self.scale}

    def load_state_dict(self, state):
        self.scale = state["scale"]


class Owner:
    def __init__(self):
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.optimizer = torch.optim.SGD([self.weight], lr=1.0)
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, 1)
        self.scaler = Scaler()


class Versions(unittest.TestCase):
    def test_numbers(self):
        for value in (0.5, 3.0, 1e-7, 123456789012345680000.0, 1e21):
            self.assertEqual(number_text(NumberOfNumpy(value)), number_text(value))
        self.assertEqual([number_text(value) for value in (3.0, 1e-6, 1.5e-7, 1e16, 1e21)], ["3", "0.000001", "1.5e-7", "10000000000000000", "1e+21"])

    def test_what_torch_lets_modules_keep(self):
        first, second = Owner(), Owner()
        first.optimizer.step()
        first.scheduler.step()
        first.scaler.scale = 8.0
        kept = KeptState(second)
        kept.load_attributes(KeptState(first).state())
        self.assertEqual(second.scheduler.last_epoch, 1)
        self.assertAlmostEqual(second.optimizer.param_groups[0]["lr"], 0.1)
        self.assertEqual(second.scaler.scale, 8.0)

    def test_a_load_that_takes_weights_alone_is_explained(self):
        model = {"class": "LoadsWeightsAlone", "path": "nets.py"}
        with tempfile.TemporaryDirectory() as saves:
            _, talk = run(order(POINTS, model, saves=saves), pause_after=3)
            with self.assertRaisesRegex(Exception, "since torch 2.6 torch.load takes weights alone"):
                run(order(POINTS, model, saves=saves, earlier=talk.records))


if __name__ == "__main__":
    unittest.main()
