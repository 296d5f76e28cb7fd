"""The loop of a user who has no Mosaic, in plain PyTorch: `python plain_loop.py` trains each model by it and by the worker, and
says whether all bits are equal.
"""
import hashlib
import random
import sys
from pathlib import Path

import numpy
import torch
from torch import nn

EPOCHS = 20
MODELS = {"Mlp": "8", "Cnn": "1x8x8", "Lstm": "6x3"}


def seed(run_seed, stream, epoch):
    value = int.from_bytes(hashlib.sha256(f"{run_seed} {stream} {epoch}".encode()).digest()[:4], "big")
    random.seed(value)
    numpy.random.seed(value)
    torch.manual_seed(value)


def plain(name, shape, run_seed):
    """Losses of each epoch, train and test, and the model."""
    sys.path.insert(0, str(Path(__file__).parent / "classes"))
    import series

    seed(run_seed, "data", 0)
    train, test = series.Drawn(8, shape).prepare(None, {}, {})
    seed(run_seed, "model", 0)
    model = getattr(series, name)(4)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.95)
    criterion = nn.CrossEntropyLoss()
    losses = []
    for epoch in range(EPOCHS):
        model.train()
        seed(run_seed, "train", epoch)
        train_loss, samples = 0.0, 0
        for inputs, targets in train:
            optimizer.zero_grad()
            loss = criterion(model(inputs, {}, {}), targets)
            loss.backward()
            optimizer.step()
            train_loss += loss.item() * len(targets)
            samples += len(targets)
        model.eval()
        seed(run_seed, "evaluation", epoch)
        test_loss, test_samples = 0.0, 0
        with torch.no_grad():
            for inputs, targets in test:
                test_loss += criterion(model(inputs, {}, {}), targets).item() * len(targets)
                test_samples += len(targets)
        scheduler.step()
        losses.append((train_loss / samples, test_loss / test_samples))
    return losses, model


def by_worker(name, shape, run_seed, folder):
    from runs import order, run

    data = {"class": "Drawn", "path": "series.py", "options": {"batch_size": "8", "shape": shape}}
    model = {"class": name, "path": "series.py", "options": {"width": "4"}}
    training = {
        "epochs": EPOCHS,
        "lr": 0.01,
        "loss": {"class": "CrossEntropyLoss"},
        "scheduler": {"class": "ExponentialLR", "options": {"gamma": 0.95}},
    }
    last, talk = run(order(data, model, saves=folder, seed=run_seed, training=training))
    assert last["kind"] == "done"
    return [(each["trainLoss"], each["validLoss"]) for each in talk.records], torch.load(f"{folder}/model_{name}_1.pt")


def differences(name, shape, folder, run_seed=7):
    """What is not equal to the bit; none."""
    losses, model = plain(name, shape, run_seed)
    told, values = by_worker(name, shape, run_seed, folder)
    differing = [f"losses of epoch {epoch}" for epoch, (one, other) in enumerate(zip(losses, told), 1) if one != other]
    return differing + [key for key, value in model.state_dict().items() if not torch.equal(value, values[key])]


if __name__ == "__main__":
    import tempfile

    torch.set_num_threads(1)
    for each, its_shape in MODELS.items():
        with tempfile.TemporaryDirectory() as temporary:
            found = differences(each, its_shape, temporary)
        print(each, f"equal over {EPOCHS} epochs" if not found else f"DIFFERS: {', '.join(found)}")
