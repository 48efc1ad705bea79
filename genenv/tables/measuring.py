"""How like the data rows are: everything that is measured of a generator of tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from genenv import seeding
from genenv.tables import closeness, likeness
from genenv.tables.cells import Floats
from genenv.tables.schema import Schema
from genenv.tables.usefulness import usefulness

MOST_ROWS = 10_000  # of either side
FOLDS = 3
INDEPENDENT, LEARNED, HELD_OUT = "independent columns", "learned rows", "held-out rows"

Figures = dict[str, dict[str, float]]  # metric -> whose rows -> figure


def measured(
    made: Mapping[str, Floats], schema: Schema, learned: Floats, held_out: Floats, seed: int
) -> Figures:
    """Compare generated rows with rows that were held out, real ones and independent ones beside.

    Parameters
    ----------
    made
        Codes (n, columns) of generated rows, by the name of what made them; as many as held-out
        rows at the least.
    schema
        Of all rows.
    learned, held_out
        Codes (n, columns) that the generators saw, and that they did not.
    seed
        Address of folds, of what is learned, and of the independent columns.

    Returns
    -------
    Each metric by the name of whose rows it is of. Beside the generators stand `learned rows`, real
    against real, and `independent columns`, which a metric that is of use thinks little of.
    `c2st`: see `c2st`. `auc`, `f1`: see `usefulness`, of a table with a target;
    empty where it says nothing. `marginals`,
    `association`: see `likeness`. `copies` and `closest`: see `closeness`; there
    held-out rows stand beside, which nobody copied.
    """
    held = held_out[:MOST_ROWS]
    compared = {**made, INDEPENDENT: shuffled(learned, seed), LEARNED: learned}
    compared = {name: rows[:MOST_ROWS] for name, rows in compared.items()}
    same = {name: rows[: len(held)] for name, rows in compared.items()}
    found: Figures = {"c2st": {n: c2st(held, rows, seed) for n, rows in same.items()}}
    if schema.target is not None:
        worth = {name: usefulness(rows, held, schema, seed) for name, rows in compared.items()}
        found["auc"] = {name: each[0] for name, each in worth.items() if each}
        found["f1"] = {name: each[1] for name, each in worth.items() if each}
    found["marginals"] = {n: likeness.marginals(r, held, schema) for n, r in same.items()}
    found["association"] = {n: likeness.association(r, held, schema) for n, r in same.items()}
    unseen = {name: rows for name, rows in same.items() if name != LEARNED} | {HELD_OUT: held}
    found["copies"] = {name: closeness.copies(rows, learned) for name, rows in unseen.items()}
    found["closest"] = {n: closeness.closest(r, learned, schema, seed) for n, r in unseen.items()}
    return found


def choice(made: Mapping[str, Floats], learned: Floats, held_out: Floats, seed: int) -> Figures:
    """Return of `measured` what generators are chosen by, `c2st` and `copies`, on other rows."""
    held = held_out[:MOST_ROWS]
    same = {name: rows[: len(held)] for name, rows in made.items()}
    return {
        "c2st": {name: c2st(held, rows, seed) for name, rows in same.items()},
        "copies": {n: closeness.copies(r, learned) for n, r in {**same, HELD_OUT: held}.items()},
    }


def table(found: Mapping[str, Any]) -> list[str]:
    """Write figures as lines of a table, a line a maker; what is no figure is left out."""
    figures = {name: each for name, each in found.items() if _of_makers(each)}
    makers = list(dict.fromkeys(maker for each in figures.values() for maker in each))
    wide = max(map(len, makers), default=0)
    head = " ".join(f"{name:>11}" for name in figures)
    lines = [f"{'':{wide}} {head}"]
    for maker in makers:
        cells = [f"{each[maker]:11.4f}" if maker in each else " " * 11 for each in figures.values()]
        lines.append(f"{maker:{wide}} {' '.join(cells)}".rstrip())
    return lines


def _of_makers(each: Any) -> bool:
    return isinstance(each, dict) and all(isinstance(figure, float) for figure in each.values())


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


def shuffled(rows: Floats, seed: int) -> Floats:
    """Return rows whose columns come from different ones: the marginals are kept, all else not."""
    rng = seeding.numpy_generator(seed, "independent columns")
    return np.stack([rng.permutation(column) for column in rows.T], axis=1)
