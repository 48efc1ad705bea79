"""Limits on the figures of a run: what a build fails by, and where only more queries can tell."""

from __future__ import annotations

from genenv.limits.checking import Checked, checked
from genenv.limits.limit import Limit, parse, parsed
from genenv.limits.outcome import Outcome, Result

__all__ = ["Checked", "Limit", "Outcome", "Result", "checked", "parse", "parsed"]
