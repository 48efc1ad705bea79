"""What a learner gains from a trained teacher, beside teachers that learn nothing.

`genenv/Curriculum-v0` at its defaults: bundled digits, 50 learner steps for everyone. A teacher is
trained by the preset; then all teach the same 64 fresh learners, and the difference in accuracy on
real held-out rows is taken pair by pair, with a bootstrap interval of 95 %. Prints Markdown, writes
JSON.
Example: python scripts/curriculum.py --seeds 0 1 2 3 4
"""

import argparse
import json
import time
from pathlib import Path

import gymnasium
import numpy as np
import torch

from genenv import agents, intervals, seeding
from genenv.stacked.teachers import TEACHERS

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--seeds", type=int, nargs="*", default=[0], help="of the agents' training")
parser.add_argument("--fresh", type=int, nargs=2, default=(10_000, 64), help="seeds of the test")
parser.add_argument("--steps", type=int, default=None, help="of a training; default: preset")
parser.add_argument("--sabotage", action="store_true", help="train saboteurs too")
parser.add_argument("--out", type=Path, default=Path("curriculum.json"))
args = parser.parse_args()

ID = "genenv/Curriculum-v0"
torch.set_num_threads(1)


def play(act):
    """Teach the fresh learners; accuracy and loss before and after, and what was asked for."""
    env = gymnasium.make_vec(ID, args.fresh[1])
    seen, info = env.reset(seed=args.fresh[0])
    told = {"start": info["accuracy"], "asked": []}
    for _ in range(env.limit):
        action = np.clip(act(seen), -1, 1)
        seen, *_, info = env.step(action)
        told["asked"].append([(2.0 ** action[:, -2]).mean(), ((1 + action[:, -1]) / 2).mean()])
    return told | {"accuracy": info["accuracy"], "loss": info["loss"]}


players = {name: teacher.act for name, teacher in TEACHERS.items()}
for seed in args.seeds:
    for goal in ("teach", *(["sabotage"] if args.sabotage else [])):
        began = time.process_time()
        agent = agents.train(ID, seed=seed, total_steps=args.steps, arguments={"goal": goal})
        players["agent" + (" of sabotage" if goal != "teach" else "") + f", seed {seed}"] = (
            agent.act
        )
        print(f"{goal} {seed}: {time.process_time() - began:.0f} CPU s", flush=True)

played = {name: play(act) for name, act in players.items()}
plain = {n: {k: np.round(v, 5).tolist() for k, v in p.items()} for n, p in played.items()}
args.out.write_text(json.dumps(plain, indent=1))
base = played["uniform"]["accuracy"]
print(
    "\n| teacher | accuracy | log-loss | strength: first, last | share generated: first, last "
    "| accuracy over uniform [95 %] |\n|---|---|---|---|---|---|"
)
for name, p in played.items():
    low, high = intervals.of_mean(p["accuracy"] - base, seeding.numpy_generator(0, "bootstrap"))
    mean = (p["accuracy"] - base).mean()
    over = "" if name == "uniform" else f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]"
    (strength, share), (last_strength, last_share) = p["asked"][0], p["asked"][-1]
    print(
        f"| {name} | {p['accuracy'].mean():.4f} ± {p['accuracy'].std():.4f} "
        f"| {p['loss'].mean():.4f} | {strength:.2f}, {last_strength:.2f} "
        f"| {share:.2f}, {last_share:.2f} | {over} |"
    )
