"""Mixtures of independent columns by expectation-maximisation (Dempster, Laird and Rubin 1977)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import logsumexp

from genenv import seeding

Floats = NDArray[np.float64]
Cells = NDArray[np.int64]

ROUNDS = 40
ENOUGH = 1e-3  # gain of a round in nats a row below which rounds end
PRIOR = 1.0  # rows that the law of the whole table weighs in each component
BLOCK = 16_384  # rows that memory holds responsibilities of


@dataclass(frozen=True)
class Parameters:
    """A mixture over cells, of which each column has its run."""

    weights: Floats
    """(components,), which sum to 1."""
    cells: Floats
    """(components, cells of all columns): probabilities, which sum to 1 over each column."""

    def log_likelihood(self, rows: Cells) -> Floats:
        """Return log p of each row, in nats: (n,)."""
        whole = [logsumexp(part, axis=1) for part in _joint(self, _one_hot(rows, self.width))]
        return np.concatenate(whole)

    @property
    def width(self) -> int:
        """Cells of all columns."""
        return int(self.cells.shape[1])


def em(rows: Cells, width: int, components: int, seed: int) -> Parameters:
    """Fit a mixture of so many components, from rows drawn at random."""
    hot = _one_hot(rows, width)
    whole = np.asarray(hot.sum(axis=0), float).ravel() / len(rows)
    rng = seeding.numpy_generator(seed, "components", components)
    first = hot[rng.choice(len(rows), components, replace=components > len(rows))].toarray()
    now = Parameters(np.full(components, 1 / components), (first + whole) / 2)
    before = -np.inf
    for _ in range(ROUNDS):
        now, mark = _round(now, hot, whole)
        if mark - before < ENOUGH:
            break
        before = mark
    return now


def _round(now: Parameters, hot: sparse.csr_array, whole: Floats) -> tuple[Parameters, float]:
    """Return the next parameters, and the mean log-likelihood of those before."""
    count = np.zeros(len(now.weights))
    mark = 0.0
    at = 0
    cells = np.zeros_like(now.cells)
    for joint in _joint(now, hot):
        total = logsumexp(joint, axis=1, keepdims=True)
        share = np.exp(joint - total)
        cells += (hot[at : at + len(joint)].T @ share).T
        count = count + share.sum(axis=0)
        mark = mark + float(total.sum())
        at = at + len(joint)
    smooth = (cells + PRIOR * whole) / (count + PRIOR)[:, None]
    return Parameters(count / count.sum(), smooth), mark / at


def _joint(now: Parameters, hot: sparse.csr_array) -> Iterator[Floats]:
    """Yield log p(row, component) of blocks of rows: (rows, components)."""
    with np.errstate(divide="ignore"):  # what is nowhere has no probability
        log_cells = np.maximum(np.log(now.cells), -700).T
        log_weights = np.maximum(np.log(now.weights), -700)
    for at in range(0, hot.shape[0], BLOCK):
        yield hot[at : at + BLOCK] @ log_cells + log_weights


def _one_hot(rows: Cells, width: int) -> sparse.csr_array:
    n, columns = rows.shape
    ends = np.arange(0, n * columns + 1, columns)
    return sparse.csr_array((np.ones(rows.size), rows.ravel(), ends), shape=(n, width))
