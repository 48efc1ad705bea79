"""Learners in training meet generated data: shares of it beside real rows, filtered or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, sampling
from genenv.generators import Generator
from genenv.judge import Guide
from genenv.learners import Fitted

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
MOST = 0.75  # the share with the most generated rows
FILTERS = ("none", "judge", "critic")
WHY = {  # a filter may be left out
    "judge": "of some class too few generated samples pass the guide",
    "critic": "the generator has no critic of single samples",
}
KEPT = 0.5  # of the critic's ranking, in each class
DRAWS = 20  # times as many samples as are wanted, before the judge's filter gives up

Labelled = tuple[NDArray[Any], NDArray[np.int64]]  # x (n, *units.shape), class indices (n,)
Row = dict[str, Any]


def made(size: int, share: float) -> int:
    """Count the generated rows beside `size` real ones; with a share of 1 there are no real ones.

    10 % of a training set: a ninth as many as real rows; 75 %: three times as many; alone: as many.
    """
    return size if share == 1 else round(size * share / (1 - share))


@dataclass(frozen=True)
class Pools:
    """Rows to train from, in an order of their own: the first n of each are a training set."""

    real: Labelled
    """Every class in proportion in every stretch."""
    generated: dict[str, Labelled]
    """Filter -> as many rows as the largest mixture takes."""

    def mixed(self, size: int, share: float, kept: str) -> Labelled:
        """Return `size` real rows, and generated ones that make up a share of the whole."""
        real = 0 if share == 1 else size
        extra = self.generated[kept]
        x, label = (
            np.concatenate([part[:real], more[: made(size, share)]])
            for part, more in zip(self.real, extra, strict=True)
        )
        return x, label


def generated(
    generator: Generator, guide: Guide | None, count: int, seed: int, kept: str
) -> Labelled | None:
    """Generate `count` rows that a filter lets pass.

    Parameters
    ----------
    generator
        Conditional.
    guide
        The judge's copy that may be seen; the rows it learned from are no evaluation rows. None:
        for the filters that ask no judge.
    count, seed
        Rows, and the address of the first.
    kept
        One of FILTERS: none; judge (both gates of the guide accept); critic (its best half a
        class). No filter changes how many rows a class has, but by chance.

    Returns
    -------
    None where the filter cannot be used: no critic was kept, or too few samples of a class pass.
    """
    checks.choice("filter", kept, FILTERS)
    if kept == "judge":
        assert guide is not None
        return _accepted(generator, guide, count, seed)
    if kept == "critic" and (generator.kept_critic is None or generator.kept_critic.pack > 1):
        return None
    share = KEPT if kept == "critic" else 1.0
    x, label = sampling.best(generator, count, seed, None, share)
    assert label is not None
    missing = count - len(x)  # each class was cut to its own share, and rounded
    if missing > 0:
        more, own = sampling.best(generator, 2 * missing + 64, seed + 1, None, share)
        assert own is not None
        x, label = np.concatenate([x, more]), np.concatenate([label, own])
    return x[:count], label[:count]


def _accepted(generator: Generator, guide: Guide, count: int, seed: int) -> Labelled | None:
    """Fill the places that unfiltered rows have, in each class in the order of acceptance.

    A guide that likes one class better than another would else change the balance of classes, in
    every stretch of the rows.
    """
    units = generator.units
    wanted = generator.labels(count, seed)
    places = [np.flatnonzero(wanted == c) for c in range(len(generator.classes))]
    filled = [0] * len(places)
    rows = np.empty((count, *units.shape), units.dtype)
    for turn in range(DRAWS):
        x, label = generator.sample(count, seed, start=turn * count)
        assert label is not None
        with torch.no_grad():
            u = guide.units.encode(guide.units.tensor(x))
            good = guide.look(u, torch.from_numpy(label))[2].numpy()
        for c, own in enumerate(places):
            passed = x[good & (label == c)][: len(own) - filled[c]]
            rows[own[filled[c] :][: len(passed)]] = passed
            filled[c] += len(passed)
        if sum(filled) == count:
            return rows, wanted
    return None


def left_out(rows: Sequence[Row], seeds: Sequence[int]) -> list[str]:
    """Say which filters are in no row of `teach`, or in none of a seed: a sentence a filter."""
    words = []
    for kept in FILTERS:
        found = {row["seed"] for row in rows if row["filter"] == kept}
        without = [str(seed) for seed in seeds if seed not in found]
        where = f" for the seeds {', '.join(without)}" if found else ""
        if without:
            words.append(f"The filter {kept} was left out{where}: {WHY[kept]}.")
    return words


def combinations(filters: tuple[str, ...]) -> Iterator[tuple[float, str]]:
    """Pairs of share and filter; without generated rows there is nothing to filter."""
    yield 0.0, "none"
    yield from ((share, kept) for share in SHARES[1:] for kept in filters)


def teach(
    name: str,
    fit: Fitted,
    pools: Pools,
    generator: Generator,
    test: Labelled,
    sizes: tuple[int, ...],
    seed: int,
    advance: Callable[[int], None] | None = None,
) -> list[Row]:
    """Train one learner on every mixture.

    Parameters
    ----------
    name, fit
        The learner.
    pools
        What it is trained on.
    generator
        Whose units and classes the data have.
    test
        Real rows that set nothing.
    sizes
        Real rows of a training set, and generated ones where there are no real ones.
    seed
        Of the learner.
    advance
        Called with 1 after each training.

    Returns
    -------
    A row a size, share and filter: accuracy on the test rows, per_class, and gain over the same
    real rows alone.
    """
    rows: list[Row] = []
    for size in sizes:
        real_only = 0.0
        for share, kept in combinations(tuple(pools.generated)):
            x, label = pools.mixed(size, share, kept)
            model = fit(x, label, generator.units, generator.classes, seed)
            with torch.no_grad():
                said = model.log_probabilities(generator.units.tensor(test[0])).argmax(1).numpy()
            hit = said == test[1]
            accuracy = float(hit.mean())
            real_only = accuracy if share == 0 else real_only
            rows.append(
                {
                    "learner": name,
                    "seed": seed,
                    "size": size,
                    "share": share,
                    "filter": kept,
                    "accuracy": accuracy,
                    "per_class": _per_class(hit, test[1], len(generator.classes)),
                    "gain": accuracy - real_only,
                }
            )
            if advance:
                advance(1)
    return rows


def _per_class(hit: NDArray[np.bool_], label: NDArray[np.int64], classes: int) -> list[float]:
    """Accuracy a class; a class without test rows has none, which the split does not allow."""
    return [float(hit[label == c].mean()) for c in range(classes)]
