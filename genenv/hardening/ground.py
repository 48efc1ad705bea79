"""What a model is worth, on rows, failures and a generator that it has not learned from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from genenv import failures, seeding
from genenv.agents.searches import entrants
from genenv.campaign import Campaign, Log
from genenv.criteria import Criterion
from genenv.downstream import Downstream
from genenv.failures import Confirmed
from genenv.generators import Generator
from genenv.hardening.arms import Labelled
from genenv.judge import Judge
from genenv.ledger import Ledger
from genenv.probe import Probe
from genenv.search import Space
from genenv.tracking import Tracker

SEARCHES = ("random", "evolution")


@dataclass(frozen=True)
class Ground:
    """Where all arms are measured alike."""

    test: Labelled  # untouched real rows
    generator: Generator  # fitted on rows that no model learns from
    judge: Judge
    criterion: Criterion
    budget: int  # queries a search

    def measured(
        self, model: Downstream, rows: Confirmed, modes: Confirmed, folder: Path, seed: int
    ) -> dict[str, Any]:
        """Measure a model.

        Parameters
        ----------
        model
            Trained by one arm.
        rows, modes
            Failures held out by row, and by mode.
        folder
            Takes what the fresh searches find.
        seed
            Of these.

        Returns
        -------
        `accuracy`; `rows_right` and `modes_right`, the shares of held-out failures that it passes
        (None: there are none); `p_failure` and `p_confirmed` by random sampling of the fresh
        generator; `found`, failures that evolution confirms.
        """
        random, evolution = self.searched(model, self.generator, folder, seed)
        tally = random.tally()
        return {
            "accuracy": self._accuracy(model),
            "rows_right": self._passed(model, rows),
            "modes_right": self._passed(model, modes),
            "p_failure": tally["flips"] / tally["queries"],
            "p_confirmed": tally["confirmed"] / tally["queries"],
            "found": evolution.tally()["confirmed"],
        }

    def searched(
        self, model: Downstream, generator: Generator, folder: Path, seed: int
    ) -> list[Log]:
        """Search a model through a generator, by random and evolution; the folder keeps it."""
        probe = Probe(generator, model, self.judge.guide, self.criterion)
        ledger, silent = Ledger(folder), Tracker(None)
        campaign = Campaign(
            probe, self.judge, self.budget, ledger, silent, lambda _: None, lambda _: None
        )
        space = Space(probe.generator.noise, len(self.judge.classes))
        return [
            campaign.run(one.name, seed, partial(one, space, seeding.fold(seed, one.name)))
            for one in entrants(SEARCHES)
        ]

    def _accuracy(self, model: Downstream) -> float:
        x, label = self.test
        return float(np.mean(failures.ask(model, x).guess.numpy() == label))

    def _passed(self, model: Downstream, record: Confirmed) -> float | None:
        if not len(record):
            return None
        return float(np.mean(~failures.replay(model, record, self.criterion).failing))
