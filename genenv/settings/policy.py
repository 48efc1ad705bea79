"""Settings of `stress --env`: a policy under test."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from genenv import checks
from genenv.settings import names
from genenv.settings.names import named
from genenv.settings.shown import Number, Switch, shown
from genenv.settings.stress import LEAST_BUDGET

PLAYERS = ("random", "sobol", "metropolis", "evolution", "stored")
"""Searches that need neither a slope nor a generator."""

FREE = "search", "budget", "seeds", "rate", "rate_budget", "starts_from"
"""Settings in which runs that ask the same may differ."""


def law_of(plain: Mapping[str, Any]) -> str:
    """Return what tells the disturbances of a run from others, by its settings in config.json."""
    return json.dumps({n: v for n, v in plain.items() if n not in FREE}, sort_keys=True)


def players() -> tuple[str, ...]:
    """Return their names."""
    return PLAYERS


@dataclass(frozen=True)
class PolicyConfig:
    """Everything that decides a stress run of a policy but the policy."""

    env: Annotated[str, shown("ID")] = "CartPole-v1"
    """The Gymnasium environment that it lives in; module:ID imports what registers it."""
    arguments: Annotated[str, shown("JSON", "none")] = ""
    """Of the environment: {"edge": 20}."""
    algorithm: Annotated[str, shown("NAME")] = "PPO"
    """What saved a zip: A2C, DDPG, DQN, PPO, SAC or TD3."""
    channels: Annotated[tuple[str, ...], shown("NAME=X [...]", "those of the world")] = ()
    """What is disturbed, in standard deviations: observation=0.1, action=0.5, start=0.05,
    dynamics.length=0.2, reward=1; see the page of genenv/Disturbance-v0."""
    failure: Annotated[str | None, shown("return|terminated", "the world's own")] = None
    """return: an episode's return lies below --threshold; terminated: the world ends it."""
    threshold: Annotated[float | None, shown("X", "as the world is registered")] = None
    """Of the return."""
    horizon: Annotated[int | None, shown("N", "as the world is registered")] = None
    """Steps of an episode."""
    starts: Number = 8
    """Seeds of the world's own randomness, seed to seed + N - 1, each as likely."""
    search: Annotated[
        tuple[Any, ...],
        named(players, None, "NAME [NAME ...]", constructor=tuple[str, ...]),
    ] = ("random", "evolution", "metropolis")
    """Players, on equal budgets of episodes."""
    budget: Number = 5_000
    """Episodes a search and seed."""
    seeds: Annotated[tuple[int, ...], shown("N [N ...]")] = (0,)
    """Seeds of each search."""
    starts_from: Annotated[str | None, shown("RUN", "none")] = None
    """A run in the same disturbed world, whose failures are asked first, by the search stored."""
    rate: Switch = False
    """Estimate P(failure) where random sampling meets fewer than ten, too, by subset simulation."""
    rate_budget: Number = 50_000
    """Episodes for that."""
    seed: Number = 0
    """Address of the starts."""

    def __post_init__(self) -> None:
        """Raise a Mistake that names the field."""
        if not self.search or not self.seeds:
            raise checks.Mistake("at least one search and one seed", "none", "name some")
        searches = [given for given in self.search if isinstance(given, str)]
        checks.once("search", searches)
        checks.once("seeds", self.seeds)
        for name in searches:
            names.known("search", name, PLAYERS)
        for name in ("budget", "rate_budget", "starts"):
            checks.integer(name, getattr(self, name))
        if self.budget < LEAST_BUDGET:
            raise checks.Mistake(
                f"a budget of at least {LEAST_BUDGET} episodes", self.budget, "give more"
            )
        self.strengths()
        self.world_arguments()

    def world_arguments(self) -> dict[str, Any]:
        """Return the arguments of the environment.

        Raises
        ------
        Mistake
            They are no JSON object.
        """
        try:
            found = json.loads(self.arguments or "{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise checks.Mistake(
                "--arguments as a JSON object", self.arguments, 'write {"name": value}'
            )
        return found

    def strengths(self) -> dict[str, float] | None:
        """Return the channels by name; None: those of the world.

        Raises
        ------
        Mistake
            One is not NAME=X, or X is no finite number of 0 or more.
        """
        found = {}
        for text in self.channels:
            name, equals, value = text.partition("=")
            try:
                strength = float(value)
            except ValueError:
                strength = math.nan
            if not (name and equals and 0 <= strength < math.inf):
                raise checks.Mistake("channels as NAME=X, X of 0 or more", text, "observation=0.1")
            found[name] = strength
        return found or None
