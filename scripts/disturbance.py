"""Find the least energetic failure: PPO, CMA-ES and random disturbances on four problems.

Walk1D (least energy 1.667 known), the crosswalk (the published tutorial of adaptive stress testing
reaches a return near -100 after 404,000 steps), and a CartPole and a Pendulum policy of
Stable-Baselines3 that this script trains. PPO is judged by its most likely actions; CMA-ES moves
the codes of a whole episode from a fixed start; random draws are those of the noise's own law. What
PPO and CMA-ES play stays in the plausible set. Prints Markdown and writes JSON; rows that the JSON
has already are not measured again.
Examples: python scripts/disturbance.py --problems walk --seeds 0 1 2 3 4
          python scripts/disturbance.py --problems cartpole pendulum
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from cmaes import CMA, SepCMA
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.env_util import make_vec_env

from genenv import rate, seeding
from genenv.agents import PRESETS, train
from genenv.envs.disturbance import Disturbance
from genenv.envs.open_loop import OpenLoop

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--problems", nargs="+", default=["walk", "crosswalk", "cartpole", "pendulum"])
parser.add_argument("--players", nargs="+", default=["ppo", "cma-es", "random"])
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
parser.add_argument("--starts", type=int, default=2, help="fresh starts of CartPole and Pendulum")
parser.add_argument("--first-start", type=int, default=1000, help="seed of the first of them")
parser.add_argument("--policies", type=Path, default=Path("policies"))
parser.add_argument("--out", type=Path, default=Path("disturbance.json"))
args = parser.parse_args()
torch.set_num_threads(1)

ID = "genenv/Disturbance-v0"
WALK = PRESETS[ID]
CROSSWALK = replace(
    WALK,
    steps=50,
    batch=400,
    hidden=(64, 64),
    log_std=-0.5,
    learning_rate=2e-3,
    total_steps=300_000,
    arguments={"world": "genenv/Crosswalk-v0", "shaping": 10.0, "bonus": 3.0},
)
CARTPOLE = replace(
    CROSSWALK,
    log_std=-1.0,
    total_steps=80_000,
    arguments={
        "world": "CartPole-v1",
        "horizon": 100,
        "channels": {"observation": [0.03, 0.15, 0.03, 0.15]},
    },
)
PENDULUM = replace(
    CARTPOLE,
    total_steps=100_000,
    arguments={
        "world": "Pendulum-v1",
        "horizon": 200,
        "threshold": -300.0,
        "channels": {"action": 1.0},
        "bonus": 3.0,
        "scale": 10.0,
    },
)
PROBLEMS = {"walk": WALK, "crosswalk": CROSSWALK, "cartpole": CARTPOLE, "pendulum": PENDULUM}
POPULATION, SIGMA = 64, 0.3  # of CMA-ES
EPISODES = {"walk": 10_240, "crosswalk": 10_240, "cartpole": 1_024, "pendulum": 512}
table = json.loads(args.out.read_text()) if args.out.is_file() else []


def victim(problem):
    """Return the policy under attack: None for the worlds that have one, else one trained here."""
    path = args.policies / f"{problem}.zip"
    if problem in ("walk", "crosswalk"):
        return None
    if not path.is_file():
        with seeding.global_seed(0):
            if problem == "cartpole":
                env = make_vec_env("CartPole-v1", 8, seed=0)
                model = PPO(
                    "MlpPolicy",
                    env,
                    n_steps=32,
                    batch_size=256,
                    n_epochs=20,
                    gamma=0.98,
                    gae_lambda=0.8,
                    learning_rate=1e-3,
                    seed=0,
                    device="cpu",
                )
                model.learn(60_000)
            else:
                model = SAC(
                    "MlpPolicy",
                    "Pendulum-v1",
                    learning_rate=1e-3,
                    seed=0,
                    device="cpu",
                    policy_kwargs={"net_arch": [64, 64]},
                )
                model.learn(5_000)
        model.save(path)
    return {"cartpole": PPO, "pendulum": SAC}[problem].load(path, device="cpu")


def own(problem, policy):
    """Arguments of the environment."""
    return PROBLEMS[problem].arguments | ({} if policy is None else {"policy": policy})


def starts(problem):
    """Seeds of the starts; ours have one start."""
    count = 1 if problem in ("walk", "crosswalk") else args.starts
    return [args.first_start + i for i in range(count)]


def by_ppo(problem, seed, policy):
    """Train, then play one episode from each start."""
    given = {} if policy is None else {"policy": policy}
    agent = train(ID, PROBLEMS[problem], seed=seed, arguments=given)
    seeds = starts(problem)
    env = Disturbance(len(seeds), autoreset_mode="Disabled", **own(problem, policy))
    seen, _ = env.reset(seed=seeds)
    rows = [None] * len(seeds)
    while None in rows:
        seen, _, terminated, truncated, info = env.step(agent.act(seen))
        ended = terminated | truncated
        for i in np.flatnonzero(ended):
            last = {k: v[i].item() for k, v in info.items()}
            rows[i] = rows[i] or last
        if ended.any() and None in rows:
            seen, _ = env.reset(seed=seeds, options={"reset_mask": ended})
    energies = [row["energy"] if row["failed"] else None for row in rows]
    return energies, [row["returns"] for row in rows], agent.steps


def by_cma_es(problem, seed, policy):
    """Move the codes of an episode; the least energetic failure of each start."""
    energies = []
    returns = []
    steps = 0
    for start in starts(problem):
        loop = OpenLoop(POPULATION, seed=start, plausible=True, **own(problem, policy))
        kind = SepCMA if loop.base_dim > 100 else CMA
        address = seeding.fold(seed, "cma-es", start) % 2**31
        mean = np.zeros(loop.base_dim)
        strategy = kind(mean, SIGMA, population_size=POPULATION, seed=address)
        best = (None, None)
        for _ in range(EPISODES[problem] // POPULATION):
            asked = np.array([strategy.ask() for _ in range(POPULATION)])
            played = loop.play(asked)
            lost = -loop.env.drive.budget * (1 + played.miss)
            score = np.where(played.failed, -played.energy, lost)
            strategy.tell(list(zip(asked, (-score).tolist(), strict=True)))
            best = least(best, played)
            steps += int(played.steps.sum())
        energies.append(best[0])
        returns.append(best[1])
    return energies, returns, steps


def by_random(problem, seed, policy):
    """Draw from the noise's law; the least energetic failure of each start, and the rate."""
    energies = []
    returns = []
    steps = 0
    for start in starts(problem):
        loop = OpenLoop(POPULATION * 8, seed=start, **own(problem, policy))
        best = (None, None)
        keys = seeding.fold_rows(seed, "random", start, np.arange(EPISODES[problem]))
        for at in range(0, len(keys), loop.env.num_envs):
            e = seeding.normals(keys[at : at + loop.env.num_envs], loop.base_dim)
            played = loop.play(e)
            best = least(best, played)
            steps += int(played.steps.sum())
        energies.append(best[0])
        returns.append(best[1])
    return energies, returns, steps


