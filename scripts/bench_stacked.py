"""GANs as one stacked program against the same GANs in turn: CPU time of an update, on one thread.

An update is one of the critic and one of the generator, on batches that are there already. "In
turn" is n stacks of one row, updated one after the other; both are measured alternately in the same
run, and the ratio is of their medians. Prints Markdown.
Example: python scripts/bench_stacked.py --widths 16 32 128 --rows 1 16 64
"""

import argparse
import time

import numpy as np
import torch

from genenv import objectives, seeding
from genenv.stacked import StackedGan

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--widths", type=int, nargs="+", default=[16, 32, 128])
parser.add_argument("--rows", type=int, nargs="+", default=[1, 16, 64])
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--objective", default="relativistic")
parser.add_argument("--repeats", type=int, default=5, help="times that each is measured")
args = parser.parse_args()

torch.set_num_threads(1)
PENALTY = 1.0 if objectives.OBJECTIVES[args.objective].penalised else None


def make(keys, width):
    gan = StackedGan(len(keys), objectives.build(args.objective, PENALTY), 2, 2, width)
    gan.begin(np.arange(len(keys)), keys, keys + np.uint64(1))
    return gan


def update(gan, real, latent, keys):
    rate = torch.full((len(real),), 1e-3)
    gan.update_critic(real, gan.sample(latent), rate, 100 * rate, keys)
    gan.update_generator(real, latent, rate, keys)


def measure(width, rows):
    """Seconds of an update of all rows, at once and in turn: medians."""
    keys = seeding.fold_rows(0, "bench", np.arange(rows))
    shape = (rows, args.batch, 2)
    real, latent = (
        torch.from_numpy(seeding.normals(keys + np.uint64(k), 2 * args.batch)).view(shape)
        for k in (2, 3)
    )
    together = make(keys, width)
    alone = [make(keys[i : i + 1], width) for i in range(rows)]
    times = {"at once": [], "in turn": []}
    for _ in range(args.repeats + 1):
        began = time.process_time()
        for _ in range(5):
            update(together, real, latent, keys)
        times["at once"].append((time.process_time() - began) / 5)
        began = time.process_time()
        for i, gan in enumerate(alone):
            update(gan, real[i : i + 1], latent[i : i + 1], keys[i : i + 1])
        times["in turn"].append(time.process_time() - began)
    return [float(np.median(seconds[1:])) for seconds in times.values()]  # the first warms up


print(f"{args.objective}, batch {args.batch}, torch {torch.__version__}, one thread\n")
print("| width | GANs | at once, ms | in turn, ms | ratio |\n|---|---|---|---|---|")
for width in args.widths:
    for rows in args.rows:
        once, turn = measure(width, rows)
        print(
            f"| {width} | {rows} | {1e3 * once:.1f} | {1e3 * turn:.1f} | {turn / once:.1f} |",
            flush=True,
        )
