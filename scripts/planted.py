"""Plant a fault of known dose: does the report find it, and does a clean model raise no alarm.

A share of one class, its rows with the most ink, is labelled as another class in what the model
learns. Generator and judge are those of a run that knows nothing of it; for each seed a model with
the fault, one without, and a reference are trained on the same rows, and `random` draws from the
generator's law. Told are the rank of the planted pair among modes, by mass and by enrichment over
the reference, and whether a clean model raises an alarm.

genenv stress digits --search random --threads 1 --out RUN
python scripts/planted.py RUN --doses 0.02 0.05 0.1 0.3 --seeds 0 1 2 3 4 5 6 7 8 9
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import torch

from genenv import data, factors, recorded, run_rows, seeding
from genenv import judge as judges
from genenv.agents.random import Random
from genenv.campaign import Campaign
from genenv.classifier import fit_classifier
from genenv.failures import load
from genenv.ledger import Ledger
from genenv.probe import Probe
from genenv.report.enrichment import beside, enriched
from genenv.report.tally import tally
from genenv.search import Space
from genenv.tracking import Tracker

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("run", type=Path, help="what `genenv stress digits` left")
parser.add_argument("--doses", type=float, nargs="+", default=[0.02, 0.05, 0.1, 0.3])
parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10)))
parser.add_argument("--budget", type=int, default=20_000, help="draws a model")
parser.add_argument("--pair", type=int, nargs=2, default=[0, 8], help="class, taken for")
parser.add_argument("--out", type=Path, default=Path("planted.json"))
arguments = parser.parse_args()

CLASS, TAKEN = arguments.pair
digits = data.load("digits")
units = digits.units
classes = digits.classes
probe = recorded.load_probe(arguments.run)
judge = judges.load(arguments.run / "judge")
split = json.loads((arguments.run / "config.json").read_text())["split"]
train = run_rows.read(arguments.run, "train", split["train"])
x, label = digits.pick(train)


def planted(label: np.ndarray, x: np.ndarray, dose: float) -> np.ndarray:
    """Relabel the rows of a class with the most ink."""
    changed = label.copy()
    own = np.flatnonzero(label == CLASS)
    ink = factors.factors(units.tensor(x[own]), units)[:, 0].numpy()
    heavy = own[np.argsort(-ink)[: round(dose * len(own))]]
    changed[heavy] = TAKEN
    return changed


def trained(x: np.ndarray, label: np.ndarray, seed: int) -> object:
    """Train a classifier and put it behind the contract."""
    model = fit_classifier(
        units.classifiers[0], x, label, units, len(classes), seed, lambda _: None
    )
    return recorded.wrap_trained(model, classes)


def modes(model: object, reference: object, seed: int) -> list[dict[str, object]]:
    """Find the modes of random's failures, with mass and enrichment."""
    asked = Probe(probe.generator, model, judge.guide)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder))
        space = Space(asked.generator.noise, len(classes))
        game = Campaign(
            asked, judge, arguments.budget, ledger, Tracker(None), lambda _: None, print
        )
        logs = [game.run("random", seed, lambda: Random(space, seed))]
        record = load(ledger.failures)
        if record is None:
            return []
        held = tally(logs, record, judge, x, label, classes)
        found = enriched(held, beside(reference, asked, judge, ledger, logs))
    rows = []
    for mode in np.unique(held.counted.mode).tolist():
        first = int(np.argmax(held.counted.mode == mode))
        pair = int(record.label[first]), int(record.prediction[first])
        rows.append({"pair": pair, "mass": int((held.counted.mode == mode).sum()), **found[mode]})
    return rows


def rank(rows: list[dict[str, object]], key: str) -> int | None:
    """Place of the planted pair, from 1; None: it is not there."""
    order = sorted(rows, key=lambda row: -row[key])
    places = [i for i, row in enumerate(order, 1) if row["pair"] == (CLASS, TAKEN)]
    return places[0] if places else None


torch.set_num_threads(1)
table = []
for seed in arguments.seeds:
    reference = trained(x, label, seeding.fold(seed, "reference") % 2**31)
    for dose in [0.0, *arguments.doses]:
        model = trained(x, planted(label, x, dose), seeding.fold(seed, "model") % 2**31)
        rows = modes(model, reference, seed)
        row = {
            "seed": seed, "dose": dose, "modes": len(rows),
            "by_mass": rank(rows, "mass"), "by_enrichment": rank(rows, "low"),
            "alarms": sum(bool(mode["alarm"]) for mode in rows),
        }  # fmt: skip
        table.append(row)
        print(row, flush=True)
arguments.out.write_text(json.dumps(table, indent=2))

print(
    "\n| dose | first by mass | first by enrichment | either first | either in three | an alarm |"
)
print("|---|---|---|---|---|---|")
for dose in [0.0, *arguments.doses]:
    own = [row for row in table if row["dose"] == dose]
    best = [min(row["by_mass"] or 99, row["by_enrichment"] or 99) for row in own]
    cells = (
        sum(row["by_mass"] == 1 for row in own), sum(row["by_enrichment"] == 1 for row in own),
        sum(place == 1 for place in best), sum(place <= 3 for place in best),
        sum(row["alarms"] > 0 for row in own),
    )  # fmt: skip
    print(f"| {dose:.0%} | " + " | ".join(f"{cell} of {len(own)}" for cell in cells) + " |")
