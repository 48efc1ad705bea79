"""What a model is worth, on rows, failures and a generator that it has not learned from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from genenv import seeding
from genenv.agents.searches import entrants
from genenv.campaign import Campaign, Log
from genenv.failures import Confirmed
from genenv.generators import Generator
from genenv.hardening.subject import Subject
from genenv.ledger import Ledger
from genenv.tracking import Tracker

SEARCHES = ("random", "evolution")


@dataclass(frozen=True)
class Ground:
    """Where all arms are measured alike."""

    subject: Subject
    generator: Generator  # fitted on rows that no model learns from
    budget: int  # queries a search

    def measured(
        self, model: Any, rows: Confirmed, modes: Confirmed, folder: Path, seed: int
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
        `accuracy`, of a regressor R²; `rows_right` and `modes_right`, the shares of held-out
        failures that it passes (None: there are none); `p_failure` and `p_confirmed` by random
        sampling of the fresh generator; `found`, failures that evolution confirms.
        """
        random, evolution = self.searched(model, self.generator, folder, seed)
        tally = random.tally()
        return {
            "accuracy": self.subject.accuracy(model),
            "rows_right": self._passed(model, rows),
            "modes_right": self._passed(model, modes),
            "p_failure": tally["flips"] / tally["queries"],
            "p_confirmed": tally["confirmed"] / tally["queries"],
            "found": evolution.tally()["confirmed"],
        }

    def searched(self, model: Any, generator: Generator, folder: Path, seed: int) -> list[Log]:
        """Search a model through a generator, by random and evolution; the folder keeps it."""
        probe, judge = self.subject.probe(generator, model), self.subject.judge
        ledger, silent = Ledger(folder), Tracker(None)
        campaign = Campaign(
            probe, judge, self.budget, ledger, silent, lambda _: None, lambda _: None
        )
        space = self.subject.space(generator)
        return [
            campaign.run(one.name, seed, partial(one, space, seeding.fold(seed, one.name)))
            for one in entrants(SEARCHES)
        ]

    def _passed(self, model: Any, record: Confirmed) -> float | None:
        if not len(record):
            return None
        return float(np.mean(self.subject.passes(model, record)))
