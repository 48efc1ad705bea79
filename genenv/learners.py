"""Learners: what is fitted on labelled samples and then asked, several kinds side by side."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, downstream, seeding
from genenv.classifier import BODIES, InUnits, fit_classifier
from genenv.codecs import Codec
from genenv.downstream import Downstream
from genenv.isolation import kept
from genenv.wording import said

Classes = tuple[int | str, ...]
Fitted = Callable[[NDArray[Any], NDArray[np.int64], Codec, Classes, int], Downstream]
"""(x (n, *units.shape), label (n,), units, classes, seed) -> the trained model."""
FOLDS = 3  # by which the probabilities of svm are calibrated
SEEDS = ("seed", "random_state")  # what a factory's parameter for the seed is called


def network(kind: str) -> Fitted:
    """Return the learner that trains genenv's own small classifier, see `classifier`."""

    def fit(
        x: NDArray[Any], label: NDArray[np.int64], units: Codec, classes: Classes, seed: int
    ) -> Downstream:
        trained = fit_classifier(kind, x, label, units, len(classes), seed)
        return downstream.wrap(InUnits(trained), units, classes, "raw", "logits")

    return fit


def estimator(make: Callable[[int], Any]) -> Fitted:
    """Return the learner that fits what `make(seed)` makes: scikit-learn's fit and predict_proba.

    Samples are flattened and handed over in the data's units, float32 as float64; classes that the
    rows do not show have probability 0. Of rows of one class, which many estimators refuse to learn
    from, that class is the answer.
    """

    def fit(
        x: NDArray[Any], label: NDArray[np.int64], units: Codec, classes: Classes, seed: int
    ) -> Downstream:
        from sklearn.dummy import DummyClassifier

        made = make(seeding.fold(seed, "learner") % 2**31)
        if np.ptp(label) == 0:
            made = DummyClassifier()
        try:
            with kept():
                fitted = made.fit(_doubled(units.flat_view(x)), label)
        except Exception as error:
            raise checks.Mistake(
                f"{type(made).__name__} to fit {len(x)} rows", said(error), "mend the learner"
            ) from error
        seen = np.asarray(fitted.classes_)

        def answer(rows: NDArray[Any]) -> NDArray[np.float64]:
            p = np.zeros((len(rows), len(classes)))
            p[:, seen] = fitted.predict_proba(_doubled(rows))
            return p

        return downstream.wrap(answer, units, classes, "flat", "probabilities")

    return fit


def _doubled(rows: Any) -> Any:
    """Return float32 rows as float64; scikit-learn computes in what it is handed.

    In float32 a log-likelihood of 10⁵, as naive Bayes has far from the rows it learned, is rounded
    by so much that the probabilities of a row sum to 1.04.
    """
    return rows.astype(np.float64) if getattr(rows, "dtype", None) == np.float32 else rows


def as_far_as_it_got(learner: Fitted) -> Fitted:
    """Return the learner without scikit-learn's warning that its iterations ran out."""

    def fit(
        x: NDArray[Any], label: NDArray[np.int64], units: Codec, classes: Classes, seed: int
    ) -> Downstream:
        from sklearn.exceptions import ConvergenceWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return learner(x, label, units, classes, seed)

    return fit


def repeated(least: int, learner: Fitted) -> Fitted:
    """Return the learner with the rows of a class repeated until it has so many, where it has one.

    A learner that splits its rows into folds asks for some of each class in every fold; of 50 rows
    a class may have one.
    """

    def fit(
        x: NDArray[Any], label: NDArray[np.int64], units: Codec, classes: Classes, seed: int
    ) -> Downstream:
        counts = np.bincount(label)
        short = np.flatnonzero((counts > 0) & (counts < least))
        held = [np.flatnonzero(label == c) for c in short]
        more = [np.resize(own, least)[len(own) :] for own in held]
        rows = np.concatenate([np.arange(len(label)), *more])
        return learner(x[rows], label[rows], units, classes, seed)

    return fit


def _logistic(_seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(100, random_state=seed)


def _svm(_seed: int) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    machine = make_pipeline(StandardScaler(), SVC(C=10, cache_size=500))
    return CalibratedClassifierCV(machine, ensemble=False, cv=FOLDS)


LEARNERS: dict[str, Fitted] = {
    "logistic": as_far_as_it_got(estimator(_logistic)),  # 500 iterations
    "mlp": network("mlp"),
    "cnn": network("cnn"),
    "forest": estimator(_forest),
    "svm": repeated(FOLDS, estimator(_svm)),
}


def features(model: Downstream, x: NDArray[Any]) -> NDArray[np.float32]:
    """Return where a learner puts samples (n, *units.shape): its last hidden layer, (n, 64).

    Learners that are no networks of genenv's put them where their log-probabilities are.
    """
    rows = model.units.tensor(x)
    with torch.no_grad():
        if isinstance(model.model, InUnits):
            return model.model.classifier.features(model.units.encode(rows)).numpy()
        return model.log_probabilities(rows).numpy()


def usual(units: Codec) -> tuple[str, ...]:
    """Name the learners that are quick on any number of rows; `svm` is not."""
    return units.learners


def named(name: str, units: Codec) -> Fitted:
    """Return a learner of LEARNERS, or one from a factory `module:factory`.

    Parameters
    ----------
    name
        A factory returns what has scikit-learn's `fit` and `predict_proba`; a class of
        scikit-learn's is one. It is given the seed as `seed` or `random_state` if it takes one of
        these, else as the one argument that it requires. A factory that takes no seed makes the
        same learner for every seed, unless it draws at random itself.
    units
        Of the data.

    Raises
    ------
    Mistake
        An unknown name, a network for images on vectors, or a factory that fails.
    """
    if ":" not in name:
        checks.choice("learner", name, (*LEARNERS, "module:factory"))
        if name in BODIES and name not in units.classifiers:
            raise checks.Mistake("images for the learner cnn", f"{units.kind}s", "leave it out")
        return LEARNERS[name]
    return estimator(maker(name, "predict_proba", "classifier"))


def maker(name: str, answers: str, kind: str) -> Callable[[int], Any]:
    """Return what makes an estimator of a seed, by a factory; see `named`.

    Parameters
    ----------
    name
        Of the factory, `module:factory`.
    answers
        The method by which what it returns answers, beside `fit`.
    kind
        What scikit-learn calls such an estimator.

    Raises
    ------
    Mistake
        The factory fails.
    """
    factory = downstream.import_object(name, "a factory")

    def make(seed: int) -> Any:
        try:
            with kept():
                made = _seeded(factory, seed)
        except (Exception, SystemExit) as error:
            raise checks.Mistake(
                f"the factory {name} to make a learner", said(error), "mend the factory"
            ) from error
        if not (hasattr(made, "fit") and hasattr(made, answers)):
            raise checks.Mistake(
                f"the factory {name} to return what has fit and {answers}",
                type(made).__name__,
                f"return a scikit-learn {kind}",
            )
        return made

    make(0)  # a factory that fails is told before anything is trained
    return make


def _seeded(factory: Callable[..., Any], seed: int) -> Any:
    """Call a factory with the seed where it takes one, and never as anything else."""
    try:
        takes = inspect.signature(factory).parameters.values()
    except ValueError:  # of some classes written in C: nothing is known
        return factory()
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    for p in takes:
        if p.name in SEEDS and p.kind in by_name:
            return factory(**{p.name: seed})
    required = [p for p in takes if p.kind in by_place and p.default is p.empty]
    return factory(seed) if len(required) == 1 else factory()
