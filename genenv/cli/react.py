"""The command `react`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from genenv.cli.running import chosen_folder, load_data, load_generated
from genenv.cli.tables import columns_of
from genenv.settings import LoadingConfig, ReactConfig, TableConfig, places
from genenv.settings.shown import InPlace, Source, Switch, shown


@dataclass(frozen=True)
class React:
    """Study how learners react to noise, and whether generated rows help; leaves a run folder.

    Trained learners meet noise of latents, of generated samples and of real rows, in strengths 0 to
    5. Whether generated rows help a learner, hurt it, or give no evidence is told by paired trials
    beside as many rows made of the real ones alone. Every figure is in RUN/react.json, in
    RUN/react.html, and in TensorBoard.
    """

    data: Source
    """Labelled: digits, ring, grid, loans, a folder of idx files or of class folders, an .npz, or a
    table (.csv, .parquet) with --target."""
    out: Annotated[Path | None, shown("RUN", "runs/react-NAME-000, the next free number")] = None
    """The run's folder."""
    table: Annotated[TableConfig, InPlace] = field(default_factory=TableConfig)
    """Of its columns."""
    resume: Switch = False
    """Go on with what --out holds."""
    held_out: Annotated[str | None, shown("DATA", "the data's own test set, or a split")] = None
    """Data that neither learners nor generator saw."""
    generated: Annotated[
        str | None, shown("FILE|RUN|MODULE:NAME", "samples of one that is fitted")
    ] = None
    """Generated rows: a file of them like the data's; a run whose generator makes them; or
    MODULE:NAME of a generator, of a decoder with --base-dim (an .onnx file too), or of a function
    of a count that returns (x, y). Rows alone are asked whether they help, and no generator is
    fitted."""
    base_dim: Annotated[int | None, shown("N")] = None
    """Length of e, where --generated names a decoder (e, label) -> samples."""
    decoder_output: Annotated[str, shown("data|unit|tanh")] = "data"
    """Range of what that decoder answers: the data's own, [0, 1] or [-1, 1]."""
    judge: Annotated[Path | None, shown("JUDGE", "one is made")] = None
    """A folder that genenv judge, stress or react left: its judge is taken as it stands."""
    no_cache: Switch = False
    """Neither take a judge or metrics from the cache of earlier runs nor keep them there."""
    residuals: Annotated[Path | None, shown("RUN", "none")] = None
    """A run fitted to what real rows differ by: it is met as sample:learned and real:learned."""
    settings: Annotated[ReactConfig, InPlace] = field(default_factory=ReactConfig)
    """Of the study."""
    loading: Annotated[LoadingConfig, InPlace] = field(default_factory=LoadingConfig)
    """Of the data."""

    def __call__(self, line: str) -> int:
        """Run the study and say where its figures lie."""
        places.data(self.data, self.held_out)
        from genenv import api, runs
        from genenv.progress import Progress
        from genenv.reacting import Reacting
        from genenv.report.reactions import summary

        dataset = load_data(self.data, self.loading, columns_of(self.table))
        if self.held_out is not None:
            columns = columns_of(self.table)
            other = load_data(self.held_out, self.loading, columns, like=dataset)
            dataset = replace(dataset, held_out=other)
        generator = None
        generated = None
        stored = None
        if self.generated is not None:
            generator, generated = load_generated(
                self.generated,
                dataset,
                self.base_dim,
                self.decoder_output,
                self.loading.class_names,
            )
            stored = Path(self.generated) if generator and Path(self.generated).is_dir() else None
        residuals = None if self.residuals is None else api.load(self.residuals)
        out = chosen_folder(self.out, self.resume) or runs.next_folder(f"react-{dataset.name}")
        stages = Progress(display=True)
        study = Reacting(
            self.settings,
            dataset,
            generator,
            out,
            stages,
            line,
            residuals,
            stored,
            judge=self.judge,
            no_cache=self.no_cache,
            generated=generated,
        )
        content = study.run(self.resume)
        print(summary(content))
        print(f"page:      {out}/react.html")
        print(f"curves:    {runs.curves(out)}")
        return 0