def least(best, played):
    """Energy and return of the least energetic failure so far."""
    if not played.failed.any():
        return best
    i = np.where(played.failed, played.energy, np.inf).argmin()
    found = float(played.energy[i]), float(played.returns[i])
    return found if best[0] is None or found[0] < best[0] else best


PLAYERS = {"ppo": by_ppo, "cma-es": by_cma_es, "random": by_random}


def known(problem, player, seed):
    """Find the row that was measured before."""
    same = [r for r in table if (r["problem"], r["player"], r["seed"]) == (problem, player, seed)]
    return same[0] if same else None


args.policies.mkdir(exist_ok=True)
for problem in args.problems:
    policy = victim(problem)
    for player in args.players:
        for seed in args.seeds:
            if known(problem, player, seed):
                continue
            began = time.process_time()
            energies, returns, steps = PLAYERS[player](problem, seed, policy)
            table.append(
                {
                    "problem": problem,
                    "player": player,
                    "seed": seed,
                    "energies": energies,
                    "returns": returns,
                    "steps": steps,
                    "seconds": time.process_time() - began,
                }
            )
            args.out.write_text(json.dumps(table, indent=2))
            print(table[-1], flush=True)

print(
    "\n| problem | player | seeds | steps of the world a seed | CPU s | failed | "
    "least energy: mean (each seed) | β of the mean | world's return, mean (least) |\n"
    "|---|---|---|---|---|---|---|---|---|"
)
for problem in args.problems:
    for player in args.players:
        rows = [known(problem, player, seed) for seed in args.seeds]
        found = [[x for x in r["energies"] if x is not None] for r in rows]
        ends = [x for r in rows for x in r["returns"] if x is not None]
        share = sum(map(len, found)) / sum(len(r["energies"]) for r in rows)
        means = [np.mean(f) if f else np.nan for f in found]
        each = ", ".join(f"{m:.3g}" for m in means)
        mean = np.nanmean(means) if share else np.nan
        print(
            f"| {problem} | {player} | {len(rows)} | {np.mean([r['steps'] for r in rows]):,.0f} "
            f"| {np.mean([r['seconds'] for r in rows]):.0f} | {share:.0%} | {mean:.4g} ({each}) "
            f"| {np.sqrt(2 * mean):.3f} | {np.mean(ends) if ends else np.nan:.1f} "
            f"({min(ends) if ends else np.nan:.1f}) |"
        )
if "walk" in args.problems:
    loop = OpenLoop(4096)
    found = rate.monte_carlo(loop, loop.base_dim, 100_000, seed=0)
    print(
        f"\nWalk1D, P(failure): {found.estimate:.4f}, 95 % [{found.low:.4f}, {found.high:.4f}] of "
        f"{found.samples:,} draws (known: 0.1087); known least energy {10**2 / 60:.4f}, "
        f"β {10 / np.sqrt(30):.3f}"
    )
