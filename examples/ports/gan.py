"""
The twin of gan.ts in PyTorch. Writes gan.json: first weights, noise, the losses of 20 steps with that noise, and what the
generator's running statistics are after them.

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 /usr/bin/python3 examples/ports/gan.py
"""
import gzip
import json
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

PIXELS, LATENT, BATCH, STEPS = 64, 8, 16, 20
here = pathlib.Path(__file__).parent


class Gan(nn.Module):
    def __init__(self):
        super().__init__()
        self.generator = nn.Sequential(
            nn.Linear(LATENT, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, PIXELS), nn.Sigmoid()
        )
        self.discriminator = nn.Sequential(nn.Linear(PIXELS, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))


torch.manual_seed(0)
images = torch.tensor(np.loadtxt(gzip.open(here.parent / "digits" / "digits.csv.gz"), delimiter=",")[:, :PIXELS] / 16)
model = Gan().double()
for parameter in model.parameters():
    parameter.data = parameter.data.float().double()
state = {name: value.flatten().tolist() for name, value in model.named_parameters()}
noise = torch.randn(STEPS * BATCH, LATENT).float().double()
adam = lambda module: torch.optim.Adam(module.parameters(), lr=2e-3, betas=(0.5, 0.999))
optimizers = [adam(model.discriminator), adam(model.generator)]
losses = {"discriminator": [], "generator": []}
for step in range(STEPS):
    rows = slice(step * BATCH, (step + 1) * BATCH)
    real, fake = model.discriminator(images[rows]), model.discriminator(model.generator(noise[rows]).detach())
    loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    optimizers[0].zero_grad()
    loss.backward()
    optimizers[0].step()
    losses["discriminator"].append(loss.item())
    score = model.discriminator(model.generator(noise[rows]))
    loss = bce(score, torch.ones_like(score))
    optimizers[1].zero_grad()
    loss.backward()
    optimizers[1].step()
    losses["generator"].append(loss.item())
rounded = lambda values: [float(np.float32(value)) for value in values]
text = {
    "state": {name: rounded(values) for name, values in state.items()},
    "noise": rounded(noise.flatten().tolist()),
    "losses": losses,
    "running_mean": model.generator[1].running_mean.tolist(),
}
(here / "gan.json").write_text("{" + "\n,".join(f'"{name}":{json.dumps(part, separators=(",", ":"))}' for name, part in text.items()) + "}\n")
