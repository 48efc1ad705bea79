"""Ask a retrained model the failures of the one before: how soon is the tenth confirmed one found.

For each seed two models of one kind are trained on the same rows from other weights. Evolution and
Metropolis search the first; what was confirmed is asked of the second by `stored`, beside fresh
searches of it.

genenv stress digits --search random --threads 1 --out RUN
python scripts/retrained.py RUN
"""

from __future__ import annotations

import argparse
import json
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import torch

from genenv import data, failures, recorded, run_rows, seeding
from genenv import judge as judges
from genenv.agents.evolution import Evolution
from genenv.agents.metropolis import Metropolis
from genenv.agents.random import Random
from genenv.agents.stored import Stored
from genenv.campaign import Campaign, Log
from genenv.classifier import fit_classifier
from genenv.ledger import Ledger
from genenv.probe import Probe
from genenv.search import Search, Space
from genenv.starting import in_turn
from genenv.tracking import Tracker

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("run", type=Path, help="what `genenv stress digits` left")
parser.add_argument("--seeds", type=int, nargs="+", default=list(range(5)))
parser.add_argument("--before", type=int, default=10_000, help="queries a search of the first")
parser.add_argument("--after", type=int, default=5000, help="queries a search of the second")
arguments = parser.parse_args()

torch.set_num_threads(1)
digits = data.load("digits")
probe = recorded.load_probe(arguments.run)
judge = judges.load(arguments.run / "judge")
split = json.loads((arguments.run / "config.json").read_text())["split"]
train = run_rows.read(arguments.run, "train", split["train"])
x, label = digits.pick(train)
space = Space(probe.generator.noise, len(digits.classes), probe.generator)


def trained(seed: int) -> object:
    """Train a classifier and put it behind the contract."""
    units = digits.units
    model = fit_classifier(
        units.classifiers[0], x, label, units, len(digits.classes), seed, lambda _: None
    )
    return recorded.wrap_trained(model, digits.classes)


def played(model: object, makers: dict[str, partial[Search]], budget: int, seed: int) -> tuple:
    """Let searches play; returns their logs and the confirmed failures."""
    asked = Probe(probe.generator, model, probe.guide)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder))
        game = Campaign(asked, judge, budget, ledger, Tracker(None), lambda _: None, print)
        logs = [game.run(name, seed, make) for name, make in makers.items()]
        return logs, failures.load(ledger.failures)


def tenth(log: Log) -> int | None:
    """Query of the tenth confirmed failure; None: never."""
    return log.tally()["tenth_confirmed_at"]


table: dict[str, list[float]] = {}
for seed in arguments.seeds:
    first, second = (trained(seeding.fold(seed, name) % 2**31) for name in ("first", "second"))
    searches = {"evolution": Evolution, "metropolis": Metropolis}
    before = {name: partial(kind, space, seed) for name, kind in searches.items()}
    _, known = played(first, before, arguments.before, seed)
    rows = in_turn(known.label * len(digits.classes) + known.prediction)
    stored = torch.from_numpy(known.e[rows]), torch.from_numpy(known.label[rows])
    after = {name: partial(kind, space, seed + 1000) for name, kind in searches.items()}
    after["random"] = partial(Random, space, seed + 1000)
    after["stored"] = partial(Stored, space, seed + 1000, stored)
    logs, _ = played(second, after, arguments.after, seed)
    at = {log.search: tenth(log) for log in logs}
    confirmed = {log.search: len(log.confirmed_at) for log in logs}
    print(f"{seed}  stored {len(rows)}; tenth at {at}; confirmed {confirmed}", flush=True)
    for name, query in at.items():
        table.setdefault(name, []).append(np.inf if query is None else query)
for name, queries in table.items():
    print(f"{name:12} tenth confirmed at, median {np.median(queries):,.0f} of {sorted(queries)}")
