"""A sibling of a regressor, asked what the control asked, and judged alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import seeding
from genenv.campaign import Log
from genenv.importing import import_model
from genenv.judge import Verdict
from genenv.ledger import Ledger
from genenv.regression import learners
from genenv.regression.judging import ValueJudge
from genenv.regression.model import ValueModel
from genenv.regression.probe import ValueProbe
from genenv.regression.target import Valued

CHUNK = 1024  # draws that it is asked about at once


DEFAULT = "default"  # a sibling of genenv's own


def sibling(given: Any, learned: Valued, seed: int, model: ValueModel) -> ValueModel:
    """Return what a model's failures are compared with.

    Parameters
    ----------
    given
        As `stress` takes a model; "default": boosted trees are trained.
    learned
        Rows for that.
    seed
        Of the run.
    model
        Under test: it is asked alike.
    """
    alike = model.units, model.centre, model.scale
    if isinstance(given, str) and given == DEFAULT:
        key = seeding.fold(seed, "reference")
        made = learners.named(learners.USUAL)(learned.dataset.x, learned.y, model.units, key)
        return ValueModel(made, *alike)
    found = import_model(given) if isinstance(given, str) else given
    return ValueModel(found, *alike, model.view, model.timeout)


@dataclass(frozen=True)
class Beside:
    """Its confirmed failures on the control's draws."""

    draws: int
    x: NDArray[Any]  # (m, *units.shape)
    side: NDArray[np.float32]  # (m,), 1 too high, -1 too low


def beside(probe: ValueProbe, judge: ValueJudge, ledger: Ledger, logs: Sequence[Log]) -> Beside:
    """Ask a sibling what the control asked the model.

    Parameters
    ----------
    probe
        Of the sibling, through the run's generator.
    judge, ledger, logs
        The run's; of the logs those that sample the law count.
    """
    found, sides, draws = [], [], 0
    for log in logs:
        rows = ledger.read(log.search, log.seed, ("e", "label")) if log.samples_law else None
        for start in range(0, 0 if rows is None else len(rows["e"]), CHUNK):
            assert rows is not None
            own = slice(start, start + CHUNK)
            e, label = (torch.from_numpy(rows[name][own].copy()) for name in ("e", "label"))
            asked = probe(e, label)
            assert asked.x is not None
            fold = np.zeros(len(e), np.int64)
            answer = judge.answer(asked.output)
            severity = np.where(asked.error, np.nan, asked.severity)
            said = judge.judged(asked.x, asked.label, severity, answer, fold)
            said = said if asked.broken is None else said.without(asked.broken)
            failed = said.verdict == Verdict.CONFIRMED
            found.append(asked.x[failed])
            sides.append(np.sign(asked.output[failed, 0] - asked.output[failed, 1]))
            draws += len(e)
    if not found:
        return Beside(0, np.zeros((0, *judge.units.shape)), np.zeros(0, np.float32))
    return Beside(draws, np.concatenate(found), np.concatenate(sides))
