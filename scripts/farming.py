"""Ask whether a search farms the audit, whose members learned rows that its guide learned too.

Drawn shapes, whose class is known for every e (`genenv.generators.Shapes`). The model under test
learns few of them. Two judges are made of two halves of other rows. Players climb the guide of the
first (which shares rows with the audit that judges them) or that of the second (which shares none);
the audit of the first judges both. If sharing rows let a player farm the audit, more of what it
confirms would be false with the first guide than with the second. Two planted lies say what the
measure can see: with `--hole` the first judge learns that bright squares are disks, so that guide
and audit share a mistake that the second guide does not have; `--seen` adds a guide whose
probabilities are the audit's own. Each row of the table is all seeds together; `false` is the share
of confirmed failures that do not show their condition, with a 95 % Wilson interval; the last
columns are the audit's folds, of which the first learned exactly the rows that the guide learned.

    python scripts/farming.py --seeds 0 1 --flipped 0 0.02
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from torch import nn

from genenv import downstream, intervals, judge, seeding
from genenv.agents import SEARCHES
from genenv.campaign import Campaign
from genenv.generators import Shapes
from genenv.judge.folds import COUNT
from genenv.ledger import Ledger
from genenv.probe import Probe
from genenv.search import Space
from genenv.tracking import Tracker

CONFIRMED = int(judge.Verdict.CONFIRMED)
DISK, SQUARE = 0, 1  # classes of shapes; a disk that is turned far shows a square

parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
parser.add_argument("--flipped", type=float, nargs="+", default=[0.0, 0.02])
parser.add_argument("--rows", type=int, default=1500, help="that each judge learns")
parser.add_argument("--budget", type=int, default=6000, help="queries a player")
parser.add_argument("--players", nargs="+", default=["random", "gradient"])
parser.add_argument("--hole", type=float, default=0.0, help="of squares, the brightest")
parser.add_argument("--seen", nargs="*", default=[], help="players that are shown the audit, too")

shapes = Shapes()


@dataclass(frozen=True, eq=False)
class Seen(judge.Guide):
    """A planted lie: the guide says what the audit says, in the mean of its folds."""

    audit: judge.Audit

    def asked(self, rows):
        """See `Guide.asked`; without a slope."""
        _, distance = super().asked(rows)
        folds = [self.audit.look(rows, np.full(len(rows), fold)) for fold in range(COUNT)]
        p = torch.stack([looked.p for looked in folds]).mean(0)
        return torch.cat([p, 1 - p.sum(1, keepdim=True)], 1), distance


def shown(made):
    """Return the guide of a judge with the audit's probabilities and cut in place of its own."""
    guide = {field.name: getattr(made.guide, field.name) for field in fields(judge.Guide)}
    return Seen(**guide | {"cut": made.audit.cut}, audit=made.audit)


def flipped(label, share, seed):
    """Give a share of the rows a wrong label."""
    rng = seeding.numpy_generator(seed, "flipped")
    wrong = rng.random(len(label)) < share
    return np.where(wrong, (label + rng.integers(1, 3, len(label))) % 3, label)


def holed(x, label, share):
    """Call the brightest squares disks."""
    bright = x.mean((1, 2))
    squares = label == SQUARE
    return np.where(squares & (bright > np.quantile(bright[squares], 1 - share)), DISK, label)


def learned(x, label, seed):
    """Train a small network on too little."""
    with seeding.global_seed(seed):
        model = nn.Sequential(
            nn.Conv2d(1, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU(),
            nn.Flatten(), nn.Linear(256, 3),
        )  # fmt: skip
        optimizer = torch.optim.Adam(model.parameters(), 3e-3)
        rows = torch.from_numpy(x)[:, None].float() / 255
        target = torch.from_numpy(label)
        for _ in range(150):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(rows), target).backward()
            optimizer.step()
    return model.eval().requires_grad_(False)


def campaign(probe, audit, player, seed, budget):
    """Run one player: verdicts, truth, and the folds that judged, of each query."""
    space = Space(shapes.noise, len(shapes.classes))
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder))
        run = Campaign(probe, audit, budget, ledger, Tracker(None), lambda _: None, print)
        run.run(player, seed, lambda: SEARCHES[player](space, seed))
        found = ledger.read(player, seed)
    e = torch.from_numpy(found["e"])
    label = torch.from_numpy(found["label"])
    return {
        "verdict": found["verdict"],
        "true": (shapes.truth(e, label) == label).numpy(),
        "fold": audit.of_query(player, seed, found["index"]),
    }


def share(false):
    """Write the share of false ones, with its interval."""
    low, high = intervals.wilson(int(false.sum()), len(false))
    return f"{false.mean() if len(false) else 0:.3f} [{low:.3f}, {high:.3f}]"


def main():
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print("flipped  guide   player     flips  true  confirmed  false [95 %]          by fold")
    for part in arguments.flipped:
        found = {}
        for seed in arguments.seeds:
            model = downstream.wrap(
                learned(*shapes.rows(120, seed, 100_000), seed),
                shapes.units,
                shapes.classes,
                "unit",
            )
            judges = []
            for number in range(2):
                x, label = shapes.rows(arguments.rows, seed, number * arguments.rows)
                label = flipped(label, part, seed)
                if arguments.hole and number == 0:
                    label = holed(x, label, arguments.hole)
                answers = classes_of(model, x)
                made = judge.make(
                    shapes.units, shapes.classes, (x, label), seed + number, answers=answers
                )
                judges.append(made)
                print(f"  judge {number}, seed {seed}: {made.promise}, {made.belief}", flush=True)
            first, second = judges
            guides = {"shared": first.guide, "apart": second.guide, "seen": shown(first)}
            for name, guide in guides.items():
                probe = Probe(shapes, model, guide)
                for player in arguments.seen if name == "seen" else arguments.players:
                    asked = campaign(probe, judges[0], player, seed, arguments.budget)
                    found.setdefault((name, player), []).append(asked)
        for (name, player), runs in found.items():
            columns = {k: np.concatenate([run[k] for run in runs]) for k in runs[0]}
            flips = columns["verdict"] > 0
            confirmed = columns["verdict"] == CONFIRMED
            false = ~columns["true"][confirmed]
            folds = [share(false[columns["fold"][confirmed] == f])[:5] for f in range(COUNT)]
            print(
                f"{part:7}  {name:6}  {player:8}  {flips.sum():6}"
                f"  {columns['true'][flips].mean():.2f}"
                f"  {confirmed.sum():9}  {share(false)}  {' '.join(folds)}",
                flush=True,
            )


def classes_of(model, x):
    """Ask the model about stored rows."""
    with torch.no_grad():
        return model.answers(model.units.tensor(x)).guess.numpy()


if __name__ == "__main__":
    main()
