"""How many made rows of a table are as good as real ones: no gate can be asked to refuse those.

Columns that hardly depend on each other make true rows of shuffled ones. So a kind of made rows is
held against a detector that was made for this very kind: boosted trees, cross-fitted, at a
threshold that refuses as many real rows as the gates do.
"""

from __future__ import annotations

import torch
from torch import Tensor

from genenv import seeding
from genenv.judge.trees import fit_boosting

FOLDS = 3
LEAST_REFUSED = 0.002  # of real rows, by the detector


def indistinct(real: Tensor, made: Tensor, refused: float, seed: int) -> float:
    """Return the share of made rows (m, width) that a detector made for them takes for real.

    Parameters
    ----------
    real, made
        Rows as oracles see them.
    refused
        Share of the real rows that the detector refuses as well.
    seed
        Address of its folds.
    """
    rows = torch.cat([real, made])
    label = (torch.arange(len(rows)) >= len(real)).long()
    order = seeding.numpy_generator(seed, "indistinct").permutation(len(rows))
    fold = torch.from_numpy(order % FOLDS)
    score = torch.zeros(len(rows))
    for number in range(FOLDS):
        rest, own = fold != number, fold == number
        detector = fit_boosting(rows[rest], label[rest], 2, seed)
        score[own] = detector(rows[own])[:, 1]
    threshold = score[: len(real)].quantile(1 - max(refused, LEAST_REFUSED))
    return float((score[len(real) :] <= threshold).float().mean())
