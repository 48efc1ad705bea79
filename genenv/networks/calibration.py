"""What brings a table's generator to the laws of single columns, after its training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri
from torch import Tensor

from genenv import seeding
from genenv.networks.table import TableGenerator, heads_of
from genenv.tables.cells import Floats

ROWS = 20_000  # of its samples
POINTS = 201  # of the map of a score
ROUNDS = 30  # of the biases
RARE = 1e-6  # share of a state that no row has
LEVELS: Floats = (np.arange(POINTS) + 0.5) / POINTS


@dataclass(frozen=True)
class Maps:
    """Makes scores standard normal: quantiles that were generated go to those they should be."""

    knots: Floats
    """(scores, POINTS): the generated quantiles, ascending."""

    def apply(self, scores: Floats) -> Floats:
        """Map (n, scores); beyond the outermost quantiles by shifts."""
        wanted = ndtri(LEVELS)
        columns = [scores[:, :0]]
        for own, knots in zip(scores.T, self.knots, strict=True):
            inside = np.interp(own, knots, wanted)
            beyond = np.minimum(own - knots[0], 0) + np.maximum(own - knots[-1], 0)
            columns.append((inside + beyond)[:, None])
        return np.concatenate(columns, axis=1)

    @classmethod
    def none(cls, scores: int) -> Maps:
        """Return maps that leave scores as they are."""
        return cls(np.tile(ndtri(LEVELS), (scores, 1)))


@torch.no_grad()
def calibrate(
    generator: TableGenerator,
    rows: NDArray[np.float32],
    label: NDArray[np.int64] | None,
    seed: int,
    mixed: Callable[[NDArray[np.float32]], Floats],
) -> Maps:
    """Make states as frequent as in the data by their biases, in place; return maps of scores.

    Parameters
    ----------
    generator
        In eval mode.
    rows, label
        What was learned from, (n, width), and class indices (n,) or None.
    seed
        Address of its samples.
    mixed
        Makes scores that hang together of those that the network makes, see `Coding`.
    """
    z = generator.noise.sample(ROWS, seed)
    rng = seeding.numpy_generator(seed, "calibration")
    asked = None if label is None else torch.from_numpy(rng.choice(label, ROWS))
    runs = [head for head in heads_of(generator.units) if head]
    _, odds = generator.parts(z[:, : z.shape[1] - generator.states], asked)
    wanted = torch.from_numpy(rows.mean(axis=0, dtype=np.float64)[is_state(generator)])
    if runs:
        split = zip(torch.split(odds.double(), runs, 1), torch.split(wanted, runs), strict=True)
        bias = torch.cat([_bias(*each) for each in split]).float()
        generator.out.bias[: generator.states] += bias
    made = mixed(generator(z, asked).numpy())
    return Maps(np.quantile(made[:, ~is_state(generator)], LEVELS, axis=0).T)


def is_state(generator: TableGenerator) -> NDArray[np.bool_]:
    """Tell which numbers of a row are states, (width,); the others are scores."""
    heads = heads_of(generator.units)
    return np.repeat([head > 0 for head in heads], [max(head, 1) for head in heads])


def _bias(odds: Tensor, wanted: Tensor) -> Tensor:
    """Return what to add to log-odds (n, states) so that the mean softmax is `wanted` (states,)."""
    bias = torch.zeros_like(wanted)
    for _ in range(ROUNDS):
        share = torch.softmax(odds + bias, 1).mean(0)
        bias += torch.log((wanted + RARE) / (share + RARE))
    return bias
