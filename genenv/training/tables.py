"""The training of a table's network, from codes to the calibrated generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from genenv import seeding
from genenv.codecs import Heads, Rows
from genenv.data.dataset import Dataset
from genenv.networks import TableRows
from genenv.networks.calibration import calibrate
from genenv.networks.table import TableGenerator
from genenv.noise import Gaussian, Gumbel, Noise, Product
from genenv.tables import Schema
from genenv.tables.cells import Floats
from genenv.tables.coding import Coding
from genenv.training.config import TrainingConfig
from genenv.training.monitor import Monitor
from genenv.training.once import train

LATENT = 64
STEPS = 4_000
BATCH = 250

Watch = Callable[[Dataset, Coding], Monitor]
"""(what is learned from, how rows become it) -> what looks on."""


def settings(seed: int = 0, steps: int | None = None, threads: int = 0) -> TrainingConfig:
    """Return the settings of a table's training.

    Pairs with R1 and R2 as for images; the penalty is small, for one-hot runs are far apart.

    Parameters
    ----------
    seed, threads
        Fields of TrainingConfig.
    steps
        None: 4,000.
    """
    return TrainingConfig(
        objective="relativistic",
        network="table",
        penalty=0.002,
        width=128,
        critic_width=128,
        batch=BATCH,
        steps=STEPS if steps is None else steps,
        lr=2e-3,
        betas=(0.0, 0.99),
        ema=0.997,
        seed=seed,
        threads=threads,
    )


def learn(
    codes: Floats,
    schema: Schema,
    config: TrainingConfig,
    folder: Path | None = None,
    advance: Callable[[int], None] | None = None,
    resume: bool = False,
    watch: Watch | None = None,
) -> TableRows:
    """Train on rows of a table, and calibrate what was learned to the laws of its columns.

    Parameters
    ----------
    codes
        (n, columns), see `Schema.encode`.
    schema
        Of the rows.
    config
        See `settings`; its batch shrinks to the rows that there are.
    folder, advance, resume
        See `train`.
    watch
        Makes what looks on.
    """
    units = Rows.of(schema, codes)
    coding = Coding.fit(codes, schema)
    rows, times = coding.dithered(codes, seeding.fold(config.seed, "dithers"))
    label = None
    shares: Floats = np.empty(0)
    if schema.target is not None:
        target = codes[:, schema.names.index(schema.target)].astype(np.int64)
        shares = np.bincount(target, minlength=len(schema.classes)) / len(target)
        label = np.tile(target, times)
    classes = () if label is None else schema.classes
    learned = Dataset("table", rows, label, classes, Heads.of(coding.heads))
    fitting = replace(config, batch=min(config.batch, len(rows)))
    monitor = None if watch is None else watch(learned, coding)
    inner = train(learned, fitting, _noise(coding), folder, monitor, advance=advance, resume=resume)
    network = cast(TableGenerator, inner)
    seed = seeding.fold(config.seed, "calibration")
    maps = calibrate(network, rows, label, seed, coding.mixed)
    made = TableRows(network, coding, maps, shares, units)
    made.notes = inner.notes
    return made


def _noise(coding: Coding) -> Noise:
    """Return the law of the latents: free ones, and a Gumbel number for each state."""
    states = sum(coding.heads)
    return Product([Gaussian(LATENT), Gumbel(states)]) if states else Gaussian(LATENT)
