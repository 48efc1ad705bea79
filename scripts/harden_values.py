"""Harden regressors: what learning their failures gains; each run has rows, law and judge anew.

For each run a learner of the named make learns rows of the drawn law of `scripts/regressors.py`,
`stress` searches it, and `harden` retrains it six times, with the failures and beside both
controls. A run, the mean of its six, is the unit of what is printed. Example:

python scripts/harden_values.py --factory sklearn.tree:DecisionTreeRegressor
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from genenv import finished, hardening, regression
from genenv.data import split
from genenv.hardening import words
from genenv.hardening.words import MEASURES
from genenv.regression import learners
from genenv.settings import HardenConfig, RegressConfig

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--factory", default="sklearn.neighbors:KNeighborsRegressor", help="a learner")
parser.add_argument("--seeds", type=int, nargs="+", default=list(range(60, 66)), help="of runs")
parser.add_argument("--rows", type=int, default=3_000, help="of the law")
parser.add_argument("--amount", type=int, default=100, help="failures learned, at most")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--budget", type=int, default=2_000, help="queries a search")
parser.add_argument("--out", type=Path, default=Path("harden_values.json"))
arguments = parser.parse_args()
torch.set_num_threads(1)


def law(x):
    """Return what rows are worth, without noise."""
    return 3 * x[:, 0] + 2 * x[:, 1] ** 2 + np.where(x[:, 2] > 0, x[:, 3], -x[:, 3])


def hardened(seed, folder):
    """Search one model and harden it: harden.json."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(arguments.rows, 8))
    valued = regression.of_arrays(x, law(x) + 0.3 * rng.normal(size=len(x)))
    train = split(valued.dataset, seed, None).train
    fit = learners.named(arguments.factory)
    model = fit(valued.dataset.x[train], valued.y[train], valued.dataset.units, seed)
    config = RegressConfig(budget=arguments.budget, seed=seed)
    regression.RegressStress(config, valued, None, model, None, folder / "run").run()
    subject = hardening.Values(finished.opened(folder / "run"), arguments.factory, valued, None)
    config = HardenConfig(
        factory=arguments.factory, amounts=(arguments.amount,), rounds=arguments.rounds,
        budget=arguments.budget // 2, seeds=tuple(range(6)),
    )  # fmt: skip
    content = hardening.Hardening(config, subject, folder / "hardened").run()
    print(f"{seed}: {content['failures']} failures, {content['modes']} modes, "
          f"undecided {content['undecided']}", flush=True)  # fmt: skip
    return content


def mean_rows(content, seed):
    """Average the six trainings of every arm and round: rows of which the run is the unit."""
    found = {}
    for row in content["rows"]:
        found.setdefault((row["arm"], row["round"]), []).append(row)
    return [
        rows[0] | {"seed": seed} | {name: mean(rows, name) for name in (*MEASURES, "found")}
        for rows in found.values()
    ]


def mean(rows, name):
    """Average what was measured; None: nothing was."""
    values = [row[name] for row in rows if row[name] is not None]
    return float(np.mean(values)) if values else None


began = time.process_time()
rows = []
for seed in arguments.seeds:
    with tempfile.TemporaryDirectory() as place:
        rows += mean_rows(hardened(seed, Path(place)), seed)
whole = {
    "kind": "regressor", "undecided": [], "rows": rows, "compared": words.compared(rows),
}  # fmt: skip
arguments.out.write_text(json.dumps(whole, indent=2))
print(words.summary(whole))
for row in whole["compared"]:
    print(row)
print(f"{time.process_time() - began:.0f} CPU seconds")
