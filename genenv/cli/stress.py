"""The command `stress`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from genenv import checks
from genenv.cli.running import chosen_folder, load_data, load_generator, load_values
from genenv.cli.tables import columns_of
from genenv.importing import import_model
from genenv.settings import LoadingConfig, StressConfig, TableConfig, places
from genenv.settings.shown import InPlace, Source, Switch, shown

if TYPE_CHECKING:
    from genenv.regression import Valued, ValueReport
    from genenv.report import Report

UNDECIDED = 3  # exit code of a run that cannot be trusted


@dataclass(frozen=True)
class Stress:
    """Search a model for failures on plausible inputs, judge them, and write a page.

    Where the target of the data is a value, the model is a regressor, see docs/regressors.md. With
    --env ID a policy is under test: see `genenv stress-policy --help`.
    """

    data: Source
    """digits, ring, grid, loans, a folder of idx files or of class folders, an .npz with x and y,
    or a table (.csv, .parquet) with --target."""
    held_out: Annotated[str | None, shown("DATA", "the data's own test set, or a split")] = None
    """Data that neither model nor generator saw."""
    model: Annotated[str | None, shown("MODULE:NAME", "one is trained")] = None
    """The model under test, package.module:name or an .onnx file."""
    generator: Annotated[str | None, shown("RUN|FILE.onnx|MODULE:NAME", "one is fitted")] = None
    """A run with a generator trained on these data, an .onnx file of a decoder, or
    package.module:name of either."""
    base_dim: Annotated[int | None, shown("N")] = None
    """Length of e, where --generator names a decoder (e, label) -> samples."""
    decoder_output: Annotated[str, shown("data|unit|tanh")] = "data"
    """Range of what that decoder answers: the data's own, [0, 1] or [-1, 1]."""
    judge: Annotated[Path | None, shown("JUDGE", "one is made")] = None
    """A folder that genenv judge, stress or react left: its judge is taken as it stands."""
    no_cache: Switch = False
    """Neither take a judge or metrics from the cache of earlier runs nor keep them there."""
    settings: Annotated[StressConfig, InPlace] = field(default_factory=StressConfig)
    """Of the run."""
    loading: Annotated[LoadingConfig, InPlace] = field(default_factory=LoadingConfig)
    """Of the data."""
    table: Annotated[TableConfig, InPlace] = field(default_factory=TableConfig)
    """Of its columns."""
    ray: Annotated[str | None, shown("[ADDRESS]", "off")] = None
    """Ask the model on the workers of a Ray cluster: local (one of this machine's cores, which
    --ray alone means), auto (one that runs here), HOST:PORT or ray://HOST:PORT. The same report for
    any number of workers."""
    ray_workers: Annotated[int | None, shown("N", "as many as the cluster has cores")] = None
    """Of these."""
    resume: Switch = False
    """Go on with what --out holds."""
    out: Annotated[Path | None, shown("RUN", "runs/stress-NAME-000, the next free number")] = None
    """The run's folder."""

    def __call__(self, line: str) -> int:
        """Run the main job and print its summary."""
        content, said = self.done(line)
        print(said)
        from genenv import trust

        return UNDECIDED if trust.bad(content["trust"]) else 0

    def done(self, line: str) -> tuple[dict[str, Any], str]:
        """Run the main job; returns the content of report.json, and its summary."""
        report = self._report(line)  # a model that cannot be found is told before torch is imported
        return report.data, str(report)

    def _report(self, line: str) -> Report:
        """Run the main job, which `line` repeats."""
        if self.ray is None and self.ray_workers is not None:
            do = "give --ray, or leave --ray-workers out"
            raise checks.Mistake("--ray beside --ray-workers", "none", do)
        places.cluster(self.ray)
        model = None if self.model is None else import_model(self.model)
        places.data(self.data, self.held_out)
        from genenv import runs
        from genenv.cluster import Cluster
        from genenv.progress import Progress
        from genenv.stressing import Stressing

        if (values := load_values(self.data, columns_of(self.table))) is not None:
            return self._of_values(values, model, line)
        dataset = load_data(self.data, self.loading, columns_of(self.table))
        held_out = (
            dataset.held_out
            if self.held_out is None
            else load_data(self.held_out, self.loading, like=dataset)
        )
        generator, stored = None, None
        before = self.settings.starts_from
        named = self.generator or before
        if named is not None:
            generator = load_generator(named, dataset, self.base_dim, self.decoder_output)
            stored = Path(named) if Path(named).is_dir() else None
        out = chosen_folder(self.out, self.resume) or runs.next_folder(f"stress-{dataset.name}")
        stages = Progress(display=True)
        run = Stressing(
            self.settings, dataset, held_out, model, generator, out, stages,
            line, model_path=self.model, generator_run=stored, judge=self.judge or before,
            no_cache=self.no_cache,
            cluster=None if self.ray is None else Cluster(self.ray, self.ray_workers),
        )  # fmt: skip
        print(run.lineup.announced())
        return run.run(self.resume)

    def _of_values(self, values: Valued, model: Any, line: str) -> ValueReport:
        """Run the job of a regressor."""
        from genenv import regression, runs
        from genenv.progress import Progress
        from genenv.settings import RegressConfig

        given = {"base-dim": self.base_dim, "ray": self.ray}
        if said := [name for name, value in given.items() if value is not None]:
            raise checks.Mistake(
                "no --base-dim or --ray where the target is a value", f"--{said[0]}",
                "leave it out",
            )  # fmt: skip
        config = RegressConfig.of(self.settings)
        held_out = None if self.held_out is None else regression.more(self.held_out, values)
        generator = None if self.generator is None else regression.stored(self.generator)
        out = chosen_folder(self.out, self.resume)
        out = out or runs.next_folder(f"stress-{values.dataset.name}")
        run = regression.RegressStress(
            config,
            values,
            held_out,
            model,
            generator,
            out,
            Progress(display=True),
            line,
            self.model,
            judge=self.judge,
            no_cache=self.no_cache,
        )
        return run.run(self.resume)
