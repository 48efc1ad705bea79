"""Whether a fault that was planted in a table is among the first modes, and told by its rule.

Per seed one column and a stretch of its values that holds a tenth of a class are drawn; in what the
model learns, every row of that class inside is labelled as another. Judge and generator see the
true labels. A mode finds the fault where it has its two classes, and its rule and the region share
half of the real rows of the class that either holds of (Jaccard).

python scripts/planted_rows.py                                  the made table `loans`
python scripts/planted_rows.py census.csv --target loan --drop "Unnamed: 0"
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import tyro
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

import genenv
from genenv import seeding
from genenv.data.loans import TARGET, drawn
from genenv.tables import frames, infer
from genenv.tables.conditions import holds, parse

FIRST = 3  # modes that are looked at
SHARE = 0.1  # of a class, that a region holds
ENOUGH = 0.5  # Jaccard
DISTINCT = 20  # values of a column from which on a stretch of them can hold a tenth


@dataclass(frozen=True)
class Options:
    """What is planted where."""

    table: tyro.conf.Positional[Path | None] = None
    """A .csv or .parquet file; None: loans."""
    target: str = TARGET
    """Its label."""
    drop: tuple[str, ...] = ()
    """Columns to leave out."""
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    """One fault each."""
    rows: int = 6000
    """Most rows of the table, by chance."""
    budget: int = 5000
    """Queries a search."""


def main(options: Options) -> None:
    whole = drawn(options.rows, seed=1) if options.table is None else frames.read(options.table)[0]
    whole = whole.drop(columns=list(options.drop))
    found = [one(whole, options, seed) for seed in options.seeds]
    print(f"{sum(found)} of {len(found)} planted faults are among the first {FIRST} modes")


def one(whole: pd.DataFrame, options: Options, seed: int) -> bool:
    """Plant one fault, stress the model, and say whether it was found."""
    frame = whole.sample(min(options.rows, len(whole)), random_state=seed).reset_index(drop=True)
    half = frame.index < len(frame) // 2
    where, label = region(frame, options.target, seed)
    classes = sorted(frame[options.target].unique())
    other = classes[(classes.index(label) + 1) % len(classes)]
    learned = frame[half].copy()
    learned.loc[where(learned) & (learned[options.target] == label), options.target] = other
    model = boosting(learned.drop(columns=options.target), learned[options.target])
    report = genenv.stress(
        model, frame, target=options.target, budget=options.budget, seed=seed, anyway=True
    )
    own = frame[frame[options.target] == label]
    truth = where(own).to_numpy()
    schema = infer(frame, options.target)
    codes = schema.encode(own)
    lights = {name: report.data["trust"][name]["light"] for name in ("generator", "judge", "model")}
    print(f"seed {seed}: {where.words}, {label} for {other}; {lights}")
    hit = False
    for mode in report.data["modes"][:FIRST]:
        said = mode["apart"]
        share = 0.0
        if said is not None and (mode["condition"], mode["prediction"]) == (label, other):
            inside = holds(parse(said["rule"], schema), schema, codes)
            share = float((inside & truth).sum() / max((inside | truth).sum(), 1))
        hit = hit or share >= ENOUGH
        pair = f"{mode['condition']} > {mode['prediction']}"
        rule = "no rule" if said is None else said["rule"]
        print(f"  {pair}, {mode['confirmed']} confirmed, Jaccard {share:.2f}: {rule}")
    return hit


@dataclass(frozen=True)
class Stretch:
    """Values of one column between two ends."""

    column: str
    low: float
    high: float

    @property
    def words(self) -> str:
        """In the grammar of conditions."""
        return f"{self.column} in {self.low:g}..{self.high:g}"

    def __call__(self, frame: pd.DataFrame) -> Any:
        """Return a mask of the rows inside."""
        return frame[self.column].between(self.low, self.high)


def region(frame: pd.DataFrame, target: str, seed: int) -> tuple[Stretch, Any]:
    """Draw a class and a stretch of a column that holds about a tenth of it."""
    rng = seeding.numpy_generator(seed, "planted")
    label = rng.choice(sorted(frame[target].unique()))
    own = frame[frame[target] == label]
    numbers = [c for c in own.select_dtypes("number") if own[c].nunique() >= DISTINCT]
    while True:  # a value that very many rows have would make the stretch too large
        column = rng.choice(numbers)
        at = rng.uniform(0.1, 0.9 - SHARE)
        low, high = own[column].quantile([at, at + SHARE], interpolation="nearest")
        drawn_stretch = Stretch(str(column), float(low), float(high))
        if SHARE / 2 < drawn_stretch(own).mean() < 2 * SHARE:
            return drawn_stretch, label


def boosting(x: pd.DataFrame, y: pd.Series) -> Any:
    """Fit gradient boosting to a frame."""
    words = make_column_selector(dtype_include=["object", "category", "string"])
    dates = make_column_selector(dtype_include=["datetime"])
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer(
        (codes, words), ("drop", dates), remainder="passthrough", verbose_feature_names_out=False
    )
    made = HistGradientBoostingClassifier(max_iter=200, random_state=0)
    return make_pipeline(columns, made).fit(x, y)


if __name__ == "__main__":
    main(tyro.cli(Options))
