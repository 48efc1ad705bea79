"""Whether training on failures mends a model: beside two controls, on failures held out."""

from __future__ import annotations

from genenv.hardening.classes import Classes
from genenv.hardening.study import Hardening
from genenv.hardening.subject import Subject
from genenv.hardening.values import Values
from genenv.hardening.words import conclusions, summary

__all__ = ["Classes", "Hardening", "Subject", "Values", "conclusions", "summary"]
