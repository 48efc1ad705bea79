"""The command `fit`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from genenv import checks
from genenv.cli.running import chosen_folder, load_data
from genenv.cli.tables import MADE
from genenv.settings import FitConfig, LoadingConfig, TableConfig, places
from genenv.settings.shown import InPlace, Name, Source, Switch, shown

TABLES = (".csv", ".parquet")


@dataclass(frozen=True)
class Fit:
    """Train a generator on data; leaves a run folder.

    Every setting that is not given is the preset's, by objective and kind of data (vectors, images
    below 16 pixels, larger ones); RUN/config.json says what it was. Under `torchrun` the processes
    train as one.
    """

    data: Source
    """digits, ring, grid, stacked-digits (stacked-digits:DATA of other digits), a folder of idx
    files, of class folders or of images, an .npz with x and perhaps y; loans or another table
    (.csv, .parquet)."""
    out: Annotated[Path | None, shown("RUN", "runs/fit-NAME-000, the next free number")] = None
    """The run's folder."""
    resume: Switch = False
    """Go on from the newest whole checkpoint in --out."""
    settings: Annotated[FitConfig, InPlace] = field(default_factory=FitConfig)
    """Of the training."""

    metrics: bool = True
    """Hold out the data's own test set or a fifth of the rows, and measure the generator by them;
    leaves RUN/metrics.json."""
    features: Name = "own"
    """Where images are compared: own (a small classifier of the data, or the samples themselves
    where there are no labels), samples, a module as package.module:name, or the file of Inception's
    weights that defines FID, pt_inception-2015-12-05-6726825d.pth of pytorch-fid's releases."""
    own_metrics: Annotated[tuple[str, ...], shown("MODULE:NAME [...]", "none")] = ()
    """Metrics of your own, measured beside genenv's."""
    loading: Annotated[LoadingConfig, InPlace] = field(default_factory=LoadingConfig)
    """Of the data."""

    table: Annotated[TableConfig, InPlace] = field(default_factory=TableConfig)
    """Of its columns."""

    def __call__(self, line: str) -> int:
        """Train and say where the run lies."""
        places.data(self.data)
        if self.data == MADE or self.data.endswith(TABLES):
            from genenv.cli.tables import fit_table

            return fit_table(self, line)
        return self._fit_arrays(line)

    def _fit_arrays(self, line: str) -> int:
        if self.table != TableConfig():
            raise checks.Mistake(
                "--target, --kinds, --drop or --schema with a table (.csv, .parquet)", self.data,
                "leave them out, or give a table",
            )  # fmt: skip
        from genenv import fitting, runs
        from genenv.progress import Progress
        from genenv.training.distributed import started_by_torchrun
        from genenv.training.presets import configured

        dataset = load_data(self.data, self.loading)
        config = configured(self.settings.objective, dataset.units, self.settings.given())
        out = chosen_folder(self.out, self.resume) or runs.next_folder(f"fit-{dataset.name}")
        leads = started_by_torchrun().leads
        stages = Progress(display=leads)
        measured = self.metrics, self.features, line, self.own_metrics
        fit = fitting.Fitting(dataset, config, out, stages, *measured)
        generator = fit.run(self.resume)
        if leads:
            for sentence in (*dataset.notes, *generator.notes):
                print(sentence)
            if (out / "metrics.json").is_file():
                print(f"metrics:   {out}/metrics.json")
            print(f"generator: {out}/generator")
            print(f"curves:    {runs.curves(out)}")
        return 0
