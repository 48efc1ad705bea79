"""A regressor under test: oracles of values, the law of rows, players, modes with rules, page."""

from __future__ import annotations

from genenv.regression.law import stored
from genenv.regression.replayed import GIVEN, KIND, is_run, replay
from genenv.regression.report import ValueReport
from genenv.regression.study import RegressStress
from genenv.regression.target import Valued, are_column, are_values, load, more, of_arrays, of_frame

__all__ = [
    "GIVEN",
    "KIND",
    "RegressStress",
    "ValueReport",
    "Valued",
    "are_column",
    "are_values",
    "is_run",
    "load",
    "more",
    "of_arrays",
    "of_frame",
    "replay",
    "stored",
]
