"""Who can be asked about a sample in the tab without running code that a folder names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, recorded
from genenv.board.folders import own
from genenv.downstream import Downstream
from genenv.generators import Generator
from genenv.judge import load_guide

Ask = Callable[[NDArray[Any]], NDArray[np.float64]]
"""Samples (n, *units.shape) -> probabilities (n, classes)."""


def of_run(run: Path, generator: Generator) -> tuple[str, Ask] | None:
    """Return who answers, in words, and how to ask: the model, else the run's guide; None: nobody.

    A model that genenv trained lies in the run as weights. Another one is code, which is not run
    here: the guide stands in for it.
    """
    for path in ("model", "judge"):
        for file in (run / path).rglob("*"):
            own(file, run)
    if (run / "model" / recorded.MODEL).is_file():
        return "the model", _of_model(recorded.load_model(run))
    try:
        guide = load_guide(run / "judge", generator.units)
    except checks.Mistake:  # a run without a judge, or of an older version
        return None

    def ask(x: NDArray[Any]) -> NDArray[np.float64]:
        with torch.no_grad():
            u = generator.units.encode(generator.units.tensor(x))
            p, _ = guide.probability(u)
        return p[:, : len(generator.classes)].double().numpy()

    return "the guide, for the model is code that is not run here", ask


def _of_model(model: Downstream) -> Ask:
    def ask(x: NDArray[Any]) -> NDArray[np.float64]:
        with torch.no_grad():
            return model.log_probabilities(model.units.tensor(x)).double().exp().numpy()

    return ask
