"""Patches of a map in vectorised numpy, written with h5py: answers questions on its standard input, one a line."""

import json
import resource
import sys
import time

import astropy
import h5py
import numpy as np
from astropy.io import fits

BATCH = 1024
LAYERS = ("image", "target", "missing", "background")


def preprocess(maps, patch_size, stride, level, chunk, output):
    image, target, missing, background = (np.nan_to_num(fits.getdata(maps[layer]), nan=0.0) for layer in LAYERS)
    known = (((background + target) * missing) > 0).astype("f4")
    windows = [
        np.lib.stride_tricks.sliding_window_view(each, (patch_size, patch_size))[::stride, ::stride]
        for each in (image, target, known)
    ]
    shape = windows[0].shape[:2]
    # Whether there is such a pixel, first along one axis, then along the other.
    any_of = lambda mask: np.lib.stride_tricks.sliding_window_view(
        np.lib.stride_tricks.sliding_window_view(mask, patch_size, 0).any(-1), patch_size, 1
    ).any(-1)[::stride, ::stride]
    rows, columns = np.nonzero(any_of(image > 0) & any_of(known > 0))
    count = len(rows)
    filters = {} if level == 0 else {"compression": "gzip", "compression_opts": level}
    with h5py.File(output, "w") as file:
        sets = [
            file.create_dataset(
                name,
                (count, patch_size, patch_size, 1),
                "f4",
                maxshape=(None, patch_size, patch_size, 1),
                chunks=(chunk, patch_size, patch_size, 1),
                **filters,
            )
            for name in ("patches", "spines", "labelled")
        ]
        for start in range(0, count, BATCH):
            at = slice(start, min(start + BATCH, count))
            patches = windows[0][rows[at], columns[at]]
            positive = patches > 0
            low = np.where(positive, patches, np.inf).min((1, 2), keepdims=True)
            high = np.where(positive, patches, -np.inf).max((1, 2), keepdims=True)
            scale = np.where(high > low, high - low, 1)
            np.subtract(patches, low, out=patches, where=positive)
            np.divide(patches, scale, out=patches, where=positive)
            for data, each in zip(sets, (patches, *(window[rows[at], columns[at]] for window in windows[1:]))):
                data[at] = each[..., None]
        y, x = rows * stride, columns * stride
        positions = np.stack([np.stack([y, y + patch_size], 1), np.stack([x, x + patch_size], 1)], 1)
        file.create_dataset("positions", data=positions.astype("i4")[..., None], chunks=(4096, 2, 2, 1) if count >= 4096 else True, **filters)
    return count


print(json.dumps({"version": f"numpy {np.__version__}, h5py {h5py.__version__}, astropy {astropy.__version__}"}), flush=True)
for line in sys.stdin:
    question = json.loads(line)
    started = time.perf_counter()
    count = preprocess(**question)
    seconds = time.perf_counter() - started
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"count": count, "seconds": seconds, "megabytes": megabytes}), flush=True)
