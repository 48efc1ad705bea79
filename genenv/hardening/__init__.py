"""Does training on the failures mend the model: beside two controls, on failures it has not seen."""

from __future__ import annotations

from genenv.hardening.config import HardenConfig
from genenv.hardening.study import Hardening
from genenv.hardening.words import conclusions, summary

__all__ = ["HardenConfig", "Hardening", "conclusions", "summary"]
