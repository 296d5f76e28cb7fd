"""
Filaments as Koch and Rosolowsky find them (FilFinder, MNRAS 452, 3435, 2015), written anew from the paper: arctangent
flattening, smoothing, adaptive threshold, medial axis, longest path, pruning, rolling Hough transform, radial profiles.

/usr/bin/python3 filfinder_recipe.py IMAGE WIDTH BEAM MASK SKELETON: lengths in pixels; writes mask and skeleton (numbers of
filaments) as FITS, and prints the catalogue as JSON. WIDTH stands for the paper's 0.1 pc.
"""
import json
import sys

import networkx as nx
import numpy as np
from astropy.io import fits
from scipy.ndimage import distance_transform_edt, gaussian_filter, label, median_filter
from scipy.optimize import curve_fit
from skimage.morphology import medial_axis, remove_small_holes, remove_small_objects

path, width, beam, mask_path, skeleton_path = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4], sys.argv[5]
image, header = fits.getdata(path, header=True)
image = image.astype(float)
valid = np.isfinite(image)
filled = np.where(valid, image, np.nanmedian(image))

# Section 3.1: a log-normal tells where to flatten.
logs = np.log(image[valid & (image > 0)])
scale = np.exp(logs.mean() + 2 * logs.std())
flat = scale * np.arctan(filled / scale)
smooth = gaussian_filter(flat, width / 2 / 2.3548)

# Section 3.2: above the median of what is around, and not small.
size = 2 * int(round(width)) + 1
mask = (smooth > median_filter(smooth, size)) & (smooth > np.percentile(smooth, 15)) & valid
mask = remove_small_objects(mask, int(5 * np.pi * width**2))
mask = remove_small_holes(median_filter(mask.astype(np.uint8), 5) > 0, int(np.pi * (width / 2) ** 2))
skeleton = medial_axis(mask)
numbered, count = label(skeleton, np.ones((3, 3)))
from_mask = distance_transform_edt(~skeleton)
nearest = distance_transform_edt(~skeleton, return_distances=False, return_indices=True)

STEPS = [(0, 1, 1.0), (1, 0, 1.0), (1, 1, 2**0.5), (1, -1, 2**0.5)]


def longest_path(pixels):
    """Of the skeleton's graph; each pixel is a node, which gives what the paper gets from branches and intersections."""
    graph = nx.Graph()
    known = set(map(tuple, pixels))
    for y, x in known:
        for dy, dx, length in STEPS:
            if (y + dy, x + dx) in known:
                graph.add_edge((y, x), (y + dy, x + dx), weight=length)
    if graph.number_of_nodes() < 2:
        return [], 0.0
    tree = nx.minimum_spanning_tree(graph)
    start = next(iter(tree.nodes))
    for _ in range(2):
        lengths = nx.single_source_dijkstra_path_length(tree, start)
        end, start = start, max(lengths, key=lengths.get)
    lengths, paths = nx.single_source_dijkstra(tree, start)
    end = max(lengths, key=lengths.get)
    return paths[end], lengths[end]


def direction(path):
    """Rolling Hough transform (Clark et al. 2014) of the path's pixels."""
    points = np.array(path, float)
    angles = np.radians(np.arange(0, 180, 1.0))
    total = np.zeros(len(angles))
    for y, x in points:
        near = points[np.hypot(points[:, 0] - y, points[:, 1] - x) <= 10] - [y, x]
        across = np.abs(np.outer(near[:, 0], np.cos(angles)) - np.outer(near[:, 1], np.sin(angles)))
        votes = (across < 0.7).sum(axis=0) / len(near)
        total += np.clip(votes - 0.7, 0, None)
    mean = 0.5 * np.degrees(np.angle((total * np.exp(2j * angles)).sum()))
    return mean % 180


def gaussian(r, height, sigma, background):
    return background + height * np.exp(-(r**2) / 2 / sigma**2)


def fitted_width(number):
    """Section 3.5: the mean of rings around the skeleton, whose pixels are nearer to it than to another."""
    own = numbered[nearest[0], nearest[1]] == number
    near = own & (from_mask < 3 * width) & valid
    distance, value = from_mask[near], image[near]
    bins = np.arange(0, 3 * width, 1)
    which = np.digitize(distance, bins)
    r = np.array([distance[which == k].mean() for k in range(1, len(bins) + 1) if (which == k).any()])
    v = np.array([value[which == k].mean() for k in range(1, len(bins) + 1) if (which == k).any()])
    try:
        (_, sigma, _), _ = curve_fit(gaussian, r, v / v.mean(), [0.5, width / 2.3548, 0.8], maxfev=2000)
    except (RuntimeError, TypeError):
        return None
    squared = (2.3548 * abs(sigma)) ** 2 - beam**2
    return float(np.sqrt(squared)) if 0 < squared < (6 * width) ** 2 else None


found, out = [], np.zeros(image.shape, np.int32)
for number in range(1, count + 1):
    pixels = np.argwhere(numbered == number)
    path, length = longest_path(pixels)
    # Section 3.4: what is shorter than three times the width is no filament.
    if length < 3 * width:
        continue
    # With its branches; lengths are those of longest paths.
    out[tuple(pixels.T)] = len(found) + 1
    (y0, x0), (y1, x1) = path[0], path[-1]
    found.append({
        "start": [int(x0), int(y0)], "end": [int(x1), int(y1)], "length": float(length),
        "angle": float(direction(path)), "width": fitted_width(number),
    })
fits.writeto(mask_path, mask.astype(np.uint8), header, overwrite=True)
fits.writeto(skeleton_path, out, overwrite=True)
print(json.dumps(found))
