"""Stable-Baselines3's algorithms as frozen settings: PPO, and all by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.vec_env import VecEnv

from genenv import checks
from genenv.agents.off_policy import Sac, Td3
from genenv.agents.preset import ACTIVATIONS, Preset, Watch
from genenv.agents.sequence import Anchored, PrefixReader, apart, likeliest


@dataclass(frozen=True, kw_only=True)
class Ppo(Preset):
    """PPO (arXiv 1707.06347)."""

    kind = "ppo"

    steps: int = 16
    """Steps of each row between two updates."""
    batch: int = 256
    """Steps in a minibatch."""
    epochs: int = 10
    """Passes over the steps of an update."""
    log_std: float = -0.5
    """Initial log of the actions' standard deviation; without effect on discrete actions."""
    ent_coef: float = 0.0
    """Weight of the entropy bonus."""
    gae_lambda: float = 0.95
    """Generalised advantage estimation's λ."""
    clip_range: float = 0.2
    """By how much the ratio of probabilities may leave 1."""
    target_kl: float | None = None
    """An update ends early beyond 1.5 times this divergence; None: never."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.envs * self.steps % self.batch:
            got = f"{self.envs} envs x {self.steps} steps and a batch of {self.batch}"
            raise checks.Mistake("a batch that divides the steps of an update", got, "change one")

    @property
    def least_steps(self) -> int:
        """See `Preset.least_steps`."""
        return self.envs * (2 * self.steps + 1)

    def _blank(self, env: VecEnv | None, seed: int | None, ready: bool) -> BaseAlgorithm:
        return PPO(
            "MlpPolicy",
            env,  # type: ignore[arg-type]
            learning_rate=self.rate,
            n_steps=self.steps,
            batch_size=self.batch,
            n_epochs=self.epochs,
            gamma=self.gamma,
            gae_lambda=self.gae_lambda,
            clip_range=self.clip_range,
            ent_coef=self.ent_coef,
            target_kl=self.target_kl,
            seed=seed,
            device="cpu",
            policy_kwargs=self._networks(),
            _init_setup_model=ready,
        )

    def _networks(self) -> dict[str, Any]:
        return {
            "net_arch": list(self.hidden),
            "activation_fn": ACTIVATIONS[self.activation],
            "log_std_init": self.log_std,
        }


@dataclass(frozen=True, kw_only=True)
class SequencePpo(Ppo):
    """PPO on prefixes of tokens: a GRU reads them, and likelihood trains it before rewards do.

    The policy's logits come from the GRU itself; `hidden` are layers of the value, which has a GRU
    of its own that starts as the policy's.
    """

    kind = "sequence-ppo"

    width: int = 64
    """Of the GRU's state."""
    likelihood_epochs: int = 50
    """Passes over real sequences at most, before reinforcement learning."""
    likelihood_rate: float = 5e-3
    """Learning rate of these."""
    warm_up: int = 2_000
    """Sequences of the pre-trained policy that the environment sees before the policy learns."""
    held_out_rise: float = 0.015
    """Learning ends when held-out sequences' negative log-likelihood has risen by this share."""

    def prepare(self, model: BaseAlgorithm, env: VecEnv) -> None:
        """Train the policy on the environment's `real` sequences, then let the critic see it."""
        assert isinstance(model.policy, ActorCriticPolicy)
        seen = env.reset()
        (real,) = env.get_attr("real", [0])
        rate, epochs = self.likelihood_rate, self.likelihood_epochs
        likeliest(model.policy, real.numpy(), epochs=epochs, lr=rate, seed=model.seed or 0)
        ended = 0
        while ended < self.warm_up:
            seen, _, done, _ = env.step(model.predict(np.asarray(seen))[0])
            ended += int(done.sum())

    def callbacks(self, model: BaseAlgorithm, env: VecEnv) -> list[Watch]:
        """Watch the likelihood of the real sequences that pre-training held out."""
        (real,) = env.get_attr("real", [0])
        return [Anchored(apart(real.numpy(), model.seed or 0)[0], self.held_out_rise)]

    def _networks(self) -> dict[str, Any]:
        return super()._networks() | {
            "net_arch": {"pi": [], "vf": list(self.hidden)},
            "features_extractor_class": PrefixReader,
            "features_extractor_kwargs": {"width": self.width},
            "share_features_extractor": False,
        }


ALGORITHMS: dict[str, type[Preset]] = {kind.kind: kind for kind in (Ppo, SequencePpo, Td3, Sac)}


def from_json(plain: dict[str, Any]) -> Preset:
    """Read what `Preset.to_json` wrote."""
    settings = {k: v for k, v in plain.items() if k != "algorithm"}
    kind = ALGORITHMS[checks.choice("algorithm", plain["algorithm"], ALGORITHMS)]
    return kind(**{**settings, "hidden": tuple(plain["hidden"])})
