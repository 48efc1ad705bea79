"""Settings of a stress run of a regressor, taken from those of `stress`."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from genenv import checks
from genenv.settings import names
from genenv.settings.policy import PLAYERS
from genenv.settings.stress import StressConfig

USUAL = "random", "evolution"
OPEN = (
    *("input", "anyway", "query_timeout", "rules", "budget", "seeds", "rate", "rate_budget"),
    *("seed", "objective", "steps", "threads", "starts_from", "reference"),
)
"""Settings of `stress` that have a meaning where the target is a value, beside the searches."""


@dataclass(frozen=True)
class RegressConfig:
    """Everything that decides a stress run of a regressor but data, model and generator.

    The fields are those of StressConfig that have a meaning where the target is a value.
    """

    input: str = StressConfig.input
    """What the model is handed."""
    anyway: bool = StressConfig.anyway
    """Search a model that is worse than the mean of the target on real rows, too."""
    query_timeout: float = StressConfig.query_timeout
    """Seconds that a call of the model may take; 0: any time."""
    rules: tuple[Any, ...] = StressConfig.rules
    """Functions from samples to a mask of those that are possible."""
    search: tuple[Any, ...] = USUAL
    """Players, on equal budgets of queries."""
    budget: int = StressConfig.budget
    """Queries a search and seed."""
    seeds: tuple[int, ...] = StressConfig.seeds
    """Seeds of each search."""
    rate: bool = StressConfig.rate
    """Whether rare events are estimated by subset simulation, too."""
    rate_budget: int = StressConfig.rate_budget
    """Queries for that."""
    starts_from: str | None = StressConfig.starts_from
    """A run whose failures are asked first, by the search stored."""
    reference: Any = StressConfig.reference
    """A sibling of the model, whose failures on the same draws stand beside each mode."""
    seed: int = StressConfig.seed
    """Address of the split, the generator and the judge."""
    objective: Any = StressConfig.objective
    """Of the generator of pictures."""
    steps: int | None = StressConfig.steps
    """Updates of that generator."""
    threads: int = StressConfig.threads
    """CPU threads; 0: one."""

    def __post_init__(self) -> None:
        """Raise a Mistake that names a search which needs classes, a slope or a player."""
        for name in self.search:
            if isinstance(name, str) and ":" not in name:
                names.known("search of a regressor", name, PLAYERS)

    @classmethod
    def of(cls, config: StressConfig) -> RegressConfig:
        """Take the settings of `stress`.

        Raises
        ------
        Mistake
            One is given that has no meaning where the target is a value.
        """
        usual = replace(StressConfig(), **{name: getattr(config, name) for name in OPEN})
        for field in fields(StressConfig):
            own, other = getattr(config, field.name), getattr(usual, field.name)
            if field.name != "search" and own != other:
                raise checks.Mistake(
                    f"no --{field.name.replace('_', '-')} where the target is a value", repr(own),
                    "leave it out, or make the target classes (--kinds TARGET=categorical)",
                )  # fmt: skip
        return cls(search=config.search or USUAL, **{n: getattr(config, n) for n in OPEN})
