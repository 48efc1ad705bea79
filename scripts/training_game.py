"""What an agent gains by steering GANs while they train, beside constant settings and schedules.

`genenv/TrainingGame-v0` at its defaults: ring, 500 generator updates for everyone. The best of a
3 × 3 × 3 grid of constants, the corners and middles of the action space, is chosen on seeds of its
own; an agent is trained by the preset; then all play the same 64 fresh seeds, and the difference in
return is taken pair by pair, with a bootstrap interval of 95 %. Prints Markdown, writes JSON.
The second table is the experiment on FSCO's reward: the constant that it pays best, and an agent
trained on it.
Example: python scripts/training_game.py --seeds 0 1 2
"""

import argparse
import itertools
import json
import time
from pathlib import Path

import gymnasium
import numpy as np
import torch

from genenv import agents
from genenv.agents.returns import interval
from genenv.stacked.schedules import SCHEDULES, Constant

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of the agents' training")
parser.add_argument("--choose", type=int, nargs=2, default=(200, 8), help="seeds of the grid: n")
parser.add_argument("--fresh", type=int, nargs=2, default=(10_000, 64), help="seeds of the test")
parser.add_argument("--steps", type=int, default=None, help="of a training; default: preset")
parser.add_argument("--fsco-steps", type=int, default=0, help="of a training on equal losses")
parser.add_argument("--quality", default="sliced")
parser.add_argument("--out", type=Path, default=Path("training-game.json"))
args = parser.parse_args()

ID = "genenv/TrainingGame-v0"
torch.set_num_threads(1)


def play(acts, first, count):
    """Play episodes `first` to `first + count - 1` with each player; one dict of (count,) each.

    The environment pays for equal losses, the gain is read from the info: a run is the same.
    """
    told = []
    for act in acts:
        arguments = {"reward": "equal-losses", "quality": args.quality}
        env = gymnasium.make_vec(ID, count, **arguments)
        seen, info = env.reset(seed=first)
        start = info["quality"]
        alive, lost, losses = np.ones(count, bool), np.zeros(count, bool), np.zeros(count)
        end, updates = start.copy(), np.zeros(count)
        while alive.any():
            seen, reward, terminated, truncated, info = env.step(act(seen))
            losses += np.where(alive, reward, 0)
            end[alive], updates[alive] = info["quality"][alive], info["critic_updates"][alive]
            lost |= alive & terminated
            alive &= ~(terminated | truncated)
        told.append(
            {"gain": start - end - lost, "end": end, "losses": losses, "lost": lost}
            | {"critic_updates": updates}
        )
    return told


def plain(played):
    return {name: np.asarray(values, float).round(5).tolist() for name, values in played.items()}


began = time.process_time()
grid = list(itertools.product((-1.0, 0.0, 1.0), repeat=3))
chosen = play([Constant(action).act for action in grid], *args.choose)
best = int(np.argmax([played["gain"].mean() for played in chosen]))
equal = int(np.argmax([played["losses"].mean() for played in chosen]))
print(f"grid: {time.process_time() - began:.0f} CPU s", flush=True)

players = {f"constant {grid[best]}, best of 27": Constant(grid[best]).act}
players |= {name: schedule.act for name, schedule in SCHEDULES.items()}
fsco = {f"constant {grid[equal]}, best of 27 for equal losses": Constant(grid[equal]).act}
for seed in args.seeds:
    began = time.process_time()
    arguments = {"quality": args.quality}
    agent = agents.train(ID, seed=seed, total_steps=args.steps, arguments=arguments)
    players[f"agent, seed {seed}"] = agent.act
    print(f"agent {seed}: {time.process_time() - began:.0f} CPU s", flush=True)
    if args.fsco_steps:
        arguments |= {"reward": "equal-losses"}
        agent = agents.train(ID, seed=seed, total_steps=args.fsco_steps, arguments=arguments)
        fsco[f"agent of equal losses, seed {seed}"] = agent.act

names = list(players | fsco)
fresh = dict(zip(names, play((players | fsco).values(), *args.fresh), strict=True))
base = fresh[names[0]]["gain"]
result = {
    "grid": [{"action": a, **plain(p)} for a, p in zip(grid, chosen, strict=True)],
    "fresh": {name: plain(played) for name, played in fresh.items()},
    "arguments": {k: str(v) for k, v in vars(args).items()},
}
args.out.write_text(json.dumps(result, indent=1))

print(f"\n{args.fresh[1]} fresh seeds from {args.fresh[0]}; quality: {args.quality}")
print("\n| player | gain | quality at the end | diverged | critic updates | gain over the best "
      "constant [95 %] |\n|---|---|---|---|---|---|")  # fmt: skip
for name in players:
    p = fresh[name]
    low, high = interval(p["gain"] - base)
    over = "" if name == names[0] else f"{(p['gain'] - base).mean():+.4f} [{low:+.4f}, {high:+.4f}]"
    print(
        f"| {name} | {p['gain'].mean():.4f} ± {p['gain'].std():.4f} | {p['end'].mean():.4f} "
        f"| {int(p['lost'].sum())} | {p['critic_updates'].mean():.0f} | {over} |"
    )
print("\n| player | reward for equal losses | gain in quality | diverged |\n|---|---|---|---|")
for name in [names[0], *fsco]:
    p = fresh[name]
    print(
        f"| {name} | {p['losses'].mean():.3f} | {p['gain'].mean():.4f} ± {p['gain'].std():.4f} "
        f"| {int(p['lost'].sum())} |"
    )
