"""Whether training on failures mends a model: beside two controls, on failures held out."""

from __future__ import annotations

from genenv.hardening.study import Hardening
from genenv.hardening.words import conclusions, summary

__all__ = ["Hardening", "conclusions", "summary"]
