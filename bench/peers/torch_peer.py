"""PyTorch's side of the benchmarks: reads one case a line, answers with microseconds per training step and memory."""
import json
import resource
import sys

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


class Depthwise(nn.Module):
    def __init__(self, channels):
        super().__init__()
        layers = [nn.Conv2d(3, channels[0], 3, padding=1, bias=False), nn.BatchNorm2d(channels[0]), nn.ReLU()]
        for inputs, outputs in zip(channels, channels[1:]):
            layers += [nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False), nn.BatchNorm2d(inputs), nn.ReLU()]
            layers += [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(channels[-1], 10)

    def forward(self, x):
        return self.head(self.layers(x).mean((2, 3)))


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        hidden = self.norm2(self.conv2(self.norm1(self.conv1(x)).relu()))
        return (hidden + self.shortcut(x)).relu()


class ResNet(nn.Module):
    def __init__(self, width):
        super().__init__()
        layers = [nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        for stage in range(4):
            inputs, outputs = width * 2 ** max(0, stage - 1), width * 2**stage
            layers += [Residual(inputs, outputs, 1 if stage == 0 else 2), Residual(outputs, outputs, 1)]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(8 * width, 10)

    def forward(self, x):
        return self.head(self.layers(x).mean((2, 3)))


def mnist(_):
    convolutions = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10))


class Gpt(nn.Module):
    def __init__(self, width, heads, layers, length, words):
        super().__init__()
        self.tokens = nn.Embedding(words, width)
        self.places = nn.Parameter(torch.zeros(length, width))
        layer = lambda: nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
        self.layers = nn.ModuleList([layer() for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, words)
        self.mask = torch.full((length, length), float("-inf")).triu(1)

    def forward(self, x):
        hidden = self.tokens(x) + self.places
        for layer in self.layers:
            hidden = layer(hidden, self.mask)
        return self.head(self.norm(hidden))


class Words(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.table = nn.Embedding(words, width)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        return self.head(self.table(x).mean(1))


def norm(kind, channels):
    return {"layer": nn.LayerNorm, "batch": nn.BatchNorm1d}[kind](channels) if kind != "group" else nn.GroupNorm(8, channels)


BUILDERS = {
    "depthwise": lambda case: Depthwise(case["sizes"]),
    "resnet": lambda case: ResNet(*case["sizes"]),
    "mnist": mnist,
    "gpt": lambda case: Gpt(*case["sizes"], case["words"]),
    "words": lambda case: Words(case["words"], *case["sizes"]),
    "norm": lambda case: norm(case["kind"], *case["sizes"]),
    "mlp": lambda case: mlp(case["sizes"], case["activation"]),
    "cnn": lambda case: cnn(case["sizes"]),
    "unet": lambda case: UNet(*case["sizes"]),
    "lstm": lambda case: Recurrent(*case["sizes"]),
    "transformer": lambda case: Transformer(*case["sizes"]),
}


def prepare(case):
    torch.manual_seed(0)
    model = BUILDERS[case["model"]](case)
    words = case.get("words")
    x = torch.randn(case["input"]) if words is None else torch.randint(0, words, case["input"])
    y = torch.randn(case["target"])
    # A step takes its batch out of all samples, as ours does; this is the fastest way to.
    rows = torch.arange(len(x))
    optimizer = getattr(torch.optim, case["optimizer"])(model.parameters(), lr=1e-3)
    loss_function = nn.MSELoss()

    def steps(count):
        for _ in range(count):
            optimizer.zero_grad()
            loss_function(model(x.index_select(0, rows)), y.index_select(0, rows)).backward()
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
    start = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    steps(case["steps"])
    usage = resource.getrusage(resource.RUSAGE_SELF)
    microseconds = (usage.ru_utime - start) / case["steps"] * 1e6
    peak = usage.ru_maxrss / 1024
    print(json.dumps({"microseconds": microseconds, "megabytes": peak}), flush=True)
