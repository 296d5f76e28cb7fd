"""What the Python worker costs beside the training itself, as JSON: `python python_loop.py <seconds a training>`.

The same classes are trained by a loop written by hand, by one that counts what is right too, and by the worker's, each in a
process of its own, in processor time. They have one core between them at the same time, so that what else the machine does slows
down all alike. Then runs of a single step go through a worker, and their wall time is that of a run.
"""
import gc
import json
import os
import sys
import tempfile
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from mosaic_worker.driver import Driver, complete
from mosaic_worker.run import carry_out
from mosaic_worker.seeds import seed_all

FILE = os.path.abspath(__file__)
RUNS = 40
REPEATS = 3


class Points:
    def __init__(self, batch_size: int):
        self.batch_size = batch_size

    def prepare(self, data, run_info, module_info):
        inputs = torch.rand(400, 2)
        targets = (inputs.sum(1, keepdim=True) > 1).float()
        train, test = TensorDataset(inputs[:320], targets[:320]), TensorDataset(inputs[320:], targets[320:])
        return DataLoader(train, self.batch_size, shuffle=True), DataLoader(test, self.batch_size)

    def info(self):
        return {"batch_size": self.batch_size}


class Mlp(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, width), nn.Sigmoid(), nn.Linear(width, width), nn.Sigmoid(), nn.Linear(width, 1))

    def forward(self, data, run_info, module_info):
        return self.net(data)

    def info(self):
        return {}

    def save_model(self, path):
        torch.save(self.state_dict(), path + ".pt")

    def load_model(self, path):
        self.load_state_dict(torch.load(path + ".pt"))


class Talk:
    """Hears what a run says, looks as often as its process does, and sends nothing."""

    looked = time.perf_counter()

    def stops_after_step(self):
        if time.perf_counter() - self.looked >= 0.01:
            self.looked = time.perf_counter()
        return False

    prepared = say = step = epoch = lambda *_: None


def by_hand(batch_size, width, epochs, counts):
    """`counts`: what is right too, as the worker does for these targets."""
    seed_all(0, "data")
    train, test = Points(batch_size).prepare(None, {}, {})
    seed_all(0, "model")
    model, criterion = Mlp(width), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    history = []
    for epoch in range(epochs):
        model.train()
        seed_all(0, "train", epoch)
        train_loss = test_loss = 0.0
        train_right = test_right = 0
        for inputs, targets in train:
            optimizer.zero_grad()
            outputs = model(inputs, {}, {})
            loss = criterion(outputs, targets)
            loss.backward()
            optimizer.step()
            train_loss += loss.item() * len(targets)
            if counts:
                train_right += ((outputs > 0.5) == (targets > 0.5)).sum().item()
        model.eval()
        seed_all(0, "evaluation", epoch)
        with torch.no_grad():
            for inputs, targets in test:
                outputs = model(inputs, {}, {})
                test_loss += criterion(outputs, targets).item() * len(targets)
                if counts:
                    test_right += ((outputs > 0.5) == (targets > 0.5)).sum().item()
        samples, test_samples = len(train.dataset), len(test.dataset)
        history.append((train_loss / samples, test_loss / test_samples, train_right / samples, test_right / test_samples))
    return history


def order(batch_size, width, epochs, **more):
    modules = [
        {"class": "Points", "path": FILE, "options": {"batch_size": str(batch_size)}},
        {"class": "Mlp", "path": FILE, "options": {"width": str(width)}},
    ]
    return complete({"modules": modules, "training": {"epochs": epochs}, **more}, os.path.dirname(FILE))


def seconds_of(work):
    begin = time.process_time()
    work()
    return time.process_time() - begin


def compare(batch_size, width, seconds):
    per_epoch = min(seconds_of(lambda: by_hand(batch_size, width, 1, False)) for _ in range(3))
    epochs = max(1, round(seconds / per_epoch))
    works = [
        lambda: by_hand(batch_size, width, epochs, False),
        lambda: by_hand(batch_size, width, epochs, True),
        lambda: carry_out(order(batch_size, width, epochs), Talk()),
    ]
    times = [at_the_same_time(works) for _ in range(REPEATS)]
    hand, counting, worker = sorted(times, key=lambda each: each[2] / each[1])[REPEATS // 2]
    return {"batchSize": batch_size, "width": width, "epochs": epochs, "hand": hand, "counting": counting, "worker": worker}


def at_the_same_time(works):
    """Processor time of each, in processes that share one core."""
    # As in a worker, whose runs do not look through what was there before.
    gc.collect()
    gc.freeze()
    begun = []
    for work in works:
        ours, theirs = os.pipe()
        if os.fork() == 0:
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
            os.write(theirs, repr(seconds_of(work)).encode())
            os._exit(0)
        os.close(theirs)
        begun.append(ours)
    times = [float(os.read(each, 100)) for each in begun]
    for each in begun:
        os.wait()
        os.close(each)
    return times


def cost_of_a_run(with_files):
    with tempfile.TemporaryDirectory() as folder, Driver() as driver:
        files = {"filesFolder": folder} if with_files else {}
        times = []
        for token in range(1, RUNS + 1):
            begin = time.perf_counter()
            driver.order(token, order(320, 2, 1, runId=token, **files))
            assert driver.until("done", "failed")["kind"] == "done"
            times.append(time.perf_counter() - begin)
        # The first one has torch loaded.
        return sorted(times[1:])[len(times) // 2]


if __name__ == "__main__":
    torch.set_num_threads(1)
    seconds = float(sys.argv[1])
    loops = [compare(1, 4, seconds), compare(32, 64, seconds)]
    tiny = seconds_of(lambda: by_hand(320, 2, 1, True))
    runs = {"withFiles": cost_of_a_run(True), "withoutFiles": cost_of_a_run(False), "byHand": tiny}
    print(json.dumps({"python": sys.version.split()[0], "torch": torch.__version__, "loops": loops, "runs": runs}))
