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
from genenv.agents.algorithms import Ppo
from genenv.agents.sb3_bridge import VectorEnvBridge
from genenv.envs.duel import DISCRIMINATOR, GENERATOR, Plays, Side
from genenv.metrics import mode_metrics

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--rounds", type=int, default=8)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
parser.add_argument("--against", nargs="+", default=["last", "all"], choices=["last", "all"])
parser.add_argument("--steps", type=int, default=20_480, help="of each best response")
parser.add_argument("--out", type=Path, default=Path("duel.json"))
args = parser.parse_args()

# The verdict is paid at once, the sample a step later: short sight is enough.
SHARED = {"envs": 64, "steps": 16, "batch": 256, "lr_floor": 0.1, "hidden": (64, 64)}
PRESETS = {
    DISCRIMINATOR: Ppo(learning_rate=3e-3, gamma=0.01, activation="relu", **SHARED),
    GENERATOR: Ppo(learning_rate=3e-3, gamma=0.9, log_std=-0.7, **SHARED),
}
ROWS, HORIZON, MODES_FROM = 512, 33, 2500
ring = data.load("ring")


def mixture(policies):
    """Give each row one of the policies, in turn."""
    played = [Plays(policy) for policy in policies]

    def act(seen):
        answers = np.stack([policy.act(seen) for policy in played])
        return answers[np.arange(len(seen)) % len(played), np.arange(len(seen))]

    return act


def answer(agent, opponent, seed):
    """Train the best response of one side."""
    batch = Side(64, agent=agent, opponent=opponent, data=ring, autoreset_mode="SameStep")
    address = seeding.fold(seed, "response") % 2**31
    model = PRESETS[agent].make(VecMonitor(VectorEnvBridge(batch)), address)
    with seeding.global_seed(address):
        model.learn(args.steps)
    return model


def pay(agent, model, opponent, seed):
    """Return what a side is paid in the mean, a step."""
    env = Side(ROWS, agent=agent, opponent=opponent, data=ring, horizon=HORIZON)
    seen, _ = env.reset(seed=seeding.fold(seed, "pay") % 2**40)
    act, total = Plays(model).act, 0.0
    for _ in range(HORIZON):
        seen, reward, *_ = env.step(act(seen))
        total += reward.sum()
    return total / ROWS / (HORIZON - 1)


def found(policies, seed):
    """Count the modes that the generators' samples cover, all together."""
    env = Side(MODES_FROM, agent=GENERATOR, opponent=lambda seen: seen[:, :1], data=ring)
    seen, _ = env.reset(seed=seeding.fold(seed, "modes") % 2**40)
    box = torch.from_numpy(mixture(policies)(seen).clip(-1, 1))
    x = env.rounds.scale.from_box(box).numpy()
    return mode_metrics(x, ring.modes)


torch.set_num_threads(1)
table = []
for against in args.against:
    for seed in args.seeds:
        first = Side(64, agent=GENERATOR, opponent=lambda seen: seen[:, :1], data=ring,
                     autoreset_mode="SameStep")  # fmt: skip
        generators = [PRESETS[GENERATOR].make(VecMonitor(VectorEnvBridge(first)), seed)]
        discriminators = []
        for turn in range(args.rounds):
            began = time.process_time()
            met = generators if against == "all" else generators[-1:]
            judge = answer(DISCRIMINATOR, mixture(met), seeding.fold(seed, turn, 0))
            told = pay(DISCRIMINATOR, judge, mixture(met), seeding.fold(seed, turn, 1))
            covered = found(met, seed)
            discriminators.append(judge)
            met = discriminators if against == "all" else discriminators[-1:]
            forger = answer(GENERATOR, mixture(met), seeding.fold(seed, turn, 2))
            fooled = pay(GENERATOR, forger, mixture(met), seeding.fold(seed, turn, 3))
            generators.append(forger)
            row = {"against": against, "seed": seed, "round": turn + 1, "discriminator": told}
            row |= {
                "generator": fooled,
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
