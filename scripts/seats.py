"""Every seat's table: random, best searched constant, own open loop, a hand-made rule, agents.

Agents are trained by the preset, one a seed; all players then play the same fresh episodes, of
problems of the test family where problems are drawn, against the critic of each agent where there
is one. Figures are returns: the interquartile mean over agents and episodes, with a bootstrap
interval of 95 % over episodes, and what agents are ahead by, episode by episode. Prints Markdown
and writes JSON; agents that the JSON has are not trained again.
Example: python scripts/seats.py genenv/Crosswalk-v0 --seeds 0 1 2 --out seats.json
"""

import argparse
import json
import time
from pathlib import Path

import gymnasium
import numpy as np
import torch
from scipy.stats import trim_mean

from genenv import agents, intervals, seeding
from genenv.agents.baselines import played
from genenv.agents.presets import preset

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("ids", nargs="+")
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the agents")
parser.add_argument("--steps", type=int, default=None, help="of a training; default: the preset's")
parser.add_argument("--episodes", type=int, default=64, help="fresh ones, of each agent's table")
parser.add_argument("--out", type=Path, default=Path("seats.json"))
args = parser.parse_args()
FIRST = 100_000  # seed of the first fresh episode
torch.set_num_threads(1)
known = json.loads(args.out.read_text()) if args.out.is_file() else {}


def measured(env_id, seed):
    """Train an agent; the returns of every player, and the CPU seconds of the training."""
    settings = preset(env_id)
    probe = gymnasium.make_vec(env_id, settings.envs, **settings.arguments).unwrapped
    given = {}
    held = {"split": "test"} if "problem" in getattr(probe, "asks", ()) else {}
    if hasattr(probe, "critic"):
        given = {"critic": probe.critic}
        held |= given | {"learn": False}
    probe.close()
    began = time.process_time()
    agent = agents.train(env_id, seed=seed, total_steps=args.steps, arguments=given)
    seconds = time.process_time() - began
    arguments = settings.arguments | held
    found = played(env_id, agent.act, args.episodes, FIRST + 1000 * seed, arguments)
    rows = {name: returns.tolist() for name, returns in found.items()}
    return {"steps": agent.steps, "seconds": seconds, "returns": rows}


def middle(returns):
    """(seeds, episodes) -> the interquartile mean and its interval over episodes."""
    rng = seeding.numpy_generator(0, "bootstrap")
    low, high = intervals.bootstrap(
        lambda *columns: trim_mean(np.concatenate(columns), 0.25), tuple(returns), rng
    )
    return f"{trim_mean(returns.ravel(), 0.25):.3f} [{low:.3f}, {high:.3f}]"


for env_id in args.ids:
    for seed in args.seeds:
        if f"{env_id} {seed}" not in known:
            known[f"{env_id} {seed}"] = measured(env_id, seed)
            args.out.write_text(json.dumps(known))
    found = [known[f"{env_id} {seed}"] for seed in args.seeds]
    seconds = [one["seconds"] for one in found]
    print(f"\n{env_id}: {len(found)} agents of {found[0]['steps']:,} steps, {min(seconds):.0f} to "
          f"{max(seconds):.0f} CPU s; {args.episodes} fresh episodes each\n")  # fmt: skip
    print("| player | interquartile mean [95 %] | mean by seed | agents ahead by [95 %] |")
    print("|---|---|---|---|", flush=True)
    for name in found[0]["returns"]:
        each = np.array([one["returns"][name] for one in found])
        ahead = np.array([one["returns"]["agent"] for one in found]) - each
        low, high = intervals.of_mean(ahead.mean(0), seeding.numpy_generator(0, "bootstrap"))
        gap = f"{ahead.mean():+.3f} [{low:+.3f}, {high:+.3f}]" if name != "agent" else ""
        means = "; ".join(f"{mean:.3f}" for mean in each.mean(1))
        print(f"| {name} | {middle(each)} | {means} | {gap} |", flush=True)
