"""The making of a judge as a study: trained, calibrated, measured, with the rows that it doubts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from genenv import checks, doubtful, files, prepared, runs, trust
from genenv.data import Dataset, Split, near, split
from genenv.judge import Judge
from genenv.parts import Part
from genenv.progress import Progress
from genenv.report.judges import write_page
from genenv.run_rows import Parts
from genenv.study import Study
from genenv.training.machine import pick_threads, reproducible

SCHEMA = 1  # of quality.json


class JudgeFitting(Study[dict[str, Any]]):
    """One judge in a folder; `run` returns the content of quality.json.

    Parameters
    ----------
    dataset
        Labelled data; a share of its rows stays untouched, unless `held_out` is given.
    held_out
        Rows of the same kind, of which a share stays untouched; all other rows are learned from.
    folder, stages, line, no_cache
        See `Study`.
    seed
        Address of the split and of everything random: a `stress` run of the same data and seed has
        the same untouched rows.
    effort
        See `judge.fit`.

    Raises
    ------
    Mistake
        Data without labels, held-out rows of another kind, or too few rows of a class.
    """

    command = "judge"

    def __init__(
        self,
        dataset: Dataset,
        held_out: Dataset | None,
        folder: Path,
        stages: Progress | None = None,
        line: str = "",
        seed: int = 0,
        effort: str = "default",
        no_cache: bool = False,
    ) -> None:
        super().__init__(folder, stages, line, no_cache=no_cache)
        if dataset.label is None:
            raise checks.Mistake("labelled data", f"none in {dataset.name}", "give y")
        self.dataset = dataset
        self.seed = seed
        self.effort = effort
        self.source = dataset if held_out is None else held_out
        self.split: Split = split(dataset, seed, held_out)
        self.notes += dataset.notes
        self.notes += near.notes(dataset.x, None if held_out is None else held_out.x)
        self.judge = prepared.judge_part(dataset, self.source, self.split, seed, effort)

    def settings(self) -> dict[str, Any]:
        """See `Study.settings`."""
        return {
            "seed": self.seed,
            "effort": self.effort,
            "data": runs.describe(self.dataset),
            "held_out": runs.describe(self.source) if self.source is not self.dataset else None,
            "split": runs.rows_of(self.split),
        }

    def chosen(self) -> Parts:
        """See `Study.chosen`."""
        return runs.parts_of(self.split)

    def parts(self) -> Sequence[Part[Any]]:
        """See `Study.parts`."""
        return [self.judge]

    def work(self) -> dict[str, Any]:
        """Make the judge, and show what it is worth."""
        with reproducible(pick_threads(0, 0, self.dataset.units.family == "image")):
            judge = self.get(self.judge)
            doubted = doubtful.find(judge, self.dataset, self.source, self.split)
        doubted.save(self.folder / "doubtful.csv")
        content = self._content(judge, len(doubted))
        files.write_json(self.folder / "quality.json", content)
        write_page(content, doubted, judge.units, self.folder / "judge.html")
        return content

    def _content(self, judge: Judge, doubted: int) -> dict[str, Any]:
        light = trust.judge_light(judge.quality, judge.classes)
        return {
            "schema": SCHEMA,
            "light": {"light": light.light, "figure": light.figure, "advice": light.advice},
            "data": runs.describe(self.dataset),
            "judge": judge.quality,
            "doubtful": doubted,
            "told": self.notes,
            "timings": dict(self.stages.seconds),
        }
