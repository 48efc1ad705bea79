"""Settings of `harden`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from genenv import checks
from genenv.settings.shown import Number, Threads, shown

LEAST_SEEDS = 6  # below, no paired permutation test comes under 0.05


@dataclass(frozen=True)
class HardenConfig:
    """Everything that decides a study of hardening but the run and its data."""

    factory: Annotated[str, shown("NAME", "the default classifier of such data")] = ""
    """What is trained: logistic, mlp, cnn, forest, svm, or module:factory of what has fit and
    predict_proba; of a regressor boosting, forest, network, or module:factory of what has fit and
    predict."""
    amounts: Annotated[tuple[int, ...], shown("N [N ...]")] = (100,)
    """Failures added to the real rows; as many rows are added in the controls."""
    rounds: Number = 1
    """Rounds of searching the hardened model again and adding what is found."""
    budget: Number = 2_000
    """Queries of each fresh search, through a generator of rows that no model learned from."""
    seeds: Annotated[tuple[int, ...], shown("N [N ...]")] = (0, 1, 2, 3, 4, 5, 6, 7)
    """Of training and of what is held out: the units of every test."""
    threads: Threads = 0
    """CPU threads; 0: one for tiny networks, else torch's default."""

    def __post_init__(self) -> None:
        """Raise a Mistake that names the field."""
        for amount in self.amounts:
            checks.integer("an amount", amount)
        checks.integer("rounds", self.rounds)
        checks.integer("budget", self.budget)
        for name in ("amounts", "seeds"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                raise checks.Mistake(f"{name}, each once", list(values), "drop repeats")
        if len(self.seeds) < LEAST_SEEDS:
            raise checks.Mistake(
                f"{LEAST_SEEDS} seeds or more, the units of the test", len(self.seeds), "give more"
            )
