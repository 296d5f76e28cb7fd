"""PyTorch's side of unet.ts: reads one case a line, answers with microseconds per training step and memory."""
import json
import resource
import sys

import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)


def block(inputs, outputs):
    layers = []
    for first in [inputs, outputs]:
        layers += [nn.Conv2d(first, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    def __init__(self, features, num_blocks):
        super().__init__()
        widths = [features * 2**depth for depth in range(num_blocks)]
        self.down = nn.ModuleList([block(1 if depth == 0 else widths[depth - 1], width) for depth, width in enumerate(widths)])
        self.bottleneck = block(widths[-1], 2 * widths[-1])
        self.up = nn.ModuleList([nn.ConvTranspose2d(2 * width, width, 2, stride=2) for width in widths])
        self.merge = nn.ModuleList([block(2 * width, width) for width in widths])
        self.head = nn.Conv2d(features, 1, 1)

    def forward(self, x):
        skips = []
        for down in self.down:
            x = down(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottleneck(x)
        for depth in reversed(range(len(skips))):
            x = self.merge[depth](torch.cat([skips[depth], self.up[depth](x)], 1))
        return self.head(x)


def bce_dice(logits, target):
    truth, labelled = target[:, :1], target[:, 1:]
    count = labelled.sum().clamp(min=1)
    bce = (F.binary_cross_entropy_with_logits(logits, truth, reduction="none") * labelled).sum() / count
    p = torch.sigmoid(logits) * labelled
    t = truth * labelled
    return bce + 1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1)


def user_seconds():
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def measure(case):
    torch.manual_seed(0)
    batch, size = case["batch"], case["patch"]
    model = UNet(case["features"], case["blocks"])
    patches = torch.rand(batch, 1, size, size)
    target = (torch.rand(batch, 2, size, size) < torch.tensor([0.2, 0.8])[:, None, None]).float()
    # A step takes its batch out of all samples, as ours does; this is the fastest way to.
    rows = torch.arange(batch)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def steps(count):
        for _ in range(count):
            optimizer.zero_grad()
            bce_dice(model(patches.index_select(0, rows)), target.index_select(0, rows)).backward()
            optimizer.step()

    steps(2)
    start = user_seconds()
    steps(case["steps"])
    return (user_seconds() - start) / case["steps"] * 1e6


print(json.dumps({"version": torch.__version__}), flush=True)
for line in sys.stdin:
    microseconds = measure(json.loads(line))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"microseconds": microseconds, "megabytes": peak}), flush=True)
