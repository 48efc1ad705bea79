"""What rows of a table are good for: to learn its target from."""

from __future__ import annotations

from typing import Any

import numpy as np

from genenv.tables.cells import Floats
from genenv.tables.schema import Schema


def usefulness(
    rows: Floats, test: Floats, schema: Schema, seed: int, model: Any = None
) -> tuple[float, float] | None:
    """Return AUC and F1 of the target's last class on real rows, of a model that learned others.

    Parameters
    ----------
    rows, test
        Codes (n, columns) to learn from, and real ones to be tested on.
    schema
        Of both, with a target.
    seed
        Of the model.
    model
        A classifier of scikit-learn's that takes rows of codes without the target's, NaN among
        them; None: gradient boosting.

    Returns
    -------
    None where the test rows are of one kind; .5 and 0 where those to learn from are.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import f1_score, roc_auc_score

    at = schema.names.index(schema.label.name)
    last = float(len(schema.label.values) - 1)
    truth = test[:, at] == last
    asked = rows[:, at] == last
    if truth.all() or not truth.any():
        return None
    if asked.all() or not asked.any():
        return 0.5, 0.0
    fitted = model or HistGradientBoostingClassifier(random_state=seed)
    fitted.fit(np.delete(rows, at, axis=1), asked)
    share = fitted.predict_proba(np.delete(test, at, axis=1))[:, 1]
    return float(roc_auc_score(truth, share)), float(f1_score(truth, share > 0.5))
