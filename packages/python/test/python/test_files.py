"""Files of a run, and whose place they may take."""
import os
import tempfile
import unittest

from mosaic_worker.errors import MachineTrouble
from mosaic_worker.files import RunFiles


class Fence(unittest.TestCase):
    def test_a_later_order_keeps_an_earlier_one_from_publishing(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, ".orders"))
            self.note(folder, 4)
            self.publish(folder, 4, "first")
            self.note(folder, 5)
            self.publish(folder, 5, "second")
            with self.assertRaisesRegex(RuntimeError, "run 7 was given to another worker meanwhile"):
                self.publish(folder, 4, "late")
            self.assertEqual(self.text(os.path.join(folder, "file")), "second")
            self.note(folder, 9, "ended")
            os.remove(os.path.join(folder, ".orders", "7"))
            with self.assertRaisesRegex(RuntimeError, "run 7 was given to another worker meanwhile"):
                self.publish(folder, 5, "after all was done")
            with self.assertRaisesRegex(MachineTrouble, "does not say 10, which is the order for run 7"):
                self.publish(folder, 10, "without a note")
            self.assertEqual(self.text(os.path.join(folder, "file")), "second")
            self.publish(folder, None, "on one machine")
            self.assertEqual(self.text(os.path.join(folder, "file")), "on one machine")

    def note(self, folder: str, fence: int, name: str = "7") -> None:
        self.write(os.path.join(folder, ".orders", name), str(fence))

    def publish(self, folder: str, fence: object, text: str) -> None:
        with RunFiles(folder, {"runId": 7, "fence": fence}) as files:
            files.write("info", lambda staging: self.write(os.path.join(staging, "file"), text))
            files.publish()

    def write(self, path: str, text: str) -> None:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def text(self, path: str) -> str:
        with open(path, encoding="utf-8") as file:
            return file.read()


if __name__ == "__main__":
    unittest.main()
