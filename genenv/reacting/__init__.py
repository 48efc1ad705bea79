"""The study of reactions: learners that meet noise, shares, and generated rows that may help."""

from __future__ import annotations

from genenv.reacting.study import Reacting

__all__ = ["Reacting"]
