"""How good generators of tables are: likeness, use for training, copies, and conditions.

Adult is data/census.csv of the package `xai`, diamonds data/diamonds.csv of `plotnine`
(`pip download --no-deps`). Example:
python scripts/bench_tables.py census.csv --target loan --drop "Unnamed: 0" \
    --where "age in 60..70 and hours-per-week <= 25"
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import AdaBoostClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from genenv import seeding
from genenv.tables import frames, infer, mixture
from genenv.tables.conditions import holds, parse
from genenv.tables.measuring import LEARNED, measured, table
from genenv.tables.usefulness import usefulness

PROTOCOL = {  # SDGym's four, whose F1 is averaged
    "tree": lambda seed: DecisionTreeClassifier(
        max_depth=15, class_weight="balanced", random_state=seed
    ),
    "ada": lambda seed: AdaBoostClassifier(random_state=seed),
    "logistic": lambda _: LogisticRegression(class_weight="balanced", max_iter=300),
    "mlp": lambda seed: MLPClassifier((50,), max_iter=50, random_state=seed),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--target", required=True)
    parser.add_argument("--drop", nargs="*", default=())
    parser.add_argument("--where")
    parser.add_argument("--seeds", type=int, nargs="+", default=(0, 1, 2))
    parser.add_argument("--protocol", action="store_true", help="F1 of SDGym's four, too: minutes")
    given = parser.parse_args()
    frame, _ = frames.read(given.table)
    schema = infer(frame, given.target, drop=given.drop)
    for seed in given.seeds:
        measure(frame, schema, seed, given)


def measure(frame, schema, seed, given):
    order = seeding.numpy_generator(seed, "bench").permutation(len(frame))
    held, kept = order[: len(frame) // 5], order[len(frame) // 5 :]
    real = schema.encode(frame.iloc[kept])
    test = schema.encode(frame.iloc[held])
    began = time.process_time()
    made = mixture.fit(real, schema, seed)
    seconds = time.process_time() - began
    rows = {"mixture": schema.encode(made.sample(len(kept), seed))}
    print(f"seed {seed}: mixture {seconds:.1f} CPU s, {len(made.parameters.weights)} components")
    print(*table(measured(rows, schema, real, test, seed)), sep="\n", flush=True)
    if given.protocol:
        for name, each in {**rows, LEARNED: real}.items():
            print(
                f"{name}: F1 of the protocol {protocol(each, test, schema, seed):.3f}", flush=True
            )
    if given.where:
        conditioned(made, schema, test, given.where, seed)


def conditioned(made, schema, test, where, seed):
    condition = parse(where, schema)
    drawn = schema.encode(made.sample(10_000, seed, where))
    hit = holds(condition, schema, drawn).mean()
    there = holds(condition, schema, test).mean()
    print(f"seed {seed}: hits {hit:.4f}, mass {made.mass(where):.4f}, held out {there:.4f}")


def protocol(rows, test, schema, seed):
    """Mean F1 of the last class of a tree, AdaBoost, logistic regression and a network."""
    return np.mean(
        [
            usefulness(rows, test, schema, seed, make_pipeline(seen(schema), make(seed)))[1]
            for make in PROTOCOL.values()
        ]
    )


def seen(schema):
    """Codes as the protocol's models take them: one-hot or standardised, nothing missing."""
    columns = [column for column in schema.columns if column.name != schema.target]
    named = [i for i, column in enumerate(columns) if column.discrete]
    numbers = [i for i, column in enumerate(columns) if not column.discrete]
    hot = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=-1),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    return make_column_transformer(
        (hot, named), (make_pipeline(SimpleImputer(), StandardScaler()), numbers)
    )


if __name__ == "__main__":
    main()
