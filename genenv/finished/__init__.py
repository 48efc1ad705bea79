"""Runs that `stress` left, whatever was under test in them, as commands ask them anew."""

from __future__ import annotations

from pathlib import Path

from genenv.finished.classifier import ClassifierRun
from genenv.finished.policy import PolicyRun
from genenv.finished.regressor import RegressorRun
from genenv.finished.run import Finished

__all__ = ["Finished", "opened"]

KINDS: tuple[type[Finished], ...] = (PolicyRun, RegressorRun)


def opened(run: Path | str) -> Finished:
    """Open a folder that `stress` left; what is none is told where its content is asked for."""
    folder = Path(run).expanduser()
    return next((kind for kind in KINDS if kind.left(folder)), ClassifierRun)(folder)
