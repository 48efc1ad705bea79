"""The command `react`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from genenv.cli.running import chosen_folder, load_data, load_generator
from genenv.cli.tables import columns_of
from genenv.settings import ReactConfig, TableConfig
from genenv.settings.shown import InPlace, Pixels, Source, Switch, shown


@dataclass(frozen=True)
class React:
    """Study how learners react to noise and to generated data; leaves a run folder.

    Trained learners meet noise of latents, of generated samples and of real rows, in strengths 0 to
    5. Learners in training meet shares of generated data, filtered or not, beside real data only.
    Every figure is in RUN/react.json, in RUN/react.html, and in TensorBoard.
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
    generator: Annotated[str | None, shown("RUN|MODULE:NAME", "one is fitted")] = None
    """A run whose generator is met, or package.module:name of one; it needs classes."""
    judge: Annotated[Path | None, shown("JUDGE", "one is made")] = None
    """A folder that genenv judge, stress or react left: its judge is taken as it stands."""
    no_cache: Switch = False
    """Neither take a judge or metrics from the cache of earlier runs nor keep them there."""
    residuals: Annotated[Path | None, shown("RUN", "none")] = None
    """A run fitted to what real rows differ by: it is met as sample:learned and real:learned."""
    settings: Annotated[ReactConfig, InPlace] = field(default_factory=ReactConfig)
    """Of the study."""
    size: Pixels = None
    """Pixels a side to which a folder's images are resized."""
    channels: Pixels = None
    """1 (grey) or 3 (colour) to which a folder's images are turned."""

    def __call__(self, line: str) -> int:
        """Run the study and say where its figures lie."""
        from genenv import api, runs
        from genenv.reacting import Reacting
        from genenv.report.reactions import summary
        from genenv.stages import Stages

        dataset = load_data(self.data, self.size, self.channels, columns_of(self.table))
        generator, stored = None, None
        if self.generator is not None:
            generator = load_generator(self.generator, dataset, None)
            stored = Path(self.generator) if Path(self.generator).is_dir() else None
        residuals = None if self.residuals is None else api.load(self.residuals)
        out = chosen_folder(self.out, self.resume) or runs.next_folder(f"react-{dataset.name}")
        stages = Stages(display=True)
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
        )
        content = study.run(self.resume)
        print(summary(content))
        print(
            f"page:      {out}/react.html\n"
            f"overview:  tensorboard --logdir {shlex.quote(f'{out}/overview')}\n"
            f"by noise:  tensorboard --logdir {shlex.quote(f'{out}/noise')}"
        )
        return 0
