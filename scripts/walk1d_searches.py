"""The least energetic failure of Walk1D by searches of one whole episode, no agent.

Equal pushes are known to be best, so that these say what a search is worth, not what the walk is.
Each plays --steps world steps and is paid by the energy 1/2 sum a^2 of the least energetic failure;
the best of each is played again in the seat itself.

- gradient: Adam through the same walk in torch, from 16 random starts of a tenth of a deviation; a
  backward pass counts as two forward ones;
- knots: CEM over seven knots, linear between them (100 episodes a generation, the best ten kept).
Example: python scripts/walk1d_searches.py --edges 10 20 --seeds 0 1 2 3 4
"""

import argparse
import time

import numpy as np
import torch

from genenv import seeding
from genenv.envs.walk1d import HORIZON, REACH, Walk1D

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--edges", type=float, nargs="+", default=[10.0, 20.0])
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
parser.add_argument("--steps", type=int, default=450_000, help="of the world, of each search")
parser.add_argument("--players", nargs="+", default=["gradient", "knots"])
args = parser.parse_args()
torch.set_num_threads(1)
MISSING = 100.0  # energy that is lost for missing the edge by all of it
OVER = 1 + 1e-5  # how far beyond the edge a search aims: the seat walks in float32


def worths(actions, edge):
    """Energy of episodes (n, 30), and what the nearest approach misses of the edge (n,)."""
    reached = actions.cumsum(1).abs().amax(1) / (edge * OVER)
    return 0.5 * (actions**2).sum(1), (1 - reached).clamp_min(0)


def gradient(rng, edge):
    """Descend energy and missing distance; of what fails, the least energetic."""
    actions = torch.from_numpy(0.1 * rng.standard_normal((16, HORIZON))).requires_grad_()
    optimizer = torch.optim.Adam([actions], 0.05)
    best = (np.inf, np.zeros(HORIZON))
    turns = args.steps // (16 * HORIZON * 3)
    for turn in range(turns):
        optimizer.param_groups[0]["lr"] = 0.05 * (1 - turn / turns)
        energy, left = worths(actions, edge)
        best = better(best, actions, energy, left)
        optimizer.zero_grad()
        (energy + MISSING * left).sum().backward()
        optimizer.step()
    return best[1]


def knots(rng, edge):
    """Move the law of seven knots towards its best tenth."""
    at = np.linspace(0, 6, HORIZON)
    low = np.minimum(at.astype(int), 5)
    mix = np.zeros((HORIZON, 7))
    mix[np.arange(HORIZON), low] = 1 - (at - low)
    mix[np.arange(HORIZON), low + 1] = at - low
    mean, spread, best = np.zeros(7), np.ones(7), (np.inf, np.zeros(HORIZON))
    for _ in range(args.steps // (100 * HORIZON)):
        tried = mean + spread * rng.standard_normal((100, 7))
        actions = torch.from_numpy(tried @ mix.T)
        energy, left = worths(actions, edge)
        best = better(best, actions, energy, left)
        order = (energy + MISSING * left).argsort()[:10].numpy()
        mean, spread = tried[order].mean(0), tried[order].std(0) + 0.02
    return best[1]


def better(best, actions, energy, left):
    """Keep the least energetic of those that fail."""
    spent = torch.where(left > 0, torch.inf, energy).detach()
    row = int(spent.argmin())
    if spent[row] < best[0]:
        return float(spent[row]), actions[row].detach().numpy().copy()
    return best


def replayed(actions, edge):
    """Play a sequence in the seat: energy until it fails, inf where it does not."""
    env = Walk1D(1, edge=edge, autoreset_mode="Disabled")
    env.reset(seed=0)
    energy = 0.0
    for a in actions:
        _, _, failed, _, _ = env.step(np.full((1, 1), a / REACH, np.float32))
        energy += 0.5 * float(a**2)
        if failed[0]:
            return energy
    return np.inf


PLAYERS = {"gradient": gradient, "knots": knots}
print("| edge | least possible | player | failed | energy: mean (each seed) | CPU s |")
print("|---|---|---|---|---|---|")
for edge in args.edges:
    for name in args.players:
        search = PLAYERS[name]
        began = time.process_time()
        found = [replayed(search(seeding.numpy_generator(s, name), edge), edge) for s in args.seeds]
        seconds = (time.process_time() - began) / len(args.seeds)
        failed = [energy for energy in found if energy < np.inf]
        each = ", ".join("none" if energy == np.inf else f"{energy:.3f}" for energy in found)
        mean = f"{np.mean(failed):.3f}" if failed else "none"
        row = f"{edge:g} | {edge**2 / (2 * HORIZON):.3f} | {name} | {len(failed)} of {len(found)}"
        print(f"| {row} | {mean} ({each}) | {seconds:.1f} |")
