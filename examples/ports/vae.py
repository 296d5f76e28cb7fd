"""
The twin of vae.ts in PyTorch. Writes vae.json: first weights, noise, and the losses of 20 steps with that noise.

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 /usr/bin/python3 examples/ports/vae.py
"""
import gzip
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

PIXELS, LATENT, BATCH, STEPS = 64, 4, 16, 20
here = pathlib.Path(__file__).parent


class Vae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(PIXELS, 32), nn.Tanh())
        self.mean = nn.Linear(32, LATENT)
        self.log_variance = nn.Linear(32, LATENT)
        self.decoder = nn.Sequential(nn.Linear(LATENT, 32), nn.Tanh(), nn.Linear(32, PIXELS))

    def forward(self, images, noise):
        hidden = self.encoder(images)
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        code = mean + torch.exp(0.5 * log_variance) * noise
        reconstruction = F.binary_cross_entropy_with_logits(self.decoder(code), images, reduction="sum")
        divergence = 0.5 * torch.sum(mean**2 + log_variance.exp() - log_variance - 1)
        return (reconstruction + divergence) / len(images)


torch.manual_seed(0)
images = torch.tensor(np.loadtxt(gzip.open(here.parent / "digits" / "digits.csv.gz"), delimiter=",")[:, :PIXELS] / 16)
model = Vae().double()
for parameter in model.parameters():
    parameter.data = parameter.data.float().double()
state = {name: value.flatten().tolist() for name, value in model.state_dict().items()}
noise = torch.randn(STEPS * BATCH, LATENT).double()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
losses = []
for step in range(STEPS):
    rows = slice(step * BATCH, (step + 1) * BATCH)
    loss = model(images[rows], noise[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
rounded = lambda values: [float(np.float32(value)) for value in values]
text = {"state": {name: rounded(values) for name, values in state.items()}, "noise": rounded(noise.flatten().tolist()), "losses": losses}
(here / "vae.json").write_text("{" + "\n,".join(f'"{name}":{json.dumps(part, separators=(",", ":"))}' for name, part in text.items()) + "}\n")
