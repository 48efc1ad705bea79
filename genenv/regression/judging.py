"""Guide and audit of a regressor: two panels with their gates, on disjoint rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import cache, files, reading, runs, seeding
from genenv.codecs import Codec
from genenv.data import Split, near
from genenv.judge import Judged, Verdict
from genenv.judge.folds import digest
from genenv.judge.layout import seen
from genenv.parts import Advance, Part
from genenv.regression.panel import Opinion, Panel, fit_panel
from genenv.regression.realism import Realism, fit_realism
from genenv.regression.target import Valued, described

TARGET = "target.json"  # of a judge: the mean and the deviation of what it judges

Floats = NDArray[np.float64]

FORMAT = 1  # of a judge in the cache: one that is made or kept otherwise has another


@dataclass(frozen=True, eq=False)
class Side:
    """A panel and its gates: the guide, or the audit."""

    panel: Panel
    realism: Realism
    learned: NDArray[np.uint64]
    """(rows,), ascending: the names of what it learned from, see `folds.digest`."""

    def save(self, path: Path) -> None:
        """Write one .npz of arrays."""
        parts = {"panel": self.panel.arrays(), "realism": self.realism.arrays()}
        flat: dict[str, Any] = {
            f"{part}/{name}": a for part, own in parts.items() for name, a in own.items()
        }
        files.write_atomically(path, lambda file: np.savez(file, learned=self.learned, **flat))

    @staticmethod
    def load(path: Path) -> Side:
        """Read what `save` wrote; executes nothing."""
        held = reading.arrays(path)

        def part(name: str) -> dict[str, NDArray[Any]]:
            return {k[len(name) :]: a for k, a in held.items() if k.startswith(name)}

        return reading.guarded(
            path,
            lambda: Side(
                Panel.of_arrays(part("panel/")), Realism.of_arrays(part("realism/")),
                held["learned"],
            ),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class ValueJudge:
    """The guide that searches may see, and the audit that gives the verdicts.

    A failure is confirmed where the audit's own interval leaves the model's answer out, on the
    guide's side, of a row that its gates take for an instance. Else it is ambiguous: the answer
    lies inside the width that rows have in the median (the panels disagree), or beyond that but
    inside the width at this row, which is too wide to tell.
    """

    units: Codec
    centre: float
    """Mean of the target, in the user's unit."""
    scale: float
    """Its standard deviation: what values are measured in."""
    guide: Side
    audit: Side

    def judged(
        self,
        x: NDArray[Any],
        label: NDArray[np.int64],
        severity: NDArray[np.float32],
        answer: NDArray[np.float32],
        fold: NDArray[np.int64],
    ) -> Judged:
        """Judge queries.

        Parameters
        ----------
        x
            (n, *units.shape) in the data's units.
        label, fold
            (n,), of no use: there is one condition, and all members judge.
        severity
            (n,), above 0 where the guide's interval leaves the answer out, NaN without an answer.
        answer
            (n,), the model's, in standard deviations of the target.
        """
        assert len(label) == len(fold) == len(x)
        verdict = np.zeros(len(x), np.int8)
        verdict[np.isnan(severity)] = Verdict.ERROR
        p = np.full(len(x), -1, np.float32)
        inside = np.full(len(x), -1, np.int64)
        own = np.flatnonzero(severity > 0)
        if len(own):
            rows = self.rows(x[own])
            said, first = self.audit.panel(rows), self.guide.panel(rows)
            away = answer[own] - said.mean
            same = np.sign(away) == np.sign(answer[own] - first.mean)
            out = (np.abs(away) > said.half) & same
            verdict[own] = np.where(out, Verdict.CONFIRMED, Verdict.AMBIGUOUS)
            verdict[own[self.audit.realism(rows) > 1]] = Verdict.INVALID
            p[own] = self.audit.panel.surprise(np.abs(away) / said.scale)
            inside[own] = np.where(np.abs(away) <= self.audit.panel.ordinary, 1, -1)
        return Judged(verdict, p, inside, np.ones(len(x), np.int64))

    def answer(self, output: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the model answered: outputs (n, 3) -> (n,)."""
        return output[:, 0]

    def of_query(self, _search: str, _seed: int, index: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the fold of each query: there is one."""
        return np.zeros(len(index), np.int64)

    def learned(self, x: NDArray[Any]) -> NDArray[np.bool_]:
        """Tell which stored rows (n, *units.shape) a side of it learned from, (n,)."""
        return np.isin(digest(x), np.concatenate([self.guide.learned, self.audit.learned]))

    def digest(self) -> str:
        """Tell it from any other: what its sides learned, and their intervals."""
        found = hashlib.sha256()
        for side in (self.guide, self.audit):
            for column in (side.learned, side.panel.scores, side.panel.weight):
                found.update(column.tobytes())
        return found.hexdigest()

    def rows(self, x: NDArray[Any]) -> Tensor:
        """Turn stored samples (n, *units.shape) into rows as oracles see them, (n, width)."""
        return seen(x, self.units).flatten(1)

    def value(self, standard: Floats) -> Floats:
        """Return values in the user's unit."""
        return standard * self.scale + self.centre

    def save(self, folder: Path) -> None:
        """Write both sides and the target's mean and deviation."""
        folder.mkdir(parents=True, exist_ok=True)
        self.guide.save(folder / "guide.npz")
        self.audit.save(folder / "audit.npz")
        files.write_json(folder / TARGET, {"centre": self.centre, "scale": self.scale})

    @staticmethod
    def load(folder: Path, units: Codec) -> ValueJudge:
        """Read what `save` wrote."""
        sides = [Side.load(folder / f"{name}.npz") for name in ("guide", "audit")]
        return ValueJudge(units, *target_of(folder), *sides)


def target_of(folder: Path) -> tuple[float, float]:
    """Read the target's mean and deviation from the folder of a judge."""
    path = folder / TARGET
    return reading.value(path, float, "centre"), reading.value(path, float, "scale")


@dataclass(frozen=True)
class Look:
    """What the guide says of rows, one each."""

    opinion: Opinion
    distance: Floats
    """(n,), realism distance - threshold."""


def look(side: Side, rows: Tensor) -> Look:
    """Let a side look at rows (n, width)."""
    return Look(side.panel(rows), side.realism(rows) - side.realism.threshold)


def fit_judge(source: Valued, split: Split, level: float, seed: int) -> ValueJudge:
    """Fit guide and audit to disjoint rows.

    Parameters
    ----------
    source
        Where the rows of guide, calibration and audit come from.
    split
        The guide learns from the first two, the audit from the last.
    level
        Share of rows whose value lies inside the interval.
    seed
        Address of folds and fits.
    """
    centre, scale = float(source.y.mean()), float(source.y.std())
    parts = {
        "guide": np.sort(np.concatenate([split.guide, split.calibration])),
        "audit": split.audit,
    }
    sides = []
    for name, own in parts.items():
        x, key = source.dataset.x[own], seeding.fold(seed, name)
        rows, group = seen(x, source.dataset.units).flatten(1), near.groups(x)
        value = (source.y[own] - centre) / scale
        panel = fit_panel(rows, value, group, level, key)
        realism = fit_realism(rows, group, source.dataset.units, key)
        sides.append(Side(panel, realism, np.unique(digest(x))))
    return ValueJudge(source.dataset.units, centre, scale, *sides)


def judge_part(
    source: Valued, split: Split, level: float, seed: int, given: ValueJudge | None
) -> Part[ValueJudge]:
    """Return the judge of a run as a part: one that is made outlives the run in the cache.

    Parameters
    ----------
    source, split, level, seed
        See `fit_judge`.
    given
        Taken as it stands; None: one is made.
    """
    units = source.dataset.units if given is None else given.units

    def make(_: Advance) -> ValueJudge:
        return fit_judge(source, split, level, seed) if given is None else given

    def load(place: Path) -> ValueJudge:
        return ValueJudge.load(place, units)

    def key() -> str:
        return cache.key(
            part="judge of values",
            format=FORMAT,
            source=described(source) | {"name": "", "target": ""},
            units=units.to_json(),
            split=runs.rows_of(split),
            level=level,
            seed=seed,
            threads=torch.get_num_threads(),
        )

    kept = key if given is None else None
    return Part("judge", "the judge", make, ValueJudge.save, load, key=kept)
