"""Why a tree and a gradient find no crash of the crosswalk where CEM over knots does: two tests.

- tree: at each step of a beam of 64 states, that of `crosswalk_searches.py`, how many of its 1,920
  candidates are worth more than the state of a path that will crash (that of CEM over knots)?
  From 64 on the beam would have dropped that path.
- gradient: the same descent from noise of three sizes, from the crash of the hand-made rule, and
  from that of CEM over knots. If only the way into the crashing side of a step is missing, it
  descends from the first of these crashes, and falls off the border where the second one lies.
Example: python scripts/crosswalk_why.py --seeds 0 1 2
"""

import argparse
import runpy
import sys
from pathlib import Path

import numpy as np
import torch

from genenv import seeding
from genenv.agents.hand_rules import HAND_RULES
from genenv.envs.crosswalk import HORIZON, REACH, Crosswalk

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
parser.add_argument("--turns", type=int, default=187, help="of each descent: 450,000 world steps")
parser.add_argument("--crash", type=int, default=450_000, help="world steps of CEM over knots")
args = parser.parse_args()
sys.argv = ["crosswalk_searches.py", "--steps", str(args.crash), "--players"]
sys.argv += ["constants", "--seeds", "0"]
world = runpy.run_path(str(Path(__file__).parent / "crosswalk_searches.py"))


def of_rule():
    """Play the hand-made rule: the actions (50, 6) of its crash."""
    env = Crosswalk(1, autoreset_mode="Disabled")
    seen, _ = env.reset(seed=0)
    actions = np.zeros((HORIZON, 6))
    for step in range(HORIZON):
        action = HAND_RULES["genenv/Crosswalk-v0"][1](seen, env)
        actions[step] = REACH * action[0]
        seen, _, crash, _, _ = env.step(action)
        if crash[0]:
            return actions
    raise AssertionError("the rule crashes")


def ranks(path, weight, rng):
    """Count, at each step until the path crashes, the candidates that are worth more."""
    state, energy, last = world["START"], np.zeros(1), np.zeros((1, 6))
    own, spent_own, found = world["START"], 0.0, []
    for action in path:
        from_ = np.arange(len(state)).repeat(30)
        fresh = rng.standard_normal((len(from_), 6)) * rng.uniform(0, 2, (len(from_), 1))
        kept = rng.random((len(from_), 1)) < 0.5
        tried = world["plausible"](np.where(kept, fresh, last[from_] + 0.3 * fresh))
        then = world["moved"](state[from_], tried)
        spent = energy[from_] + 0.5 * (tried**2).sum(1)
        worth = spent + weight * world["missing"](then)
        own = world["moved"](own, action[None])
        spent_own += 0.5 * float((action**2).sum())
        left = float(world["missing"](own)[0])
        if left == 0:
            break
        found.append(int((worth < spent_own + weight * left).sum()))
        best = worth.argsort()[:64]
        state, energy, last = then[best], spent[best], tried[best]
    return found


def descended(start, spread, rng):
    """Descend as the gradient does from noise around an episode: the least energy of a crash."""
    noise = spread * rng.standard_normal((16, HORIZON, 6))
    actions = torch.from_numpy(start + noise).requires_grad_()
    optimizer = torch.optim.Adam([actions], 0.05)
    best = np.inf
    for _ in range(args.turns):
        energy, left = world["in_torch"](actions)
        optimizer.zero_grad()
        (energy + world["MISSING"] * left).sum().backward()
        optimizer.step()
        with torch.no_grad():
            actions.copy_(torch.from_numpy(world["plausible"](actions.numpy())))
        best = min(best, world["worths"](actions.detach().numpy()).min())
    return f"{best:.1f}" if best < world["MISSING"] else "none"


rule, nothing = of_rule(), np.zeros((HORIZON, 6))
print(f"the rule's crash has an energy of {0.5 * (rule**2).sum():.1f}")
for seed in args.seeds:
    rng = seeding.numpy_generator(seed, "why")
    crash = world["knots"](seeding.numpy_generator(seed, "knots"))
    print(f"seed {seed}: CEM's crash {world['worths'](crash[None])[0]:.1f}")
    for weight in (10, 100, 300):
        first = ", ".join(map(str, ranks(crash, weight, rng)[:6]))
        print(f"  tree, weight {weight}: worth more than it at steps 1 to 6: {first}")
    found = [descended(nothing, spread, rng) for spread in (0.1, 0.5, 1.0)]
    print(f"  gradient from noise of 0.1, 0.5, 1: {', '.join(found)}; from the rule's crash: "
          f"{descended(rule, 0.02, rng)}; from CEM's: {descended(crash, 0.02, rng)}")  # fmt: skip
