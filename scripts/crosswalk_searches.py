"""The least energetic crash of the crosswalk by searches of one whole episode, no agent.

Each plays --steps world steps from the default start and is paid by the energy 1/2 sum |a|^2 of
the least energetic crash, a in standard deviations, each step in the plausible set (|a|^2 below the
95 % quantile of chi squared with 6 degrees). The best of each is played again in the seat itself.

- constants: the same disturbance at each step, drawn at random;
- knots: CEM over seven knots, linear between them (100 episodes a generation, the best ten kept);
- tree: a beam of 64 states, each followed by 30 disturbances a step; the best by energy and by what
  is missing to a crash stay;
- go-explore: an archive of the cheapest way to each cell (where the two are, to a metre along and a
  quarter across, where the car takes the pedestrian to be, and the car's speed); cells that were
  chosen seldom are restored and explored by ten steps of one disturbance (arXiv 1901.10995);
- gradient: Adam through the same world in torch, from random starts of a tenth of a deviation.
Example: python scripts/crosswalk_searches.py --seeds 0 1 2 3 4
"""

import argparse
import time

import numpy as np
import torch
from scipy import stats

from genenv import seeding
from genenv.envs import crosswalk as world
from genenv.envs.crosswalk import HORIZON, NOISE, REACH, Crosswalk

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
parser.add_argument("--steps", type=int, default=450_000, help="of the world, of each search")
parser.add_argument(
    "--players", nargs="+", default=["constants", "knots", "tree", "go-explore", "gradient"]
)
args = parser.parse_args()
torch.set_num_threads(1)
LONGEST = np.sqrt(stats.chi2.ppf(0.95, 6)) * (1 - 1e-6)
START = np.array([[0.0, world.ACROSS, 0.0, world.PACE] * 2 + [world.CAR_AT, world.CRUISE, 0.0]])
MISSING = 1000.0  # energy that is lost for missing a crash by 35 m


def plausible(a):
    """Shorten steps (..., 6) that are longer than the plausible set allows."""
    return a / np.maximum(np.linalg.norm(a, axis=-1, keepdims=True) / LONGEST, 1)


def moved(state, a):
    """States (n, 11) after one step: pedestrian, what the car takes it for, car."""
    noise = NOISE * a
    walker = world.walk(state[:, :4], noise[:, :2])
    car = world.drive(state[:, 8:])
    tracked = world.track(state[:, 4:8], walker[:, :2] + noise[:, 4:])
    car[:, 2] = world.accelerate(tracked, car)
    return np.concatenate([walker, tracked, car], 1)


def missing(state):
    """Distance from the zone of a crash in 35 m, (n,): 0 in it."""
    apart = np.abs(state[:, :2] - np.stack([state[:, 8], np.zeros(len(state))], 1))
    outside = np.sqrt(((apart - world.HITBOX).clip(0) ** 2).sum(1)) / -world.CAR_AT
    return outside + (outside == 0) * (state[:, 9] <= world.STANDING) * 0.05


def worths(actions):
    """Energy up to the crash, or more than any crash has, of episodes (n, 50, 6)."""
    state = np.repeat(START, len(actions), 0)
    energy, least = np.zeros(len(actions)), np.ones(len(actions))
    for step in range(HORIZON):
        going = least > 0
        state = np.where(going[:, None], moved(state, actions[:, step]), state)
        energy += going * 0.5 * (actions[:, step] ** 2).sum(1)
        least = np.minimum(least, missing(state))
    return energy + MISSING * (least > 0) * (1 + least)


