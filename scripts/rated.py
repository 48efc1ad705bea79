"""Rate a run that saw few failures, many times, and hold the intervals against many draws.

The truth is counted over `--draws` from the generator's law, judged like any query. Then, for each
seed, a control of `--control` draws that saw fewer than ten is taken for granted, and
`rating.rated` has to find P(confirmed) by climbing: ten runs of subset simulation a seed.

genenv stress digits --search random --threads 1 --out RUN
python scripts/rated.py RUN
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from genenv import intervals, judge, recorded
from genenv.asked import Asked
from genenv.rating import CONFIRMED, Seen, rated

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("run", type=Path, help="what `genenv stress digits` left")
parser.add_argument("--draws", type=int, default=200_000, help="behind the truth")
parser.add_argument("--control", type=int, default=2000, help="draws of the control")
parser.add_argument("--budget", type=int, default=100_000, help="queries a rating")
parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10)))
arguments = parser.parse_args()

torch.set_num_threads(1)
probe = recorded.load_probe(arguments.run)
audit = judge.load(arguments.run / "judge")
draws, failures, confirmed = Asked(probe, audit, lambda _: None).drawn(arguments.draws, 12_345)
low, high = intervals.wilson(confirmed, draws)
truth = confirmed / draws
print(f"counted: {confirmed} confirmed of {draws:,} = {truth:.3g} [{low:.3g}, {high:.3g}], "
      f"{failures:,} flips", flush=True)  # fmt: skip

found = []
for seed in arguments.seeds:
    seen = Seen(
        arguments.control, round(failures / draws * arguments.control),
        min(9, round(truth * arguments.control)),
    )  # fmt: skip
    made = rated(Asked(probe, audit, lambda _: None), seen, "random", arguments.budget, seed)
    rows = [row for row in made.rows if row["event"] == CONFIRMED]
    for row in rows[1:]:
        print(f"{seed}  {row['method'][:20]:20}  {row['estimate']:.3g} [{row['low']:.3g}, "
              f"{row['high']:.3g}]  {row['samples']:,} queries", flush=True)  # fmt: skip
    for sentence in made.notes:
        print(seed, sentence, flush=True)
    found += [row for row in rows if row["method"].startswith("subset")]

covers = sum(row["low"] <= truth <= row["high"] for row in found)
estimates = np.array([row["estimate"] for row in found])
print(
    f"{len(found)} ratings: mean {estimates.mean() / truth:.2f} of the counted rate, spread "
    f"{estimates.std(ddof=1) / estimates.mean():.2f}; {covers} intervals hold it"
)
