"""What a stress run found, read from its folder: each flip with its verdict, and its path."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, networks
from genenv.failures import UNREADABLE
from genenv.judge import VERDICTS
from genenv.networks import Generator
from genenv.networks.base import evaluating

MOST = 3000  # flips of a run that are shown: the first ones of each verdict and search
FRAMES = 16  # of a path
COLUMNS = ("e", "label", "output", "severity", "verdict", "search", "seed", "index")

Row = dict[str, Any]


class Flips:
    """The flips of one run.

    Parameters
    ----------
    run
        Folder of a stress run.

    Raises
    ------
    Mistake
        Nothing of what it holds can be read.
    """

    def __init__(self, run: Path) -> None:
        self.generator = loaded(run / "generator")
        parts: list[dict[str, NDArray[Any]]] = []
        self.unread: list[str] = []  # shards that are cut off
        for path in sorted((run / "findings").glob("*.npz")):
            try:
                with np.load(path, allow_pickle=False) as file:
                    rows = file["severity"] > 0
                    parts.append({name: file[name][rows] for name in COLUMNS})
            except UNREADABLE:
                self.unread.append(path.name)
        if not parts:
            raise checks.Mistake(f"findings in {run.name}", "none that can be read", "repeat it")
        columns = {name: np.concatenate([part[name] for part in parts]) for name in COLUMNS}
        kept = _spread(columns["verdict"], columns["search"])
        self.total = len(columns["label"])
        self.columns = {name: column[kept] for name, column in columns.items()}
        self.classes = [str(c) for c in self.generator.classes]
        self.model = _model_name(run)

    def rows(self) -> list[Row]:
        """Return what can be told in words of each flip, in order."""
        c = self.columns
        p = np.exp(c["output"].astype(np.float64))
        energy = 0.5 * np.square(c["e"].astype(np.float64)).sum(1)
        return [
            {
                "learner": f"{self.model} found by {c['search'][i]}",
                "seed": int(c["seed"][i]),
                "query": int(c["index"][i]),
                "condition": self.classes[c["label"][i]],
                "answer": self.classes[int(p[i].argmax())],
                "p": round(float(p[i].max()), 4),
                "severity": round(float(c["severity"][i]), 3),
                "energy": round(float(energy[i]), 2),
                "verdict": VERDICTS[int(c["verdict"][i])],
            }
            for i in range(len(p))
        ]

    def sample(self, row: int, share: float = 1.0) -> NDArray[Any]:
        """Make the sample of a flip again, at a share of the way from the origin of the base space.

        (1, *units.shape) in the data's units.
        """
        e = torch.from_numpy(self.columns["e"][row : row + 1]) * share
        label = torch.from_numpy(self.columns["label"][row : row + 1])
        return generated(self.generator, self.generator.noise.from_base(e), label)


def generated(generator: Generator, z: Tensor, label: Tensor) -> NDArray[Any]:
    """Generate from latents (n, dim), in the data's units."""
    with torch.no_grad(), evaluating(generator):
        return generator.units.store(generator.units.from_unit(generator(z, label)))


@lru_cache(maxsize=8)
def loaded(folder: Path) -> Generator:
    """Load a generator once; executes nothing that the folder holds."""
    return networks.load(folder)


def _spread(verdict: NDArray[np.int8], search: NDArray[np.str_]) -> NDArray[np.int64]:
    """Pick at most MOST rows, as many of each verdict and search as there is room for."""
    groups = [
        np.flatnonzero((verdict == v) & (search == s))
        for v in np.unique(verdict)
        for s in np.unique(search)
    ]
    room = MOST // max(len(groups), 1)
    return np.sort(np.concatenate([group[:room] for group in groups]))


def _model_name(run: Path) -> str:
    try:
        spec = json.loads((run / "model" / "model.json").read_text())
    except (OSError, ValueError):
        return "model"
    return str(spec.get("path") or "default model")
