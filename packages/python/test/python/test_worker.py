import collections
import os
import signal
import tempfile
import time
import unittest
from pathlib import Path

import torch

from mosaic_worker.chain import to_device
from mosaic_worker.driver import Died, Driver
from runs import MLP, POINTS, order


def model(name, **options):
    return {"class": name, "path": "nets.py", "options": options}


def behaves(how, **more):
    return model("Behaves", how=how, **more)


def data(name, **options):
    return {**POINTS, "class": name, "options": {**POINTS["options"], **options}}


class Worker(unittest.TestCase):
    """One worker for all runs that do not end it."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = os.path.realpath(cls.temporary.name)
        cls.driver = Driver()
        cls.driver.__enter__()
        cls.token = 0

    @classmethod
    def tearDownClass(cls):
        cls.driver.__exit__()
        cls.temporary.cleanup()

    def begin(self, *modules, keeps_files=True, **fields):
        type(self).token += 1
        more = {"check": True} if fields.pop("check", False) else {}
        files = self.folder if keeps_files else None
        self.driver.order(self.token, order(*modules, saves=files, runId=self.token, **fields), **more)
        return self.token

    def last(self, *modules, **fields):
        token = self.begin(*modules, **fields)
        last = self.driver.until("done", "failed", "paused")
        self.assertEqual(last["token"], token)
        return last

    def log(self):
        return Path(self.folder, f"output_{self.token}.log").read_text()

    def test_a_run(self):
        token = self.begin(POINTS, MLP, training={"epochs": 3})
        prepared, *_, last = self.all_until("done")
        self.assertEqual(prepared, {"kind": "prepared", "token": token})
        self.assertEqual((last["kind"], last["token"], last["last"]), ("done", token, False))
        self.assertEqual(self.driver.begun, token)
        self.assertEqual(last["result"]["epochs"], 3)
        self.assertEqual(last["result"]["nb_params"], 13)
        files = {each["path"]: each for each in last["artifacts"]}
        expected = {
            f"model_Mlp_{token}.pt": "model",
            f"snapshot_{token}.safetensors": "snapshot",
            f"history_{token}.pt": "history",
            f"model_{token}.onnx": "onnx",
            f"run_info_{token}.mdt": "info",
            f"output_{token}.log": "log",
        }
        self.assertEqual({name: each["kind"] for name, each in files.items()}, expected)
        for name, each in files.items():
            self.assertEqual(each["sizeBytes"], Path(self.folder, name).stat().st_size)
        history = torch.load(f"{self.folder}/history_{token}.pt")
        self.assertEqual(history["test_loss"][-1], last["result"]["test_loss"])
        self.assertEqual(len(history["train_acc"]), 3)
        self.assertRegex(self.log(), r"epoch 3/3 train_loss [\d.]+ test_loss [\d.]+\n")
        self.assertEqual(self.log().count("are given the shape"), 1)
        self.assertIn("stopped early no", Path(self.folder, f"run_info_{token}.mdt").read_text())
        self.assertFalse([name for name in os.listdir(self.folder) if name.endswith(".tmp")])

    def all_until(self, kind):
        messages = []
        for message in self.driver.messages():
            messages.append(message)
            if message["kind"] == kind:
                return messages

    def test_same_order_same_bits_in_many_short_runs(self):
        results = [self.last(POINTS, MLP, training={"epochs": 2}, keeps_files=False)["result"] for _ in range(15)]
        for result in results:
            del result["duration(s)"]
        self.assertEqual(results, results[:1] * 15)

    def test_nothing_leaks_into_the_next_run(self):
        for _ in range(2):
            self.assertEqual(self.last(POINTS, behaves("leaves"), keeps_files=False)["kind"], "done")

    def test_another_number_of_threads(self):
        last = self.last(POINTS, MLP, training={"threads": 2})
        self.assertEqual(last["kind"], "done")

    def test_a_check_trains_nothing_and_writes_nothing(self):
        last = self.last(POINTS, MLP, check=True)
        self.assertEqual((last["kind"], last["result"], last["artifacts"]), ("done", {}, []))
        self.assertFalse([name for name in os.listdir(self.folder) if f"_{self.token}." in name])
        self.assertIn("widht", self.last(POINTS, model("Mlp", widht="3"), check=True)["error"])

    def test_what_save_model_does_wrong_is_told_before_anything_is_trained(self):
        for name, words in [
            ("NoEnding", "save_model of NoEnding has written model_NoEnding_"),
            ("OneNameForAll", "has written weights.pt, which every run would write again"),
            ("CannotSave", "state_dictt"),
        ]:
            last = self.last(POINTS, model(name), check=True)
            self.assertEqual(last["kind"], "failed", name)
            self.assertIn(words, last["error"])
        self.assertEqual(self.last(POINTS, model("SavesFolder"), check=True)["kind"], "done")
        # A training that is there is kept all the same.
        last = self.last(POINTS, model("NoEnding"))
        self.assertEqual(last["kind"], "done")
        self.assertIn("it must add an ending to its path", self.log())

    def test_what_files_keep_for_themselves_is_named(self):
        self.last(POINTS, model("CountsInItsFile"))
        self.assertIn("nets.batches_seen, nets.sizes_seen, nets.CountsInItsFile.largest changed in the training", self.log())
        self.last(POINTS, MLP)
        self.assertNotIn("changed in the training", self.log())

    def test_several_stages(self):
        scaled = {"class": "Scaled", "path": "points.py", "options": {"factor": "2"}, "type": "scaled"}
        modules = [{**data("Classes"), "type": "points"}, scaled, model("Doubling"), model("Mlp", end="none"), model("Mlp", width="5")]
        modules[2]["type"], modules[3]["type"], modules[4]["type"] = "a", "b", "c"
        last = self.last(
            *modules,
            process={"data_scheme": "points, scaled"},
            training={"loss": {"class": "CrossEntropyLoss"}, "epochs": 1},
        )
        self.assertIn("failed", last["kind"])
        modules[4] = {**model("Doubling"), "type": "c"}
        last = self.last(
            *modules,
            process={"data_scheme": "points, scaled"},
            training={"loss": {"class": "CrossEntropyLoss"}, "epochs": 1},
        )
        self.assertEqual(last["kind"], "done", last)
        paths = [each["path"] for each in last["artifacts"] if each["kind"] == "model"]
        self.assertEqual(paths, [f"model_Doubling_a_{self.token}.txt", f"model_Mlp_{self.token}.pt", f"model_Doubling_c_{self.token}.txt"])
        self.assertIsNotNone(last["result"]["train_acc"])

    def test_own_loss_and_modules_of_other_kinds(self):
        loss = {"class": "Squared", "path": os.path.join(os.path.dirname(__file__), "classes", "nets.py")}
        last = self.last(POINTS, model("Plain"), training={"loss": loss, "epochs": 1})
        self.assertEqual((last["kind"], last["result"]["nb_params"]), ("done", 4))

    def test_what_is_wrong_is_told_in_one_line(self):
        cases = [
            ([POINTS, model("Mlp", width="many")], "Mlp (", "width: expected a whole number, got 'many'"),
            ([POINTS, model("Mlp", end="tanh")], "end: expected one of 'none', 'sigmoid'"),
            ([POINTS, model("Mlp", widht="3")], "widht: The constructor of Mlp does not take it", "Did you mean width?"),
            ([POINTS, model("Missing")], "the class Missing is missing in ", "Mlp, Whole"),
            ([{**POINTS, "options": {"batch_size": "5"}}, MLP], "data_size is missing: it is neither in the section of Points"),
            ([data("OneLoader"), MLP], "must return two DataLoaders, (train, test); it returned an object of DataLoader"),
            ([data("NoBatchSize"), MLP], "no info() gives batch_size: return it from info() of NoBatchSize"),
            ([data("Doubles"), MLP], "predictions are of torch.float32, targets of torch.float64", "as by .float()"),
            ([data("BadInfo"), MLP], "info() returned 5; it must return a dictionary"),
            ([POINTS, model("NoSave")], "it has no method info, save_model, load_model"),
            ([POINTS, model("WrongShape")], "prediction [5, 3] and target [5] do not fit"),
            ([POINTS, model("NoTensor")], "forward returned the text 'prediction'; it must return a tensor"),
            ([POINTS, model("Doubling")], "there is nothing to train"),
            ([POINTS, behaves("exit_politely")], "a module called sys.exit('enough')"),
            ([POINTS, behaves("no_memory")], "MemoryError: too much"),
            ([POINTS, behaves("recurse")], "RecursionError: "),
            ([POINTS, behaves("thread")], "ZeroDivisionError: division by zero"),
        ]
        for modules, *words in cases:
            last = self.last(*modules)
            self.assertEqual(last["kind"], "failed", words)
            first = last["error"].split("\n")[0]
            for each in words:
                self.assertIn(each, first)
            self.assertIsNone(last["trouble"])
            # The log says it too.
            self.assertIn(first, self.log())
        self.assertNotIn("mosaic_worker", self.last(POINTS, behaves("no_memory"))["error"])

    def test_unknown_components_of_torch(self):
        for training, words in [
            ({"optimizer": {"class": "Adamm"}}, "[PROCESS] optimizer: torch "),
            ({"scheduler": {"class": "X"}}, "[PROCESS] scheduler: torch "),
            ({"loss": {"class": "Linear2"}}, "[PROCESS] loss_function: torch "),
            ({"metrics": [{"name": "x"}]}, "[PROCESS] metrics: there is no x"),
        ]:
            self.assertIn(words, self.last(POINTS, MLP, training=training)["error"])

    def test_no_such_device(self):
        if not torch.cuda.is_available():
            error = self.last(POINTS, MLP, device="cuda:3")["error"]
            self.assertIn("[MONITOR] gpu_available: there is no cuda:3 here", error)
        self.assertEqual(self.last(POINTS, MLP, device="cpu:1")["kind"], "done")

    @unittest.skipUnless(torch.cuda.is_available(), "there is no CUDA here")
    def test_on_cuda(self):
        device = f"cuda:{torch.cuda.device_count() - 1}"
        training = {"epochs": 3, "deterministic": True}
        first, second = (self.last(POINTS, behaves("on_cuda"), device=device, training=training) for _ in range(2))
        self.assertEqual(first["kind"], "done", first)
        self.assertEqual(first["result"]["test_loss"], second["result"]["test_loss"])

    def test_batches_are_moved_in_their_own_form(self):
        Pair = collections.namedtuple("Pair", "image place")
        given = {"pairs": [Pair(torch.zeros(2), (torch.ones(1), "left"))]}
        moved = to_device(given, torch.device("meta"))["pairs"][0]
        self.assertIsInstance(moved, Pair)
        self.assertEqual([moved.image.device.type, moved.place[0].device.type, moved.place[1]], ["meta", "meta", "left"])

    def test_code_of_another_text(self):
        path = os.path.join(os.path.dirname(os.path.realpath(__file__)), "classes", "nets.py")
        last = self.last(POINTS, MLP, files={path: "0" * 64})
        self.assertEqual((last["kind"], last["codeChanged"]), ("failed", True))

    def test_output(self):
        self.assertEqual(self.last(POINTS, behaves("flood"))["kind"], "done")
        self.assertEqual(self.log().count("x" * 999 + "\n"), 2000)
        self.assertEqual(self.last(POINTS, behaves("bars"))["kind"], "done")
        self.assertIn("bar done\nnext\n", self.log())
        self.assertNotIn("bar 99", self.log())
        self.assertEqual(self.last(POINTS, behaves("no_file"))["kind"], "done")
        self.assertIn("save_model of Behaves has written no file", self.log())

    def test_a_fork_of_the_users_does_not_go_on_with_the_run(self):
        self.assertEqual(self.last(POINTS, behaves("fork"))["kind"], "done")
        self.assertEqual(self.log().count("epoch 1/1"), 1)

    def test_what_a_module_starts_has_none_of_our_descriptors(self):
        self.assertEqual(self.last(POINTS, behaves("descriptors"))["kind"], "done")
        self.assertIn(f"stdin True None Agg {os.getcwd()}", self.log())
        self.assertNotIn("open 4", self.log())
        self.assertNotIn("open 5", self.log())

    def test_the_folder_is_gone(self):
        last = self.last(POINTS, MLP, filesFolder="/nowhere/at/all")
        self.assertEqual(last["kind"], "failed")
        self.assertIn("the run files in /nowhere/at/all cannot be written: the folder is gone", last["trouble"])

    def test_pause_withdraw_and_the_next_order(self):
        first = self.begin(POINTS, MLP, training={"epochs": 100000})
        self.driver.until("prepared")
        self.begin(POINTS, MLP)
        self.driver.send({"kind": "withdraw", "token": self.token})
        self.assertEqual(self.driver.until("withdrawn")["token"], self.token)
        second = self.begin(POINTS, MLP, training={"epochs": 1})
        self.driver.until("epochs")
        begin = time.monotonic()
        self.driver.send({"kind": "pause", "token": first})
        paused = self.driver.until("paused")
        self.assertLess(time.monotonic() - begin, 5)
        self.assertEqual(paused["token"], first)
        self.assertGreater(paused["epochs"], 0)
        self.assertEqual(self.driver.until("done")["token"], second)

    def test_the_pulse_counts(self):
        self.driver.pulse()
        self.begin(POINTS, MLP, training={"epochs": 100000}, keeps_files=False)
        self.driver.until("epochs")
        time.sleep(2.2)
        beats = [line.split() for line in self.driver.pulse().splitlines()]
        self.driver.send({"kind": "pause", "token": self.token})
        self.driver.until("paused")
        counts = [int(count) for count, _ in beats]
        self.assertGreaterEqual(len(counts), 2)
        self.assertEqual(counts, sorted(set(counts)))


class Death(unittest.TestCase):
    """Each ends its worker: as few as can be."""

    def test_ends_as_its_run_ended(self):
        for how, told in [("exit_process", "ended with exit code 7"), ("crash", f"killed by signal {int(signal.SIGSEGV)}")]:
            with Driver() as driver:
                driver.order(9, order(POINTS, behaves(how)))
                with self.assertRaises(Died) as died:
                    driver.until("done", "failed")
                self.assertEqual(died.exception.how, told)
                self.assertEqual(driver.begun, 9)
        self.assertIn("last words", died.exception.last_words)

    def test_its_supervisors_end_is_the_end_of_all(self):
        with tempfile.TemporaryDirectory() as folder:
            where = os.path.join(folder, "processes")
            with Driver() as driver:
                driver.order(1, order(POINTS, behaves("sleeps", where=where)))
                deadline = time.monotonic() + 60
                while not (os.path.exists(where) and os.path.getsize(where)) and time.monotonic() < deadline:
                    time.sleep(0.05)
                processes = [int(text) for text in Path(where).read_text().split()]
                self.assertEqual(len(processes), 3)
            deadline = time.monotonic() + 10
            while any(map(is_running, processes)) and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertEqual([is_running(each) for each in processes], [False] * 3)

    def test_nonsense_ends_it(self):
        with Driver() as driver:
            driver.channel.sendall(b"\0\0\0\2\0\0\0\0{}")
            with self.assertRaises(Died) as died:
                driver.until("done")
            self.assertEqual(died.exception.how, "ended with exit code 1")
            self.assertIn("checksum", died.exception.last_words)
            self.assertIsNone(driver.begun)


def is_running(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    unittest.main()
