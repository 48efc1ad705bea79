"""Whether where to look depends on what was seen: players of Detective on the dial and its lamps.

The law of `genenv.envs.dial` is known, so that all but the agents read their looks by Bayes' rule:

- a fixed plan: the same looks in every episode, added one or two at a time as long as that pays;
- a threshold: the views of the plan again and again, while |logit| < t;
- the cheapest view again and again, with such a threshold;
- greedy by expected information for its price, while |logit| < t: the view whose next look is
  expected to tell most, of the verdict alone, or of it and where the dial points; the mean is over
  looks that are drawn;
- by hand: the dial until it is known with p where it points, then that lamp while |logit| < t.

What is searched (plan, t, p) is searched on other episodes. Beside them random actions, "real" at
once, which is the best constant action, and agents (PPO, --steps) with their own open loop: the
action that they take most often at each step. Figures are interquartile means over seeds and blocks
of 64 fresh episodes, with bootstrap intervals. Prints Markdown and writes JSON; agents that the
JSON has are not trained again.
Example: python scripts/detective_dial.py --seeds 0 1 2 --out dial.json
"""

import argparse
import json
import time
from itertools import product
from pathlib import Path

import numpy as np
import torch
from scipy.special import logsumexp
from scipy.stats import trim_mean

from genenv import agents, intervals, seeding
from genenv.envs.detective import GENERATED, LOOK, REAL, Detective
from genenv.envs.dial import NOISE, PRICES, dial

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2], help="of the agents")
parser.add_argument("--side", type=int, default=2, help="2: three lamps; 3: eight")
parser.add_argument("--noise", type=float, nargs=2, default=NOISE)
parser.add_argument("--prices", type=float, nargs=2, default=PRICES)
parser.add_argument("--steps", type=int, default=200_000, help="of an agent")
parser.add_argument("--blocks", type=int, default=32, help="of 64 fresh episodes, each seed")
parser.add_argument("--searched", type=int, default=2048, help="episodes to search on")
parser.add_argument("--out", type=Path, default=Path("dial.json"))
args = parser.parse_args()

ID, BLOCK, SOME = "genenv/Detective-v0", 64, args.searched
DRAWN = 8  # looks, of which what the next one tells is the mean
torch.set_num_threads(1)
game = dial(args.side) | {"noise": tuple(args.noise), "prices": tuple(args.prices)}
whole = Detective(1, **game)
LAMPS = args.side**2 - 1
PARTS = LAMPS + 1
VIEWS = len(whole.views.names)
CELLS, REGIONS = len(whole.views.region), PARTS + 1
X = whole.rungs.views.scale.to_box(whole.rungs.data.units.tensor(whole.rungs.data.x)).numpy()
HIGH, LOW = X[:, 0].max() - whole.rungs.middle[0], X[:, 0].min() - whole.rungs.middle[0]
LIT = X[:, -1].max()
OTHER = (LAMPS / 2 - 1) / (LAMPS - 1)  # share of rows in which a lamp that is not meant is lit


MEAN = np.where(np.eye(LAMPS, dtype=bool), HIGH, LOW)  # of the dial's columns, by place


def evidence(seen):
    """Return sums of looks at the dial and at each lamp, (n, lamps) each; light on the dial."""
    told, doubt = seen[:, :CELLS], seen[:, CELLS : CELLS + REGIONS]
    light = 1 / doubt**2 - 1
    sums = (told * (1 + light[:, whole.views.region]))[:, : PARTS * LAMPS]
    lamps = sums[:, LAMPS:].reshape(len(seen), LAMPS, LAMPS).sum(2)
    return sums[:, :LAMPS], lamps, light[:, :1]


def posterior(dial_sums, lamp_sums, light):
    """Log-probabilities (n, lamps, 2): where the dial points, and whether its lamp is lit."""
    point = dial_sums @ MEAN.T - 0.5 * light * (MEAN**2).sum(1)
    lit = lamp_sums * LIT  # and the same for dark, negative: what they share falls out
    usual = np.logaddexp(np.log(OTHER) + lit, np.log(1 - OTHER) - lit)
    others = usual.sum(1, keepdims=True) - usual
    both = (point + others)[:, :, None] + np.stack([-lit, lit], 2)
    return both - logsumexp(both, axis=(1, 2), keepdims=True)


def hypotheses(seen):
    """Log-probabilities (n, lamps, 2) after what was seen."""
    return posterior(*evidence(seen))


def surprise(words):
    """Entropy of log-probabilities (n, k), nat: (n,)."""
    return -(np.exp(words) * words).sum(1)


