"""Whether an agent reacts: a seat whose episodes draw problems, and what needs no feedback.

`genenv/TrainingGame-v0` or `genenv/Curriculum-v0`, family "drawn". First the headroom, on problems
of the training family: the best of random constants over all problems, against the best for each
problem, chosen on one seed and paid on another; with --unseen, that of feedback: the best for each
problem over three hidden rates against the best for each of them. Then, all on the same 64 fresh
problems of the test family and seeds:

- random actions;
- the best constant, and the best schedule of two ends and a bend, both searched on the training
  family by CMA-ES, each with the moment to stop that was best there;
- random search of a constant for each problem by itself, on as many episodes as the open loop;
- a hand-made rule, that of `genenv.agents.hand_rules`;
- each agent's own open loop: its mean actions over eight other seeds of the same problem, which
  stop when half of these had;
- the agents, trained by the preset.

Differences are taken problem by problem, with bootstrap intervals of 95 %; over agents, the
interquartile mean with a bootstrap interval over problems. Prints Markdown, and writes JSON; what
the JSON has is not played again.
Example: python scripts/families.py genenv/TrainingGame-v0 --seeds 0 1 2 --out training-game.json
"""

import argparse
import json
import time
from functools import partial
from pathlib import Path

import gymnasium
import numpy as np
import torch
from cmaes import CMA
from scipy.stats import trim_mean

from genenv import agents, intervals, seeding
from genenv.agents.hand_rules import HAND_RULES

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("env_id")
parser.add_argument(
    "--seeds", type=int, nargs="*", default=[0, 1, 2], help="of the agents' training"
)
parser.add_argument("--fresh", type=int, default=64, help="problems of the test family")
parser.add_argument("--steps", type=int, default=None, help="of a training; default: preset")
parser.add_argument("--generations", type=int, default=8, help="of each search by CMA-ES")
parser.add_argument("--headroom", type=int, nargs=2, default=(24, 32), help="constants, problems")
parser.add_argument("--searched", type=int, default=64, help="problems that a search ends on")
parser.add_argument("--others", type=int, default=8, help="seeds of an open loop")
parser.add_argument("--only-headroom", action="store_true", help="stop before any training")
parser.add_argument("--hidden", action="store_true", help="agents are not shown the problem")
parser.add_argument("--unseen", type=float, default=1.0, help="by what episodes hide a rate")
parser.add_argument("--out", type=Path, default=Path("families.json"))
args = parser.parse_args()

FIRST = 10_000  # number of the first fresh problem; seeds are of that order too
OTHERS = args.others  # seeds of an open loop
RATES = {"genenv/TrainingGame-v0": 4e-3, "genenv/Curriculum-v0": 3e-3}  # the middle ones
FACTORS = (1 / 8, 1.0, 8.0)  # of what episodes hide
torch.set_num_threads(1)
known = json.loads(args.out.read_text()) if args.out.is_file() else {}
shown = {"context": False} if args.hidden else {}
shown |= {"hidden": args.unseen} if args.unseen > 1 else {}
probe = gymnasium.make_vec(args.env_id, 1)
numbers, limit = probe.single_action_space.shape[0] - 1, probe.limit  # the last one stops
probe.close()


def kept(name, make):
    """Return what the JSON has by this name, or make it."""
    if name not in known:
        began = time.process_time()
        known[name] = np.asarray(make(), float).round(6).tolist()
        known[f"{name}: CPU s"] = round(time.process_time() - began, 1)
        args.out.write_text(json.dumps(known, indent=1))
        print(f"{name}: {known[f'{name}: CPU s']} CPU s", flush=True)
    return np.array(known[name])


def play(act, problems, seed, split, **arguments):
    """Play each problem once: returns up to each step (n, limit + 1), actions, who still acts."""
    count = len(problems)
    env = gymnasium.make_vec(args.env_id, count, split=split, **(shown | arguments))
    seen, _ = env.reset(seed=seed, options={"problem": problems})
    alive = np.ones(count, bool)
    total = np.zeros((count, limit + 1))
    step = 0
    acts = np.zeros((count, limit, numbers + 1))
    acting = np.zeros((count, limit), bool)
    while alive.any():
        action = np.clip(act(seen), -1, 1).astype(np.float32)
        acts[:, step], acting[:, step] = action, alive
        seen, reward, terminated, truncated, _ = env.step(action)
        total[:, step + 1 :] += np.where(alive, reward, 0.0)[:, None]
        alive &= ~(terminated | truncated)
        step += 1
    env.close()
    return total, acts, acting


def sequence(actions):
    """Follow rows of actions (n, limit, numbers + 1), whatever is seen."""
    left = iter(np.moveaxis(actions, 1, 0))
    return lambda _: next(left)


