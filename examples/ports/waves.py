"""Numbers that Python and TypeScript can both write down: what the twins begin with, and what stands for noise."""
import math

import numpy as np
import torch


def waves(count, phase, scale=1.0):
    """scale * sin(phase + 1.3 i), as float32, in float64."""
    values = [scale * math.sin(phase + 1.3 * index) for index in range(count)]
    return torch.tensor(np.float32(values).astype(np.float64))


def fill(model):
    """Every parameter gets waves of its own, of the size that its inputs ask for; weights of norms lie around 1."""
    for number, (name, parameter) in enumerate(model.named_parameters()):
        is_norm = "norm" in name and name.endswith("weight")
        scale = 0.1 if parameter.ndim == 1 else parameter.shape[-1] ** -0.5
        parameter.data = waves(parameter.numel(), 7 * number, scale).reshape(parameter.shape) + (1 if is_norm else 0)
    return model
