"""What a training is measured by: rows that it does not see, features, and figures on both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from genenv import checks, metrics
from genenv.data import Dataset, hold_out
from genenv.generators import Generator
from genenv.importing import import_object
from genenv.metrics import (
    FULL,
    Evaluation,
    Features,
    InceptionFeatures,
    ModuleFeatures,
    SampleFeatures,
    generator_metrics,
    k_means_purity,
    metric_steps,
    own_steps,
    purity,
)

EFFICACY = ("agreement", "gan_train_svm", "gan_train_network")  # of generators with classes
COUNTED = ("modes", "high_quality", "reverse_kl")  # where modes are known

Labelled = tuple[NDArray[Any], NDArray[np.int64] | None]


class Measuring:
    """Rows held out, where there are enough, and the figures of a generator on them.

    Parameters
    ----------
    dataset
        What is learned.
    conditional
        Whether the generator has the data's classes.
    seed
        Address of the rows.
    measured
        Whether anything is to be held out.
    features
        Where samples are compared, see `fitting.Fitting`.
    own_metrics
        Metrics beside those of METRICS, see `metrics.build`.

    Attributes
    ----------
    rows
        To learn from.
    held_out
        Samples and labels; None where nothing is measured.
    given
        Features that need no training; None: the data's own are learned.
    notes
        Sentences.
    """

    def __init__(
        self,
        dataset: Dataset,
        conditional: bool,
        seed: int,
        measured: bool,
        features: str | nn.Module,
        own_metrics: Sequence[Any] = (),
    ) -> None:
        self.dataset = dataset
        self.conditional = conditional
        self.seed = seed
        self.notes: list[str] = []
        self.metrics = metrics.build((*metrics.METRICS, *own_metrics))
        self.least = max(metric.least for metric in self.metrics)
        self.rows, self.held_out = self._parted(measured)
        own = features == "own" or self.held_out is None
        self.given = None if own else self._features(features)

    @property
    def real(self) -> Labelled:
        """Samples to learn from, and their labels."""
        label = self.dataset.label
        return self.dataset.x[self.rows], None if label is None else label[self.rows]

    @property
    def learned(self) -> int:
        """Training steps behind features of the data's own; 0: none are learned."""
        if self.held_out is None or self.given is not None:
            return 0
        return own_steps(len(self.rows), self.dataset.label, self.dataset.units)

    @property
    def steps(self) -> int:
        """Units of work behind `figures`."""
        return metric_steps(len(self.rows)) if self.conditional else 1

    @property
    def compared(self) -> list[str]:
        """The figures of every metric on these features."""
        names = {} if self.given is None else self.given.names
        return [names.get(k, k) for metric in self.metrics for k in metric.keys]

    @property
    def names(self) -> list[str]:
        """The figures that the HParams table is sorted by."""
        if self.held_out is None:
            return []
        return [*self.compared, *(EFFICACY if self.conditional else ())]

    def check(self, every: int, best: str | None) -> None:
        """Raise a Mistake unless figures can be taken on the way, as often and of that name."""
        least = self.least
        if every and self.held_out is None:
            raise checks.Mistake(
                f"rows enough to measure with metrics_every ({least} and {least} held out)",
                f"{len(self.dataset)} in {self.dataset.name}",
                "give more, or leave metrics_every out",
            )
        if best is not None:
            counted = COUNTED if self.dataset.modes is not None else ()
            checks.choice("best, measured on the way,", best, [*self.compared, *counted])

    def evaluation(self, learned: Features | None) -> Evaluation:
        """Make what measures generators, on the given features or on those that were learned."""
        assert self.held_out is not None
        x, label = self.real
        features = learned or self.given or SampleFeatures(x, self.dataset.units)
        modes = self.dataset.modes
        return Evaluation(features, (x, label), self.held_out, self.metrics, modes, self.seed)

    def figures(
        self, generator: Generator, evaluation: Evaluation, advance: Callable[[int], None]
    ) -> dict[str, Any]:
        """Return every metric of the result, beside that of real rows in its place."""
        figures: dict[str, Any] = evaluation.evaluate(generator, FULL)
        figures |= evaluation.reference(FULL) | evaluation.describe()
        x, label = self.real
        assert self.held_out is not None
        other, own = self.held_out
        codes = () if generator.recognition is None else generator.recognition.categorical
        if generator.recognition is not None and codes and own is not None:
            figures["purity"] = purity(generator.recognition.recognise(other)[0][:, 0], own)
            figures["purity_k_means"] = k_means_purity(x[:FULL], other, own, codes[0])
        if self.conditional and label is not None and own is not None:
            test = other, own
            figures |= generator_metrics(generator, (x, label), test, test, advance)
        return figures

    def _parted(self, measured: bool) -> tuple[NDArray[np.int64], Labelled | None]:
        dataset = self.dataset
        everything = np.arange(len(self.dataset))
        if not measured:
            return everything, None
        other = dataset.held_out
        least = self.least
        apart = len(dataset) // 2 if other is None else len(other)
        enough = min(len(dataset), apart) >= least
        if not enough:
            self.notes.append(
                f"nothing was held out and measured: metrics need {least} rows to learn from and "
                f"{least} others"
            )
            return everything, None
        rows, held_out = hold_out(dataset, self.seed, least)
        return rows, held_out

    def _features(self, asked: str | nn.Module) -> Features:
        """Turn what the user said into features that need no training."""
        units = self.dataset.units
        if isinstance(asked, nn.Module):
            return ModuleFeatures(asked, units)
        if asked == "samples":
            return SampleFeatures(self.real[0], units)
        if Path(asked).suffix in (".pth", ".pt"):
            return InceptionFeatures(Path(asked), units)
        if ":" in asked:
            return ModuleFeatures(import_object(asked, "a module"), units)
        raise checks.Mistake(
            "features to be own, samples, package.module:name or Inception's .pth file",
            repr(asked),
            "choose one",
        )
