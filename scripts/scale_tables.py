"""What a larger table costs: CPU seconds and memory from the frame to the judge, stage by stage.

A made table of columns that hang together through four hidden factors: two in three are decimals,
the others whole numbers, categories and truth values, and `y` is a class of two that gradient
boosting learns. Each stage prints its CPU seconds and how far resident memory has risen above the
start at the most, beside the size of the frame itself.

python scripts/scale_tables.py --rows 10000
python scripts/scale_tables.py --rows 300000 --no-judge
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch
import tyro
from planted_rows import boosting

from genenv import data, downstream, seeding
from genenv.generators import rows as mixtures
from genenv.judge import of_split
from genenv.probe import Probe

Made = TypeVar("Made")
FACTORS = 4
JOBS = np.array(["clerk", "craft", "nurse", "sales", "teacher"])


@dataclass(frozen=True)
class Options:
    """How large the table is."""

    rows: int = 10_000
    """Of the table."""
    columns: int = 30
    """Beside the label."""
    queries: int = 20_480
    """Asked of gradient boosting and of the guide."""
    fitted: int | None = None
    """Rows that the generator is fitted to; None: those of its part of the split."""
    stream: int = 1_000_000
    """Rows that are sampled as frames, one part after the other."""
    judge: bool = True
    """Make a judge, and ask its guide with every query."""
    seed: int = 0
    """Of everything."""


def main(options: Options) -> None:
    torch.set_num_threads(1)
    start = peak()
    frame = staged("frame", start, lambda: made(options))
    print(f"the frame itself: {frame.memory_usage(deep=True).sum() / 2**20:.0f} MiB")
    columns = data.TableOptions("y")
    dataset = staged("read", start, lambda: data.from_frame(frame, columns, "made"))
    units: Any = dataset.units
    split = data.split(dataset, options.seed)
    learned = dataset.pick(split.train)
    few = (rows[: options.fitted] for rows in learned)
    generator = staged("fit", start, lambda: mixtures.learn(units, *few, options.seed))
    stream = generator.mixture.stream
    staged("stream", start, lambda: sum(len(part) for part in stream(options.stream)))
    if not options.judge:
        return
    names = np.array(dataset.classes, object)[learned[1]]
    model = staged("model", start, lambda: boosting(units.raw_view(learned[0]), names))
    judge = staged(
        "judge", start, lambda: of_split.make_judge(dataset, dataset, split, options.seed)
    )
    asked = downstream.wrap(model, units, dataset.classes)
    probe = Probe(generator, asked, judge.guide)
    began = time.process_time()
    staged("queries", start, lambda: queried(probe, options))
    spent = time.process_time() - began
    print(f"a query: {1e3 * spent / options.queries:.3f} CPU ms")


def queried(probe: Probe, options: Options) -> int:
    """Ask in batches of 1,024; how many failed."""
    rng = seeding.torch_generator(options.seed, "queries")
    failed = 0
    for _ in range(0, options.queries, 1024):
        e = torch.randn(1024, probe.generator.noise.base_dim, generator=rng)
        label = torch.randint(0, 2, (1024,), generator=rng)
        failed += int((probe(e, label).severity > 0).sum())
    return failed


def made(options: Options) -> pd.DataFrame:
    """Draw the table."""
    rng = seeding.numpy_generator(options.seed, "made")
    hidden = rng.standard_normal((options.rows, FACTORS))
    columns: dict[str, Any] = {}
    for i in range(options.columns):
        noise = 0.5 * rng.standard_normal(options.rows)
        value = hidden @ rng.standard_normal(FACTORS) + noise
        columns[f"c{i:02}"] = kind(i, value)
    odds = hidden @ rng.standard_normal(FACTORS)
    columns["y"] = np.where(odds + 0.3 * rng.standard_normal(options.rows) > 0, "yes", "no")
    return pd.DataFrame(columns)


def kind(column: int, value: Any) -> Any:
    """Turn numbers into what a column holds."""
    if column % 3:
        return np.round(value, 4)
    which = column // 3 % 3
    if which == 0:
        return np.rint(10 * value).astype(np.int64)
    return value > 0 if which == 1 else JOBS[np.digitize(value, [-2, -0.5, 0.5, 2])]


def staged(name: str, start: float, make: Callable[[], Made]) -> Made:
    """Do one stage and print what it took."""
    began = time.process_time()
    found = make()
    spent = time.process_time() - began
    print(f"{name}: {spent:.1f} CPU s, memory at most {peak() - start:.0f} MiB more", flush=True)
    return found


def peak() -> float:
    """Return the largest resident size so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(tyro.cli(Options))
