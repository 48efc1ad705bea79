"""How much faster a campaign is on more workers, and that its report is the same.

A linear model of digits that takes ten milliseconds a row without using a processor, as one that is
asked over a network does; random and evolution, one seed. Seconds are of the wall, of the searches
alone, in one process after the other.

    genenv judge digits --out JUDGE
    python scripts/spread.py --judge JUDGE --workers 1 2 4 --out spread.json
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

import genenv
from genenv import bundled, data
from genenv.cluster import Cluster
from genenv.stressing import StressConfig, Stressing

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--judge", type=Path, required=True)
parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
parser.add_argument("--queries", type=int, default=600, help="a search")
parser.add_argument("--address", default="local", help="of the cluster")
parser.add_argument("--out", type=Path, help="JSON of all")
args = parser.parse_args()

WEIGHT = np.random.default_rng(0).normal(size=(64, 10)).astype(np.float32)
SLOW = 0.01  # seconds a row
PASSING = ("seconds", "timings")


class Slow:
    """Answers with logits, late."""

    def __call__(self, x):
        """(n, 8, 8) -> (n, 10)."""
        time.sleep(SLOW * len(x))
        return x.reshape(len(x), -1) @ WEIGHT / 64


class Clocked(Stressing):
    """Counts seconds of the searches."""

    def prepare(self):
        """Note when all is there to search."""
        probe = super().prepare()
        self.prepared = time.perf_counter()
        return probe

    def _report(self, *found):
        self.searched = time.perf_counter()
        return super()._report(*found)


def without_seconds(value):
    """Drop what the clock says."""
    if isinstance(value, dict):
        return {k: without_seconds(v) for k, v in value.items() if k not in PASSING}
    return [without_seconds(v) for v in value] if isinstance(value, list) else value


def measured(workers):
    """Run on so many workers; None: here. Returns seconds of the searches, and the report."""
    config = StressConfig(
        search=("random", "evolution"), budget=args.queries, anyway=True, output="logits"
    )
    cluster = None if workers is None else Cluster(args.address, workers)
    with tempfile.TemporaryDirectory() as folder:
        run = Clocked(
            config, data.load("digits"), None, Slow(), genenv.load(bundled.FOLDER),
            Path(folder) / "run", judge=args.judge, cluster=cluster,
        )  # fmt: skip
        report = run.run()
    return run.searched - run.prepared, without_seconds(report.data)


rows = []
reports = []
for workers in (None, *args.workers):
    seconds, report = measured(workers)
    reports.append(report)
    same = report == reports[min(1, len(reports) - 1)]  # as that of the first of the workers
    rows.append({"workers": workers, "seconds": seconds, "same": same})
    print(rows[-1], flush=True)
if args.out:
    args.out.write_text(json.dumps(rows, indent=2))
