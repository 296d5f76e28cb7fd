import unittest

import torch
from torch.utils.data import DataLoader

from mosaic_worker.accuracy import AccuracyCount, AccuracyRule
from mosaic_worker.loaders import gives_new_tensors


def percent(batches, of_classes=False, of_logits=False, copies=False):
    rule = AccuracyRule(True, of_classes, of_logits)
    count = AccuracyCount(rule, copies)
    for prediction, target in batches:
        count.add(prediction, target)
    count.flush()
    return count.percent()


class Accuracy(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        self.scores, self.flags = torch.rand(200, 1), torch.randint(0, 2, (200, 1)).float()

    def test_the_same_in_batches_of_any_size(self):
        expected = 100 * ((self.scores > 0.5) == (self.flags > 0.5)).double().mean().item()
        for size in (1, 3, 64, 200):
            for flags in (self.flags, self.flags.long(), self.flags.bool()):
                batches = list(zip(self.scores.split(size), flags.split(size)))
                self.assertAlmostEqual(percent(batches), expected, 9, (size, flags.dtype))

    def test_of_signs_classes_and_values(self):
        signs = 2 * self.flags - 1
        values = self.scores - 0.5
        classes = torch.randint(0, 3, (200,))
        logits = torch.randn(200, 3)
        for size in (1, 7, 200):
            pairs = list(zip(values.split(size), signs.split(size)))
            self.assertAlmostEqual(percent(pairs), 100 * ((values > 0) == (signs > 0)).double().mean().item(), 9)
            pairs = list(zip(logits.split(size), classes.split(size)))
            self.assertAlmostEqual(percent(pairs, of_classes=True), 100 * (logits.argmax(1) == classes).double().mean().item(), 9)
            self.assertIsNone(percent(list(zip(values.split(size), self.scores.split(size)))))

    def test_sizes_that_vary_and_batches_that_are_none(self):
        of_images = [(torch.rand(2, 3, size, size), torch.randint(0, 3, (2, size, size))) for size in (4, 5, 4)]
        right = sum(int((scores.argmax(1) == target).sum()) for scores, target in of_images)
        self.assertAlmostEqual(percent(of_images, of_classes=True), 100 * right / sum(target.numel() for _, target in of_images), 9)
        single = [(scores[0], target[0]) for scores, target in [(torch.eye(3), torch.tensor([0]))] * 5]
        self.assertEqual(percent(single, of_classes=True), 100)

    def test_of_a_loader_that_fills_the_same_memory_again(self):
        target = torch.zeros(2)

        def batches():
            for pair in self.flags.reshape(-1, 2):
                yield pair.clone(), target.copy_(pair)

        self.assertEqual(percent(batches(), copies=True), 100)
        self.assertTrue(gives_new_tensors(DataLoader([1, 2], batch_size=2)))
        self.assertFalse(gives_new_tensors(DataLoader([1, 2], batch_size=None)))
        self.assertFalse(gives_new_tensors([]))


if __name__ == "__main__":
    unittest.main()