def entropies(words):
    """Of the verdict, and of it and where the dial points: (2, n), from (n, lamps, 2)."""
    return np.stack([surprise(logsumexp(words, axis=1)), surprise(words.reshape(len(words), -1))])


def foreseen(seen, chance):
    """Foresee what the next look at the whole and each part tells: (2, n, views), nat."""
    dial_sums, lamp_sums, light = (each.repeat(DRAWN, 0) for each in evidence(seen))
    rows = np.arange(len(dial_sums))
    words = posterior(dial_sums, lamp_sums, light)
    share = np.exp(words).reshape(len(rows), -1).cumsum(1)
    drawn = (chance.random((len(rows), 1)) * share[:, -1:] > share).sum(1)
    place, shines = drawn // 2, drawn % 2
    usual = 1 / (1 + np.exp(-2 * lamp_sums * LIT) * (1 - OTHER) / OTHER)
    state = np.where(chance.random(usual.shape) < usual, LIT, -LIT)
    state[rows, place] = np.where(shines, LIT, -LIT)
    noise = seen[:, -1 - 2 * VIEWS : -1 - VIEWS] * args.noise[1] * whole.views.share
    told = np.empty((2, len(seen), PARTS + 1))
    for view in range(PARTS + 1):
        more = 1 / noise[:, view].repeat(DRAWN)[:, None] ** 2
        at_dial = more * (view < 2)
        at_lamps = more * (np.arange(LAMPS) + 2 == view if view else np.ones(LAMPS))
        dials = at_dial * MEAN[place] + np.sqrt(at_dial) * chance.normal(size=state.shape)
        width = at_lamps * LAMPS
        lamps = width * state + np.sqrt(width) * chance.normal(size=state.shape)
        later = entropies(posterior(dial_sums + dials, lamp_sums + lamps, light + at_dial))
        told[:, :, view] = later.reshape(2, -1, DRAWN).mean(2)
    return entropies(hypotheses(seen))[:, :, None] - told


def logits(seen):
    """(n,), above 0 where it is more likely real."""
    dark, lit = np.moveaxis(logsumexp(hypotheses(seen), axis=1), 1, 0)
    return lit - dark


def say(seen):
    """Give the likelier verdict."""
    return np.where(logits(seen) > 0, REAL, GENERATED)


def play(act, seed, count):
    """Play fresh episodes at once: returns, accuracy of verdicts, looks bought; (count,) each."""
    env = Detective(count, autoreset_mode="NextStep", **game)
    seen, info = env.reset(seed=seed)
    alive = np.ones(count, bool)
    found = np.zeros((3, count))
    actions = []
    while alive.any():
        action = act(seen.astype(np.float64 if act not in trained else np.float32), len(actions))
        actions.append(np.where(alive, action, -1))
        seen, reward, ended, cut, info = env.step(action)
        found[0, alive] += reward[alive]
        found[1:, alive] = info["correct"][alive], info["looks"][alive]
        alive &= ~(ended | cut)
    return found, np.stack(actions, 1)


trained = set()


def planned(plan):
    """Take the looks of a plan, then say it."""
    return lambda seen, step: (
        np.full(len(seen), LOOK + plan[step]) if step < len(plan) else say(seen)
    )


def looking(choose, threshold):
    """Look where `choose` says while the verdict is unsure and a look is left."""

    def act(seen, step):
        unsure = (np.abs(logits(seen)) < threshold) & (seen[:, -1] > 1e-6)
        return np.where(unsure, LOOK + choose(seen, step), say(seen))

    return act


def by_hand(sure):
    """Choose the dial until it is known with p, then the lamp that it points at."""

    def choose(seen, _):
        place = np.exp(logsumexp(hypotheses(seen), axis=2))
        return np.where(place.max(1) < sure, 1, 2 + place.argmax(1))

    return choose


def greedy(which):
    """Choose the view that tells most for its price: 0 of the verdict, 1 of the place as well."""

    def choose(seen, step):
        chance = seeding.numpy_generator(step, "foreseen")
        price = seen[:, -1 - VIEWS : -VIEWS + PARTS] * args.prices[1]
        return (foreseen(seen, chance)[which] / price).argmax(1)

    return choose


def worth(act):
    """Mean return on episodes that nobody is judged on."""
    return play(act, seeding.fold(0, "searched") % 2**40, SOME)[0][0].mean()


