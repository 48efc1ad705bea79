"""The model under test in a run: the user's, asked once before anything else, or one trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import downstream, failures, recorded, seeding
from genenv.boosted import Boosted, fit_boosted
from genenv.classifier import Classifier, fit_classifier, steps_to_fit
from genenv.codecs import Rows
from genenv.data import Dataset, Split
from genenv.downstream import Downstream, handing
from genenv.parts import Advance, Part
from genenv.settings import StressConfig

Trained = Classifier | Boosted


class UnderTest:
    """What is searched for failures.

    Parameters
    ----------
    given
        Whatever `downstream.wrap` takes; None: a small classifier is trained.
    path
        The model's import path; None: an object of the caller's.
    config
        How it is asked.
    dataset, source, split
        What a classifier learns; where untouched rows come from; which rows are which.

    Attributes
    ----------
    model : Downstream
        Behind the contract; of a classifier only once it is trained.

    Raises
    ------
    Mistake
        The model cannot be asked, or seems to be handed something else than it learned from.
    """

    model: Downstream

    def __init__(
        self,
        given: Any,
        path: str | None,
        config: StressConfig,
        dataset: Dataset,
        source: Dataset,
        split: Split,
    ) -> None:
        self.given = given
        self.path = path
        self.config = config
        self.dataset = dataset
        self.source = source
        self.split = split
        if given is not None:
            self.model = self._wrapped()

    def _wrapped(self) -> Downstream:
        """Wrap the user's model and ask it once."""
        config = self.config
        units = self.dataset.units
        classes = self.dataset.classes
        before = downstream.preprocessing(**self._before())
        wrapped = downstream.wrap(
            self.given, units, classes, config.input, config.output, before,
            config.layout, config.classes,
        )  # fmt: skip
        wrapped.timeout = config.query_timeout
        x, label = self.source.pick(self.split.test)
        if config.input == "auto":
            wrapped = handing.resolved(wrapped, x, label)
        wrapped.check(x[: recorded.CHECK_ROWS])
        self.handed = handing.look(wrapped, x, label, tries=not config.anyway)
        handing.require(self.handed, config.anyway)
        return wrapped

    def _before(self) -> dict[str, Any]:
        """Return what the user said lies before the model."""
        return {name: getattr(self.config, name) for name in ("mean", "std", "preprocess")}

    @property
    def in_config(self) -> str:
        """As config.json has it."""
        return self.path or ("default" if self.given is None else "given")

    @property
    def name(self) -> str:
        """As figures have it."""
        if self.path is not None:
            return self.path
        if self.given is None:
            units = self.dataset.units
            boosted = isinstance(units, Rows)
            return f"default {'gradient boosting' if boosted else units.classifiers[0]}"
        return type(self.given).__name__

    def part(self) -> Part[Trained]:
        """Return the classifier that is trained where no model was given."""
        units = self.dataset.units
        steps = 0 if isinstance(units, Rows) else steps_to_fit(len(self.split.train))
        return Part(
            f"model/{recorded.MODEL}",
            "the model",
            self._train,
            lambda model, place: model.save(place),
            lambda place: recorded.load_trained(place, units),
            "model",
            steps,
        )

    def _train(self, advance: Advance) -> Trained:
        units = self.dataset.units
        outputs = len(self.dataset.classes)
        x, label = self.dataset.pick(self.split.train)
        seed = seeding.fold(self.config.seed, "model")
        if isinstance(units, Rows):
            return fit_boosted(units, x, label, outputs, seed)
        return fit_classifier(units.classifiers[0], x, label, units, outputs, seed, advance)

    def take(self, trained: Trained) -> None:
        """Put the classifier behind the contract."""
        self.model = recorded.wrap_trained(trained, self.dataset.classes)

    def record(self, folder: Path) -> None:
        """Write down how the model is asked and what it says of fixed rows."""
        asked = {n: getattr(self.config, n) for n in ("input", "output", "layout", "classes")}
        x, label = self.source.pick(self.split.test)
        before = self._before() | {"query_timeout": self.config.query_timeout}
        recorded.record_model(folder, self.model, self.path, asked, before, x, label)

    def require(self, audit_accuracy: float) -> None:
        """Raise a Mistake where the audit knows untouched rows much better than a given model."""
        handing.require(self.handed, self.config.anyway, audit_accuracy)

    def against(self, audit_accuracy: float) -> str:
        """Say what stands against the model as it is asked, though it is anyway; "": nothing."""
        if self.given is None or not self.config.anyway:
            return ""
        return handing.against(self.handed, audit_accuracy)

    def answers(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """Ask for classes: stored samples (n, *units.shape) -> (n,), -1: no answer."""
        return failures.ask(self.model, x).guess.numpy()
