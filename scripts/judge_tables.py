"""The light of a table's judge beside gradient boosting, and how it tells rows put together.

Per table and seed one line of the lights in docs/benchmarks/tables.md: what the judge leaves out of
untouched real rows, and how many made rows it accepts, with their limits. Then its realism:
500 untouched rows against 500 whose columns are all from other untouched rows, by each measure, and
how many of the latter pass where 5 % of the former are refused.

python scripts/judge_tables.py loans breast_cancer wine
python scripts/judge_tables.py census.csv --target loan --drop "Unnamed: 0" --rows 6000 --seeds 7
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import tyro
from planted_rows import boosting
from sklearn import datasets
from sklearn.metrics import roc_auc_score

from genenv import data, downstream, seeding, trust
from genenv.codecs import Rows
from genenv.data.loans import TARGET, drawn
from genenv.generators import rows as mixtures
from genenv.judge import Judge, judged_controls, of_split, swapped
from genenv.judge.folds import COUNT
from genenv.judge.layout import seen
from genenv.tables import frames

MADE = 3000  # rows of an untrained generator
TOGETHER = 500  # rows put together
REFUSED = 0.05  # of real rows


@dataclass(frozen=True)
class Options:
    """Which tables, and how many of their rows."""

    tables: tyro.conf.Positional[tuple[str, ...]] = ("loans",)
    """loans, breast_cancer, wine, or .csv or .parquet files."""
    target: str = "target"
    """The label of files."""
    drop: tuple[str, ...] = ()
    """Columns of files to leave out."""
    rows: int = 3000
    """Most rows, by chance."""
    seeds: tuple[int, ...] = (0,)
    """One judge each."""


def main(options: Options) -> None:
    torch.set_num_threads(1)
    for name in options.tables:
        for seed in options.seeds:
            one(name, options, seed)


def one(name: str, options: Options, seed: int) -> None:
    """Make one judge and print what it does."""
    frame, target = table(name, options)
    frame = frame.sample(min(options.rows, len(frame)), random_state=seed).reset_index(drop=True)
    dataset = data.from_frame(frame, data.TableOptions(target), name)
    split, began = data.split(dataset, seed), time.process_time()
    judge = beside(of_split.make_judge(dataset, dataset, split, seed), dataset, split, seed)
    spent = time.process_time() - began
    assert isinstance(dataset.units, Rows)
    generator = mixtures.learn(dataset.units, *dataset.pick(split.train), seed)
    with torch.no_grad():
        fresh, _ = generator.untrained(seed).sample(MADE, seed=seed)
    real = seen(dataset.x[split.train], dataset.units)
    made = {"an untrained generator": seen(fresh, dataset.units)}
    quality = dict(judge.quality)
    quality["controls"] = quality["controls"] | judged_controls(judge, made, real)
    print(f"{name}, {len(frame):,} rows, seed {seed}, {spent:.0f} CPU s")
    print("  real rows: " + ", ".join(f"{k} {v['share']:.1%}" for k, v in left_out(quality)))
    for kind, row in quality["controls"].items():
        own = " (it learned of these)" if row["trained_on"] else ""
        print(f"  {kind}: accepted {row['accepted']['share']:.1%}, limit {row['limit']:.1%}{own}")
    light = trust.judge_light(quality, dataset.classes)
    print(f"  light: {light.light}; {light.figure}")
    realism(judge, seen(dataset.x[split.test], dataset.units), seed)


def table(name: str, options: Options) -> tuple[pd.DataFrame, str]:
    """Return a table and its target."""
    if name == "loans":
        return drawn(options.rows, seed=1), TARGET
    if Path(name).suffix in frames.SUFFIXES:
        return frames.read(Path(name))[0].drop(columns=list(options.drop)), options.target
    loaded = getattr(datasets, f"load_{name}")(as_frame=True)
    return loaded.frame.assign(target=loaded.target_names[loaded.frame["target"]]), "target"


def beside(judge: Judge, dataset: Any, split: Any, seed: int) -> Judge:
    """Set its cut beside gradient boosting."""
    x, label = dataset.pick(split.train)
    names = np.array(dataset.classes, object)[label]
    model = boosting(dataset.units.raw_view(x), names)
    asked = downstream.wrap(model, dataset.units, dataset.classes)

    def answer(rows: Any) -> Any:
        return asked.log_probabilities(dataset.units.tensor(rows)).argmax(1).numpy()

    return of_split.judge_beside(judge, dataset, dataset, split, seed, answer)


def left_out(quality: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return what is refused of real rows, and by which gate."""
    return [(name, quality["real_rejected"][name]) for name in ("realism", "unsure", "other")]


def realism(judge: Judge, rows: torch.Tensor, seed: int) -> None:
    """Print how each measure tells untouched rows from such whose columns are put together."""
    columns = torch.tensor(judge.units.groups)
    rng = seeding.torch_generator(seed, "put together")
    apart = swapped.shuffled(rows, columns, TOGETHER, rng)
    own, other = (judge.audit.look(x, np.arange(len(x)) % COUNT).values for x in (rows, apart))
    for name in own:
        at = np.quantile(own[name], 1 - REFUSED)
        truth = np.repeat([0, 1], [len(rows), len(apart)])
        auc = roc_auc_score(truth, torch.cat([own[name], other[name]]))
        passed = float((other[name].numpy() <= at).mean())
        print(f"  columns shuffled, by {name}: AUC {auc:.3f}, {passed:.1%} pass")


if __name__ == "__main__":
    main(tyro.cli(Options))
