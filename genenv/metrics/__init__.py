"""Measures of a generator."""

from genenv.metrics.efficacy import Efficacy, agreement, estimator, gan_train
from genenv.metrics.generated import generator_metrics, metric_steps
from genenv.metrics.modes import mode_metrics

__all__ = [
    "Efficacy",
    "agreement",
    "estimator",
    "gan_train",
    "generator_metrics",
    "metric_steps",
    "mode_metrics",
]
