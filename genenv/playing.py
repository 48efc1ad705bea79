"""Searches that play where the event needs no classes: their logs, and how often it happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, cast

from torch import Tensor

from genenv import checks, rate, seeding, trust, turns
from genenv.agents.searches import Entrant, entrants
from genenv.asked import Asked
from genenv.campaign import Campaign, Log, place
from genenv.judge import Judge
from genenv.ledger import Ledger
from genenv.probe import Probe
from genenv.rating import CONFIRMED, FAILURE, Seen, rated
from genenv.report import rates
from genenv.search import Space
from genenv.study import Study
from genenv.turns import Game


class Settings(Protocol):
    """What of a run's settings decides how it is searched."""

    @property
    def budget(self) -> int:
        """Queries a search and seed."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of each search."""

    @property
    def rate(self) -> bool:
        """Whether rare events are estimated, too."""

    @property
    def rate_budget(self) -> int:
        """Queries for that."""

    @property
    def seed(self) -> int:
        """Address of that."""


def entered(search: Sequence[Any], starts_from: str | None) -> tuple[Entrant, ...]:
    """Return the searches of a run, `stored` among them where there is a run to start from.

    Raises
    ------
    Mistake
        An unknown search, one that needs a slope or a trained player, or `stored` without a run.
    """
    more = ("stored",) if starts_from is not None and "stored" not in search else ()
    found = entrants((*search, *more))
    for one in found:
        if one.wants_gradient or one.plays:
            raise checks.Mistake(
                "searches that need neither slope nor player", one.name,
                "leave it out where a value or a policy is under test",
            )  # fmt: skip
        if one.needs_failures and starts_from is None:
            raise checks.Mistake(
                "a run to start from with the search 'stored'", "none", "give --starts-from RUN"
            )
    return found


def played(
    study: Study[Any],
    entrants: Sequence[Entrant],
    seeds: Sequence[int],
    space: Space,
    probe: Probe,
    judge: Judge,
    budget: int,
    together: bool = False,
) -> list[Log]:
    """Let every search play with every seed; their logs in order.

    Parameters
    ----------
    study
        Whose folder takes the findings, and whose tracker the curves.
    entrants, seeds
        The searches, each with what it needs beside the space, and the seeds of each.
    space, probe, judge
        Where they search, what is asked, and who gives the verdicts.
    budget
        Queries a search and seed.
    together
        Whether all play at once, each while others wait for answers; False: one after the other.
    """
    ledger = Ledger(study.folder)

    def games(some: Sequence[Entrant], at_once: int) -> list[Log]:
        begun = []
        with ExitStack() as opened:
            for entrant in some:
                advance = opened.enter_context(study.stages.stage(entrant.name))
                tracker = opened.enter_context(study.tracker.below(place(entrant.name)))
                campaign = Campaign(probe, judge, budget, ledger, tracker, advance, study.tell)
                for seed in seeds:
                    make = partial(entrant, space, seeding.fold(seed, entrant.name))
                    game = campaign.game(entrant.name, seed, make)
                    begun.append(_clocked(study, f"{entrant.name} {seed}", game))
            return turns.play(begun, at_once)

    if together:
        return games(entrants, len(entrants) * len(seeds))
    return [log for entrant in entrants for log in games([entrant], 1)]


def _clocked(study: Study[Any], part: str, game: Game[Log]) -> Game[Log]:
    """Count the seconds from a game's begin to its end, in this process and earlier ones."""
    with study.stages.part(part):
        log = yield from game
    return replace(log, seconds=study.stages.parts[part])


class Players:
    """The searches of a run, each to the end of its budget.

    Parameters
    ----------
    study
        Whose folder takes the findings.
    config
        Budget, seeds and rate.
    entrants
        The searches.
    starts
        What `stored` starts from: base vectors and labels; None: nothing.
    probe, judge
        What is asked, and who gives the verdicts: what `Campaign` calls of a Probe and a Judge.
    conditions
        Labels that searches choose among.
    """

    def __init__(
        self,
        study: Study[Any],
        config: Settings,
        entrants: Sequence[Entrant],
        starts: tuple[Tensor, Tensor] | None,
        probe: Any,
        judge: Any,
        conditions: int,
    ) -> None:
        self.study, self.config = study, config
        self.entrants = [
            one if starts is None or not one.needs_failures else one.started(starts)
            for one in entrants
        ]
        self.probe, self.judge = cast(Probe, probe), cast(Judge, judge)
        self.conditions = conditions

    def play(self) -> list[Log]:
        """Let every search play with every seed, in order."""
        space = Space(self.probe.generator.noise, self.conditions)
        asked = self.probe, self.judge, self.config.budget
        return played(self.study, self.entrants, self.config.seeds, space, *asked)

    def rated(
        self, content: Mapping[str, Any], logs: Sequence[Log], counted: str
    ) -> dict[str, Any]:
        """Return the content of report.json with rates: none where no search sampled the law.

        Parameters
        ----------
        content
            That is entered; of a run that cannot be trusted no rate is.
        logs
            Of `play`.
        counted
            How its rows by counting are called.
        """
        if trust.bad(content["trust"]):
            return rates.entered(content, [], None)
        law = [log.tally() for log in logs if log.samples_law]
        seen = Seen(
            sum(row["queries"] for row in law),
            sum(row["flips"] for row in law),
            sum(row["confirmed"] for row in law),
        )
        rows = [
            {"event": event, **rate.from_counts(seen.of(event), seen.queries, counted).to_json()}
            for event in (FAILURE, CONFIRMED)
            if seen.queries
        ]
        if not self.config.rate:
            return rates.entered(content, rows, None)
        with self.study.stages.stage("rate") as advance:
            asked = Asked(self.probe, self.judge, advance)
            known = seen if seen.queries else None
            made = rated(asked, known, counted, self.config.rate_budget, self.config.seed)
        return rates.entered(content, rows, made.to_json())
