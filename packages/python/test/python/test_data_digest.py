import json
import unittest
from pathlib import Path

import torch
from runs import run, order
from mosaic_worker.data_digest import SetDigest, digest_of_sums

CASES = json.loads((Path(__file__).parents[2] / "digest-cases.json").read_text("utf-8"))


def tensor_of(field):
    dtype = getattr(torch, field["dtype"])
    values = [float(each) if dtype == torch.float32 else int(each) for each in field["values"]]
    return torch.tensor(values, dtype=dtype).reshape(field["shape"])


class Digests(unittest.TestCase):
    def test_cases_that_both_languages_have(self):
        for case in CASES["sets"]:
            with self.subTest(case["name"]):
                *features, target = map(tensor_of, case["fields"])
                whole, by_sample = SetDigest(), SetDigest()
                whole.add(features[0] if len(features) == 1 else features, target)
                for row in range(target.shape[0]):
                    by_sample.add(tuple(each[row : row + 1] for each in features), target[row : row + 1])
                self.assertEqual(whole.text(), case["sum"])
                self.assertEqual(by_sample.text(), case["sum"])
        sums = [CASES["sets"][index]["sum"] for index in CASES["digest"]["of"]]
        self.assertEqual(digest_of_sums(sums), CASES["digest"]["is"])

    def test_not_of_large_data_or_of_what_is_no_tensor(self):
        for features, target in (
            (torch.zeros(2**14 + 1, 1), torch.zeros(2**14 + 1)),
            (torch.zeros(2, 2**21 + 1), torch.zeros(2)),
            ({"x": torch.zeros(2)}, torch.zeros(2)),
            (torch.zeros(3), torch.zeros(2)),
        ):
            digest = SetDigest()
            digest.add(torch.zeros(1, 1), torch.zeros(1))
            digest.add(features, target)
            self.assertIsNone(digest.text())
        self.assertIsNone(digest_of_sums(["0 0", None]))

    def test_of_a_run_wherever_it_is_left(self):
        import tempfile

        whole, _ = run(order(repetition=1, seed=4, training={"epochs": 2}))
        again, _ = run(order(repetition=1, seed=4, training={"epochs": 2}))
        other, _ = run(order(repetition=2, seed=5, training={"epochs": 2}))
        self.assertEqual(whole["dataDigest"], again["dataDigest"])
        self.assertRegex(whole["dataDigest"], "^[0-9a-f]{32}$")
        self.assertNotEqual(whole["dataDigest"], other["dataDigest"])
        for steps in (3, 8, 12):
            with tempfile.TemporaryDirectory() as saves:
                paused, talk = run(order(repetition=1, seed=4, training={"epochs": 2}, saves=saves), pause_after=steps)
                self.assertEqual(paused["kind"], "paused")
                resumed, _ = run(order(repetition=1, seed=4, training={"epochs": 2}, saves=saves, earlier=talk.records))
                self.assertEqual(resumed["dataDigest"], whole["dataDigest"], steps)


if __name__ == "__main__":
    unittest.main()
