"""How far one side of the duel can be exploited, on a stated budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecMonitor

from genenv import checks, intervals, seeding
from genenv.agents.agent import Agent
from genenv.agents.algorithms import Ppo
from genenv.agents.sb3_bridge import VectorEnvBridge
from genenv.agents.threads import OneThreadUpdates
from genenv.data import Source
from genenv.envs.duel import AGENTS, DISCRIMINATOR, GENERATOR, Side

STEPS = 20_480
ROWS, HORIZON = 512, 33  # of the measurement
# The verdict is paid at once, the sample a step later: short sight is enough.
RESPONSES = {
    DISCRIMINATOR: Ppo(
        envs=64, steps=16, batch=256, learning_rate=3e-3, lr_floor=0.1, gamma=0.01,
        activation="relu",
    ),
    GENERATOR: Ppo(
        envs=64, steps=16, batch=256, learning_rate=3e-3, lr_floor=0.1, gamma=0.9, log_std=-0.7
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Exploitability:
    """What a best response is paid a step: a bound from below of what can be had."""

    mean: float
    low: float
    high: float
    steps: int
    """Of the response's training, over all rows."""
    response: Agent


def exploitability(
    player: Any, side: str, data: Source = "ring", *, steps: int = STEPS, seed: int = 0
) -> Exploitability:
    """Train a response by PPO from nothing against one side, and measure what it is paid.

    Parameters
    ----------
    player
        Who plays `side`: what `envs.opponents.wrap` takes, a `Pool` included. It should not learn.
    side
        "generator" or "discriminator". 0 is the least for both: a generator that draws the data, a
        discriminator that nothing fools.
    data
        What is real.
    steps
        The budget, over 64 rows.
    seed
        Address of the response and of the episodes.

    Raises
    ------
    Mistake
        An unknown side, or a player that does not fit.
    """
    checks.choice("side", side, AGENTS)
    other = AGENTS[1 - AGENTS.index(side)]
    preset = RESPONSES[other]
    address = seeding.fold(seed, "response") % 2**31
    batch = Side(64, agent=other, opponent=player, data=data, autoreset_mode="SameStep")
    model = preset.make(VecMonitor(VectorEnvBridge(batch)), address)
    with seeding.global_seed(address), OneThreadUpdates() as threads:
        model.learn(checks.integer("steps", steps), callback=threads)
    agent = Agent("duel", preset, model, int(model.num_timesteps))
    env = Side(ROWS, agent=other, opponent=player, data=data, horizon=HORIZON)
    seen, _ = env.reset(seed=seeding.fold(seed, "pay") % 2**40)
    total = np.zeros(ROWS)
    for _ in range(HORIZON):
        seen, reward, *_ = env.step(agent.act(seen))
        total += reward
    paid = total / (HORIZON - 1)
    low, high = intervals.of_mean(paid, seeding.numpy_generator(0, "bootstrap"))
    return Exploitability(float(paid.mean()), low, high, agent.steps, agent)
