"""Alternating best responses in the duel, both sides trained by PPO from nothing.

In each round the discriminator answers the generators so far, then the generator answers the
discriminators so far: the last one alone, or all of them with equal shares (fictitious play). What
a best response is paid a step says how far the other side is from playing safe: 0 for a generator
that draws the data (the discriminator's pay is then the total variation distance), 0 for a
discriminator that nothing fools. Prints Markdown and writes JSON.
Example: python scripts/duel.py --rounds 8 --seeds 0 1 2
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from stable_baselines3.common.vec_env import VecMonitor

from genenv import data, seeding
from genenv.agents import Agent
from genenv.agents.best_response import RESPONSES, exploitability
from genenv.agents.sb3_bridge import VectorEnvBridge
from genenv.envs.duel import DISCRIMINATOR, GENERATOR, Pool, Side
from genenv.metrics import mode_metrics

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--rounds", type=int, default=8)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
parser.add_argument("--against", nargs="+", default=["last", "all"], choices=["last", "all"])
parser.add_argument("--steps", type=int, default=20_480, help="of each best response")
parser.add_argument("--out", type=Path, default=Path("duel.json"))
args = parser.parse_args()

MODES_FROM = 2500
ring = data.load("ring")


def met_by(players):
    """Meet the last alone, or all of them with equal shares."""
    return Pool([player.act for player in players])


def found(policies, seed):
    """Count the modes that the generators' samples cover, all together."""
    env = Side(MODES_FROM, agent=GENERATOR, opponent=lambda seen: seen[:, :1], data=ring)
    seen, _ = env.reset(seed=seeding.fold(seed, "modes") % 2**40)
    rows = np.arange(len(seen))
    acts = np.stack([policy.act(seen) for policy in policies])
    box = torch.from_numpy(acts[rows % len(policies), rows].clip(-1, 1))
    x = env.rounds.scale.from_box(box).numpy()
    return mode_metrics(x, ring.modes)


torch.set_num_threads(1)
table = []
for against in args.against:
    for seed in args.seeds:
        first = Side(64, agent=GENERATOR, opponent=lambda seen: seen[:, :1], data=ring,
                     autoreset_mode="SameStep")  # fmt: skip
        blank = RESPONSES[GENERATOR].make(VecMonitor(VectorEnvBridge(first)), seed)
        generators = [Agent("duel", RESPONSES[GENERATOR], blank, 0)]
        discriminators = []
        for turn in range(args.rounds):
            began = time.process_time()
            met = generators if against == "all" else generators[-1:]
            judged = exploitability(met_by(met), GENERATOR, ring, steps=args.steps,
                                    seed=seeding.fold(seed, turn, 0))  # fmt: skip
            covered = found(met, seed)
            discriminators.append(judged.response)
            met = discriminators if against == "all" else discriminators[-1:]
            fooled = exploitability(met_by(met), DISCRIMINATOR, ring, steps=args.steps,
                                    seed=seeding.fold(seed, turn, 2))  # fmt: skip
            generators.append(fooled.response)
            row = {"against": against, "seed": seed, "round": turn + 1}
            row |= {
                "discriminator": judged.mean,
                "generator": fooled.mean,
                "modes": covered["modes"],
                "high_quality": covered["high_quality"],
                "seconds": time.process_time() - began,
            }
            table.append(row)
            print(row, flush=True)
            args.out.write_text(json.dumps(table, indent=2))

print(
    "\n| against | round | discriminator's pay | generator's pay | modes | high quality % |\n"
    "|---|---|---|---|---|---|"
)
for against in args.against:
    for turn in range(1, args.rounds + 1):
        rows = [r for r in table if (r["against"], r["round"]) == (against, turn)]
        cells = []
        for name in ("discriminator", "generator"):
            values = np.array([r[name] for r in rows])
            cells.append(f"{values.mean():+.2f} ({values.min():+.2f} to {values.max():+.2f})")
        modes, good = (np.mean([r[k] for r in rows]) for k in ("modes", "high_quality"))
        print(f"| {against} | {turn} | {' | '.join(cells)} | {modes:.1f} | {100 * good:.1f} |")
print(f"\n{len(args.seeds)} seeds: mean (least to most); {args.steps:,} steps a response")