def searched_plan():
    """Add looks one or two at a time, the best each, as long as that pays."""
    plan, best = [], worth(planned([]))
    while len(plan) < whole.looks - 1:
        tried = [[*plan, *more] for n in (1, 2) for more in product(range(PARTS), repeat=n)]
        worths = [worth(planned(one)) for one in tried]
        if max(worths) <= best:
            break
        plan, best = tried[int(np.argmax(worths))], max(worths)
    return plan


def best_of(players):
    """Choose the player of the greatest worth, by its settings."""
    return max(players.items(), key=lambda pair: worth(pair[1]))


began = time.process_time()
plan = searched_plan()
order = np.array(plan or [0])
thresholds = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
t, in_order = best_of({t: looking(lambda _, k: order[k % len(order)], t) for t in thresholds})
c, cheapest = best_of(
    {t: looking(lambda seen, _: seen[:, -1 - VIEWS : -1].argmin(1), t) for t in thresholds}
)
hand, adaptive = best_of(
    {(p, t): looking(by_hand(p), t) for p in (0.6, 0.75, 0.9, 0.97) for t in thresholds}
)
told = [best_of({t: looking(greedy(which), t) for t in thresholds}) for which in (0, 1)]
chance = seeding.numpy_generator(0, "chance")
players = {
    "random actions": lambda seen, _: chance.integers(LOOK + VIEWS, size=len(seen)),
    'best constant action: "real" at once': lambda seen, _: np.full(len(seen), REAL),
    "verdict on the free look": planned([]),
    f"fixed plan, searched: {', '.join(whole.views.names[k] for k in plan)}": planned(plan),
    f"the cheapest view while |logit| < {c}": cheapest,
    f"the plan's views while |logit| < {t}": in_order,
    f"greedy by expected information on the verdict while |logit| < {told[0][0]}": told[0][1],
    f"greedy by that on verdict and place while |logit| < {told[1][0]}": told[1][1],
    f"by hand: the dial until p = {hand[0]}, its lamp while |logit| < {hand[1]}": adaptive,
}
print(f"searched in {time.process_time() - began:.1f} CPU s", flush=True)
known = json.loads(args.out.read_text()) if args.out.is_file() else {}
fresh = [seeding.fold(seed, "fresh") % 2**40 for seed in (args.seeds or [0])]
count = args.blocks * BLOCK
table = {name: np.stack([play(act, f, count)[0] for f in fresh]) for name, act in players.items()}
for seed, address in zip(args.seeds, fresh, strict=False):
    if str(seed) not in known:
        began = time.process_time()
        agent = agents.train(ID, seed=seed, total_steps=args.steps, arguments=game)
        act = lambda seen, _, agent=agent: agent.act(seen)  # noqa: E731
        trained.add(act)
        seconds = time.process_time() - began
        acted = play(act, seeding.fold(seed, "searched") % 2**40, SOME)[1]
        usual = [np.bincount(column[column >= 0]).argmax() for column in acted.T]
        replay = lambda seen, step, usual=usual: np.full(len(seen), usual[step])  # noqa: E731
        own = {"agent": act, "the agents' open loop": replay}
        known[str(seed)] = {n: play(a, address, count)[0].round(5).tolist() for n, a in own.items()}
        known[str(seed)]["CPU s"] = round(seconds, 1)
        args.out.write_text(json.dumps(known))
    print(f"seed {seed}: agent trained in {known[str(seed)]['CPU s']} CPU s", flush=True)
for name in ("the agents' open loop", "agent") if args.seeds else ():
    table[name] = np.array([known[str(seed)][name] for seed in args.seeds])


def middle_half(values, axis=0):
    """Return the interquartile mean."""
    return trim_mean(values, 0.25, axis)


def middle(values):
    """Interquartile mean of blocks, with its interval."""
    rng = seeding.numpy_generator(0, "bootstrap")
    low, high = intervals.bootstrap(middle_half, (values,), rng, vectorized=True)
    return f"{trim_mean(values, 0.25):.3f} [{low:.3f}, {high:.3f}]"


print("\n| player | return [95 %] | right, % | looks bought | agents ahead by [95 %] |")
print("|---|---|---|---|---|")
for name, found in table.items():
    blocks = found[:, 0].reshape(-1, BLOCK).mean(1)
    ahead = ""
    if "agent" in table and name != "agent":
        ahead = middle(table["agent"][:, 0].reshape(-1, BLOCK).mean(1) - blocks)
    print(f"| {name} | {middle(blocks)} | {100 * found[:, 1].mean():.1f} "
          f"| {found[:, 2].mean():.2f} | {ahead} |")  # fmt: skip
