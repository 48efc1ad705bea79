"""The labelled rows that a judge doubts: often errors in the labels of the user's data."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import files
from genenv.data import Dataset, Split
from genenv.judge import Judge
from genenv.wording import inert

DOUBT = 0.5  # probability of its own label below which a row is listed
COLUMNS = ("data", "row", "label", "p", "likeliest", "p_likeliest")


@dataclass(frozen=True, eq=False)
class Doubtful:
    """Rows whose label is less likely than not, by members that had not seen them, worst first."""

    x: NDArray[Any]  # (n, *units.shape) as stored
    data: tuple[str, ...]  # (n,), the name of the data that a row is of
    row: NDArray[np.int64]  # (n,), its number there, from 0
    label: tuple[int | str, ...]  # (n,), the user's
    p: NDArray[np.float32]  # (n,), of that
    likeliest: tuple[int | str, ...]  # (n,)
    p_likeliest: NDArray[np.float32]  # (n,)

    def __len__(self) -> int:
        return len(self.row)

    def save(self, path: Path) -> None:
        """Write the list as a CSV file."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        rounded = ([f"{value:.4f}" for value in part] for part in (self.p, self.p_likeliest))
        p, p_likeliest = rounded
        rows = zip(self.data, self.row, self.label, p, self.likeliest, p_likeliest, strict=True)
        writer.writerows([inert(cell) for cell in row] for row in rows)
        files.write_atomically(path, lambda file: file.write(text.getvalue().encode()))


def find(judge: Judge, dataset: Dataset, source: Dataset, split: Split) -> Doubtful:
    """Ask the audit about every row that a judge was made and measured with.

    Parameters
    ----------
    judge
        Made of that split.
    dataset, source, split
        As `judge.make_judge` takes them.
    """
    rest = [split.guide, split.audit, split.calibration, split.test]
    parts = ((dataset, split.train), (source, np.sort(np.concatenate(rest))))
    x, label = (
        np.concatenate(pair) for pair in zip(*(d.pick(rows) for d, rows in parts), strict=True)
    )
    names = np.repeat([d.name for d, _ in parts], [len(rows) for _, rows in parts])
    number = np.concatenate([rows for _, rows in parts])
    answer = judge.probability(x)
    own = answer[np.arange(len(label)), label]
    order = np.argsort(own, kind="stable")
    order = order[own[order] < DOUBT]
    guess = answer[order].argmax(1)
    return Doubtful(
        x=x[order],
        data=tuple(names[order].tolist()),
        row=number[order],
        label=tuple(judge.classes[i] for i in label[order]),
        p=own[order],
        likeliest=tuple(judge.classes[i] for i in guess),
        p_likeliest=answer[order].max(1),
    )
