"""The command `judge`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from genenv.cli.running import chosen_folder, load_data
from genenv.cli.stress import UNDECIDED
from genenv.cli.tables import columns_of
from genenv.settings import LoadingConfig, TableConfig, places
from genenv.settings.names import efforts, named
from genenv.settings.shown import InPlace, Number, Source, Switch, shown


@dataclass(frozen=True)
class Judge:
    """Train and calibrate a judge of labelled data, and show what it is worth.

    JUDGE/judge is what stress and react take by --judge; JUDGE/judge.html shows its figures and the
    rows whose labels it doubts, JUDGE/doubtful.csv lists them. Exit 3: it says nothing of use.
    """

    data: Source
    """Labelled: digits, ring, grid, loans, a folder of idx files or of class folders, an .npz, or a
    table (.csv, .parquet) with --target."""
    held_out: Annotated[str | None, shown("DATA", "the data's own test set, or a split")] = None
    """More rows of the same kind; the figures come from a share of them that sets nothing."""
    seed: Number = 0
    """Address of the split and of the judge."""
    effort: Annotated[str, named(efforts, "default")] = "default"
    """quick, default or high: twice as long again and again, until the loss is flat."""
    no_cache: Switch = False
    """Neither take the judge from the cache of earlier runs nor keep it there."""
    loading: Annotated[LoadingConfig, InPlace] = field(default_factory=LoadingConfig)
    """Of the data."""
    table: Annotated[TableConfig, InPlace] = field(default_factory=TableConfig)
    """Of its columns."""
    resume: Switch = False
    """Go on with what --out holds."""
    out: Annotated[Path | None, shown("JUDGE", "runs/judge-NAME-000, the next free number")] = None
    """The folder."""

    def __call__(self, line: str) -> int:
        """Make the judge and print its figures."""
        places.data(self.data, self.held_out)
        from genenv import runs
        from genenv.judge_fitting import JudgeFitting
        from genenv.metrics.light import BAD
        from genenv.progress import Progress
        from genenv.report.judges import summary

        dataset = load_data(self.data, self.loading, columns_of(self.table))
        held_out = dataset.held_out
        if self.held_out is not None:
            held_out = load_data(self.held_out, self.loading, like=dataset)
        out = chosen_folder(self.out, self.resume) or runs.next_folder(f"judge-{dataset.name}")
        stages = Progress(display=True)
        study = JudgeFitting(
            dataset, held_out, out, stages, line, self.seed, self.effort, self.no_cache
        )
        content = study.run(self.resume)
        print(summary(content))
        print(f"page:     {out}/judge.html\ndoubtful: {out}/doubtful.csv\njudge:    {out}/judge")
        return UNDECIDED if content["light"]["light"] == BAD else 0