def constants(rng):
    """Draw constants of all lengths."""
    tried = rng.standard_normal((args.steps // HORIZON, 1, 6))
    tried *= rng.uniform(0, 2, (len(tried), 1, 1))
    actions = plausible(tried).repeat(HORIZON, 1)
    return actions[worths(actions).argmin()]


def knots(rng):
    """Move the law of seven knots towards its best tenth."""
    at = np.linspace(0, 6, HORIZON)
    low = np.minimum(at.astype(int), 5)
    mix = np.zeros((HORIZON, 7))
    mix[np.arange(HORIZON), low] = 1 - (at - low)
    mix[np.arange(HORIZON), low + 1] = at - low
    mean, spread, best = np.zeros((7, 6)), np.ones((7, 6)), (np.inf, None)
    for _ in range(args.steps // (100 * HORIZON)):
        tried = mean + spread * rng.standard_normal((100, 7, 6))
        actions = plausible(mix @ tried)
        found = worths(actions)
        order = found.argsort()[:10]
        best = min(best, (found[order[0]], actions[order[0]]), key=lambda pair: pair[0])
        mean, spread = tried[order].mean(0), tried[order].std(0) + 0.02
    return best[1]


def tree(rng):
    """Follow the best states of each step by many disturbances, each a scaled or kept one."""
    best = (np.inf, np.zeros((HORIZON, 6)))
    for weight in np.geomspace(10, 300, args.steps // (64 * 30 * HORIZON)):
        state, energy, actions = START, np.zeros(1), np.zeros((1, HORIZON, 6))
        for step in range(HORIZON):
            from_ = np.arange(len(state)).repeat(30)
            fresh = rng.standard_normal((len(from_), 6)) * rng.uniform(0, 2, (len(from_), 1))
            kept = actions[from_, step - 1] if step else 0 * fresh
            tried = plausible(
                np.where(rng.random((len(from_), 1)) < 0.5, fresh, kept + 0.3 * fresh)
            )
            then = moved(state[from_], tried)
            spent = energy[from_] + 0.5 * (tried**2).sum(1)
            left = missing(then)
            for row in np.flatnonzero((left == 0) & (spent < best[0])):
                path = actions[from_[row]].copy()
                path[step] = tried[row]
                best = min(best, (spent[row], path), key=lambda pair: pair[0])
            order = (spent + weight * left)[left > 0].argsort()[:64]
            chosen = np.flatnonzero(left > 0)[order]
            actions = actions[from_[chosen]]
            actions[:, step] = tried[chosen]
            state, energy = then[chosen], spent[chosen]
    return best[1]


def cells(state, step):
    """Name where states are."""
    apart = state[:, :2] - np.stack([state[:, 8], np.zeros(len(state))], 1)
    coarse = [
        apart[:, 0] // 1,
        apart[:, 1] // 0.25,
        state[:, 5] // 0.25,
        state[:, 9] // 1,
        step // 5,
    ]
    return list(zip(*np.stack(coarse).astype(int).tolist(), strict=True))


def go_explore(rng):
    """Return to cells that were chosen seldom, and explore from there."""
    archive = {(0,) * 5: (0.0, START[0], np.zeros((HORIZON, 6)), 0)}
    chosen = {(0,) * 5: 0}
    best = (np.inf, np.zeros((HORIZON, 6)))
    for _ in range(args.steps // (256 * 10)):
        names = list(archive)
        weight = 1 / np.sqrt(1 + np.array([chosen[name] for name in names]))
        picks = rng.choice(len(names), 256, p=weight / weight.sum())
        energy, state, actions, step = map(
            np.array, zip(*(archive[names[k]] for k in picks), strict=True)
        )
        for k in picks:
            chosen[names[k]] += 1
        held = plausible(rng.standard_normal((256, 6)) * rng.uniform(0, 2, (256, 1)))
        for _ in range(10):
            going = step < HORIZON
            state = np.where(going[:, None], moved(state, held), state)
            actions[going, step[going]] = held[going]
            energy = energy + going * 0.5 * (held**2).sum(1)
            step = step + going
            crashed = going & (missing(state) == 0)
            for row in np.flatnonzero(crashed & (energy < best[0])):
                best = min(best, (energy[row], actions[row].copy()), key=lambda pair: pair[0])
            step = np.where(crashed, HORIZON, step)
            for row, name in enumerate(cells(state, step)):
                if step[row] < HORIZON and energy[row] < archive.get(name, (np.inf,))[0]:
                    archive[name] = energy[row], state[row], actions[row].copy(), step[row]
                    chosen[name] = 0
    return best[1]


def in_torch(actions):
    """Energy and missing distance of episodes (n, 50, 6), differentiable; the world again."""
    size = torch.from_numpy(NOISE)
    at = torch.zeros(len(actions), 2, dtype=torch.float64)
    at[:, 1] = world.ACROSS
    speed = torch.zeros_like(at)
    speed[:, 1] = world.PACE
    seen, seen_speed = at, speed
    car, fast, push = (torch.full((len(actions),), v, dtype=torch.float64) for v in START[0, 8:])
    least = []
    for step in range(HORIZON):
        noise = size * actions[:, step]
        at = at + world.STEP * (speed + 0.5 * world.STEP * noise[:, :2])
        speed = (speed + world.STEP * noise[:, :2]).clamp(-world.FASTEST_WALK, world.FASTEST_WALK)
        car, fast = car + world.STEP * fast, (fast + world.STEP * push).clamp_min(0)
        expected = seen + world.STEP * seen_speed
        surprise = at + noise[:, 4:] - expected
        seen, seen_speed = (
            expected + world.ALPHA * surprise,
            seen_speed + world.BETA / world.STEP * surprise,
        )
        headway = seen[:, 0] - car
        crossing = (seen[:, 1] > world.ROAD[0]) & (seen[:, 1] < world.ROAD[1]) & (headway > 0)
        wanted = (
            world.GAP
            + world.HEADWAY * fast
            + fast * (fast - seen_speed[:, 0]) / (2 * np.sqrt(world.STRONGEST * world.COMFORTABLE))
        )
        ratio = wanted / torch.where(crossing, headway, 1.0).clamp_min(1e-6)
        yielding = world.STRONGEST * (1 - (fast / world.CRUISE) ** 4 - ratio**2)
        push = torch.where(crossing, yielding, world.CRUISE - fast).clamp(
            -world.HARDEST, world.STRONGEST
        )
        along, across = (at[:, 0] - car).abs() - world.HITBOX[0], at[:, 1].abs() - world.HITBOX[1]
        outside = (along.clamp_min(0) ** 2 + across.clamp_min(0) ** 2 + 1e-9).sqrt()
        least.append(outside / -world.CAR_AT + (world.STANDING - fast).clamp_min(0) * 0.1)
    return 0.5 * (actions**2).sum((1, 2)), torch.stack(least, 1).amin(1)


def gradient(rng):
    """Descend energy and missing distance; a backward pass counts as two forward ones."""
    actions = torch.from_numpy(0.1 * rng.standard_normal((16, HORIZON, 6))).requires_grad_()
    optimizer = torch.optim.Adam([actions], 0.05)
    best = (np.inf, np.zeros((HORIZON, 6)))
    for _ in range(args.steps // (16 * HORIZON * 3)):
        energy, left = in_torch(actions)
        optimizer.zero_grad()
        (energy + MISSING * left).sum().backward()
        optimizer.step()
        with torch.no_grad():
            actions.copy_(torch.from_numpy(plausible(actions.numpy())))
        found = worths(actions.detach().numpy())
        least = found.argmin()
        best = min(best, (found[least], actions.detach().numpy()[least].copy()), key=lambda p: p[0])
    return best[1]


def replayed(actions):
    """Play a sequence in the seat: energy until the crash, inf without one."""
    env = Crosswalk(1, autoreset_mode="Disabled")
    env.reset(seed=0)
    energy = 0.0
    for a in actions:
        _, _, crash, _, _ = env.step((a / REACH)[None].astype(np.float32))
        energy += 0.5 * float((a**2).sum())
        if crash[0]:
            return energy
    return np.inf


players = {
    "constants": constants,
    "knots": knots,
    "tree": tree,
    "go-explore": go_explore,
    "gradient": gradient,
}
print("| player | crashed | least energy: mean (each seed) | CPU s |\n|---|---|---|---|")
for name in args.players:
    began = time.process_time()
    energies = [replayed(players[name](seeding.numpy_generator(s, name))) for s in args.seeds]
    each = ", ".join("none" if e == np.inf else f"{e:.1f}" for e in energies)
    found = [e for e in energies if e < np.inf]
    mean = f"{np.mean(found):.1f}" if found else "none"
    seconds = (time.process_time() - began) / len(args.seeds)
    print(
        f"| {name} | {len(found)} of {len(energies)} | {mean} ({each}) | {seconds:.1f} |",
        flush=True,
    )
