"""Settings for Stable-Baselines3 that a measurement found good, and the PPO they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import gymnasium
from stable_baselines3 import PPO
from stable_baselines3.common.logger import KVWriter, Logger
from stable_baselines3.common.vec_env import VecEnv
from torch import nn

from genenv import checks, seeding

Log = Callable[[dict[str, float], int], None]
ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU}


@dataclass(frozen=True)
class Preset:
    """PPO (arXiv 1707.06347) on LatentProbe; everything unnamed is Stable-Baselines3's default."""

    envs: int = 64
    """Rows of the batch."""
    steps: int = 16
    """Steps of each row between two updates."""
    batch: int = 256
    """Steps in a minibatch."""
    epochs: int = 10
    """Passes over the steps of an update."""
    learning_rate: float = 2e-3
    """Of Adam, constant."""
    gamma: float = 0.95
    """Discount a step."""
    hidden: tuple[int, ...] = (128, 128)
    """Widths of the hidden layers, of policy and value each."""
    activation: str = "tanh"
    """After each hidden layer: tanh or relu."""
    log_std: float = -0.5
    """Initial log of the actions' standard deviation."""
    horizon: int = 6
    """Steps of an episode."""
    stride: float = 1.2
    """Length of a full action along one base coordinate, in standard deviations."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if name not in ("log_std", "hidden", "activation"):
                checks.positive(name, value)
        checks.choice("activation", self.activation, ACTIVATIONS)
        if self.envs * self.steps % self.batch:
            got = f"{self.envs} envs x {self.steps} steps and a batch of {self.batch}"
            raise checks.Mistake("a batch that divides the steps of an update", got, "change one")

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers, strings and lists that `from_json` reads."""
        return asdict(self) | {"hidden": list(self.hidden)}

    @staticmethod
    def from_json(plain: dict[str, Any]) -> Preset:
        """Read what `to_json` wrote."""
        return Preset(**{**plain, "hidden": tuple(plain["hidden"])})


def make_ppo(env: VecEnv, preset: Preset, seed: int, log: Log | None = None) -> PPO:
    """Make a PPO on the CPU; no global random state is left changed.

    Its `learn` does draw from the global state: call it within `seeding.global_seed`.

    Parameters
    ----------
    env
        With `preset.envs` rows.
    preset
        The settings.
    seed
        Of the weights and of the rows: row i is reset with seed + i.
    log
        Called with named numbers and the steps done, after every rollout; None: nothing is logged.

    Raises
    ------
    Mistake
        If the environment has another number of rows.
    """
    if env.num_envs != preset.envs:
        raise checks.Mistake(f"{preset.envs} rows, as the preset has", env.num_envs, "make as many")
    with seeding.global_seed(seed % 2**32):
        ppo = PPO(env=env, seed=seed % 2**32, **_settings(preset))
    ppo.set_logger(Logger(None, [_Writer(log)] if log else []))
    return ppo


def blank_ppo(
    observation_space: gymnasium.Space[Any], action_space: gymnasium.Space[Any], preset: Preset
) -> PPO:
    """Make a PPO without an environment, for parameters read through `set_parameters`."""
    ppo = PPO(env=None, _init_setup_model=False, **_settings(preset))  # type: ignore[arg-type]
    ppo.observation_space, ppo.action_space = observation_space, action_space
    ppo.n_envs = preset.envs
    with seeding.global_seed(0):
        ppo._setup_model()
    return ppo


def _settings(preset: Preset) -> dict[str, Any]:
    return {
        "policy": "MlpPolicy",
        "n_steps": preset.steps,
        "batch_size": preset.batch,
        "n_epochs": preset.epochs,
        "learning_rate": preset.learning_rate,
        "gamma": preset.gamma,
        "device": "cpu",
        "policy_kwargs": {
            "net_arch": list(preset.hidden),
            "activation_fn": ACTIVATIONS[preset.activation],
            "log_std_init": preset.log_std,
        },
    }


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
