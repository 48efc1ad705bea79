"""Compare players: five retrained targets, equal counted budgets, an audit for each.

For every seed the split, generator, judge and model are made afresh; with `--of RUN` only the model
is: split, generator and judge are those of a run of `genenv stress` of the same data, and the judge
takes its cut beside each model. Each player gets the same budget; the training of `policy` and of
`sac` is a row of its own, audited like any other, beside random with as many queries. Prints a row
a player and target, then ratios of sums to random with a bootstrap interval over the targets, and
writes all rows to OUT/players.json.
Examples: python scripts/players.py --seeds 5 6 7 8 9 --budget 10000
          python scripts/players.py --data FASHION_FOLDER --of RUN --budget 10000
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path

import numpy as np

import genenv
from genenv import data, failures, intervals, seeding
from genenv.agents import SEARCHES
from genenv.agents.policy import Played, train_player
from genenv.campaign import TOLD, Campaign, Log
from genenv.classifier import InUnits, fit_classifier
from genenv.ledger import Ledger
from genenv.probe import Findings
from genenv.report.tally import tally
from genenv.search import Space
from genenv.settings import StressConfig
from genenv.stressing import Stressing
from genenv.tracking import Tracker

PLAYERS = [name for name in SEARCHES if name != "stored"]

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--data", default="digits")
parser.add_argument("--of", type=Path, help="run whose generator and judge are taken")
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
parser.add_argument("--budget", type=int, default=20_000, help="queries a player and target")
parser.add_argument("--search-seed", type=int, default=None, help="of players; the target's own")
parser.add_argument("--train-queries", type=int, default=100_000, help="of policy and of sac")
parser.add_argument("--players", nargs="+", default=PLAYERS, choices=PLAYERS)
parser.add_argument("--out", type=Path, default=Path("runs/players"))
arguments = parser.parse_args()

TRAINING = " training"  # after the name of a player that is trained
LONG = "random, as many"
COUNTS = ("flips", "realistic", "confirmed", "distinct", "modes")
dataset = data.load(arguments.data)
rows = []


def target(seed, folder):
    """Return the study of one target."""
    if arguments.of is None:
        return Stressing(StressConfig(seed=seed), dataset, dataset.held_out, None, None, folder)
    own = json.loads((arguments.of / "config.json").read_text())["stress"]["seed"]
    config = StressConfig(seed=own, input="raw", output="logits")
    generator = genenv.load(arguments.of)
    known = dataset.pick(data.split(dataset, own, dataset.held_out).train)
    kind, outputs = generator.units.classifiers[0], len(dataset.classes)
    address = seeding.fold(seed, "model")
    model = fit_classifier(kind, *known, generator.units, outputs, address)
    return Stressing(config, dataset, dataset.held_out, InUnits(model), generator, folder)


for seed in arguments.seeds:
    folder = arguments.out / f"seed-{seed}"
    folder.mkdir(parents=True)
    run = target(seed, folder)
    probe = run.prepare()
    judge = run.get(run.judge)
    metrics = run.get(run.metrics)
    space = Space(probe.generator.noise, len(dataset.classes), probe.generator)
    own = seed if arguments.search_seed is None else arguments.search_seed
    makers = {name: partial(SEARCHES[name], space, own) for name in arguments.players}
    ledger = Ledger(folder)
    logs = []
    trained = {n: k for n in arguments.players if issubclass(k := SEARCHES[n], Played)}
    for name, kind in trained.items():
        parts: list[Findings] = []
        player = train_player(
            probe, kind.preset, arguments.train_queries, seed, on_findings=parts.append
        )
        title = name + TRAINING
        words = ledger.write(Findings.concatenate(parts), judge, title, seed, 0, probe)
        logs.append(Log(title, seed, *(words[name] for name in TOLD), 0.0))
        makers[name] = partial(kind, space, own, player)
    if trained:
        makers[LONG] = partial(SEARCHES["random"], space, seeding.fold(seed, LONG))
    for name, make in makers.items():
        budget = arguments.train_queries if name == LONG else arguments.budget
        campaign = Campaign(probe, judge, budget, ledger, Tracker(None), lambda _: None, print)
        logs.append(campaign.run(name, seed, make))

    record = failures.load(ledger.failures)
    assert record is not None
    again = failures.replay(probe.model, record)
    train = run.split.train
    held = tally(
        logs, record, judge, dataset.x[train], dataset.label[train],
        dataset.classes,
    )  # fmt: skip
    for row in held.searches({}):
        own = record.search == row["name"]
        row["changed_on_replay"] = int((~again.failing[own]).sum())
        rows.append(row | metrics)
        counts = "  ".join(f"{key} {row[key]:>6,}" for key in COUNTS)
        print(f"{seed}  {row['name']:16} {counts}  10th {row['tenth_confirmed_at']}", flush=True)

(arguments.out / "players.json").write_text(json.dumps(rows, indent=2))


def ratio(name: str, control: str, key: str) -> str:
    """Return the ratio of sums over targets, with a 95 % bootstrap interval over several."""
    own, other = (
        np.array([row[key] for row in rows if row["name"] == player]) for player in (name, control)
    )

    def of_sums(own, other):
        return own.sum() / max(other.sum(), 1)

    if len(own) == 1:
        return f"{of_sums(own, other):6.1f}"
    low, high = intervals.bootstrap(of_sums, (own, other), np.random.default_rng(0))
    return f"{of_sums(own, other):6.1f} [{low:.1f}, {high:.1f}]"


print(
    f"\n{'player':16} {'confirmed':>22} {'distinct':>22} {'modes':>22}   median query of the 10th"
)
for name in dict.fromkeys(row["name"] for row in rows):
    control = LONG if name == LONG or name.endswith(TRAINING) else "random"
    tenth = [row["tenth_confirmed_at"] or np.inf for row in rows if row["name"] == name]
    cells = [f"{ratio(name, control, key):>22}" for key in ("confirmed", "distinct", "modes")]
    print(f"{name:16} {' '.join(cells)}   {np.median(tenth):,.0f}")
print(f"verdicts changed on replay: {sum(row['changed_on_replay'] for row in rows)}")
