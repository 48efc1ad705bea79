"""Whether learners order alike under accepted generated samples and under real hard rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import intervals, seeding
from genenv.judge import Judge
from genenv.reactions.meeting import Answers
from genenv.reactions.noises import STRENGTHS

DECILE = 0.1
LEAST = 5  # samples on either side of a cell: of four, one moves its accuracy by 25 %
FEWEST = 3  # cells that have an order
HARD = (
    "Hard rows are those to whose label the audit's oracles give the least probability: rows that "
    "these oracles find hard. A learner of another kind than theirs may do better on them for that "
    "reason alone."
)

Row = dict[str, Any]


def hard(judge: Judge, x: NDArray[Any], label: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the tenth of real rows whose label the audit's oracles give the least probability."""
    own = judge.probability(x)[np.arange(len(label)), label]
    marked = np.zeros(len(label), np.bool_)
    marked[np.argsort(own, kind="stable")[: max(1, round(DECILE * len(label)))]] = True
    return marked


def cells(answers: Answers, hardest: NDArray[np.bool_]) -> list[Row]:
    """Return a row a learner and class: accuracies and the samples that they rest on.

    `generated`: over accepted generated samples of all noises and strengths, those of strength 0
    once, for there every noise has the same ones; `hard`: over the real rows in `hardest`. None
    where there is no sample.
    """
    drawn = [noise for noise in answers.noises if not noise.startswith("real:")]
    lots = [
        (noise, j) for noise in drawn for j, s in enumerate(STRENGTHS) if s or noise == drawn[0]
    ]
    rows = []
    for i, learner in enumerate(answers.learners):
        hits, labels = [], []
        for noise, j in lots:
            label = answers.label_of(noise)
            kept = answers.accepted[noise][j]
            hits.append((answers.log_p[noise][i, j].argmax(1) == label)[kept])
            labels.append(label[kept])
        hit = np.concatenate(hits) if hits else np.zeros(0, np.bool_)
        label = np.concatenate(labels) if labels else np.zeros(0, np.int64)
        own = answers.label["real"][hardest]
        real_hit = answers.real[i].argmax(1)[hardest] == own
        for c in range(answers.real.shape[2]):
            made, stored = hit[label == c], real_hit[own == c]
            rows.append(
                {
                    "learner": learner,
                    "class": c,
                    "generated": float(made.mean()) if len(made) else None,
                    "generated_samples": len(made),
                    "hard": float(stored.mean()) if len(stored) else None,
                    "hard_rows": len(stored),
                }
            )
    return rows


def rank_correlation(rows: Sequence[Row], seed: int) -> Row:
    """Correlate ranks over cells of learner and class, each the mean over seeds.

    Parameters
    ----------
    rows
        Of `cells`, of all seeds; those with fewer than 5 samples on either side are left out.
    seed
        Of the bootstrap.

    Returns
    -------
    correlation: Spearman's coefficient (estimate), with an interval of 95 % from 2,000 draws of the
    cells (percentiles: low, high), and the number of cells; None with fewer than three cells, or
    where one side never varies. missing: the sentence that says so; None where there is one.
    cells_kept, cells_all: how many cells have samples enough, and how many there are.
    """
    pairs: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for row in rows:
        if min(row["generated_samples"], row["hard_rows"]) >= LEAST:
            key = row["learner"], row["class"]
            pairs.setdefault(key, []).append((row["generated"], row["hard"]))
    both = np.array([np.mean(values, 0) for values in pairs.values()])
    missing = _missing(both)
    return {
        "correlation": None if missing else _spearman(both, seed),
        "missing": missing,
        "cells_kept": len(both),
        "cells_all": len({(row["learner"], row["class"]) for row in rows}),
    }


def _missing(both: NDArray[np.float64]) -> str | None:
    """Say why pairs of accuracies (cells, 2) have no rank correlation; None: they have one."""
    if len(both) < FEWEST:
        return (
            f"Too few cells of learner and class have {LEAST} accepted generated samples and "
            f"{LEAST} hard rows to correlate their order."
        )
    sides = "accepted generated samples", "real hard rows"
    for side, constant in zip(sides, (both == both[0]).all(0), strict=True):
        if constant:
            return f"Accuracy on {side} is the same in every cell, so there is no order to compare."
    return None


def _of_ranks(
    first: NDArray[np.float64], second: NDArray[np.float64], axis: int
) -> NDArray[np.float64]:
    """Return Spearman's coefficient along the last axis, of all draws at once; NaN of constants."""
    from scipy.stats import rankdata

    ranks = [rankdata(values, axis=axis) for values in (first, second)]
    a, b = (each - each.mean(axis, keepdims=True) for each in ranks)
    spread = np.sqrt((a * a).sum(axis) * (b * b).sum(axis))
    with np.errstate(invalid="ignore"):
        return np.asarray((a * b).sum(axis) / spread)


def _spearman(both: NDArray[np.float64], seed: int) -> Row:
    generated, hard = both.T
    rng = seeding.numpy_generator(seed, "order")
    low, high = intervals.bootstrap(_of_ranks, (generated, hard), rng, vectorized=True)
    estimate = float(_of_ranks(generated, hard, axis=-1))
    return {"estimate": estimate, "low": low, "high": high, "cells": len(both)}
