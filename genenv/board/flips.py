"""What a stress run found, read from its folder: each flip with its verdict, and its path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, failures, reading
from genenv.board.folders import own
from genenv.board.generated import generated, loaded
from genenv.generators import Generator
from genenv.judge import Verdict
from genenv.reading import Column

MOST = 3000  # flips of a run that are shown: the first ones of each verdict and search
FRAMES = 16  # of a path
COLUMNS = {name: column for name, column in failures.COLUMNS.items() if name not in ("x", "p")} | {
    "verdict": Column("iu", (None,), 0)
}

Row = dict[str, Any]
Columns = dict[str, NDArray[Any]]


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
        self.generator = loaded(run)
        parts: list[Columns] = []
        self.unread: list[str] = []  # shards that are cut off, or lie elsewhere
        why = "no file"
        for path in sorted((run / "findings").glob("*.npz")):
            try:
                parts.append(_flips(own(path, run), self.generator))
            except checks.Mistake as error:
                self.unread.append(path.name)
                why = f"{path.name}: {error}"
        if not parts:
            raise checks.Mistake(f"findings in {run.name} that can be read", why, "repeat the run")
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
                "verdict": Verdict(int(c["verdict"][i])).name.lower(),
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


def _flips(path: Path, generator: Generator) -> Columns:
    """Read the flips of a shard.

    Raises
    ------
    Mistake
        Columns that do not belong together, or not to the generator.
    """
    columns = reading.arrays(path, COLUMNS)
    count = columns["label"].size
    classes = len(generator.classes)
    wide = {"e": (count, generator.noise.base_dim), "output": (count, classes)}
    for name, column in columns.items():
        checks.shape(name, column, wide.get(name, (count,)))
    within("label", columns["label"], classes)
    within("verdict", columns["verdict"], len(Verdict))
    reading.check(path, columns, COLUMNS)
    return {name: column[columns["severity"] > 0] for name, column in columns.items()}


def within(name: str, column: NDArray[np.integer[Any]], count: int) -> None:
    """Raise a Mistake unless all of a column are whole numbers from 0 to below `count`."""
    if column.dtype.kind not in "iu" or ((column < 0) | (column >= count)).any():
        raise checks.Mistake(
            f"{name} from 0 to {count - 1}", "others", "look whether its files are of one run"
        )


def _spread(verdict: NDArray[np.int8], search: NDArray[np.str_]) -> NDArray[np.int64]:
    """Pick at most MOST rows, as many of each verdict and search as there is room for."""
    groups = [
        np.flatnonzero((verdict == v) & (search == s))
        for v in np.unique(verdict)
        for s in np.unique(search)
    ]
    if not groups:
        return np.zeros(0, np.int64)
    return np.sort(np.concatenate([group[: MOST // len(groups)] for group in groups]))


def _model_name(run: Path) -> str:
    path = run / "model" / "model.json"
    if not path.exists():
        return "model"
    try:
        spec = reading.plain(own(path, run))
    except checks.Mistake:  # what cannot be read is not worth the failures
        return "model"
    return str(spec.get("path") or "default model")
