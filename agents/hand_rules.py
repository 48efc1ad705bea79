"""Rules that a person would write for a seat: baselines of its agents, by the environment's id."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.agents.returns import Act
from genenv.stacked.schedules import Decayed
from genenv.stacked.teachers import TEACHERS

EQUAL_PUSH = 1 / 18  # a third of a standard deviation, of six: the least energy at edge 10


def _equal_pushes(seen: NDArray[Any]) -> NDArray[np.float32]:
    return np.full((len(seen), 1), EQUAL_PUSH * (1 + 1e-6), np.float32)


HAND_RULES: dict[str, tuple[str, Act]] = {
    "genenv/TrainingGame-v0": ("decayed rates", Decayed().act),
    "genenv/Curriculum-v0": ("generated rows only", TEACHERS["generated only"].act),
    "genenv/Walk1D-v0": ("equal pushes", _equal_pushes),
}