def scheduled(number, count, steps=limit):
    """Actions (count, limit, numbers + 1) of two ends and a bend, or of a constant; no stop."""
    first = number[:numbers]
    last = number[-numbers - 1 : -1]
    share = (np.arange(steps) / (steps - 1))[:, None] ** np.exp(number[-1])
    path = (1 - share) * first + share * last
    return np.tile(np.concatenate([path, -np.ones((steps, 1))], 1), (count, 1, 1))


def constant(number):
    """Write a constant as a schedule."""
    return np.concatenate([number, number, [0.0]])


def tried_constants(count):
    """Draw constants (count, numbers), the first of them 0."""
    drawn = seeding.numpy_generator(0, "headroom").uniform(-1, 1, (count - 1, numbers))
    return np.concatenate([np.zeros((1, numbers)), drawn])


def headroom():
    """(constants, problems, 2, limit + 1) returns on problems of the training family."""
    count, problems = args.headroom
    found = []
    for number in tried_constants(count):
        both = np.tile(np.arange(problems), 2)
        actions = scheduled(constant(number), 2 * problems)
        found.append(play(sequence(actions), both, 500, "train")[0])
    return np.stack(found).reshape(count, 2, problems, limit + 1).transpose(0, 2, 1, 3)


def blind_and_seeing():
    """(constants, problems, factors, 2, limit + 1): returns where the rate's factor is known."""
    count, problems = args.headroom
    rate = RATES[args.env_id]
    found = []
    for number in tried_constants(count):
        both = np.tile(np.arange(problems), 2)
        actions = scheduled(constant(number), 2 * problems)
        known_rate = [
            play(sequence(actions), both, 500, "train", hidden=1.0, learning_rate=rate * factor)[0]
            for factor in FACTORS
        ]
        found.append(np.stack(known_rate))
    shape = (count, len(FACTORS), 2, problems, limit + 1)
    return np.stack(found).reshape(shape).transpose(0, 3, 1, 2, 4)


def chosen(returns):
    """Choose the best column on one seed, be paid on the other: (..., columns, 2) -> mean."""
    best = [np.take_along_axis(returns[..., 1 - k], returns[..., k].argmax(-1)[..., None], -1)
            for k in (0, 1)]  # fmt: skip
    return float(np.mean(best))


def searched(dim, expand, start):
    """Best numbers by CMA-ES over problems of the training family, and the step to stop at.

    The better of where it starts and where it ends, on further problems.
    """
    strategy = CMA(start, 0.3, bounds=np.tile([-1.0, 1.0], (dim, 1)), population_size=8, seed=1)
    problems = 16
    for generation in range(args.generations):
        asked = [strategy.ask() for _ in range(8)]
        actions = np.concatenate([scheduled(expand(one), problems) for one in asked])
        numbered = np.tile(np.arange(problems) + 1000 + generation * problems, 8)
        total = play(sequence(actions), numbered, 2000 + generation, "train")[0]
        worth = total.reshape(8, problems, -1).mean(1).max(1)  # at its best moment to stop
        strategy.tell(list(zip(asked, (-worth).tolist(), strict=True)))
    found = []
    for one in (start, np.clip(strategy.mean, -1, 1)):
        actions = sequence(scheduled(expand(one), args.searched))
        worth = play(actions, np.arange(args.searched) + 3000, 3000, "train")[0].mean(0)
        found.append((worth.max(), np.append(one, worth.argmax())))
    return max(found, key=lambda pair: pair[0])[1]


def stopped(actions, step):
    """Stop all rows at a step."""
    actions = actions.copy()
    actions[:, int(step) :, -1] = 1.0
    return actions


fresh = FIRST + np.arange(args.fresh)


def paid(act, problems=fresh, seed=FIRST):
    """Play problems of the test family: returns (n,)."""
    return play(act, problems, seed, "test")[0][:, -1]


def by_itself():
    """Search a constant and a moment for each problem, at random, on as many episodes."""
    rng = seeding.numpy_generator(0, "by itself")
    tried = rng.uniform(-1, 1, (OTHERS, args.fresh, numbers))
    actions = [np.concatenate([scheduled(constant(n), 1) for n in row]) for row in tried]
    totals = np.stack(
        [play(sequence(a), fresh, 20_000 + 1000 * k, "test")[0] for k, a in enumerate(actions)]
    )
    best = totals.max(2).argmax(0)  # (problems,)
    rows = np.arange(args.fresh)
    chosen = np.stack(actions)[best, rows]
    moment = totals[best, rows].argmax(1)
    for row, step in enumerate(moment):
        chosen[row, step:, -1] = 1.0
    return paid(sequence(chosen))


