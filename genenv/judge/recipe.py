"""Which members a judge has and how long they learn, by the kind and number of rows."""

from __future__ import annotations

import math
from dataclasses import replace

from genenv import checks
from genenv.codecs import Codec
from genenv.judge.crossfit import Lesson

EFFORTS = ("quick", "default", "high")
EPOCHS = 2500  # of one row; of n rows 1 / √n of it
FEWEST, MOST = 6, 60
PIXELS = 784  # of an image, above which epochs are saved
TURNS = 4  # lessons of `high` at most, each twice as long as the one before
QUICKER = 8  # times that `quick` learns for a shorter time
GUIDE_SHARE = 0.5  # of the audit's epochs


def lessons(rows: int, units: Codec, effort: str) -> tuple[Lesson, ...]:
    """Choose the audit's makes and epochs for so many rows: lessons to try in turn."""
    checks.choice("effort", effort, EFFORTS)
    pixels = units.width / units.channels if units.channels else 1
    wanted = EPOCHS / math.sqrt(rows) * math.sqrt(min(1.0, PIXELS / pixels))
    epochs = min(MOST, max(FEWEST, round(wanted)))
    if effort == "quick":
        epochs = max(1, epochs // QUICKER)
    turns = TURNS if effort == "high" else 1
    return tuple(Lesson(units.oracles, epochs * 2**turn, _table(units)) for turn in range(turns))


def guide_lesson(lesson: Lesson, units: Codec) -> Lesson:
    """Choose the guide's, which every query pays for and which learn for a shorter time."""
    epochs = max(1, round(GUIDE_SHARE * lesson.epochs))
    return replace(lesson, makes=units.guides, epochs=epochs)


def _table(units: Codec) -> Codec | None:
    return None if units.groups is None else units
