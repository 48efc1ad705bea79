"""Regressors: is a planted region found, is a right model left alone, do intervals hold.

On a drawn law, whose truth is exact, on scikit-learn's diabetes, and on diamonds (data/diamonds.csv
of the package `plotnine`, `pip download --no-deps`; some of its rows). For each seed three models:
a clean one (the law itself; of real data boosted trees that learned the generator's rows), the same
with answers that are off by some standard deviations of the target in a region of two columns, and
the target's mean. Example:

python scripts/regressors.py --diamonds diamonds.csv --seeds 20 21 22 23 24
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import torch
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from genenv import factors, intervals, regression
from genenv.data import TableOptions
from genenv.regression.modes import inside
from genenv.settings import RegressConfig

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--diamonds", type=Path, default=None, help="its csv file")
parser.add_argument("--rows", type=int, default=6_000, help="of the diamonds, drawn by the seed")
parser.add_argument("--seeds", type=int, nargs="+", default=[20, 21, 22, 23, 24])
parser.add_argument("--sizes", type=float, nargs="+", default=[2.0, 4.0], help="deviations off")
parser.add_argument("--shares", type=float, nargs="+", default=[0.1], help="of rows, in the region")
parser.add_argument("--budget", type=int, default=4_000, help="queries a search")
parser.add_argument("--sets", nargs="+", default=["law", "diabetes", "diamonds"])
parser.add_argument("--models", nargs="+", default=["clean", "mean", "off"], help="of these kinds")
parser.add_argument("--reference", default=None, help="default: beside boosted trees")
parser.add_argument("--out", type=Path, default=Path("regressors.json"), help="goes on with it")
arguments = parser.parse_args()
torch.set_num_threads(1)


def law(x):
    """Return what the drawn rows are worth, without noise."""
    x = np.asarray(x, float)
    return 3 * x[:, 0] + 2 * x[:, 1] ** 2 + np.where(x[:, 2] > 0, x[:, 3], -x[:, 3])


def of_law(seed):
    """Draw 3,000 rows: (x, y), the law, the numbers of a row."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3_000, 8))
    return (x, law(x) + 0.3 * rng.normal(size=len(x))), law, np.asarray


def of_diabetes(seed):
    """Shuffle the 442 rows."""
    found = load_diabetes()
    order = np.random.default_rng(seed).permutation(len(found.target))
    x, y = found.data[order], found.target[order]
    return (x, y), HistGradientBoostingRegressor(max_iter=60).fit(x, y).predict, np.asarray


def of_diamonds(seed):
    """Draw rows of the file."""
    import pandas

    frame = pandas.read_csv(arguments.diamonds)
    own = frame.sample(arguments.rows, random_state=seed).reset_index(drop=True)
    texts = ["cut", "color", "clarity"]
    columns = make_column_transformer((OrdinalEncoder(), texts), remainder="passthrough")
    model = make_pipeline(columns, HistGradientBoostingRegressor())
    x = own.drop(columns="price")
    numbers = [column for column in x.columns if column not in texts]
    model.fit(x, own["price"])
    return (own, None), model.predict, lambda f: f[numbers].to_numpy()


def region(numbers, seed, share):
    """Choose two columns that vary and say where both are large."""
    rng = np.random.default_rng(seed)
    able = [j for j in range(numbers.shape[1]) if len(np.unique(numbers[:, j])) > 20]
    pair = rng.choice(able, 2, replace=False)
    cut = np.quantile(numbers[:, pair], 1 - share**0.5, axis=0)
    return lambda values: (values[:, pair] > cut).all(1)


def run(model, data, seed, kept):
    """Stress a model; law and judge of the same rows are made once."""
    if data[1] is None:
        valued = regression.of_frame(data[0], TableOptions("price"))
    else:
        valued = regression.of_arrays(*data)
    config = RegressConfig(budget=arguments.budget, seed=seed, reference=arguments.reference)
    with tempfile.TemporaryDirectory() as folder:
        study = regression.RegressStress(config, valued, None, model, None, Path(folder))
        if kept:
            study.judge = replace(study.judge, make=lambda _: kept["judge"])
            study.law = replace(study.law, make=lambda _: kept["law"])
        report = study.run()
        kept |= {"judge": report.judge, "law": study.get(study.law)}
        return report


def row_of(report, name, seed, kind, of, real, planted):
    """Say what was found."""
    content, judge = report.data, report.data["judge"]
    rates = {r["event"]: r for r in content["failure_probabilities"]}
    modes = content["modes"]
    row = {
        "data": name, "seed": seed, "model": kind,
        "lights": [content["trust"][k]["light"] for k in ("generator", "judge", "model")],
        "covered": {k: judge["covered"][k] for k in ("guide", "audit")},
        "refused": judge["real_refused"], "generated_refused": judge["generated_refused"],
        "controls": judge["controls"], "r2": judge["r2"],
        "half_width": judge["half_width"]["audit"] / judge["deviation"],
        "random": content["searches"][0], "evolution": content["searches"][1],
        "p": rates.get("confirmed"), "modes": len(modes),
        "against": sum(bool(m["near"]) and m["near"]["rows"] and m["near"]["model_inside"]
                       < m["near"]["audit_inside"] for m in modes),
        "borne": [m["id"] for m in modes if m["near"] and m["near"]["borne_out"]],
        "alarms": [m["id"] for m in modes if m["enrichment"] and m["enrichment"]["alarm"]],
    }  # fmt: skip
    if planted is not None:
        held = planted(of(real))
        shown = factors.factors(report.judge.units.tensor(stored(report, real)), report.judge.units)
        scores = [
            0.0 if m["steps"] is None else overlap(inside(shown.numpy(), m["steps"]), held)
            for m in modes
        ]
        best = int(np.argmax(scores)) if scores else None
        row |= {
            "share": float(held.mean()), "jaccard": max(scores, default=0.0),
            "rank": None if not scores or scores[best] < 0.2 else best + 1,
        }  # fmt: skip
    return row


