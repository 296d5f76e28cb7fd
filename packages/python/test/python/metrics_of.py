"""Computes metrics of predictions that come on standard input: `[{"metrics", "batches": [{prediction, target}]}]`, each tensor as
`{"shape", "values", "whole"}`. The suite beside computes the same by the engine's.
"""
import json
import sys

import torch

from mosaic_worker.metrics import flat_figures, make_metrics


def tensor(said):
    kind = torch.int64 if said["whole"] else torch.float32
    return torch.tensor([float(text) for text in said["values"]]).to(kind).reshape(said["shape"])


answers = []
for case in json.load(sys.stdin):
    metrics = make_metrics(case["metrics"])
    for metric in metrics:
        metric.start()
        for batch in case["batches"]:
            metric.add(tensor(batch["prediction"]), tensor(batch["target"]))
    figures = flat_figures(metrics)
    answers.append({"figures": {name: repr(float(value)) for name, value in figures.items()}, "directions": [m.direction for m in metrics]})
print(json.dumps(answers))
