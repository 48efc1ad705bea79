"""Whether looking where it pays pays: players of Detective on the same fresh episodes.

All learn and are judged on the real rows that the generators did not see, in episodes of other
seeds; with --fresh-rows, six tenths of these rows are to learn from, two to search on, and two to
be judged on. Generated samples are always fresh. A supervised network of the agent's widths learns
to tell real from generated, and, for each view, what another look at it will be worth: by how much
it makes the verdict surer (one step ahead), and how many nats it tells; from looks of which half
are at views drawn by chance and half at those that it finds worth most. Its players:

- a fixed plan: the same looks in every episode, then its verdict; looks are added one at a time,
  as long as that pays, and no evidence is read;
- a threshold: the cheapest view again and again, while |logit| < t;
- a fixed order of views, the plan's, with such a threshold;
- greedy by expected information: the view of most nats for its price, while |logit| < t;
- greedy by expected worth: the view whose next look is worth most beyond its price, while any is;
- with a --flaw in one part, one that is told which part would be forged and looks there alone: it
  tells how much knowing where is worth.

Beside them random actions, "real" at once, which is the best constant action, and the agent (PPO,
the preset) with its own open loop: the action that it takes most often at each step. Figures are
interquartile means over seeds and blocks of 64 episodes, with bootstrap intervals. Prints Markdown
and writes JSON; seeds that the JSON has are not measured again.
Example: python scripts/detective.py --seeds 0 1 2 --out detective.json
"""

import argparse
import json
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from scipy.stats import trim_mean
from torch import nn

from genenv import agents, intervals, seeding
from genenv.envs.detective import GENERATED, LOOK, NOISE, PRICES, REAL, Detective
from genenv.envs.rungs import EVERYWHERE, FLAWS

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
parser.add_argument("--run", type=Path, default=None, help="a run with checkpoints; none: bundled")
parser.add_argument("--flaw", choices=FLAWS, default=EVERYWHERE, help="what forgeries are")
parser.add_argument("--side", type=int, default=2, help="parts of an image's height and width")
parser.add_argument("--noise", type=float, nargs=2, default=NOISE)
parser.add_argument("--prices", type=float, nargs=2, default=PRICES)
parser.add_argument("--steps", type=int, default=None, help="of the agent; default: the preset's")
parser.add_argument("--blocks", type=int, default=32, help="of 64 fresh episodes, each seed")
parser.add_argument("--batches", type=int, default=1200, help="of 256 histories, supervised")
parser.add_argument("--searched", type=int, default=2048, help="episodes to search on")
parser.add_argument("--fresh-rows", action="store_true", help="judge on other real rows")
parser.add_argument("--no-agent", action="store_true", help="leave out PPO")
parser.add_argument("--out", type=Path, default=Path("detective.json"))
args = parser.parse_args()

ID, BLOCK, BATCH, SOME = "genenv/Detective-v0", 64, 256, args.searched
THRESHOLDS = np.array([0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0])
torch.set_num_threads(1)
game = {"flaw": args.flaw, "side": args.side, "noise": args.noise, "prices": args.prices}
game |= {} if args.run is None else {"run": str(args.run)}
whole = Detective(1, **game)
VIEWS = len(whole.views.names)
PARTS = len(whole.views.parts)
PRICED = slice(-1 - VIEWS, -1)  # columns of an observation
steps = args.steps or agents.PRESETS[ID].total_steps


def play(act, rows, seed, count):
    """Play fresh episodes at once: returns, accuracy of verdicts, looks bought; (count,) each."""
    env = Detective(count, rows=rows, autoreset_mode="NextStep", **game)
    seen, info = env.reset(seed=seed)
    chance = seeding.numpy_generator(seed, "elsewhere").integers(PARTS, size=count)
    place = np.where(info["part"] < 0, chance, info["part"])
    alive = np.ones(count, bool)
    found = np.zeros((3, count))
    actions = []
    while alive.any():
        action = act(seen, len(actions), place)
        actions.append(np.where(alive, action, -1))
        seen, reward, ended, cut, info = env.step(action)
        found[0, alive] += reward[alive]
        found[1:, alive] = info["correct"][alive], info["looks"][alive]
        alive &= ~(ended | cut)
    return found, np.stack(actions, 1)


