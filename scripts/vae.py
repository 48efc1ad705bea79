"""Stress one model through a VAE of a few lines and through genenv's own generator, by one judge.

The VAE learns from the rows that the generator learned from. A row a generator and search: queries,
confirmed, distinct, modes; and the spread of either generator within a class, over real rows' 1.
Example: python scripts/vae.py --out runs/vae --budget 10000
"""

import argparse
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

import genenv
from genenv import data

LATENT = 8
HIDDEN = 256
BATCH = 128

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--out", type=Path, required=True, help="folder of both runs")
parser.add_argument("--budget", type=int, default=10_000, help="queries a search")
parser.add_argument("--steps", type=int, default=3_000, help="of the VAE")
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
digits = data.load("digits")


class VAE(nn.Module):
    """A conditional VAE of two layers; forward is its decoder."""

    def __init__(self):
        super().__init__()
        self.look = nn.Sequential(nn.Linear(74, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, 2 * LATENT))
        self.make = nn.Sequential(nn.Linear(LATENT + 10, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, 64))

    def encode(self, u, label):
        """Return mean and logarithm of the standard deviation."""
        return self.look(torch.cat([u, functional.one_hot(label, 10)], 1)).chunk(2, 1)

    def forward(self, e, label):
        """Decode in [0, 1]."""
        made = self.make(torch.cat([e, functional.one_hot(label, 10)], 1))
        return made.sigmoid().reshape(-1, 8, 8)


def trained(rows):
    """Fit the VAE by the evidence lower bound."""
    torch.manual_seed(args.seed)
    x, label = (torch.from_numpy(part) for part in digits.pick(rows))
    u = x.flatten(1) / 16
    vae = VAE()
    optimizer = torch.optim.Adam(vae.parameters(), 2e-3)
    for _ in range(args.steps):
        some = torch.randint(len(u), (BATCH,))
        mean, log_std = vae.encode(u[some], label[some])
        e = mean + log_std.exp() * torch.randn_like(mean)
        made = vae(e, label[some]).flatten(1)
        missed = functional.binary_cross_entropy(made, u[some], reduction="none").sum(1)
        apart = (0.5 * (mean**2 + (2 * log_std).exp() - 1) - log_std).sum(1)
        optimizer.zero_grad()
        (missed + apart).mean().backward()
        optimizer.step()
    return vae


def stressed(name, generator, model, **more):
    """Run both searches and print their rows."""
    settings = {"search": ["random", "gradient"], "budget": args.budget, "seed": args.seed}
    out = args.out / name
    more |= {"out": out, "resume": (out / "config.json").is_file()}
    report = genenv.stress(model, generator, digits.x, digits.label, **settings, **more)
    print(f"{name}: spread {report.data['generator']['spread']:.2f}")
    for row in report.searches:
        keys = ("queries", "flips", "confirmed", "distinct", "modes")
        print(f"{name} {row['name']}: " + ", ".join(f"{key} {row[key]}" for key in keys))
    return out


ours = stressed("ours", None, None)
vae = trained(data.split(digits, args.seed, None).train)
made = genenv.wrap_generator(vae, digits.x, digits.label, base_dim=LATENT, output="unit")
stressed("vae", made, None, judge=ours)
