"""Steps a second of every environment: its own batch against SyncVectorEnv of its singles.

Rates by `gymnasium.utils.performance.benchmark_vector_step`, on one thread, medians of the repeats,
interleaved. A cell of SyncVectorEnv is left out where one step would take more than `--patience`
seconds by the rate of one row, as of seats that train networks inside a step, or where making the
singles would take more than ten times as long. Prints Markdown and writes JSON.
Example: python scripts/bench_seats.py --repeats 3
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from functools import partial
from pathlib import Path

import gymnasium
import torch
from gymnasium.utils.performance import benchmark_vector_step
from gymnasium.vector import SyncVectorEnv

from genenv import ENVIRONMENTS

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--ids", nargs="+", default=list(ENVIRONMENTS))
parser.add_argument("--rows", type=int, nargs="+", default=[1, 64, 1024])
parser.add_argument("--seconds", type=int, default=1, help="of each measurement, at least")
parser.add_argument("--repeats", type=int, default=3)
parser.add_argument("--patience", type=float, default=6.0, help="seconds of one step")
parser.add_argument("--out", type=Path, default=Path("runs/bench_seats.json"))
args = parser.parse_args()

torch.set_num_threads(1)


def rate(env):
    """Measure steps a second of a vector environment, and close it."""
    try:
        return benchmark_vector_step(env, args.seconds, seed=0)
    finally:
        env.close()


table = []
for name in args.ids:
    alone = rate(SyncVectorEnv([partial(gymnasium.make, name)]))
    began = time.perf_counter()
    gymnasium.make(name).close()
    making = time.perf_counter() - began
    for rows in args.rows:
        quick = rows / alone <= args.patience and rows * making <= 10 * args.patience
        batch = []
        singles = []
        for _ in range(args.repeats):
            batch.append(rate(gymnasium.make_vec(name, rows)))
            if quick:
                singles.append(rate(SyncVectorEnv([partial(gymnasium.make, name)] * rows)))
        row = {"id": name, "rows": rows, "batch": statistics.median(batch)}
        row["singles"] = statistics.median(singles) if singles else None
        table.append(row)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(table, indent=2))
        print(row, flush=True)

print("\n| id | rows | batch, steps/s | SyncVectorEnv, steps/s | ratio |\n|---|---|---|---|---|")
for row in table:
    singles = row["singles"]
    cells = ("", "") if singles is None else (f"{singles:,.0f}", f"{row['batch'] / singles:.1f}")
    print(f"| {row['id']} | {row['rows']:,} | {row['batch']:,.0f} | {' | '.join(cells)} |")
