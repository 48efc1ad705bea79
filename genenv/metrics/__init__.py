"""Measures of a generator."""

from genenv.metrics.efficacy import Efficacy, agreement, estimator, gan_train

__all__ = ["Efficacy", "agreement", "estimator", "gan_train"]
