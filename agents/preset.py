"""What every algorithm of Stable-Baselines3 is set by: frozen settings that can make it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import gymnasium
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter, Logger
from stable_baselines3.common.vec_env import VecEnv
from torch import nn

from genenv import checks, seeding
from genenv.agents.scaled_rewards import ScaledRewards

Log = Callable[[dict[str, float], int], None]
ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU}
ZERO_ALLOWED = frozenset(
    ("log_std", "ent_coef", "target_kl", "action_noise", "learning_starts", "warm_up")
)


class Watch(BaseCallback, ABC):
    """Watches a training, and knows what a resumed one has to be told."""

    @abstractmethod
    def kept(self) -> dict[str, Any]:
        """Return that, as JSON can hold it."""

    @abstractmethod
    def restore(self, kept: dict[str, Any]) -> None:
        """Take what `kept` returned, before the training goes on."""


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
    reward_scale: float = 1.0
    """What the algorithm sees of a reward; returns that are logged are in the game's own units."""
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

    @property
    @abstractmethod
    def least_steps(self) -> int:
        """Steps over all rows that a training takes at least to learn anything."""

    @abstractmethod
    def _blank(self, env: VecEnv | None, seed: int | None, ready: bool) -> BaseAlgorithm:
        """Make the algorithm; not ready: its networks wait for `_setup_model`."""

    def prepare(self, model: BaseAlgorithm, env: VecEnv) -> None:  # noqa: B027 - most need nothing
        """Do what precedes reinforcement learning, as pre-training does; nothing by default."""

    def callbacks(self, model: BaseAlgorithm, env: VecEnv) -> list[Watch]:  # noqa: ARG002
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
        scaled = env if self.reward_scale == 1 else ScaledRewards(env, self.reward_scale)
        with seeding.global_seed(seed % 2**32):
            model = self._blank(scaled, seed % 2**32, True)
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
