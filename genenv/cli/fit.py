"""The command `fit`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from genenv import checks
from genenv.cli.names import Objective, named, networks, norms, optimizers
from genenv.cli.running import chosen_folder, load_data
from genenv.cli.shown import (
    Name,
    Number,
    Pixels,
    Real,
    Source,
    Switch,
    Threads,
    Updates,
    Whole,
    shown,
)

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
    files, of class folders or of images, or an .npz with x and perhaps y."""
    out: Annotated[Path | None, shown("RUN", "runs/fit-NAME-000, the next free number")] = None
    """The run's folder."""
    resume: Switch = False
    """Go on from the newest whole checkpoint in --out."""
    objective: Objective = "relativistic"
    """What critic and generator are trained for."""
    network: Annotated[str, named(networks)] = "auto"
    """Kind of both; auto: mlp for vectors and images below 16 pixels, else dcgan; mixture for
    tables."""
    steps: Updates = None
    """Generator updates."""
    seed: Number = 0
    """Address of initial weights, order of the data and latents."""
    device: Name = "auto"
    """auto (cuda where there is one), cpu, cuda or cuda:N."""
    precision: Name = "32"
    """32; bf16 for autocast; tf32 on CUDA. Gradient penalties stay in float32."""
    compile: Switch = False
    """torch.compile of the generator, and of a critic without penalty."""
    threads: Threads = 0
    """CPU threads; 0: one for tiny networks, else torch's default."""

    batch: Whole = None
    """Rows a step, over all processes."""
    latent: Whole = None
    """Dimension of the Gaussian noise; 0 where codes tell all that varies."""
    categorical: Annotated[tuple[int, ...], shown("CLASSES [CLASSES ...]", "none")] = ()
    """Classes of each categorical code, learned in the place of labels, which are then left out
    (InfoGAN)."""
    continuous: Number = 0
    """Continuous codes in [-1, 1]; labels, where there are any, still choose the class
    (InfoGAN)."""
    information: Real = None
    """Weight of the codes' mutual-information term."""
    width: Whole = None
    """Units (mlp) or channels at half the full size (dcgan, resnet) of the generator."""
    critic_width: Whole = None
    """Units (mlp) or channels of the first layer (dcgan, resnet) of the critic."""
    critic_norm: Annotated[str, named(norms)] = "auto"
    """Of the critic's layers; auto: what the objective prefers, where the network has it."""
    pack: Number = 1
    """Samples that the critic judges together (PacGAN)."""
    critic_steps: Whole = None
    """Critic updates a generator update."""
    optimizer: Annotated[str | None, named(optimizers, "the preset's")] = None
    """Of both networks."""
    lr: Real = None
    """Learning rate of both networks at step 0."""
    lr_floor: Real = None
    """Share of the learning rate that the cosine decay leaves at the last step; 1: no decay."""
    betas: Annotated[tuple[float, float] | None, shown("X X", "the preset's")] = None
    """Adam's decay of gradients and of squared gradients; rmsprop takes the second."""
    penalty: Real = None
    """Weight of the gradient penalty; for wgan-gp and relativistic."""
    ema: Real = None
    """Decay a step of the averaged generator, 0: no average; by default it forgets by the steps so
    far, over a twentieth of them."""

    metrics: bool = True
    """Hold out the data's own test set or a fifth of the rows, and measure the generator by them;
    leaves RUN/metrics.json."""
    features: Name = "own"
    """Where images are compared: own (a small classifier of the data, or the samples themselves
    where there are no labels), samples, a module as package.module:name, or the file of Inception's
    weights that defines FID."""
    metrics_every: Number = 0
    """Steps between two measurements of the averaged generator; 0: at the end alone."""
    best: Annotated[str | None, shown("METRIC", "the last generator")] = None
    """Metric whose best generator is kept as the result; needs --metrics-every."""
    log_every: Whole = None
    """Steps between two points of the curves; divergence is noticed then, too."""
    picture_every: Whole = None
    """Steps between two pictures of samples."""
    checkpoint_every: Whole = None
    """Steps between two checkpoints."""
    keep: Whole = None
    """Newest checkpoints that stay on disk."""
    size: Pixels = None
    """Pixels a side to which a folder's images are resized."""
    channels: Pixels = None
    """1 (grey) or 3 (colour) to which a folder's images are turned."""

    target: Annotated[str | None, shown("COLUMN", "none")] = None
    """Of a table: the column that is the label."""
    kinds: Annotated[tuple[str, ...], shown("COLUMN=KIND [...]", "told from the values")] = ()
    """Of a table's columns: continuous, integer, ordered, categorical, boolean, date, constant."""
    drop: Annotated[tuple[str, ...], shown("COLUMN [COLUMN ...]", "none")] = ()
    """Columns of a table to leave out."""
    schema: Annotated[Path | None, shown("FILE", "told from the values")] = None
    """JSON of a table's columns, such as RUN/generator/schema.json, edited."""

    def __call__(self, line: str) -> int:
        """Train and say where the run lies."""
        if self.data.endswith(TABLES):
            from genenv.cli.tables import fit_table

            return fit_table(self, line)
        return self._fit_arrays(line)

    def _fit_arrays(self, line: str) -> int:
        for name in ("target", "kinds", "drop", "schema"):
            if getattr(self, name):
                table = f"--{name} with a table (.csv, .parquet)"
                raise checks.Mistake(table, self.data, "leave it out, or give a table")
        from genenv import fitting, runs
        from genenv.stages import Stages
        from genenv.training.distributed import started_by_torchrun
        from genenv.training.presets import configured

        dataset = load_data(self.data, self.size, self.channels)
        config = configured(self.objective, dataset.units, self._changes())
        out = chosen_folder(self.out, self.resume) or runs.next_folder(f"fit-{dataset.name}")
        leads = started_by_torchrun().leads
        stages = Stages(display=leads)
        fit = fitting.Fitting(dataset, config, out, stages, self.metrics, self.features, line)
        generator = fit.run(self.resume)
        if leads:
            for sentence in (*dataset.notes, *generator.notes):
                print(sentence)
            if (out / "metrics.json").is_file():
                print(f"metrics:   {out}/metrics.json")
            print(f"generator: {out}/generator\ncurves:    tensorboard --logdir {out}")
        return 0

    def _changes(self) -> dict[str, Any]:
        """Return the settings of the training that differ from the preset's."""
        from genenv.training import TrainingConfig

        given = {f.name: getattr(self, f.name, None) for f in fields(TrainingConfig)}
        return {name: value for name, value in given.items() if value is not None}
