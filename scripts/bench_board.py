"""Time how the tab genenv opens a run of many queries, and what memory it takes.

A run is made up in a temporary folder: the bundled generator, shards of 4,096 findings with 32
latents and 10 probabilities, a quarter of them flips. Prints the seconds to the first answer and
to the last shard, the milliseconds of a page and of one flip then, and the memory beyond what
imports take.
Example: python scripts/bench_board.py --queries 1000000
"""

import argparse
import resource
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

import genenv.recorded  # the imports are no part of what is timed
from genenv import bundled
from genenv.board.flips import Flips

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--queries", type=int, default=1_000_000)
parser.add_argument("--shard", type=int, default=4096, help="queries of a file")
parser.add_argument("--flips", type=float, default=0.25, help="share of the queries")
args = parser.parse_args()

probe = genenv.recorded.load_probe(bundled.FOLDER)


def shard(path, start, rows, rng):
    """Write findings that were made up, in the columns that stress writes."""
    label = rng.integers(0, 10, rows)
    logits = rng.normal(0, 3, (rows, 10))
    right = rng.random(rows) > args.flips
    logits[right, label[right]] = logits[right].max(1) + 1
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    own = log_p[np.arange(rows), label]
    others = log_p.copy()
    others[np.arange(rows), label] = -np.inf
    severity = others.max(1) - own
    np.savez_compressed(
        path,
        e=rng.normal(size=(rows, probe.generator.noise.base_dim)).astype(np.float32),
        label=label,
        output=log_p.astype(np.float32),
        severity=severity.astype(np.float32),
        verdict=np.where(severity > 0, rng.integers(1, 4, rows), 0).astype(np.int8),
        search=np.full(rows, "random"),
        seed=np.zeros(rows, np.int64),
        index=np.arange(start, start + rows),
    )


def memory():
    """Largest memory so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


with tempfile.TemporaryDirectory() as place:
    run = Path(place)
    shutil.copytree(bundled.FOLDER / "generator", run / "generator")
    (run / "findings").mkdir()
    rng = np.random.default_rng(0)
    for number, start in enumerate(range(0, args.queries, args.shard)):
        rows = min(args.shard, args.queries - start)
        shard(run / "findings" / f"{number:05d}.npz", start, rows, rng)
    before, began = memory(), time.perf_counter()
    flips = Flips(run)
    flips.read()
    first = flips.page({}, 0)
    answered = time.perf_counter() - began
    while flips.index.reading:
        flips.index.refresh(0.1)
    whole = time.perf_counter() - began
    began = time.perf_counter()
    page = flips.page({"verdict": "confirmed"}, 0)
    paged = time.perf_counter() - began
    row = page["rows"][0]
    began = time.perf_counter()
    flips.details.of(row["shard"], row["row"])
    looked = time.perf_counter() - began
    print(
        f"{args.queries:,} queries, {page['total']:,} flips: first answer after {answered:.2f} s "
        f"with {first['read']} of {first['shards']} files, all after {whole:.2f} s; "
        f"a page {1000 * paged:.0f} ms, a flip {1000 * looked:.0f} ms; "
        f"{memory() - before:.0f} MB beyond {before:.0f}"
    )
