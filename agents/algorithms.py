"""Stable-Baselines3's algorithms as frozen settings: what a preset is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import gymnasium
import numpy as np
from stable_baselines3 import PPO, TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter, Logger
from stable_baselines3.common.noise import NormalActionNoise
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.vec_env import VecEnv
from torch import nn

from genenv import checks, seeding
from genenv.agents.sequence import Anchored, PrefixReader, apart, likeliest

Log = Callable[[dict[str, float], int], None]
ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU}
ZERO_ALLOWED = frozenset(
    ("log_std", "ent_coef", "target_kl", "action_noise", "learning_starts", "warm_up")
)


@dataclass(frozen=True, kw_only=True)
class Preset(ABC):
    """What every algorithm has; what is unnamed is Stable-Baselines3's default."""

    kind: ClassVar[str]

    total_steps: int = 100_000
    """Steps of the environment that a training takes, over all rows."""
    envs: int = 64
    """Rows of the batch."""
    learning_rate: float = 1e-3
    """Of Adam, at the first step."""
    lr_floor: float = 1.0
    """Share of the learning rate that a linear decay leaves at the last step; 1: no decay."""
    gamma: float = 0.95
    """Discount a step."""
    hidden: tuple[int, ...] = (64, 64)
    """Widths of the hidden layers, of the policy and of its critics each."""
    activation: str = "tanh"
    """After each hidden layer: tanh or relu."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """Of the environment; numbers, strings, and lists and dicts of them."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if isinstance(value, (int, float)) and name not in ZERO_ALLOWED:
                checks.positive(name, value)
        for width in self.hidden:
            checks.positive("a hidden layer's width", width)
        checks.choice("activation", self.activation, ACTIVATIONS)
        if self.lr_floor > 1:
            raise checks.Mistake("lr_floor up to 1", self.lr_floor, "give a share")

    @abstractmethod
    def _blank(self, env: VecEnv | None, seed: int | None, ready: bool) -> BaseAlgorithm:
        """Make the algorithm; not ready: its networks wait for `_setup_model`."""

    def prepare(self, model: BaseAlgorithm, env: VecEnv) -> None:  # noqa: B027 - most need nothing
        """Do what precedes reinforcement learning, as pre-training does; nothing by default."""

    def callbacks(self, model: BaseAlgorithm, env: VecEnv) -> list[BaseCallback]:  # noqa: ARG002
        """Make what watches the learning, once `prepare` is done; nothing by default."""
        return []

    def make(self, env: VecEnv, seed: int, log: Log | None = None) -> BaseAlgorithm:
        """Make the algorithm on the CPU; no global random state is left changed.

        Its `learn` does draw from the global state: call it within `seeding.global_seed`.

        Parameters
        ----------
        env
            With `envs` rows.
        seed
            Of the weights and of the rows: row i is reset with seed + i.
        log
            Called with named numbers and the steps done, after every rollout; None: nothing is
            logged.

        Raises
        ------
        Mistake
            If the environment has another number of rows.
        """
        if env.num_envs != self.envs:
            raise checks.Mistake(
                f"{self.envs} rows, as the preset has", env.num_envs, "make as many"
            )
        with seeding.global_seed(seed % 2**32):
            model = self._blank(env, seed % 2**32, True)
        model.set_logger(Logger(None, [_Writer(log)] if log else []))
        return model

    def blank(
        self, observation_space: gymnasium.Space[Any], action_space: gymnasium.Space[Any]
    ) -> BaseAlgorithm:
        """Make the algorithm without an environment, for `set_parameters`."""
        model = self._blank(None, None, False)
        model.observation_space, model.action_space = observation_space, action_space
        model.n_envs = self.envs
        with seeding.global_seed(0):
            model._setup_model()
        return model

    def rate(self, left: float) -> float:
        """Learning rate where a share `left` of the training is left."""
        return self.learning_rate * (self.lr_floor + (1 - self.lr_floor) * left)

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers, strings, lists and dicts that `from_json` reads."""
        return {"algorithm": self.kind, **asdict(self), "hidden": list(self.hidden)}

    @staticmethod
    def from_json(plain: dict[str, Any]) -> Preset:
        """Read what `to_json` wrote."""
        settings = {k: v for k, v in plain.items() if k != "algorithm"}
        kind = ALGORITHMS[checks.choice("algorithm", plain["algorithm"], ALGORITHMS)]
        return kind(**{**settings, "hidden": tuple(plain["hidden"])})


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

    def callbacks(self, model: BaseAlgorithm, env: VecEnv) -> list[BaseCallback]:
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


@dataclass(frozen=True, kw_only=True)
class Td3(Preset):
    """TD3 (arXiv 1802.09477): a deterministic policy that climbs learned values."""

    kind = "td3"

    batch: int = 256
    """Transitions in a minibatch."""
    buffer: int = 100_000
    """Transitions that are kept."""
    learning_starts: int = 1_000
    """Steps of random actions before the first update."""
    gradient_steps: int = 1
    """Updates a step of the batch of rows."""
    policy_delay: int = 2
    """Updates of the values for one of the policy."""
    tau: float = 0.005
    """Share of the new weights in a target network's update."""
    action_noise: float = 0.1
    """Standard deviation of the exploration noise."""

    def _blank(self, env: VecEnv | None, seed: int | None, ready: bool) -> BaseAlgorithm:
        explores = env is not None and self.action_noise > 0
        shape = env.action_space.shape if env is not None else None
        noise = NormalActionNoise(*_normal(shape, self.action_noise)) if explores else None
        return TD3(
            "MlpPolicy",
            env,  # type: ignore[arg-type]
            learning_rate=self.rate,
            buffer_size=self.buffer if env is not None else self.envs,
            learning_starts=self.learning_starts,
            batch_size=self.batch,
            tau=self.tau,
            gamma=self.gamma,
            gradient_steps=self.gradient_steps,
            action_noise=noise,
            policy_delay=self.policy_delay,
            seed=seed,
            device="cpu",
            policy_kwargs={
                "net_arch": list(self.hidden),
                "activation_fn": ACTIVATIONS[self.activation],
            },
            _init_setup_model=ready,
        )


def _normal(shape: tuple[int, ...] | None, deviation: float) -> tuple[Any, Any]:
    return np.zeros(shape or ()), np.full(shape or (), deviation)


ALGORITHMS: dict[str, type[Preset]] = {kind.kind: kind for kind in (Ppo, SequencePpo, Td3)}


class _Writer(KVWriter):
    """Hands Stable-Baselines3's numbers to a function, without those meant for a terminal."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0
    ) -> None:
        shown = {k: float(v) for k, v in key_values.items() if "tensorboard" not in key_excluded[k]}
        self.log(shown, step)

    def close(self) -> None:
        """Own nothing."""
