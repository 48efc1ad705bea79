"""Runs side by side: which failures went, came and stayed, and what equal samples say of both."""

from __future__ import annotations

from genenv.comparing.comparison import compare
from genenv.comparing.finished import Opened, opened

__all__ = ["Opened", "compare", "opened"]
