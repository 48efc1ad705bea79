"""What a generator of a table's rows is worth: two-sample test, efficacy, exact copies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import seeding
from genenv.generators import Generator
from genenv.metrics.efficacy import Rows, estimator, gan_train
from genenv.tables.closeness import copies
from genenv.tables.measuring import c2st

MOST_ROWS = 10_000  # of either side


def row_metrics(generator: Generator, real: Rows, unseen: Rows, test: Rows) -> dict[str, float]:
    """Compare rows of a conditional generator, classes as frequent as in the data, with real ones.

    Parameters
    ----------
    generator
        Conditional.
    real
        What it was trained on: stored rows (n, *units.shape), class indices (n,).
    unseen, test
        Rows that it did not see; test: some or all of them, for efficacy.

    Returns
    -------
    `c2st`, 2 (1 - AUC) of gradient boosting against unseen rows, clipped to [0, 1], 1: cannot be
    told; `gan_train_boosting`, the accuracy on test rows of boosting trained on generated rows;
    `copies`, the share of rows that equal a learned one. `c2st_real`, `real_train_boosting` and
    `copies_real` have real rows in their place, `c2st_shuffled` real rows with shuffled columns.
    """
    count = min(len(unseen[1]), MOST_ROWS)
    chosen = seeding.numpy_generator(0, "rows").permutation(len(real[1]))[:MOST_ROWS]
    asked = real[1][chosen]
    made, _ = generator.sample(len(asked), seed=0, label=asked)
    held = _joined(unseen[0], unseen[1])[:count]
    learned, rows = _joined(*real), _joined(made, asked)
    rng = seeding.numpy_generator(0, "shuffled")
    alone = np.stack([rng.permutation(column) for column in learned[chosen].T], axis=1)
    efficacy = gan_train(_boosting(), (made, asked), (real[0][chosen], asked), test)
    return {
        "c2st": c2st(held, rows[:count], 0),
        "c2st_real": c2st(held, learned[chosen][:count], 0),
        "c2st_shuffled": c2st(held, alone[:count], 0),
        "gan_train_boosting": efficacy.generated,
        "real_train_boosting": efficacy.real,
        "copies": copies(rows, learned),
        "copies_real": copies(held, learned),
    }


def _boosting() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return estimator(lambda: HistGradientBoostingClassifier(random_state=0))


def _joined(x: NDArray[Any], label: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.column_stack([x, label]).astype(np.float64)
