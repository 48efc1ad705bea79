"""The names that an option can be given, as `--help` lists them: read off the dicts of the kinds.

A dict is read when help is asked for, because importing it brings torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import tyro


def named(
    names: Callable[[], Iterable[str]], default: str | None = None, metavar: str = "NAME"
) -> Any:
    """How `--help` shows an option that takes names.

    Parameters
    ----------
    names
        Returns them.
    default
        In words; None: the value itself.
    metavar
        The name of its value.
    """
    return tyro.conf.arg(
        metavar=metavar,
        help_behavior_hint=lambda value: (
            f"Names: {', '.join(names())} (default: {default or value})"
        ),
    )


def objectives() -> Iterable[str]:
    """Name what a generator can be trained for."""
    from genenv.objectives import OBJECTIVES

    return OBJECTIVES


def networks() -> Iterable[str]:
    """Name the kinds of networks."""
    from genenv.networks import NETWORKS

    return ("auto", *NETWORKS, "mixture")


def norms() -> Iterable[str]:
    """Name the normalisations of a critic."""
    from genenv.networks.normalisation import NORMS

    return ("auto", *NORMS)


def optimizers() -> Iterable[str]:
    """Name the optimizers."""
    from genenv.training.config import OPTIMIZERS

    return OPTIMIZERS


def searches() -> Iterable[str]:
    """Name the players."""
    from genenv.agents import SEARCHES

    return SEARCHES


def learners() -> Iterable[str]:
    """Name the learners."""
    from genenv.learners import LEARNERS

    return LEARNERS


def noises() -> Iterable[str]:
    """Name the laws of latents."""
    from genenv.noise import NOISES

    return NOISES


Objective = Annotated[str, named(objectives)]
