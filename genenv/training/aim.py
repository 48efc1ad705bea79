"""Objectives and networks of a training: genenv's by name, a user's own as objects."""

from __future__ import annotations

from collections.abc import Callable

from genenv import checks, naming, objectives
from genenv.networks import NETWORKS, Kind, pair_of
from genenv.objectives import Objective

Aim = str | Objective | Callable[[], Objective]


def is_own(aim: Aim) -> bool:
    """Whether it is of the user's own: an object, or `module:name`."""
    return not isinstance(aim, str) or ":" in aim


def kind(network: Kind) -> Kind:
    """Return what a network's name stands for: itself, or the class that `module:name` names.

    Raises
    ------
    Mistake
        An unknown name, a module that cannot be imported, or no network.
    """
    if isinstance(network, str) and ":" not in network:
        return checks.choice("network", network, ["auto", *NETWORKS])
    found: Kind = naming.find("network", network, NETWORKS)
    pair_of(found)
    return found


def made(aim: Aim, penalty: float | None = None) -> Objective:
    """Make the objective of a training.

    Parameters
    ----------
    aim
        A name in OBJECTIVES, `package.module:name` or `file.py:name`, an Objective, or what makes
        one without arguments: its class, or `functools.partial(MyObjective, weight=0.5)`.
    penalty
        See `objectives.build`; an objective of one's own has its own.

    Raises
    ------
    Mistake
        An unknown name, a module that cannot be imported, something else than an objective, or a
        penalty beside one that takes none.
    """
    if isinstance(aim, str) and not is_own(aim):
        return objectives.build(aim, penalty)
    found = naming.find("objective", aim, objectives.OBJECTIVES)
    if not isinstance(found, Objective):
        found = _called(found, naming.spelled(aim))
    return objectives.find(found, penalty)


def _called(kind: object, name: str) -> Objective:
    expected = "an Objective, its class, or a callable () -> Objective"
    try:
        found = kind() if callable(kind) else kind
    except TypeError as error:
        do = "give an instance, or bind its settings by functools.partial"
        raise checks.Mistake(expected, f"{name}, which raised {error}", do) from error
    if not isinstance(found, Objective):
        got = f"{name}, which is or returns a {type(found).__name__}"
        raise checks.Mistake(expected, got, "inherit from genenv.objectives.Objective")
    return found
