"""How good the mixture of a table is: likeness, use for training, copies, and conditions.

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
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import f1_score, roc_auc_score

from genenv import seeding
from genenv.tables import frames, infer, mixture
from genenv.tables.conditions import holds, parse
from genenv.tables.measuring import c2st, copies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--target", required=True)
    parser.add_argument("--drop", nargs="*", default=())
    parser.add_argument("--where")
    parser.add_argument("--seeds", type=int, nargs="+", default=(0, 1, 2))
    given = parser.parse_args()
    frame, _ = frames.read(given.table)
    schema = infer(frame, given.target, drop=given.drop)
    print(
        "| seed | components | CPU s | C2ST (real) | AUC (real) | F1 (real) | copies (held out) |"
    )
    print("|---|---|---|---|---|---|---|")
    for seed in given.seeds:
        measure(frame, schema, seed, given.where)


def measure(frame, schema, seed, where):
    order = seeding.numpy_generator(seed, "bench").permutation(len(frame))
    held = order[: len(frame) // 5]
    kept = order[len(frame) // 5 :]
    real = schema.encode(frame.iloc[kept])
    test = schema.encode(frame.iloc[held])
    began = time.process_time()
    made = mixture.fit(schema.encode(frame.iloc[kept]), schema, seed)
    seconds = time.process_time() - began
    rows = schema.encode(made.sample(len(kept), seed))
    n = len(test)
    trained = [efficacy(each, test, schema, seed) for each in (rows, real)]
    print(
        f"| {seed} | {len(made.parameters.weights)} | {seconds:.1f} "
        f"| {c2st(test, rows[:n], seed):.3f} ({c2st(test, real[:n], seed):.3f}) "
        f"| {trained[0][0]:.3f} ({trained[1][0]:.3f}) | {trained[0][1]:.3f} ({trained[1][1]:.3f}) "
        f"| {copies(rows[:n], real):.3f} ({copies(test, real):.3f}) |",
        flush=True,
    )
    if where:
        condition = parse(where, schema)
        drawn = schema.encode(made.sample(10_000, seed, where))
        hit = holds(condition, schema, drawn).mean()
        there = holds(condition, schema, test).mean()
        print(f"seed {seed}: hits {hit:.4f}, mass {made.mass(where):.4f}, held out {there:.4f}")


def efficacy(rows, test, schema, seed):
    """AUC and F1 of the last class: gradient boosting trained on rows, tested on real ones."""
    at = schema.names.index(schema.target)
    x = np.delete(rows, at, axis=1)
    y = rows[:, at] == rows[:, at].max()
    model = HistGradientBoostingClassifier(random_state=seed).fit(x, y)
    truth = test[:, at] == rows[:, at].max()
    share = model.predict_proba(np.delete(test, at, axis=1))[:, 1]
    return roc_auc_score(truth, share), f1_score(truth, share > 0.5)


if __name__ == "__main__":
    main()
