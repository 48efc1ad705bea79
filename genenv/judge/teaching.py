"""How an oracle network is trained: varied rows, smoothed labels, and rows that show no class."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from genenv import seeding
from genenv.judge.neither import none_of_these
from genenv.judge.oracle import Oracle
from genenv.judge.variations import FULL, Variation, spread, vary_columns, vary_images

BATCH = 128
NEITHER = 0.25  # rows of none of these beside each real one
SMOOTHING = 0.05  # of the labels
RATE = 4e-3  # of AdamW at the height of its one cycle
DECAY = 0.01  # of the weights
FEWEST = 20  # updates, so that the cycle of the rate has a rise

Advance = Callable[[int], None] | None


def steps_of(rows: int, epochs: int) -> int:
    """Return the updates that so many epochs of so many rows take."""
    return max(FEWEST, epochs * rows // min(BATCH, rows))


def teach(
    make: str,
    rows: Tensor,
    label: Tensor,
    outputs: int,
    epochs: int,
    seed: int,
    advance: Advance = None,
    neither: bool = True,
    variation: Variation = FULL,
) -> Oracle:
    """Train a network on real rows and on none of these.

    Parameters
    ----------
    make
        One of `oracle.MAKES`.
    rows, label
        (n, c, h, w) or (n, columns) in [-1, 1], and class indices (n,).
    outputs
        Classes; none of these is one more.
    epochs
        Over the rows.
    seed
        Address of initialisation, order, variations and dropout.
    advance
        Called with 1 after each update.
    neither
        Whether rows of none of these are learned beside the real ones.
    variation
        How far images are varied.
    """
    rng = seeding.torch_generator(seed, "teaching")
    steps, noise = steps_of(len(rows), epochs), spread(rows)
    with seeding.global_seed(seeding.fold(seed, "oracle")):
        network = Oracle(make, tuple(rows.shape[1:]), outputs + 1)
        optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY, foreach=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, RATE, total_steps=steps, pct_start=0.2
        )
        for chosen in _batches(len(rows), steps, rng):
            batch, target = rows[chosen], label[chosen]
            if neither:
                batch, target = _with_neither(batch, target, outputs, rng)
            if batch.ndim == 4:
                varied = vary_images(batch, rng, variation)
            else:
                varied = vary_columns(batch, noise, rng)
            loss = functional.cross_entropy(network(varied), target, label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            if advance:
                advance(1)
    return network.in_eval()


def _batches(rows: int, steps: int, rng: torch.Generator) -> list[Tensor]:
    """Draw row numbers, each epoch a new order; a batch may reach into the next."""
    size = min(BATCH, rows)
    epochs = -(-steps * size // rows)
    order = torch.cat([torch.randperm(rows, generator=rng) for _ in range(epochs)])
    return list(torch.split(order[: steps * size], size))


def _with_neither(
    batch: Tensor, label: Tensor, outputs: int, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    made = none_of_these(batch, label, round(NEITHER * len(batch)), rng)
    target = torch.cat([label, torch.full((len(made),), outputs)])
    return torch.cat([batch, made]), target
