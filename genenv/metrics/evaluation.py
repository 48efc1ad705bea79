"""A generator's metrics, beside those of real rows in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, seeding
from genenv.data.dataset import Modes
from genenv.generators import Generator
from genenv.metrics.base import Array, Metric
from genenv.metrics.features import Features
from genenv.metrics.modes import SAMPLES, mode_metrics
from genenv.metrics.spread import Spread, by_class, spread

DURING = 2_000  # samples of an evaluation in training
FULL = 10_000  # and at its end
CHUNK = 1024  # samples held at once

Labelled = tuple[NDArray[Any], NDArray[np.int64] | None]  # x (n, *shape), class index (n,)
Figures = dict[str, Any]


class Evaluation:
    """Compares generated samples, and held-out rows in their place, with as many real rows.

    Samples are drawn by address, so the same weights get the same figures; a conditional generator
    is asked for the classes of the held-out rows, so that both have the same share of each.
    Nothing of the generator's and no global state changes.

    Parameters
    ----------
    features
        What maps samples to the numbers that are compared.
    real
        Rows that the generator learned from, and class indices or None.
    held_out
        Other rows of the same law. None: one half of `real` in the place of the other; the
        generator has seen both.
    metrics
        What is measured, see `metrics.build`.
    modes
        Of mixtures whose centres are known: then `modes`, `high_quality` and `reverse_kl` are
        counted on 2,500 samples. None: they are not.
    seed
        Address of the samples and of the choice of rows.

    Attributes
    ----------
    most : int
        Samples that an evaluation can have: 10,000, or fewer where there are fewer rows.
    told : tuple of str
        What is not as one would expect, a sentence each.

    Raises
    ------
    Mistake
        Too few rows for one of the metrics.
    """

    def __init__(
        self,
        features: Features,
        real: Labelled,
        held_out: Labelled | None,
        metrics: Sequence[Metric],
        modes: Modes | None = None,
        seed: int = 0,
    ) -> None:
        self.features = features
        self.metrics = tuple(metrics)
        self.modes = modes
        self.seed = seeding.fold(seed, "evaluation")
        self.notes: tuple[str, ...] = ()
        real = _shuffled(real, self.seed, "real")
        if held_out is None:
            half = len(real[0]) // 2
            real, held_out = _cut(real, 0, half), _cut(real, half, 2 * half)
            self.notes += ("metrics compare two halves of the training rows: none were held out",)
        else:
            held_out = _shuffled(held_out, self.seed, "held out")
        self._rows = {"real": _cut(real, 0, FULL), "held out": _cut(held_out, 0, FULL)}
        self._features: dict[tuple[str, int], Array] = {}
        self._spreads: dict[tuple[str, int], Spread] = {}
        self.most = min(len(x) for x, _ in self._rows.values())
        self._check()

    def evaluate(self, generator: Generator, samples: int = DURING) -> dict[str, Any]:
        """Measure a generator.

        Parameters
        ----------
        generator
            On any device, in any mode.
        samples
            To compare with as many real rows; `most` where there are fewer. Their spread is that
            of all of them.

        Returns
        -------
        Each metric under its keys (`frechet` is `fid` on Inception features), and `samples`, how
        many were compared; `spread` and `spread_least` (see `spread`) within the classes of a
        conditional generator, over all rows of another, and `spread_by_class`, a dict;
        `spread_samples`, of how many, and `spread_real` and `spread_least_real` of held-out
        rows; `modes_samples`, among how many modes were counted.
        """
        count = min(samples, self.most)
        with generator.evaluated():
            features, made = self._generated(generator, samples, count)
            classes = max(len(generator.classes), 1)
            figures = self._compare(features) | self._varied(made, classes, samples)
            real = self._spread("real", classes)
            if generator.conditional:
                figures["spread_by_class"] = by_class(made, real, generator.classes)
            if self.modes is not None:
                figures |= self._count_modes(generator.sample(SAMPLES, self.seed)[0])
                figures["modes_samples"] = float(SAMPLES)
        return figures | {"samples": float(count)}

    def evaluate_rows(self, x: NDArray[Any], label: NDArray[np.int64] | None = None) -> Figures:
        """Measure rows that somebody made, without whatever made them.

        Parameters
        ----------
        x
            (n, *units.shape) in the data's units; of more than `most` as many by chance.
        label
            (n,) indices of the classes of the real rows; None: spread is over all rows.

        Returns
        -------
        As `evaluate`, but for modes, which are counted on samples of a generator.

        Raises
        ------
        Mistake
            Rows of another shape, fewer than the metrics need, or a class that real rows lack.
        """
        checks.shape("generated rows", x, (None, *self.features.units.shape))
        least = max((metric.least for metric in self.metrics), default=1)
        if len(x) < least:
            raise checks.Mistake(f"{least} generated rows or more", len(x), "give more")
        real = self._rows["real"][1]
        classes = 1 if label is None or real is None else int(real.max()) + 1
        if label is not None and (label.min() < 0 or label.max() >= classes):
            raise checks.Mistake(f"classes from 0 to {classes - 1}", label.max(), "leave label out")
        x, label = _shuffled((x, label), self.seed, "generated rows")
        count = min(len(x), self.most)
        made = Spread(self.features.units, classes)
        made.add(x, label if classes > 1 else None)
        figures = self._compare(self.features(x[:count])) | self._varied(made, classes, len(x))
        return figures | {"samples": float(count)}

    def reference(self, samples: int = DURING) -> dict[str, float]:
        """Measure held-out rows in the place of generated ones: the same keys ending in `_real`.

        No generator can be expected to do better, but by chance or by repeating what it learned.
        """
        count = min(samples, self.most)
        figures = self._compare(self._known("held out", count))
        if self.modes is not None:
            figures |= self._count_modes(self._rows["held out"][0][:SAMPLES])
        return {f"{key}_real": value for key, value in figures.items()}

    def describe(self) -> dict[str, str | float]:
        """Name the features and tell their sha256: only figures of one sha256 compare.

        `variance_of_features`, summed over the columns of real rows, is what a Fréchet distance is
        large or small beside.
        """
        real = self._known("real", min(FULL, self.most))
        return {
            "features": self.features.name,
            "features_sha256": self.features.sha256,
            "variance_of_features": float(real.var(0, dtype=np.float64).sum()),
        }

    def _compare(self, fake: Array) -> dict[str, Any]:
        real = self._known("real", len(fake))
        measured = [metric(real, fake) for metric in self.metrics]
        names = self.features.names
        return {names.get(key, key): value for one in measured for key, value in one.items()}

    def _varied(self, made: Spread, classes: int, samples: int) -> Figures:
        """Return the spread of samples, and that of held-out rows in their place."""
        real, other = (self._spread(which, classes) for which in ("real", "held out"))
        figures = spread(made, real) | {"spread_samples": float(samples)}
        return figures | {f"{key}_real": value for key, value in spread(other, real).items()}

    def _known(self, which: str, count: int) -> Array:
        """Features of the first real or held-out rows, computed once."""
        if (which, count) not in self._features:
            self._features[which, count] = self.features(self._rows[which][0][:count])
        return self._features[which, count]

    def _generated(self, generator: Generator, samples: int, count: int) -> tuple[Array, Spread]:
        """Features of the first `count` samples and the spread of all, never all held at once."""
        label = self._rows["held out"][1] if generator.conditional else None
        made = Spread(self.features.units, max(len(generator.classes), 1))
        parts = []
        for at in range(0, samples, CHUNK):
            rows = min(CHUNK, samples - at)
            asked = None if label is None else np.take(label, range(at, at + rows), mode="wrap")
            x, own = generator.sample(rows, self.seed, asked, start=at)
            made.add(x, own)
            if at < count:
                parts.append(self.features(x[: count - at]))
        return np.concatenate(parts), made

    def _spread(self, which: str, classes: int) -> Spread:
        """Spread of all real or held-out rows, within classes or (of 1) over all, computed once."""
        if (which, classes) not in self._spreads:
            x, label = self._rows[which]
            of_rows = self._spreads[which, classes] = Spread(self.features.units, classes)
            of_rows.add(x, label if classes > 1 else None)
        return self._spreads[which, classes]

    def _count_modes(self, x: NDArray[Any]) -> dict[str, float]:
        assert self.modes is not None
        return mode_metrics(x.reshape(len(x), -1), self.modes)

    def _check(self) -> None:
        least = max((metric.least for metric in self.metrics), default=0)
        if self.most < least:
            raise checks.Mistake(
                f"{least} real rows and {least} held-out ones or more for metrics",
                " and ".join(str(len(x)) for x, _ in self._rows.values()),
                "give more rows or choose other metrics",
            )
        if self.most < FULL:
            apart = len(self._rows["held out"][0])
            few = f"{apart:,} held-out" if apart == self.most else f"{self.most:,} real"
            self.notes += (
                f"metrics compare {self.most:,} samples, not {FULL:,}: there are {few} rows",
            )


def _shuffled(rows: Labelled, seed: int, name: str) -> Labelled:
    order = seeding.numpy_generator(seed, name).permutation(len(rows[0]))[: 2 * FULL]
    return rows[0][order], None if rows[1] is None else rows[1][order]


def _cut(rows: Labelled, start: int, stop: int) -> Labelled:
    return rows[0][start:stop], None if rows[1] is None else rows[1][start:stop]
