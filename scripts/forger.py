"""Train genenv/Forger on the ring by its preset, and count the modes that the policy finds.

The ring without labels: 8 modes; of 2,500 samples, the policy's most likely actions on 2,500 base
vectors: modes covered, the share of high quality (within 3 σ of a centre) and the reverse KL over
modes against uniform, as in scripts/modes.py. Uniform actions stand beside. Prints Markdown and
writes JSON; seeds that the JSON has already are not trained again.
Example: python scripts/forger.py --seeds 0 1 2 3 4 --out forger.json
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from genenv import agents, seeding
from genenv.envs import Forger
from genenv.envs.critics import Critic
from genenv.metrics import mode_metrics

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
parser.add_argument("--steps", type=int, default=None, help="samples to learn from; None: preset")
parser.add_argument("--out", type=Path, default=Path("forger.json"))
args = parser.parse_args()

ID = "genenv/Forger-v0"
SAMPLES = 2500
ring = Forger()
settings = agents.PRESETS[ID].arguments
table = json.loads(args.out.read_text()) if args.out.is_file() else []

for seed in args.seeds:
    if any(row["seed"] == seed for row in table):
        continue
    began = time.process_time()
    critic = Critic("ring", seed=seed, **settings)
    agent = agents.train(ID, seed=seed, total_steps=args.steps, arguments={"critic": critic})
    seconds = time.process_time() - began
    seen, _ = Forger(SAMPLES, critic=critic, learn=False).reset(seed=seeding.fold(seed, "forger"))
    keys = seeding.fold_rows(seed, "forger", np.arange(SAMPLES))
    made = ring.samples(agent.act(seen))
    by_chance = ring.samples(2 * seeding.uniforms(keys, 2) - 1)
    row = {"seed": seed, "steps": agent.steps, "cpu_seconds": seconds}
    row["policy"] = mode_metrics(made, ring.dataset.modes)
    row["uniform"] = mode_metrics(by_chance, ring.dataset.modes)
    table.append(row)
    args.out.write_text(json.dumps(table, indent=2))
    print(row, flush=True)

rows = [row for row in table if row["seed"] in args.seeds]
print("\n| seed | samples learned from | CPU s | modes | high quality % | reverse KL |")
print("|---|---|---|---|---|---|")
for row in rows:
    found = row["policy"]
    print(
        f"| {row['seed']} | {row['steps']:,} | {row['cpu_seconds']:.0f} | {found['modes']} "
        f"| {100 * found['high_quality']:.1f} | {found['reverse_kl']:.3f} |"
    )
for who in ("policy", "uniform"):
    modes, good, kl = (
        np.array([row[who][k] for row in rows]) for k in ("modes", "high_quality", "reverse_kl")
    )
    spread = f"{100 * good.mean():.1f} ({100 * good.min():.1f} to {100 * good.max():.1f})"
    title = "mean (range), policy" if who == "policy" else "mean (range), uniform actions"
    print(
        f"| {title} | | | {modes.mean():.1f} ({modes.min()} to {modes.max()}) | {spread} "
        f"| {kl.mean():.3f} ({kl.min():.3f} to {kl.max():.3f}) |"
    )
