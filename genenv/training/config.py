"""Settings of one training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from genenv import checks, naming
from genenv.metrics import ranked
from genenv.networks import Kind
from genenv.networks.packing import divisible
from genenv.objectives import Objective
from genenv.settings import FitConfig
from genenv.training.aim import Aim, kind, made

# Fields that may change on resume; every other one must equal the checkpoint's.
FREE_ON_RESUME = frozenset(
    (
        "device",
        "threads",
        "log_every",
        "picture_every",
        "checkpoint_every",
        "checkpoint_seconds",
        "keep",
        "compile",
    )
)


@dataclass(frozen=True)
class TrainingConfig(FitConfig):
    """Everything that decides a training but the data: `FitConfig`, nothing left to a preset.

    A penalty of None is the objective's own default, or it has none.
    """

    objective: Aim = FitConfig.objective
    network: Kind = FitConfig.network
    latent: int = 32
    width: int = 256
    critic_width: int = 256
    steps: int = 3000
    batch: int = 64
    critic_steps: int = 1
    optimizer: str = "adam"
    lr: float = 1e-3
    penalty_every: int = 1
    betas: tuple[float, float] = (0.0, 0.99)
    log_every: int = 100
    instance_noise: float = 0.0

    def __post_init__(self) -> None:
        """Raise a Mistake that names the field."""
        super().__post_init__()
        game = self.game()
        if self.penalty_every > 1 and not game.penalties:
            raise checks.Mistake(
                "penalty_every only with an objective that says which of its terms are penalties",
                f"{self.penalty_every} with {naming.spelled(self.objective)}",
                "leave penalty_every out",
            )
        kind(self.network)
        if not (self.latent or self.coded):
            raise checks.Mistake("a latent of 1 or more without codes", 0, "give one")
        divisible("a batch", self.batch, self.pack)
        if self.best is not None:
            ranked(self.best)

    def game(self) -> Objective:
        """Make the adversarial game, without codes."""
        return made(self.objective, self.penalty)

    def plain(self) -> dict[str, Any]:
        """Return the settings by name; what is of one's own by its import path."""
        own = {name: naming.spelled(getattr(self, name)) for name in ("objective", "network")}
        return vars(self) | own

    def due(self, update: int) -> bool:
        """Whether a critic update, counted from 0, has the objective's penalties."""
        return (update + 1) % self.penalty_every == 0

    def unheard(self) -> tuple[str, ...]:
        """Say so where no critic update has the objective's penalties; () where one has."""
        updates = self.steps * self.critic_steps
        if updates >= self.penalty_every:
            return ()
        return (f"no penalty was part of the {updates} critic updates: penalty_every is larger",)

    def calmer(self) -> str:
        """Say what keeps such a training finite."""
        if not self.game().penalties:
            return "lower lr"
        advice = "lower lr or raise the penalty"
        return advice if self.penalty_every == 1 else f"{advice}, in every update (penalty_every 1)"

    @property
    def coded(self) -> bool:
        """Whether codes are learned."""
        return bool(self.categorical or self.continuous)

    @property
    def unlabelled(self) -> bool:
        """Whether no labels are used: categorical codes are learned in their place."""
        return bool(self.categorical)

    def rate(self, step: int) -> float:
        """Learning rate of a step: cosine decay to `lr_floor` of its value at step 0."""
        cosine = 0.5 * (1 + math.cos(math.pi * step / self.steps))
        return self.lr * (self.lr_floor + (1 - self.lr_floor) * cosine)