class Taught:
    """A classifier of what was seen, and what the next look at each view will bring."""

    def __init__(self, rows, seed):
        env = Detective(BATCH, rows=rows, autoreset_mode="Disabled", **game)
        sizes = env.single_observation_space.shape[0], *agents.PRESETS[ID].hidden
        rng = seeding.numpy_generator(seed, "histories")
        with seeding.global_seed(seeding.fold(seed, "taught")):
            self.verdict, self.worth = _network(sizes, 1), _network(sizes, 2 * VIEWS)
        parameters = [*self.verdict.parameters(), *self.worth.parameters()]
        optimizer = torch.optim.Adam(parameters, 1e-3)
        decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, args.batches)
        for part in range(args.batches):
            seen, info = env.reset(seed=seeding.fold(seed, "taught", part) % 2**40)
            for _ in range(int(rng.integers(env.looks))):
                seen = env.step(LOOK + self._some_view(seen, rng))[0]
            view = self._some_view(seen, rng)
            later = env.step(LOOK + view)[0]
            both = self.verdict(torch.from_numpy(np.concatenate([seen, later]))).squeeze(1)
            truth = torch.from_numpy(info["rung"] < 0).float().repeat(2)
            told = nn.functional.binary_cross_entropy_with_logits(both, truth)
            now, then = both.detach().split(BATCH)
            gained = torch.stack([_sure(then) - _sure(now), _entropy(now) - _entropy(then)], 1)
            expected = self.worth(torch.from_numpy(seen)).view(BATCH, VIEWS, 2)
            missed = expected[torch.arange(BATCH), torch.from_numpy(view)] - gained
            loss = told + (missed**2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            decay.step()

    def _some_view(self, seen, rng):
        best = (self.expected(seen)[..., 0] - seen[:, PRICED] * whole.prices[1]).argmax(1)
        return np.where(rng.random(BATCH) < 0.5, best, rng.integers(VIEWS, size=BATCH))

    @torch.no_grad()
    def logits(self, seen):
        """(n, columns) -> (n,), above 0 where it is more likely real."""
        return self.verdict(torch.from_numpy(seen)).squeeze(1).numpy()

    @torch.no_grad()
    def expected(self, seen):
        """(n, columns) -> (n, views, 2): gain in sureness, in [0, 1], and information in nat."""
        return self.worth(torch.from_numpy(seen)).view(len(seen), VIEWS, 2).numpy()

    def say(self, seen):
        """Give the likelier verdict."""
        return np.where(self.logits(seen) > 0, REAL, GENERATED)


def _network(sizes, outputs):
    layers = [m for a, b in pairwise(sizes) for m in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], outputs))


def _sure(logit):
    return torch.tanh(logit.abs() / 2)  # |2 p - 1|: what a verdict pays now, in the mean


def _entropy(logit):
    p = torch.sigmoid(logit)
    return -(torch.xlogy(p, p) + torch.xlogy(1 - p, 1 - p))


def looking(taught, threshold, choose):
    """Look where `choose` says while the verdict is unsure and a look is left."""

    def act(seen, step, _):
        unsure = (np.abs(taught.logits(seen)) < threshold) & (seen[:, -1] > 1e-6)
        return np.where(unsure, LOOK + choose(seen, step), taught.say(seen))

    return act


def planned(taught, plan):
    """Take the looks of a plan, then say it."""

    def act(seen, step, _):
        return np.full(len(seen), LOOK + plan[step]) if step < len(plan) else taught.say(seen)

    return act


def greedy(taught):
    """Look where the next look is worth most beyond its price, while any is."""

    def act(seen, *_):
        gain = taught.expected(seen)[..., 0] - seen[:, PRICED] * whole.prices[1]
        pays = (gain.max(1) > 0) & (seen[:, -1] > 1e-6)
        return np.where(pays, LOOK + gain.argmax(1), taught.say(seen))

    return act


def told_where(taught, looks):
    """Look at the part that would be forged, so many times, then say it."""

    def act(seen, step, place):
        return LOOK + 1 + place if step < looks else taught.say(seen)

    return act


def _told_most(taught, seen):
    """Choose the view whose next look tells most nats for its price."""
    return (taught.expected(seen)[..., 1] / (seen[:, PRICED] + 1e-3)).argmax(1)


def searched_plan(taught, rows, seed):
    """Add looks one at a time, the best one each, as long as that pays."""

    def worth(plan):
        return play(planned(taught, plan), rows, seed, SOME)[0][0].mean()

    plan, best = [], worth([])
    while len(plan) < whole.looks:
        tried = {view: worth([*plan, view]) for view in range(VIEWS)}
        view = max(tried, key=tried.get)
        if tried[view] <= best:
            break
        plan, best = [*plan, view], tried[view]
    return plan


