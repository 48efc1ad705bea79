"""What a query costs, from ten thousand to a million, on a trivial model: CPU seconds and memory.

One generator and one judge for all; random and evolution with one seed each, a process a size. The
model is a fixed linear map of the numbers of a sample, so that it fails on much. Seconds are of the
process (the stages of the searches, and the report: replay, counting, page); memory is its largest
resident size.

    genenv judge digits --out JUDGE
    python scripts/scale.py --judge JUDGE --out scale.json
    python scripts/scale.py --judge JUDGE --queries 10000 1000000 10000000
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import genenv
from genenv import bundled, data
from genenv.stressing import StressConfig, Stressing

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--judge", type=Path, required=True)
parser.add_argument("--data", default="digits")
parser.add_argument("--generator", type=Path, default=bundled.FOLDER, help="of these data")
parser.add_argument("--queries", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
parser.add_argument("--out", type=Path, help="JSON of all sizes")
parser.add_argument("--one", action="store_true", help="measure the first size in this process")
args = parser.parse_args()

DATA = data.load(args.data)
SIZE = DATA.x[0].size, len(DATA.classes)
WEIGHT = np.random.default_rng(0).normal(size=SIZE).astype(np.float32)


class Clocked(Stressing):
    """Counts CPU seconds of searches and report."""

    def prepare(self):
        """Note when all is there to search."""
        probe = super().prepare()
        self.prepared = time.process_time()
        return probe

    def _report(self, *found):
        self.searched = time.process_time()
        report = super()._report(*found)
        self.reported = time.process_time()
        return report


def linear(x):
    """Answer with logits."""
    return x.reshape(len(x), -1) @ WEIGHT / SIZE[0]


def measured(queries):
    """Run both searches, half of the queries each."""
    config = StressConfig(
        search=("random", "evolution"), budget=queries // 2, anyway=True, output="logits"
    )
    generator = genenv.load(args.generator)
    with tempfile.TemporaryDirectory() as folder:
        run = Clocked(
            config, DATA, None, linear, generator, Path(folder) / "run",
            judge=args.judge,
        )  # fmt: skip
        report = run.run()
        size = sum(p.stat().st_size for p in (Path(folder) / "run" / "findings").glob("*.npz"))
    rows = report.data["searches"]
    return {
        "queries": queries,
        "flips": sum(row["flips"] for row in rows),
        "confirmed": sum(row["confirmed"] for row in rows),
        "distinct": sum(mode["distinct"] for mode in report.data["modes"]),
        "modes": len(report.data["modes"]),
        "search_us": 1e6 * (run.searched - run.prepared) / queries,
        "report_us": 1e6 * (run.reported - run.searched) / queries,
        "bytes": size / queries,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if args.one:
    print(json.dumps(measured(args.queries[0])))
else:
    rows = []
    for count in args.queries:
        given = "--data", args.data, "--generator", args.generator, "--judge", args.judge
        again = [__file__, *given, "--queries", count, "--one"]
        done = subprocess.run([sys.executable, *map(str, again)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        print(rows[-1], flush=True)
    if args.out:
        args.out.write_text(json.dumps(rows, indent=2))
