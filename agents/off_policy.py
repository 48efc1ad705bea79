"""Algorithms that learn from a replay buffer: TD3 and SAC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from stable_baselines3 import SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.noise import NormalActionNoise
from stable_baselines3.common.vec_env import VecEnv

from genenv.agents.preset import ACTIVATIONS, Preset


@dataclass(frozen=True, kw_only=True)
class OffPolicy(Preset):
    """What they share: a buffer, target networks, random actions at first."""

    batch: int = 256
    """Transitions in a minibatch."""
    buffer: int = 100_000
    """Transitions that are kept."""
    learning_starts: int = 1_000
    """Steps of random actions before the first update."""
    gradient_steps: int = 1
    """Updates a step of the batch of rows."""
    tau: float = 0.005
    """Share of the new weights in a target network's update."""

    @property
    def least_steps(self) -> int:
        """See `Preset.least_steps`."""
        return self.learning_starts + 2 * self.envs

    def _shared(self, env: VecEnv | None, seed: int | None, ready: bool) -> dict[str, Any]:
        """Return the arguments that all of them take."""
        return {
            "learning_rate": self.rate,
            "buffer_size": self.buffer if env is not None else self.envs,
            "learning_starts": self.learning_starts,
            "batch_size": self.batch,
            "tau": self.tau,
            "gamma": self.gamma,
            "gradient_steps": self.gradient_steps,
            "seed": seed,
            "device": "cpu",
            "policy_kwargs": {
                "net_arch": list(self.hidden),
                "activation_fn": ACTIVATIONS[self.activation],
            },
            "_init_setup_model": ready,
        }


@dataclass(frozen=True, kw_only=True)
class Td3(OffPolicy):
    """TD3 (arXiv 1802.09477): a deterministic policy that climbs learned values."""

    kind = "td3"

    policy_delay: int = 2
    """Updates of the values for one of the policy."""
    action_noise: float = 0.1
    """Standard deviation of the exploration noise."""

    def _blank(self, env: VecEnv | None, seed: int | None, ready: bool) -> BaseAlgorithm:
        explores = env is not None and self.action_noise > 0
        shape = env.action_space.shape if env is not None else None
        noise = NormalActionNoise(*_normal(shape, self.action_noise)) if explores else None
        return TD3(
            "MlpPolicy",
            env,  # type: ignore[arg-type]
            action_noise=noise,
            policy_delay=self.policy_delay,
            **self._shared(env, seed, ready),
        )


@dataclass(frozen=True, kw_only=True)
class Sac(OffPolicy):
    """SAC (arXiv 1801.01290): a squashed Gaussian policy that is paid for its entropy too."""

    kind = "sac"

    gradient_steps: int = 8
    """Updates a step of the batch of rows."""

    def _blank(self, env: VecEnv | None, seed: int | None, ready: bool) -> BaseAlgorithm:
        return SAC(
            "MlpPolicy",
            env,  # type: ignore[arg-type]
            # of a training, minus the number of actions; one that only plays has none to look it up
            target_entropy="auto" if env is not None else 0.0,
            **self._shared(env, seed, ready),
        )


def _normal(shape: tuple[int, ...] | None, deviation: float) -> tuple[Any, Any]:
    return np.zeros(shape or ()), np.full(shape or (), deviation)
