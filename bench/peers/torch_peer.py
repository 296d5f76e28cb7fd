"""PyTorch's side of the benchmarks: reads one JSON case a line, answers with microseconds per training step."""
import json
import sys
import time

import torch

torch.set_num_threads(1)


def mlp(case):
    layers = []
    sizes = case["sizes"]
    for index in range(len(sizes) - 1):
        layers.append(torch.nn.Linear(sizes[index], sizes[index + 1]))
        if case["activation"] == "sigmoid":
            layers.append(torch.nn.Sigmoid())
        elif index < len(sizes) - 2:
            layers.append(torch.nn.ReLU())
    model = torch.nn.Sequential(*layers)
    return model, torch.randn(case["batch"], sizes[0]), torch.randn(case["batch"], sizes[-1])


def measure(case):
    torch.manual_seed(0)
    model, x, y = {"mlp": mlp}[case["model"]](case)
    optimizer = getattr(torch.optim, case["optimizer"])(model.parameters(), lr=1e-3)
    loss_function = torch.nn.MSELoss()

    def steps(count):
        for _ in range(count):
            optimizer.zero_grad()
            loss_function(model(x), y).backward()
            optimizer.step()

    steps(max(2, case["steps"] // 10))
    start = time.perf_counter()
    steps(case["steps"])
    return (time.perf_counter() - start) / case["steps"] * 1e6


print(json.dumps({"version": torch.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps({"microseconds": measure(json.loads(line))}), flush=True)
