"""What one would write with PyTorch, numpy and astropy to segment a map by overlapping patches, on one thread.

Reads one case a line (paths of map and weights, sizes), answers with seconds, from opening the map to the written
results, and peak memory. The U-Net has the layers and names of packages/bigsf/src/models/unet.ts.
"""
import json
import resource
import sys
import time

import numpy as np
import torch
from astropy.io import fits
from torch import nn

torch.set_num_threads(1)


def block(inputs, outputs):
    layers = []
    for first, second in [(inputs, outputs), (outputs, outputs)]:
        layers += [nn.Conv2d(first, second, 3, padding=1, bias=False), nn.BatchNorm2d(second), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    def __init__(self, features, blocks):
        super().__init__()
        sizes = [features * 2**level for level in range(blocks)]
        self.down = nn.ModuleList([block(1 if level == 0 else sizes[level - 1], size) for level, size in enumerate(sizes)])
        self.pool = nn.MaxPool2d(2)
        self.bottleneck = block(sizes[-1], 2 * sizes[-1])
        self.up = nn.ModuleList([nn.ConvTranspose2d(2 * size, size, 2, stride=2) for size in sizes])
        self.merge = nn.ModuleList([block(2 * size, size) for size in sizes])
        self.head = nn.Conv2d(features, 1, 1)

    def forward(self, x):
        skips = []
        for down in self.down:
            x = down(x)
            skips.append(x)
            x = self.pool(x)
        x = self.bottleneck(x)
        for level in reversed(range(len(self.up))):
            x = self.merge[level](torch.cat([skips[level], self.up[level](x)], 1))
        return self.head(x)


def read_safetensors(path, prefix):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        body = file.read()
    types = {"F32": np.float32, "I64": np.int64}
    state = {}
    for name, entry in header.items():
        if not name.startswith(prefix):
            continue
        begin, end = entry["data_offsets"]
        values = np.frombuffer(body[begin:end], types[entry["dtype"]]).reshape(entry["shape"])
        state[name[len(prefix):]] = torch.from_numpy(values.copy())
    return state


def starts(length, size, stride):
    found = list(range(0, length - size + 1, stride))
    return found if found[-1] == length - size else found + [length - size]


def minmax(patch):
    patch = patch.copy()
    positive = patch > 0
    if positive.any():
        low, high = patch[positive].min(), patch[positive].max()
        patch[positive] = (patch[positive] - low) / (high - low if high > low else 1)
    return patch


def segment(case):
    size, batch_size = case["patchSize"], case["batchSize"]
    with fits.open(case["map"]) as file:
        values, header = file[0].data, file[0].header
    model = UNet(case["features"], case["blocks"])
    model.load_state_dict(read_safetensors(case["weights"], "MODEL_STATE/"))
    model.eval()
    window = np.exp(-(((np.arange(size) - (size - 1) / 2) / (size / 8)) ** 2) / 2)
    window = np.outer(window, window)
    valid = np.isfinite(values)
    image = np.where(valid, values, 0)
    sums, weights = np.zeros(image.shape), np.zeros(image.shape)
    stride = size - case["overlap"]
    positions = [(y, x) for y in starts(image.shape[0], size, stride) for x in starts(image.shape[1], size, stride)]
    with torch.no_grad():
        for first in range(0, len(positions), batch_size):
            chosen = positions[first : first + batch_size]
            patches = np.stack([minmax(image[y : y + size, x : x + size]) for y, x in chosen])
            predicted = torch.sigmoid(model(torch.from_numpy(patches[:, None].astype(np.float32)))).numpy()
            for (y, x), probability in zip(chosen, predicted[:, 0]):
                sums[y : y + size, x : x + size] += window * probability
                weights[y : y + size, x : x + size] += window
    probability = np.where(valid, sums / weights, np.nan).astype(np.float32)
    fits.PrimaryHDU(probability, header).writeto(case["output"] + "/torch_probability.fits", overwrite=True)
    mask = (probability > 0.5).astype(np.uint8)
    fits.PrimaryHDU(mask, header).writeto(case["output"] + "/torch_mask.fits", overwrite=True)


print(json.dumps({"version": torch.__version__}), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    segment(json.loads(line))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": peak}), flush=True)
