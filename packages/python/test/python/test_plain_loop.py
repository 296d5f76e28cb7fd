import tempfile
import unittest

import torch

from plain_loop import MODELS, differences


class PlainLoop(unittest.TestCase):
    def test_a_loop_written_by_hand_has_the_same_bits(self):
        torch.set_num_threads(1)
        for name, shape in MODELS.items():
            with tempfile.TemporaryDirectory() as folder:
                self.assertEqual(differences(name, shape, folder), [], name)


if __name__ == "__main__":
    unittest.main()
