"""
The twins of pinn.ts, ddpm.ts, char-lm.ts and maml.ts in PyTorch, in float64. Writes twins.json: the losses of their first 20 steps.

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 /usr/bin/python3 examples/ports/twins.py
"""
import json
import math
import pathlib
import re

import torch
from torch import nn
from waves import fill, waves

STEPS = 20
here = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)


def losses_of(model, optimizer, batches):
    losses = []
    for batch in batches:
        loss = model.loss(*batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


class Burgers(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))

    def forward(self, x, t):
        return self.net(torch.cat([x, t], 1))

    def residual(self, x, t):
        u = self(x, t)
        ux, ut = torch.autograd.grad(u.sum(), [x, t], create_graph=True)
        (uxx,) = torch.autograd.grad(ux.sum(), [x], create_graph=True)
        return ut + u * ux - 0.05 * uxx

    def loss(self, x, t):
        x, t = x.requires_grad_(), t.requires_grad_()
        none = torch.zeros_like(x)
        start = self(x, none) + torch.sin(math.pi * x)
        edges = torch.cat([self(none - 1, t), self(none + 1, t)])
        return sum(each.pow(2).mean() for each in (self.residual(x, t), start, edges))


def pinn():
    model = fill(Burgers())
    x, t = waves(STEPS * 32, 1).reshape(-1, 1), waves(STEPS * 32, 2).abs().reshape(-1, 1)
    return losses_of(model, torch.optim.Adam(model.parameters(), lr=1e-2), zip(x.split(32), t.split(32)))


TIMES = 50
BETAS = torch.tensor([1e-4 + 0.2 * time / (TIMES - 1) for time in range(TIMES)])
LEFT = torch.cumprod(1 - BETAS, 0)


class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(TIMES, 16)
        self.net = nn.Sequential(nn.Linear(2 + 16, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 2))

    def forward(self, points, time):
        return self.net(torch.cat([points, self.embedding(time)], 1))

    def loss(self, points, time, noise):
        signal = LEFT[time].unsqueeze(1)
        noisy = signal.sqrt() * points + (1 - signal).sqrt() * noise
        return nn.functional.mse_loss(self(noisy, time), noise)


def ddpm():
    model = fill(Denoiser())
    points = waves(STEPS * 16 * 2, 3).reshape(-1, 2)
    noise = waves(STEPS * 16 * 2, 4, 1.5).reshape(-1, 2)
    time = torch.arange(STEPS * 16) * 7 % TIMES
    return losses_of(model, torch.optim.Adam(model.parameters(), lr=2e-3), zip(points.split(16), time.split(16), noise.split(16)))


TEXT = re.search(r"text = `(.*?)`;", (here / "char-lm.ts").read_text(), re.S).group(1)
CHARACTERS = sorted(set(TEXT))
CODES = torch.tensor([CHARACTERS.index(each) for each in TEXT])
CONTEXT = 32


class CharacterModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Embedding(len(CHARACTERS), 32)
        self.position = nn.Embedding(CONTEXT, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0, activation="gelu", batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 2)
        self.norm = nn.LayerNorm(32)
        self.head = nn.Linear(32, len(CHARACTERS))

    def forward(self, tokens):
        embedded = self.token(tokens) + self.position(torch.arange(CONTEXT))
        mask = torch.full((CONTEXT, CONTEXT), -torch.inf).triu(1)
        return self.head(self.norm(self.layers(embedded, mask)))

    def loss(self, tokens, following):
        return nn.functional.cross_entropy(self(tokens).flatten(0, 1), following.flatten())


def char_lm():
    model = fill(CharacterModel())
    pieces = CODES.unfold(0, CONTEXT, 1)
    batches = [(pieces[8 * step : 8 * step + 8], pieces[8 * step + 1 : 8 * step + 9]) for step in range(STEPS)]
    return losses_of(model, torch.optim.AdamW(model.parameters(), lr=3e-3), batches)


class Learner(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.ModuleList([nn.Linear(1, 20), nn.Linear(20, 20), nn.Linear(20, 1)])

    def predict(self, x, weights):
        for index in range(3):
            x = nn.functional.linear(x, *weights[2 * index : 2 * index + 2])
            x = torch.tanh(x) if index < 2 else x
        return x

    def loss(self, xs, ys, xq, yq):
        losses = []
        for x, y, query, wanted in zip(xs, ys, xq, yq):
            weights = list(self.parameters())
            for _ in range(2):
                slopes = torch.autograd.grad(nn.functional.mse_loss(self.predict(x, weights), y), weights, create_graph=True)
                weights = [weight - 0.1 * slope for weight, slope in zip(weights, slopes)]
            losses.append(nn.functional.mse_loss(self.predict(query, weights), wanted))
        return torch.stack(losses).mean()


def maml():
    model = fill(Learner())
    fields = [waves(STEPS * 4 * 5, phase, scale).reshape(-1, 5, 1).split(4) for phase, scale in [(1, 3), (2, 1), (3, 3), (4, 1)]]
    return losses_of(model, torch.optim.Adam(model.parameters(), lr=1e-2), zip(*fields))


twins = {"pinn": pinn(), "ddpm": ddpm(), "char-lm": char_lm(), "maml": maml()}
(here / "twins.json").write_text("{" + ",\n".join(f'"{name}": {json.dumps(losses)}' for name, losses in twins.items()) + "}\n")
