"""How like the data rows are: a two-sample test by gradient boosting, and exact copies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.tables import em
from genenv.tables.cells import Floats
from genenv.tables.mixture import Mixture

MOST_ROWS = 10_000  # of either side
FOLDS = 3


def measured(mixture: Mixture, learned: Floats, held_out: Floats, seed: int) -> dict[str, Any]:
    """Compare generated rows with rows that were held out, real ones and independent ones beside.

    Parameters
    ----------
    mixture
        What made the rows.
    learned, held_out
        Codes (n, columns) that it saw, and that it did not.
    seed
        Address of the generated rows and of the test's folds.

    Returns
    -------
    `c2st`: 2 (1 - AUC) clipped to [0, 1], 1: cannot be told from held-out rows; `copies`: share of
    rows that equal one that was learned from. Each by the name of what is compared.
    """
    count = min(len(held_out), MOST_ROWS)
    alone = em.em(mixture.rows(learned), mixture.parameters.width, 1, seed)
    independent = replace(mixture, parameters=alone)
    compared = {
        "mixture": _codes(mixture, count, seed),
        "independent columns": _codes(independent, count, seed),
        "learned rows": learned[:count],
    }
    scores = {name: c2st(held_out[:count], codes, seed) for name, codes in compared.items()}
    share = {
        "mixture": copies(compared["mixture"], learned),
        "held-out rows": copies(held_out[:count], learned),
    }
    return {
        "components": len(mixture.parameters.weights),
        "learned_rows": len(learned),
        "held_out_rows": count,
        "c2st": scores,
        "copies": share,
    }


def c2st(real: Floats, made: Floats, seed: int) -> float:
    """Return 2 (1 - AUC), clipped to [0, 1], of gradient boosting on both kinds of rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    rows = np.concatenate([real, made])
    which = np.repeat([0, 1], [len(real), len(made)])
    boosted = HistGradientBoostingClassifier(random_state=seed)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    guess = cross_val_predict(boosted, rows, which, cv=folds, method="predict_proba")[:, 1]
    return float(np.clip(2 * (1 - roc_auc_score(which, guess)), 0, 1))


def copies(rows: Floats, learned: Floats) -> float:
    """Return the share of rows that equal one of the learned rows in every column."""
    known = set(_keys(learned))
    return float(np.mean([key in known for key in _keys(rows)]))


def _keys(rows: Floats) -> list[bytes]:
    plain: NDArray[np.float64] = np.where(np.isnan(rows), np.inf, rows) + 0.0  # -0.0 is 0.0
    return [row.tobytes() for row in plain]


def _codes(mixture: Mixture, count: int, seed: int) -> Floats:
    return mixture.schema.encode(mixture.sample(count, seed))