def searched(taught, choose, rows, seed):
    """Return the player of the best threshold, and it."""
    players = [looking(taught, t, choose) for t in THRESHOLDS]
    best = np.argmax([play(act, rows, seed, SOME)[0][0].mean() for act in players])
    return players[best], float(THRESHOLDS[best])


def measured(seed):
    """Measure returns, accuracies and looks of every player, (3, episodes) each."""
    order = seeding.numpy_generator(seed, "rows").permutation(whole.rungs.rows)
    learn = held = fresh = order
    if args.fresh_rows:
        learn, held, fresh = np.split(order, np.array([6, 8]) * len(order) // 10)
    began = time.process_time()
    taught = Taught(learn, seed)
    told = {"taught, CPU s": time.process_time() - began}
    address = seeding.fold(seed, "searched") % 2**40
    plan = searched_plan(taught, held, address)
    in_order = np.array(plan or [0])
    chosen = {
        "threshold, the cheapest view": lambda seen, _: seen[:, PRICED].argmin(1),
        "threshold, fixed order": lambda _, step: in_order[step % len(in_order)],
        "greedy by expected information": lambda seen, _: _told_most(taught, seen),
    }
    chance = seeding.numpy_generator(seed, "chance")
    players = {
        "random": lambda seen, *_: chance.integers(LOOK + VIEWS, size=len(seen)),
        "best constant action, `real`": lambda seen, *_: np.full(len(seen), REAL),
        "verdict on the first look": planned(taught, []),
        "fixed plan, searched": planned(taught, plan),
    }
    told["plan"] = [whole.views.names[view] for view in plan]
    for name, choose in chosen.items():
        players[name], told[name] = searched(taught, choose, held, address)
    players["greedy by expected worth"] = greedy(taught)
    if whole.rungs.flaw != EVERYWHERE:
        players |= {f"told where, {n} looks": told_where(taught, n) for n in (1, 2)}
    if not args.no_agent:
        began = time.process_time()
        agent = agents.train(ID, seed=seed, total_steps=steps, arguments={"rows": learn} | game)
        told["agent, CPU s"] = time.process_time() - began
        players["agent"] = lambda seen, *_: agent.act(seen)
        acted = play(players["agent"], held, address, SOME)[1]
        usual = [np.bincount(column[column >= 0]).argmax() for column in acted.T]
        players["agent's open loop"] = lambda seen, step, _: np.full(len(seen), usual[step])
    fresh_seed = seeding.fold(seed, "fresh") % 2**40
    count = args.blocks * BLOCK
    found = {name: play(act, fresh, fresh_seed, count)[0] for name, act in players.items()}
    return {"told": told, "found": {name: rows.round(5).tolist() for name, rows in found.items()}}


known = json.loads(args.out.read_text()) if args.out.is_file() else {}
for seed in args.seeds:
    if str(seed) not in known:
        known[str(seed)] = measured(seed)
        args.out.write_text(json.dumps(known))
    print(seed, known[str(seed)]["told"], flush=True)


def blocks(name):
    """(seeds · blocks,) mean returns of a player."""
    rows = [known[str(seed)]["found"][name][0] for seed in args.seeds]
    return np.array(rows).reshape(-1, BLOCK).mean(1)


def middle_half(values, axis=0):
    """Return the interquartile mean."""
    return trim_mean(values, 0.25, axis)


def middle(values):
    """Interquartile mean of blocks, with its interval."""
    rng = seeding.numpy_generator(0, "bootstrap")
    low, high = intervals.bootstrap(middle_half, (values,), rng, vectorized=True)
    return f"{trim_mean(values, 0.25):.3f} [{low:.3f}, {high:.3f}]"


names = list(known[str(args.seeds[0])]["found"])
print("\n| player | return [95 %] | right, % | looks bought | agents ahead by [95 %] |")
print("|---|---|---|---|---|")
for name in names:
    rows = np.array([known[str(seed)]["found"][name] for seed in args.seeds])
    ahead = middle(blocks("agent") - blocks(name)) if "agent" in names and name != "agent" else ""
    print(f"| {name} | {middle(blocks(name))} | {100 * rows[:, 1].mean():.1f} "
          f"| {rows[:, 2].mean():.2f} | {ahead} |")  # fmt: skip
