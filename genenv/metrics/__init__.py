"""Measures of a generator."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from genenv import checks, naming
from genenv.metrics.base import Metric
from genenv.metrics.codes import k_means_purity, purity
from genenv.metrics.efficacy import Efficacy, agreement, estimator, gan_train
from genenv.metrics.evaluation import DURING, FULL, Evaluation
from genenv.metrics.features import Features, ModuleFeatures, SampleFeatures
from genenv.metrics.frechet import Frechet
from genenv.metrics.generated import curves, generator_metrics, metric_steps
from genenv.metrics.inception import InceptionFeatures
from genenv.metrics.kernel import Kernel
from genenv.metrics.learned import ClassifierFeatures, own_features, own_steps
from genenv.metrics.light import Light, diagnoses, generator_light
from genenv.metrics.manifold import Manifold
from genenv.metrics.modes import mode_metrics
from genenv.metrics.rows import row_metrics
from genenv.metrics.sliced import Sliced
from genenv.metrics.spread import Spread, spread
from genenv.metrics.stacked import StackedModes
from genenv.metrics.untried import untried

__all__ = [
    "DURING",
    "FULL",
    "LARGER_IS_BETTER",
    "METRICS",
    "ClassifierFeatures",
    "Efficacy",
    "Evaluation",
    "Features",
    "Frechet",
    "InceptionFeatures",
    "Kernel",
    "Light",
    "Manifold",
    "Metric",
    "ModuleFeatures",
    "SampleFeatures",
    "Sliced",
    "Spread",
    "StackedModes",
    "agreement",
    "better",
    "build",
    "curves",
    "diagnoses",
    "estimator",
    "gan_train",
    "generator_light",
    "generator_metrics",
    "k_means_purity",
    "metric_steps",
    "mode_metrics",
    "own_features",
    "own_steps",
    "purity",
    "ranked",
    "row_metrics",
    "spread",
    "untried",
]

METRICS: dict[str, type[Metric]] = {
    "frechet": Frechet,
    "kernel": Kernel,
    "manifold": Manifold,
    "sliced": Sliced,
}

# Key of a figure -> whether more of it is better: of METRICS, and of what else is measured.
LARGER_IS_BETTER: dict[str, bool] = {
    **{key: kind.larger_is_better for kind in METRICS.values() for key in kind.keys},
    "fid": False,
    "modes": True,
    "high_quality": True,
    "reverse_kl": False,
    "purity": True,
    "agreement": True,
    "gan_train_svm": True,
    "gan_train_network": True,
}


def build(names: Iterable[Any] = tuple(METRICS)) -> list[Metric]:
    """Make metrics.

    Parameters
    ----------
    names
        Names in METRICS, or of your own: `module:name`, a Metric, or what makes one without
        arguments.

    Raises
    ------
    Mistake
        An unknown name, something else than a metric, or two metrics with a figure of one name.
    """
    made = [naming.make("metric", name, METRICS, Metric) for name in names]
    checks.once("the figures", [key for metric in made for key in metric.keys])
    return made


def ranked(key: str) -> bool:
    """Return whether more of a figure is better.

    Parameters
    ----------
    key
        Of a figure in LARGER_IS_BETTER.

    Raises
    ------
    Mistake
        An unknown key.
    """
    return LARGER_IS_BETTER[checks.choice("metric", key, LARGER_IS_BETTER)]


def better(key: str, new: float, old: float) -> bool:
    """Return whether a figure is better than an older one; NaN never is, and any number beats it.

    Parameters
    ----------
    key
        Of both figures, see `ranked`.
    new, old
        The figures.

    Raises
    ------
    Mistake
        An unknown key.
    """
    larger = ranked(key)
    if math.isnan(new) or math.isnan(old):
        return math.isnan(old) and not math.isnan(new)
    return new > old if larger else new < old