def stored(report, real):
    """Return real rows as the run stores them."""
    units = report.judge.units
    return units.rows(real) if hasattr(units, "rows") else real


def overlap(one, other):
    """Jaccard's index of two masks."""
    return float((one & other).sum() / max((one | other).sum(), 1))


table = json.loads(arguments.out.read_text()) if arguments.out.is_file() else []
done = {(row["data"], row["seed"], row["model"]) for row in table}
began = time.process_time()
SETS = {"law": of_law, "diabetes": of_diabetes, "diamonds": of_diamonds}
for name in arguments.sets:
    make = SETS[name]
    for seed in arguments.seeds:
        data, clean, of = make(seed)
        real = data[0] if data[1] is not None else data[0].drop(columns="price")
        y = data[1] if data[1] is not None else data[0]["price"].to_numpy()
        kinds = {"clean": (clean, None), "mean": (lambda x, y=y: np.full(len(x), y.mean()), None)}
        for size, share in product(arguments.sizes, arguments.shares):
            off, wrong = size * y.std(), region(of(real), seed, share)
            kinds[f"off by {size:g} in {share:.0%}"] = (
                lambda x, f=clean, o=off, w=wrong, n=of: f(x) + o * w(n(x)), wrong
            )  # fmt: skip
        kept = {}
        for kind, (model, planted) in kinds.items():
            if kind.split()[0] not in arguments.models or (name, seed, kind) in done:
                continue
            row = row_of(run(model, data, seed, kept), name, seed, kind, of, real, planted)
            table.append(row)
            told = {
                k: row[k] for k in ("lights", "half_width", "modes", "against", "alarms", "borne")
            }
            place = {k: row[k] for k in ("rank", "jaccard", "share") if k in row}
            counts = [row[s]["confirmed"] for s in ("random", "evolution")]
            print(name, seed, kind, told, place, counts, flush=True)
            arguments.out.write_text(json.dumps(table, indent=2))
print(f"\n{time.process_time() - began:.0f} CPU seconds")


def pooled(rows, key, part=None):
    """Add up shares of several seeds."""
    found = [row[key] if part is None else row[key][part] for row in rows]
    count = sum(round(f["share"] * f["rows"]) for f in found)
    total = sum(f["rows"] for f in found)
    low, high = intervals.wilson(count, total)
    return f"{count / total:.1%} [{low:.1%}, {high:.1%}]"


MET = [name for name in SETS if any(row["data"] == name for row in table)]
print("\n| data | audit's R² | half-width / deviation | guide holds | audit holds | real refused |")
print("|---|---|---|---|---|---|")
for name in MET:
    own = [row for row in table if row["data"] == name and row["model"] == "clean"]
    r2, half = (np.mean([f(row) for row in own]) for f in (
        lambda row: row["r2"]["audit"], lambda row: row["half_width"]))  # fmt: skip
    cells = *(pooled(own, "covered", part) for part in ("guide", "audit")), pooled(own, "refused")
    print(f"| {name} | {r2:.2f} | {half:.2f} | " + " | ".join(cells) + " |")
print("\n| data | control | accepted | limit |\n|---|---|---|---|")
for name in MET:
    own = [row for row in table if row["data"] == name and row["model"] == "clean"]
    for kind in own[0]["controls"]:
        found = [row["controls"][kind] for row in own]
        accepted = pooled([{"a": row["accepted"]} for row in found], "a")
        print(f"| {name} | {kind} | {accepted} | {np.mean([r['limit'] for r in found]):.1%} |")
print("\n| data | model | random confirms | evolution confirms | bad lights | first | Jaccard |")
print("|---|---|---|---|---|---|---|")
for name in MET:
    for kind in dict.fromkeys(row["model"] for row in table if row["data"] == name):
        own = [row for row in table if (row["data"], row["model"]) == (name, kind)]
        cells = []
        for search in ("random", "evolution"):
            counts = [row[search]["confirmed"] for row in own]
            total = sum(row[search]["queries"] for row in own)
            cells.append(f"{sum(counts) / total:.2%} ({min(counts)} to {max(counts)})")
        bad = sum("bad" in row["lights"] for row in own)
        place = "", ""
        if "jaccard" in own[0]:
            first = sum(row["rank"] == 1 for row in own)
            jaccard = sorted(row["jaccard"] for row in own)
            spread = f"({jaccard[0]:.2f} to {jaccard[-1]:.2f})"
            place = f"{first} of {len(own)}", f"{np.median(jaccard):.2f} {spread}"
        print(f"| {name} | {kind} | {' | '.join((*cells, str(bad), *place))} |")
