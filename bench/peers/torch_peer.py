"""PyTorch's side of the benchmarks: reads one case a line, answers with microseconds per training step and memory."""
import json
import resource
import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)


def mlp(sizes, activation):
    layers = []
    for index in range(len(sizes) - 1):
        layers.append(nn.Linear(sizes[index], sizes[index + 1]))
        if activation == "sigmoid":
            layers.append(nn.Sigmoid())
        elif index < len(sizes) - 2:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def cnn(channels):
    layers = []
    for index in range(len(channels) - 1):
        layers.append(nn.Conv2d(channels[index], channels[index + 1], 3, padding=1))
        if index < len(channels) - 2:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def block(inputs, outputs):
    layers = []
    for first, second in [(inputs, outputs), (outputs, outputs)]:
        layers += [nn.Conv2d(first, second, 3, padding=1), nn.BatchNorm2d(second), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    def __init__(self, features, levels):
        super().__init__()
        sizes = [features * 2**level for level in range(levels)]
        self.down = nn.ModuleList([block(1 if index == 0 else sizes[index - 1], size) for index, size in enumerate(sizes)])
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ModuleList([nn.ConvTranspose2d(2 * size, size, 2, stride=2) for size in sizes[:-1]])
        self.merge = nn.ModuleList([block(2 * size, size) for size in sizes[:-1]])
        self.head = nn.Conv2d(features, 1, 1)

    def forward(self, x):
        skips = []
        for index, down in enumerate(self.down):
            x = down(x if index == 0 else self.pool(x))
            skips.append(x)
        for level in reversed(range(len(self.up))):
            x = self.merge[level](torch.cat([skips[level], self.up[level](x)], 1))
        return self.head(x)


class Recurrent(nn.Module):
    def __init__(self, inputs, units):
        super().__init__()
        self.lstm = nn.LSTM(inputs, units, batch_first=True)
        self.head = nn.Linear(units, 1)

    def forward(self, x):
        output, _ = self.lstm(x)
        return self.head(output)


class Transformer(nn.Module):
    def __init__(self, width, heads, feedforward, layers):
        super().__init__()
        self.layers = nn.Sequential(*[nn.TransformerEncoderLayer(width, heads, feedforward, dropout=0.0, batch_first=True) for _ in range(layers)])
        self.head = nn.Linear(width, 1)

    def forward(self, x):
        return self.head(self.layers(x))


BUILDERS = {
    "mlp": lambda case: mlp(case["sizes"], case["activation"]),
    "cnn": lambda case: cnn(case["sizes"]),
    "unet": lambda case: UNet(*case["sizes"]),
    "lstm": lambda case: Recurrent(*case["sizes"]),
    "transformer": lambda case: Transformer(*case["sizes"]),
}


def prepare(case):
    torch.manual_seed(0)
    model = BUILDERS[case["model"]](case)
    x, y = torch.randn(case["input"]), torch.randn(case["target"])
    optimizer = getattr(torch.optim, case["optimizer"])(model.parameters(), lr=1e-3)
    loss_function = nn.MSELoss()

    def steps(count):
        for _ in range(count):
            optimizer.zero_grad()
            loss_function(model(x), y).backward()
            optimizer.step()

    return steps


print(json.dumps({"version": torch.__version__}), flush=True)
# Rounds of one case go on with one training: the process has the memory of that.
last = None
for line in sys.stdin:
    case = json.loads(line)
    if line != last:
        last, steps = line, prepare(case)
    steps(max(2, case["steps"] // 10))
    start = time.perf_counter()
    steps(case["steps"])
    microseconds = (time.perf_counter() - start) / case["steps"] * 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"microseconds": microseconds, "megabytes": peak}), flush=True)
