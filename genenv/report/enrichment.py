"""Which modes are the model's own? Its failures beside those of a reference, on the same draws.

A sibling that was trained on the same data fails where the data or the generator are hard; where
the model fails much more often, something is wrong with it alone. Searched failures are chosen by
their own model, so only draws from the generator's law are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import intervals
from genenv.campaign import Log
from genenv.downstream import Downstream
from genenv.judge import Judge, Verdict
from genenv.ledger import Ledger
from genenv.probe import Probe
from genenv.report.tally import Tally

CHUNK = 1024  # draws that the reference is asked about at once
LEVEL = 0.95  # of all modes together


@dataclass(frozen=True)
class Beside:
    """A reference's confirmed failures on the control's draws."""

    draws: int
    samples: Tensor  # (m, size), in [-1, 1]
    group: NDArray[np.int64]  # (m,), condition x prediction


def beside(
    reference: Downstream, probe: Probe, judge: Judge, ledger: Ledger, logs: list[Log]
) -> Beside:
    """Ask a reference what the control asked the model, and judge it alike.

    Parameters
    ----------
    reference
        Behind the contract of models under test.
    probe
        Of the run.
    judge
        Of the run: the same members judge a draw of both.
    ledger, logs
        The run's; of the logs those that sample the law count.
    """
    asked = Probe(probe.generator, reference, probe.guide, probe.criterion)
    parts = []
    groups = []
    draws = 0
    for log in logs:
        columns = ledger.read(log.search, log.seed) if log.samples_law else None
        for start in range(0, 0 if columns is None else len(columns["e"]), CHUNK):
            assert columns is not None
            rows = slice(start, start + CHUNK)
            e, label = (torch.from_numpy(columns[name][rows].copy()) for name in ("e", "label"))
            with torch.no_grad():
                found = asked(e, label)
            fold = judge.of_query(log.search, log.seed, columns["index"][rows])
            assert found.x is not None
            answer = found.output.argmax(1)
            said = judge.judged(found.x, found.label, found.severity, answer, fold)
            own = np.flatnonzero(said.verdict == Verdict.CONFIRMED)
            parts.append(probe.units.encode(torch.from_numpy(found.x[own])).flatten(1))
            groups.append(found.label[own] * found.output.shape[1] + answer[own])
            draws += len(e)
    if not parts:
        return Beside(0, torch.zeros(0, 1), np.zeros(0, np.int64))
    return Beside(draws, torch.cat(parts), np.concatenate(groups))


def enriched(held: Tally, other: Beside) -> dict[int, dict[str, Any]]:
    """Compare how often a model and its reference fail in each mode.

    A failure of the reference counts for the mode of the nearest failure of its pair. Both counts
    are of the same draws; given their sum, the model's is a binomial count, whose exact lower bound
    gives that of the ratio. The bounds of all modes hold together (Bonferroni).

    Parameters
    ----------
    held
        The run's failures, counted.
    other
        The reference's.

    Returns
    -------
    By mode a dict of `ENRICHMENT_KEYS`, see `report.document`; {} without a draw.
    """
    if not other.draws:
        return {}
    theirs = _modes(held, other)
    counts = {
        mode: (count, int((theirs == mode).sum())) for mode, count in held.by_control().items()
    }
    return of_counts(counts, other.draws)


def of_counts(counts: Mapping[int, tuple[int, int]], draws: int) -> dict[int, dict[str, Any]]:
    """Compare failures of a model and its reference in each mode, on so many equal draws."""
    tested = max(sum(model > 0 for model, _ in counts.values()), 1)
    level = 1 - (1 - LEVEL) / tested
    return {mode: _row(*pair, draws, level) for mode, pair in counts.items()}


def _modes(held: Tally, other: Beside) -> NDArray[np.int64]:
    """Give each failure of the reference the mode of the nearest of its pair, or -1: (m,)."""
    mode = np.full(len(other.group), -1, np.int64)
    for group in np.unique(other.group):
        rows, own = np.flatnonzero(other.group == group), np.flatnonzero(held.group == group)
        if len(own):
            near = torch.cdist(other.samples[rows], held.samples[own]).argmin(1).numpy()
            mode[rows] = held.counted.mode[own[near]]
    return mode


def _row(model: int, reference: int, draws: int, level: float) -> dict[str, Any]:
    share = intervals.at_least(model, model + reference, level) if model else 0.0
    return {
        "model": model,
        "reference": reference,
        "draws": draws,
        "ratio": (model + 0.5) / (reference + 0.5),
        "low": share / (1 - share),
        "alarm": share > 0.5,
    }


def words(found: Mapping[str, Any] | None) -> str:
    """Say how a mode stands beside the reference; "" where there was none."""
    if found is None:
        return ""
    text = f"{found['model']} of {found['draws']:,} draws, the reference {found['reference']}"
    if not found["alarm"]:
        return text
    return f"{text}: {found['ratio']:.1f} times, at least {found['low']:.1f}"
