"""What the Python worker costs beside the training itself, as JSON: `python python_loop.py <seconds a training>`.

The same classes are trained by a loop written by hand and by the worker's, in turns, in processor time; then runs of a single
step go through a worker, and their wall time is that of a run.
"""
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
    """Hears what a run says, as its process does, and sends nothing."""

    look_seconds = 0.01
    is_asked_to_pause = False

    def prepared(self):
        pass

    say = step = epoch = lambda *_: None


def by_hand(batch_size, width, epochs):
    seed_all(0, "data")
    train, test = Points(batch_size).prepare(None, {}, {})
    seed_all(0, "model")
    model, criterion = Mlp(width), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(epochs):
        model.train()
        seed_all(0, "train", epoch)
        total = 0.0
        for inputs, targets in train:
            optimizer.zero_grad()
            loss = criterion(model(inputs, {}, {}), targets)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(targets)
        model.eval()
        seed_all(0, "evaluation", epoch)
        with torch.no_grad():
            for inputs, targets in test:
                total += criterion(model(inputs, {}, {}), targets).item() * len(targets)


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
    per_epoch = min(seconds_of(lambda: by_hand(batch_size, width, 1)) for _ in range(3))
    epochs = max(1, round(seconds / per_epoch))
    hand, worker = [], []
    for _ in range(3):
        hand.append(seconds_of(lambda: by_hand(batch_size, width, epochs)))
        worker.append(seconds_of(lambda: carry_out(order(batch_size, width, epochs), Talk())))
    return {"batchSize": batch_size, "width": width, "epochs": epochs, "hand": min(hand), "worker": min(worker)}


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
    tiny = seconds_of(lambda: by_hand(320, 2, 1))
    runs = {"withFiles": cost_of_a_run(True), "withoutFiles": cost_of_a_run(False), "byHand": tiny}
    print(json.dumps({"python": sys.version.split()[0], "torch": torch.__version__, "loops": loops, "runs": runs}))
