"""Which problems a TrainingGame plays, and what it takes where nothing is said."""

from __future__ import annotations

from dataclasses import dataclass

from genenv import checks, objectives
from genenv.data import Source, find
from genenv.objectives import Objective
from genenv.stacked.laws import SPLITS
from genenv.stacked.problems import Drawn, Family, Same
from genenv.stacked.trial import check_by_row

DRAWN = "drawn"  # the family


@dataclass(frozen=True)
class Sizes:
    """What arguments that are None mean."""

    reward: str
    width: int
    batch: int
    decisions: int
    updates: int


SINGLE = Sizes("quality", width=32, batch=64, decisions=20, updates=25)  # of a single problem
MANY = Sizes("log-quality", width=16, batch=16, decisions=12, updates=10)  # of drawn ones


def sizes(
    family: Source,
    reward: str | None,
    width: int | None,
    batch: int | None,
    decisions: int | None,
    updates: int | None,
) -> Sizes:
    """Check what was given and fill in what was not."""
    usual = MANY if _is_drawn(family) else SINGLE
    given = {"width": width, "batch": batch, "decisions": decisions, "updates": updates}
    whole = {
        name: checks.integer(name, getattr(usual, name) if number is None else number)
        for name, number in given.items()
    }
    return Sizes(usual.reward if reward is None else reward, **whole)


def find_family(
    family: Source,
    split: str,
    shift: float,
    wrong: float,
    learning_rate: float,
    asked: Sizes,
) -> Family:
    """Make the family of a name, or the one problem of data.

    Raises
    ------
    Mistake
        An unknown family or split, data that are not there or too few, a number out of range.
    """
    checks.choice("split", split, SPLITS)
    checks.positive("learning_rate", learning_rate)
    if _is_drawn(family):
        sized = asked.width, asked.batch, learning_rate, asked.updates, asked.decisions
        return Drawn(split, shift, wrong, *sized)
    return Same(find(family), asked.width, asked.batch, learning_rate, asked.decisions)


def find_game(objective: str | Objective, latent: int, size: int, batch: int) -> Objective:
    """Find an objective by name; one that is given is tried on rows.

    Raises
    ------
    Mistake
        An unknown name, or an objective whose terms are not one a row.
    """
    named = objectives.OBJECTIVES.get(objective) if isinstance(objective, str) else None
    unit = 1.0 if named is not None and named.penalised else None  # the penalty is its factor
    game = objectives.find(objective, unit)
    if isinstance(objective, Objective):
        check_by_row(game, latent, size, batch)
    return game


def _is_drawn(family: Source) -> bool:
    return isinstance(family, str) and family == DRAWN
