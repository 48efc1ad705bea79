"""Learners of values: what `harden` trains, and the sibling that a run trains for itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, seeding
from genenv.codecs import Codec, Rows
from genenv.downstream import views
from genenv.judge.layout import seen
from genenv.learners import maker
from genenv.regression import makes
from genenv.regression.makes import Oracle
from genenv.wording import said

USUAL = "boosting"
Learner = Callable[[NDArray[Any], NDArray[np.float64], Codec, int], Any]
"""(x (n, *units.shape), y (n,), units, seed) -> a model as `model.ValueModel` takes it."""


@dataclass(frozen=True, eq=False)
class Learned:
    """A regressor of one of the makes, of samples as they are handed to a function."""

    oracle: Oracle
    units: Codec
    centre: float
    scale: float

    def __call__(self, given: Any) -> NDArray[np.float64]:
        """Answer samples (n, *shape), of a table a DataFrame, in the target's unit: (n,)."""
        x = self.units.rows(given) if isinstance(self.units, Rows) else given
        standard = self.oracle(seen(x, self.units).flatten(1))[:, 0].double().numpy()
        return np.asarray(standard * self.scale + self.centre)


def named(name: str) -> Learner:
    """Return a learner: boosting, forest, network, or one from a factory `module:factory`.

    Raises
    ------
    Mistake
        An unknown name, or a factory that fails, see `learners.named`.
    """
    if ":" in name:
        return partial(_estimator, maker(name, "predict", "regressor"))
    checks.choice("factory", name, (*makes.FITS, "module:factory"))
    return partial(_oracle, name)


def _oracle(make: str, x: NDArray[Any], y: NDArray[np.float64], units: Codec, seed: int) -> Learned:
    centre, scale = float(y.mean()), float(y.std()) or 1.0
    standard = torch.from_numpy((y - centre) / scale).float()
    rows = seen(x, units).flatten(1)
    return Learned(makes.FITS[make](rows, standard, seed), units, centre, scale)


def _estimator(
    make: Callable[[int], Any], x: NDArray[Any], y: NDArray[np.float64], units: Codec, seed: int
) -> Any:
    """Fit what a factory makes on rows as `ValueModel` hands them to an estimator."""
    made = make(seeding.fold(seed, "learner") % 2**31)
    handed = views.array(units.tensor(x), units, units.usual_view or "flat", "auto")
    try:
        return made.fit(handed, y)
    except Exception as error:
        raise checks.Mistake(
            f"{type(made).__name__} to fit {len(x)} rows", said(error), "mend the learner"
        ) from error
