"""Whether memory stays flat: a training of many steps, and many queries of a searched model.

Prints the resident memory of the process, in MiB, at equal distances; the first is after a tenth.

    python scripts/soak.py --steps 20000 --queries 200000
"""

import argparse
import os
from pathlib import Path

import numpy as np
import torch

from genenv import bundled, data, networks, seeding
from genenv.data import Dataset
from genenv.training import TrainingConfig, train

PARTS = 10
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--steps", type=int, default=20_000, help="of the training")
parser.add_argument("--queries", type=int, default=200_000, help="samples and answers")
args = parser.parse_args()


def resident():
    """Memory of this process that is in use, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


class Watched:
    """Notes the memory at equal distances."""

    def __init__(self, total):
        self.every = total // PARTS
        self.done = 0
        self.seen = []

    def __call__(self, count):
        """Take note of so many more."""
        before, self.done = self.done // self.every, self.done + count
        if self.done // self.every > before:
            self.seen.append(resident())


def steps(dataset: Dataset) -> list[float]:
    """Train with a step of the smallest networks."""
    watched = Watched(args.steps)
    config = TrainingConfig(width=16, critic_width=16, steps=args.steps, batch=64)
    train(dataset, config, advance=watched)
    return watched.seen


def queries() -> list[float]:
    """Make samples of digits and answer them."""
    watched = Watched(args.queries)
    generator = networks.load(bundled.FOLDER / "generator")
    for start in range(0, args.queries, 256):
        keys = seeding.fold_rows(0, "soak", np.arange(start, start + 256))
        e = torch.from_numpy(seeding.normals(keys, generator.noise.base_dim))
        with torch.no_grad():
            generator.from_base(e, torch.arange(256) % 10)
        watched(256)
    return watched.seen


torch.set_num_threads(1)
print("steps:  ", *steps(data.load("ring")))
print("queries:", *queries())
