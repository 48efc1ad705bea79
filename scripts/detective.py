"""How far into training a learner can still tell: Detective's accuracy by rung.

For each seed, the real rows that the generators did not see are split: seven tenths to learn from,
the rest, with fresh samples of every rung, to be judged on. Two learners take the same number of
samples of all rungs: PPO with the preset, paid by the verdict alone and free to buy looks, and a
supervised classifier of the same widths, told the truth about one look at each. Chance is 50 %.
Prints Markdown and writes JSON.
Examples: python scripts/detective.py
          genenv fit digits --checkpoint-every 200 --keep 15 --out runs/ladder
          python scripts/detective.py --run runs/ladder
"""

import argparse
import json
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn

from genenv import agents, networks, seeding
from genenv.envs.detective import GENERATED, REAL, Detective

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
parser.add_argument("--run", type=Path, default=None, help="a run with checkpoints; none: bundled")
parser.add_argument("--ladder", type=Path, nargs="+", help="folders of generators, early to late")
parser.add_argument("--steps", type=int, default=None, help="of the agent; default: the preset's")
parser.add_argument("--episodes", type=int, default=4096, help="fresh samples a rung")
parser.add_argument("--out", type=Path, default=Path("detective.json"))
args = parser.parse_args()

ID = "genenv/Detective-v0"
ROWS = 1024
whole = Detective(1, run=args.run)
arguments = {"ladder": whole.ladder, "data": whole.data}
if args.ladder:
    arguments["ladder"] = [networks.load(folder) for folder in args.ladder]
steps = args.steps or agents.PRESETS[ID].total_steps
rungs = len(arguments["ladder"])


def judged(act, rows, seed, rung):
    """Play fresh episodes at a rung: accuracy, that on real samples alone, looks bought."""
    env = Detective(ROWS, rows=rows, autoreset_mode="Disabled", **arguments)
    correct = []
    real = []
    looks = []
    for part in range(args.episodes // ROWS):
        address = seeding.fold(seed, "judged", rung, part) % 2**40
        seen, _ = env.reset(seed=address, options={"rung": rung})
        done = np.zeros(ROWS, bool)
        while True:  # rows that are done go on unseen: their verdict stands
            seen, _, ended, cut, info = env.step(act(seen))
            fresh = (ended | cut) & ~done
            correct += info["correct"][fresh].tolist()
            real += (info["rung"][fresh] < 0).tolist()
            looks += info["looks"][fresh].tolist()
            done |= fresh
            if done.all():
                break
            if (ended | cut).any():
                seen, _ = env.reset(options={"reset_mask": ended | cut})
    correct, real = np.array(correct), np.array(real)
    return correct.mean(), correct[real].mean(), np.mean(looks)


def supervised(rows, seed):
    """Train a classifier on one look at each of `steps` samples, in one pass."""
    env = Detective(ROWS, rows=rows, autoreset_mode="Disabled", **arguments)
    size = env.scale.size
    with seeding.global_seed(seeding.fold(seed, "supervised")):
        widths = (size, *agents.PRESETS[ID].hidden)
        layers = [m for a, b in pairwise(widths) for m in (nn.Linear(a, b), nn.ReLU())]
        net = nn.Sequential(*layers, nn.Linear(widths[-1], 1))
        optimizer = torch.optim.Adam(net.parameters(), 1e-3)
        for part in range(steps // ROWS):
            address = seeding.fold(seed, "supervised", part) % 2**40
            seen, info = env.reset(seed=address)
            x = torch.from_numpy(seen[:, :size])
            y = torch.from_numpy(info["rung"] < 0).float()
            for batch in torch.arange(ROWS).split(128):
                score = net(x[batch]).squeeze(1)
                loss = nn.functional.binary_cross_entropy_with_logits(score, y[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    def act(seen):
        with torch.no_grad():
            score = net(torch.from_numpy(seen[:, :size])).squeeze(1)
        return np.where(score.numpy() > 0, REAL, GENERATED)

    return act


torch.set_num_threads(1)
table = []
for seed in args.seeds:
    order = seeding.numpy_generator(seed, "rows").permutation(whole.rows)
    learn, fresh = np.split(order, [len(order) * 7 // 10])
    began = time.process_time()
    agent = agents.train(ID, seed=seed, total_steps=steps, arguments=arguments | {"rows": learn})
    seconds = time.process_time() - began
    players = {"PPO": agent.act, "supervised": supervised(learn, seed)}
    for name, act in players.items():
        for rung in range(rungs):
            accuracy, on_real, looks = judged(act, fresh, seed, rung)
            row = {"player": name, "seed": seed, "rung": rung, "accuracy": float(accuracy)}
            row |= {"on_real": float(on_real), "looks": float(looks), "steps": steps}
            table.append(row | {"seconds": seconds if name == "PPO" else None})
    args.out.write_text(json.dumps(table, indent=2))

print("| player | " + " | ".join(f"rung {k}" for k in range(rungs)) + " | real samples |")
print("|---" * (rungs + 2) + "|")
for name in ("PPO", "supervised"):
    mine = [r for r in table if r["player"] == name]
    cells = []
    looks = []
    for rung in range(rungs):
        rows = [r for r in mine if r["rung"] == rung]
        a = 100 * np.array([r["accuracy"] for r in rows])
        cells.append(f"{a.mean():.1f} ({a.min():.1f} to {a.max():.1f})")
        looks.append(f"{np.mean([r['looks'] for r in rows]):.2f}")
    real = 100 * np.mean([r["on_real"] for r in mine])
    print(f"| {name}, accuracy % | {' | '.join(cells)} | {real:.1f} |")
    if name == "PPO":
        print(f"| {name}, looks bought | {' | '.join(looks)} | |")
print(f"| plain chance | {' | '.join(['50.0'] * rungs)} | 50.0 | |")
print(f"\n{len(args.seeds)} seeds: mean (least to most), %; {steps:,} steps each")
