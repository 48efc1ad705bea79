"""What an agent gains by steering GANs while they train, beside constant settings and schedules.

`genenv/TrainingGame-v0` at its defaults: ring, 500 generator updates for everyone. The best of a
3 × 3 × 3 grid of constants, the corners and middles of the action space, is chosen on seeds of its
own; an agent is trained by the preset; then all play the same 64 fresh seeds, and the difference in
return is taken pair by pair, with a bootstrap interval of 95 %. Prints Markdown, writes JSON.
The second table is the experiment on FSCO's reward: the constant that it pays best, and an agent
trained on it. Episodes that the JSON has already are not played again.
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

from genenv import agents, intervals, seeding
from genenv.stacked.schedules import SCHEDULES, Constant

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--seeds", type=int, nargs="*", default=[0], help="of the agents' training")
parser.add_argument("--choose", type=int, nargs=2, default=(200, 8), help="of the grid, for each")
parser.add_argument("--fresh", type=int, nargs=2, default=(10_000, 64), help="seeds of the test")
parser.add_argument("--steps", type=int, default=None, help="of a training; default: preset")
parser.add_argument("--fsco-steps", type=int, default=0, help="of a training on equal losses")
parser.add_argument("--quality", default="sliced")
parser.add_argument("--out", type=Path, default=Path("training-game.json"))
args = parser.parse_args()

ID = "genenv/TrainingGame-v0"
torch.set_num_threads(1)


known = json.loads(args.out.read_text()) if args.out.is_file() else {}


def play(name, act, first, count):
    """Play episodes `first` to `first + count - 1`: a dict of (count,) each, kept in the JSON.

    The environment pays for equal losses, the gain is read from the info: a run is the same.
    """
    key = f"{name} | {args.quality} | {first} + {count}"
    if key not in known:
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
        played = {"gain": start - end - lost, "end": end, "losses": losses, "lost": lost}
        played |= {"critic_updates": updates}
        known[key] = {k: np.asarray(v, float).round(6).tolist() for k, v in played.items()}
        args.out.write_text(json.dumps(known, indent=1))
    return {k: np.array(v) for k, v in known[key].items()}


grid = list(itertools.product((-1.0, 0.0, 1.0), repeat=3))
first, each = args.choose
chosen = {"gain": [], "losses": []}
for k in range(0, len(grid), 9):  # nine constants at once, each on seeds of its own
    rows = np.repeat(np.array(grid[k : k + 9], np.float32), each, axis=0)
    played = play(f"grid {k}", lambda _, rows=rows: rows, first + k * each, len(rows))
    for name, means in chosen.items():
        means.extend(played[name].reshape(-1, each).mean(1))
best, equal = (int(np.argmax(chosen[name])) for name in ("gain", "losses"))

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
fresh = {name: play(name, act, *args.fresh) for name, act in (players | fsco).items()}
base = fresh[names[0]]["gain"]

print(f"\n{args.fresh[1]} fresh seeds from {args.fresh[0]}; quality: {args.quality}")
print("\n| player | gain | quality at the end | diverged | critic updates | gain over the best "
      "constant [95 %] |\n|---|---|---|---|---|---|")  # fmt: skip
for name in players:
    p = fresh[name]
    low, high = intervals.of_mean(p["gain"] - base, seeding.numpy_generator(0, "bootstrap"))
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
