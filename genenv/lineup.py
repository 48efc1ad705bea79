"""Who plays in a run: its searches, where they start, and the player that is trained for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from genenv import checks
from genenv.agents.policy import Played, Player, check_training, train_player
from genenv.agents.searches import Entrant, entrants
from genenv.campaign import Log
from genenv.codecs import Codec, Rows
from genenv.downstream import Downstream
from genenv.generators import Generator
from genenv.judge import Judge
from genenv.parts import Advance, Part
from genenv.playing import played
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
    together
        Whether searches and seeds take turns, so that a model far away is asked by all; else one
        follows the other.

    Attributes
    ----------
    entrants : tuple of Entrant
        The searches under the names that figures give them.

    Raises
    ------
    Mistake
        An unknown search, too few training queries, or nothing to start from.
    """

    def __init__(
        self, config: StressConfig, generator: Generator | None, together: bool = False
    ) -> None:
        assert config.search is not None
        self.together = together
        self.config = config
        self.entrants: tuple[Entrant, ...] = entrants(config.search)
        if self.trained:
            for kind in self.players:
                check_training(kind.preset, config.train_queries)
        self.starts = self._starts(generator)

    def _starts(self, generator: Generator | None) -> tuple[Tensor, Tensor] | None:
        """Read the failures to start from."""
        run = self.config.starts_from
        if run is not None:
            if generator is None:
                raise checks.Mistake(f"the generator of {run}", "none", f"give --generator {run}")
            return starts_of(Path(run).expanduser(), generator.digest())
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

    def check(self, model: Downstream | None, units: Codec) -> None:
        """Raise a Mistake where a search climbs slopes that there are none of.

        A table and many a model have none, and workers on which a model is spread send none.
        """
        for entrant in self.entrants:
            if entrant.wants_gradient and self.together:
                raise checks.Mistake(
                    "searches without slopes with --ray, whose workers send answers alone",
                    repr(entrant.name), "leave this search out, or --ray",
                )  # fmt: skip
            if entrant.wants_gradient and isinstance(units, Rows):
                raise checks.Mistake(
                    "searches without slopes on a table, whose rows jump from value to value",
                    repr(entrant.name), "leave this search out",
                )  # fmt: skip
            if entrant.wants_gradient and model is not None and not model.differentiable:
                raise checks.Mistake(
                    f"a torch model for the search {entrant.name!r}", model.kind_name,
                    "leave this search out",
                )  # fmt: skip

    def announced(self) -> str:
        """Say how many queries the run takes."""
        config, searches = self.config, len(self.entrants)
        total = searches * len(config.seeds) * config.budget
        agents = " and ".join(kind.agent for kind in self.players)
        each = " each" if len(self.players) > 1 else ""
        training = f", and {config.train_queries:,}{each} to train {agents}"
        return (
            f"{total:,} queries: {searches} searches x {len(config.seeds)} seeds x "
            f"{config.budget:,}" + (training if self.trained else "")
        )

    @property
    def players(self) -> list[type[Played]]:
        """Kinds of searches that need a player, each once."""
        kinds = [entrant.plays for entrant in self.entrants if entrant.needs_player]
        return list(dict.fromkeys(kind for kind in kinds if kind is not None))

    def player_parts(
        self, study: Study[Any], probe: Callable[[], Probe]
    ) -> dict[type[Played], Part[Player]]:
        """Return the players as parts of a study, whose tracker gets the training's curves."""
        return {kind: self._player_part(kind, study, probe) for kind in self.players}

    def _player_part(
        self, kind: type[Played], study: Study[Any], probe: Callable[[], Probe]
    ) -> Part[Player]:
        queries, seed = self.config.train_queries, self.config.seed

        def make(advance: Advance) -> Player:
            log = study.tracker.scalars
            return train_player(probe(), kind.preset, queries, seed, log=log, advance=advance)

        path = f"agents/{kind.agent}"
        words = "the trained player"
        stage = f"{kind.agent} training"
        return Part(path, words, make, Player.save, Player.load, stage, queries)

    def play(
        self,
        study: Study[Any],
        probe: Probe,
        judge: Judge,
        players: Mapping[type[Played], Player],
    ) -> list[Log]:
        """Let every search play with every seed; their logs in order.

        Parameters
        ----------
        study
            Whose folder takes the findings.
        probe, judge
            What is asked, and who gives the verdicts.
        players
            Those that were trained, by the search that needs them.
        """
        space = Space(probe.generator.noise, len(probe.generator.classes), probe.generator)
        ready = [self._ready(entrant, players) for entrant in self.entrants]
        asked = space, probe, judge, self.config.budget, self.together
        return played(study, ready, self.config.seeds, *asked)

    def _ready(self, entrant: Entrant, players: Mapping[type[Played], Player]) -> Entrant:
        """Hand a search what it needs beside the space."""
        if entrant.needs_player and entrant.plays is not None:
            return entrant.given(players[entrant.plays])
        if entrant.needs_failures and self.starts is not None:
            return entrant.started(self.starts)
        return entrant