def replayed(act):
    """Play the mean actions over other seeds of the same problems."""
    runs = [play(act, fresh, 20_000 + 1000 * k, "test")[1:] for k in range(OTHERS)]
    acts, acting = (np.stack(part) for part in zip(*runs, strict=True))
    going = acting & (acts[..., -1] <= 0.75)
    mean = (acts * going[..., None]).sum(0) / np.maximum(going.sum(0), 1)[..., None]
    mean[..., -1] = np.where(2 * going.sum(0) > OTHERS, -1.0, 1.0)
    last = (acting.sum(0) == 0) & (mean[..., -1] > 0)
    mean[..., -1][last] = 1.0
    return paid(sequence(mean))


def middle_half(values, axis=0):
    """Return the interquartile mean."""
    return trim_mean(values, 0.25, axis)


room = kept("headroom", headroom)
both = room.mean((1, 2))
over_all = both.max()
flat = room.transpose(1, 2, 0, 3).reshape(room.shape[1], 2, -1)
each = np.mean([flat[np.arange(len(flat)), 1 - k, flat[:, k].argmax(1)].mean() for k in (0, 1)])
print(f"headroom: the best constant over {len(flat)} problems pays {over_all:.3f}, "
      f"the best for each {each:.3f}")  # fmt: skip

if args.unseen > 1:
    words = kept("headroom of feedback", blind_and_seeing)
    columns = words.transpose(1, 2, 0, 4, 3)  # problems, factors, constants, steps, seeds
    columns = columns.reshape(*columns.shape[:2], -1, 2)
    print(f"feedback: the best constant for each problem pays {chosen(columns.mean(1)):.3f} over "
          f"three hidden rates, the best for each rate of it {chosen(columns):.3f}")  # fmt: skip
if args.only_headroom:
    raise SystemExit

first = tried_constants(len(room))[both.max(1).argmax()]
number = kept("searched constant, numbers", lambda: searched(numbers, constant, first))
bent = kept(
    "searched schedule, numbers",
    lambda: searched(2 * numbers + 1, lambda n: n, constant(number[:-1])),
)
chance = np.random.default_rng(0)
held = stopped(scheduled(constant(number[:-1]), args.fresh), number[-1])
bending = stopped(scheduled(bent[:-1], args.fresh), bent[-1])


def at_random(seen):
    """Draw actions."""
    return chance.uniform(-1, 1, (len(seen), numbers + 1))


probe = gymnasium.make_vec(args.env_id, 1)
hand, rule = HAND_RULES[args.env_id]
by_hand = partial(rule, env=probe)
probe.close()
table = {
    "random actions": kept("random", lambda: paid(at_random)),
    "best searched constant": kept("constant", lambda: paid(sequence(held))),
    "searched schedule": kept("schedule", lambda: paid(sequence(bending))),
    "random search for each problem": kept("by itself", by_itself),
    hand: kept("by hand", lambda: paid(by_hand)),
}
played = {}
for seed in args.seeds:
    name = f"agent, seed {seed}"
    if f"{name}, open loop" not in known:
        began = time.process_time()
        agent = agents.train(args.env_id, seed=seed, total_steps=args.steps, arguments=shown)
        print(f"{name}: trained in {time.process_time() - began:.0f} CPU s", flush=True)
        kept(name, lambda agent=agent: paid(agent.act))
        kept(f"{name}, open loop", lambda agent=agent: replayed(agent.act))
    played[name] = np.array(known[name])
    table[f"{name}, replayed open loop"] = np.array(known[f"{name}, open loop"])
table |= played

print(f"\n{args.fresh} fresh problems of the test family\n")
print("| player | interquartile mean [95 %] | mean | agents ahead by, seed by seed [95 %] |")
print("|---|---|---|---|")
for name, value in table.items():
    low, high = intervals.bootstrap(
        middle_half, (value,), seeding.numpy_generator(0, "bootstrap"), vectorized=True
    )
    middle = f"{trim_mean(value, 0.25):.3f} [{low:.3f}, {high:.3f}]"
    ahead = []
    for other, own in played.items():
        if name in played or (name.startswith("agent") and not name.startswith(f"{other},")):
            continue
        gap = own - value
        a, b = intervals.of_mean(gap, seeding.numpy_generator(0, "bootstrap"))
        ahead.append(f"{gap.mean():+.3f} [{a:+.3f}, {b:+.3f}]")
    print(f"| {name} | {middle} | {value.mean():.3f} | {'; '.join(ahead)} |")
if played:
    mean = np.mean(list(played.values()), 0)
    iqm = trim_mean(np.concatenate(list(played.values())), 0.25)
    low, high = intervals.bootstrap(
        middle_half, (mean,), seeding.numpy_generator(0, "bootstrap"), vectorized=True
    )
    print(f"\ninterquartile mean over agents and problems: {iqm:.3f} [{low:.3f}, {high:.3f}]")
