"""Who plays in a run: its searches, where they start, and the player that is trained for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from genenv import checks, seeding
from genenv.agents.policy import Player, check_training, train_player
from genenv.agents.presets import LATENT_PROBE
from genenv.agents.searches import Entrant, entrants
from genenv.campaign import Campaign, Log
from genenv.downstream import Downstream
from genenv.generators import Generator
from genenv.judge import Judge
from genenv.ledger import Ledger
from genenv.parts import Advance, Part
from genenv.probe import Probe
from genenv.search import Space
from genenv.settings import StressConfig
from genenv.starting import starts_of
from genenv.study import Study

USUAL = "random", "evolution"  # searches; and policy where no model is given


def filled_in(config: StressConfig, model_given: bool) -> StressConfig:
    """Name the searches that a run has by the rule."""
    searches = config.search or (USUAL if model_given else (*USUAL, "policy"))
    if config.starts_from is not None and "stored" not in searches:
        searches = (*searches, "stored")
    return replace(config, search=searches)


class Lineup:
    """The searches of a run, in order.

    Parameters
    ----------
    config
        With its searches filled in.
    generator
        That was given, whose failures in another run may be starts; None: none.

    Attributes
    ----------
    entrants : tuple of Entrant
        The searches under the names that figures give them.

    Raises
    ------
    Mistake
        An unknown search, too few training queries, or nothing to start from.
    """

    def __init__(self, config: StressConfig, generator: Generator | None) -> None:
        assert config.search is not None
        self.config = config
        self.entrants: tuple[Entrant, ...] = entrants(config.search)
        if self.trained:
            check_training(LATENT_PROBE, config.train_queries)
        self.starts = self._starts(generator)

    def _starts(self, generator: Generator | None) -> tuple[Tensor, Tensor] | None:
        """Read the failures to start from."""
        run = self.config.starts_from
        if run is not None:
            if generator is None:
                raise checks.Mistake(f"the generator of {run}", "none", f"give --generator {run}")
            return starts_of(Path(run), generator)
        if any(entrant.needs_failures for entrant in self.entrants):
            raise checks.Mistake(
                "a run to start from with the search 'stored'", "none", "give --starts-from RUN"
            )
        return None

    @property
    def names(self) -> list[str]:
        """Of the searches."""
        return [entrant.name for entrant in self.entrants]

    @property
    def trained(self) -> list[str]:
        """Names of the searches that play by a trained player."""
        return [entrant.name for entrant in self.entrants if entrant.needs_player]

    def check(self, model: Downstream) -> None:
        """Raise a Mistake where a search climbs slopes that a model does not have."""
        for entrant in self.entrants:
            if entrant.wants_gradient and not model.differentiable:
                raise checks.Mistake(
                    f"a torch model for the search {entrant.name!r}", model.kind_name,
                    "leave this search out",
                )  # fmt: skip

    def announced(self) -> str:
        """Say how many queries the run takes."""
        config, searches = self.config, len(self.entrants)
        total = searches * len(config.seeds) * config.budget
        training = f", and {config.train_queries:,} to train policy"
        return (
            f"{total:,} queries: {searches} searches x {len(config.seeds)} seeds x "
            f"{config.budget:,}" + (training if self.trained else "")
        )

    def player_part(self, study: Study[Any], probe: Callable[[], Probe]) -> Part[Player]:
        """Return the player as a part of a study, whose tracker gets the training's curves."""
        queries, seed = self.config.train_queries, self.config.seed

        def make(advance: Advance) -> Player:
            log = study.tracker.scalars
            return train_player(probe(), LATENT_PROBE, queries, seed, log=log, advance=advance)

        words = "the trained player"
        stage = "policy training"
        return Part("agents/policy", words, make, Player.save, Player.load, stage, queries)

    def play(
        self, study: Study[Any], probe: Probe, judge: Judge, player: Player | None
    ) -> list[Log]:
        """Let every search play with every seed, in order.

        Parameters
        ----------
        study
            Whose folder takes the findings.
        probe, judge
            What is asked, and who gives the verdicts.
        player
            That was trained; None: no search needs one.
        """
        classes = len(probe.generator.classes)
        space = Space(probe.generator.noise, classes, probe.generator)
        ledger, logs = Ledger(study.folder), []
        for entrant in self.entrants:
            ready = self._ready(entrant, player)
            with study.stages.stage(entrant.name) as advance:
                campaign = Campaign(
                    probe, judge, self.config.budget, ledger, study.tracker, advance, study.tell
                )
                for seed in self.config.seeds:
                    make = partial(ready, space, seeding.fold(seed, entrant.name))
                    part = f"{entrant.name} {seed}"
                    with study.stages.part(part):
                        log = campaign.run(entrant.name, seed, make)
                    logs.append(replace(log, seconds=study.stages.parts[part]))
        return logs

    def _ready(self, entrant: Entrant, player: Player | None) -> Entrant:
        """Hand a search what it needs beside the space."""
        if entrant.needs_player:
            assert player is not None
            return entrant.given(player)
        if entrant.needs_failures and self.starts is not None:
            return entrant.started(self.starts)
        return entrant
