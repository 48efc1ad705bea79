"""What people see: a blind sheet over the verdicts of a run, its answers, and corrected counts."""

from __future__ import annotations

from genenv.people.answers import CANNOT_TELL, NONE_OF_THESE, UNANSWERED, Answers, agreement
from genenv.people.counts import Corrected, corrected, powered
from genenv.people.sheet import REAL, Sheet, draw, sheet_of

__all__ = [
    "CANNOT_TELL",
    "NONE_OF_THESE",
    "REAL",
    "UNANSWERED",
    "Answers",
    "Corrected",
    "Sheet",
    "agreement",
    "corrected",
    "draw",
    "powered",
    "sheet_of",
]
