"""The commands: fit, sample, stress, replay, envs."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from genenv import ENVIRONMENTS, checks

if TYPE_CHECKING:
    from genenv.data import Dataset

Source = Annotated[str, tyro.conf.Positional]


@dataclass(frozen=True)
class Fit:
    """Train a generator on data; leaves a run folder."""

    data: Source
    """digits, ring, grid, a folder of idx files or of class folders, or an .npz with x and y."""
    out: Path | None = None
    """The run's folder; None: runs/fit-NAME-000, the next free number."""
    objective: str = "relativistic"
    """gan, wgan, wgan-gp or relativistic."""
    network: str = "auto"
    """mlp, dcgan or auto: mlp for vectors and images below 16 pixels."""
    steps: int | None = None
    """Generator updates; None: the preset's."""
    seed: int = 0
    """Address of initial weights, order of the data and latents."""
    device: str = "auto"
    """auto (cuda where there is one), cpu, cuda or cuda:N."""
    precision: str = "32"
    """32, or bf16 for autocast."""
    threads: int = 0
    """CPU threads; 0: one for tiny networks, else torch's default."""
    size: int | None = None
    """Pixels a side to which a folder's images are resized; None: as they are."""
    channels: int | None = None
    """1 (grey) or 3 (colour) to which a folder's images are turned; None: as they are."""
    resume: bool = False
    """Go on from the newest whole checkpoint in --out."""

    def __call__(self) -> int:
        """Train and say where the run lies."""
        from genenv import api, runs
        from genenv.stages import Stages

        dataset = _load(self.data, self.size, self.channels)
        config = api.training_config(
            dataset,
            self.objective,
            network=self.network,
            steps=self.steps,
            seed=self.seed,
            device=self.device,
            precision=self.precision,
            threads=self.threads,
        )
        out = _folder(self.out, self.resume) or runs.next_folder(f"fit-{dataset.name}")
        stages = Stages(display=True)
        try:
            generator = api.fit_dataset(dataset, config, out, stages, self.resume)
        finally:
            stages.close()
        for sentence in (*dataset.notes, *generator.notes):
            print(sentence)
        print(f"generator: {out}/generator\ncurves:    tensorboard --logdir {out}")
        return 0


@dataclass(frozen=True)
class Sample:
    """Draw samples from a trained generator into an .npz file."""

    run: Source
    """A folder that fit or stress left."""
    out: Path
    """The .npz file to write, with x and, for a conditional generator, y."""
    count: int = 10_000
    """Number of samples."""
    label: str | None = None
    """The user's class name; None: drawn uniformly."""
    noise: str | None = None
    """Name of another law for the latents, see `genenv.noise.NOISES`; None: the trained one."""
    strength: float = 1.0
    """Factor on the latents: below 1 shrinks them, above 1 spreads them."""
    keep: float = 1.0
    """Share of the samples that the critic scores best, of each class; above 0, up to 1."""
    seed: int = 0
    """Address of the samples."""

    def __call__(self) -> int:
        """Draw and write."""
        import numpy as np

        from genenv import api, sampling

        generator = api.load(self.run)
        law = sampling.noise_named(generator, self.noise, self.strength)
        driven = sampling.driven_by(generator, law)
        label = sampling.class_index(generator, self.label)
        x, index = sampling.best(driven, self.count, self.seed, label, self.keep)
        y = {} if index is None else {"y": np.array(generator.classes)[index]}
        np.savez_compressed(self.out, x=x, **y)
        print(f"{len(x)} samples: {self.out}")
        return 0


@dataclass(frozen=True)
class Stress:
    """Search a model for failures on plausible inputs, judge them, and write a page."""

    data: Source
    """digits, ring, grid, a folder of idx files or of class folders, or an .npz with x and y."""
    held_out: str | None = None
    """Data that neither model nor generator saw; None: the data's own test set, or a split."""
    model: str | None = None
    """The model under test, package.module:name or an .onnx file; None: one is trained."""
    input: str = "auto"
    """What the model is handed: raw arrays, unit (float32 n,c,h,w in [0, 1]) or flat rows."""
    output: str = "auto"
    """What it returns: probabilities or logits; auto: recognised and told."""
    generator: Path | None = None
    """A run with a generator trained on these data; None: one is fitted."""
    search: tuple[str, ...] | None = None
    """Players: random, evolution, cma-es, gradient, policy; None: random evolution, and policy
    where no model is given."""
    budget: int = 20_000
    """Queries to the model a search and seed."""
    train_queries: int = 100_000
    """Queries that training the policy player costs."""
    seeds: tuple[int, ...] = (0,)
    """Seeds of each search."""
    seed: int = 0
    """Address of the split, the generator, the judge and the default model."""
    objective: str = "relativistic"
    """Of the generator that is fitted where none is given."""
    steps: int | None = None
    """Updates of that generator; None: the preset's."""
    threads: int = 0
    """CPU threads; 0: one for tiny networks, else torch's default."""
    size: int | None = None
    """Pixels a side to which a folder's images are resized; None: as they are."""
    channels: int | None = None
    """1 (grey) or 3 (colour) to which a folder's images are turned; None: as they are."""
    resume: bool = False
    """Go on with what --out holds."""
    out: Path | None = None
    """The run's folder; None: runs/stress-NAME-000, the next free number."""

    def __call__(self) -> int:
        """Run the main job and print its summary."""
        from genenv import api, runs
        from genenv.downstream import import_model
        from genenv.stages import Stages
        from genenv.stressing import StressConfig, Stressing

        players = ("random", "evolution") if self.model else ("random", "evolution", "policy")
        config = StressConfig(
            search=self.search or players,
            budget=self.budget,
            train_queries=self.train_queries,
            seeds=self.seeds,
            seed=self.seed,
            input=self.input,
            output=self.output,
            objective=self.objective,
            steps=self.steps,
            threads=self.threads,
        )
        dataset = _load(self.data, self.size, self.channels)
        held_out = (
            dataset.held_out
            if self.held_out is None
            else _load(self.held_out, self.size, self.channels)
        )
        model = None if self.model is None else import_model(self.model)
        generator = None if self.generator is None else api.load(self.generator)
        out = _folder(self.out, self.resume) or runs.next_folder(f"stress-{dataset.name}")
        run = Stressing(
            config, dataset, held_out, model, generator, out, Stages(display=True),
            command=_repeat(), model_path=self.model,
        )  # fmt: skip
        total = len(config.search) * len(config.seeds) * config.budget
        training = config.train_queries if "policy" in config.search else 0
        print(
            f"{total:,} queries: {len(config.search)} searches x {len(config.seeds)} seeds x "
            f"{config.budget:,}" + (f", and {training:,} to train policy" if training else "")
        )
        print(run.run(self.resume))
        return 0


@dataclass(frozen=True)
class Replay:
    """Ask a model again about the stored failures of a run; exit 1 names the rows."""

    run: Source
    """A folder that stress left."""
    model: str | None = None
    """package.module:name or an .onnx file, for example the mended model; None: the recorded."""
    expect: str = "fail"
    """fail: every stored failure still fails; pass: none does, the model is mended."""

    def __call__(self) -> int:
        """Replay and say which rows are not as expected."""
        from genenv import api
        from genenv.downstream import import_model

        checks.choice("--expect", self.expect, ["fail", "pass"])
        model = None if self.model is None else import_model(self.model)
        replayed = api.replay(self.run, model)
        for sentence in replayed.told:
            print(sentence)
        rows = replayed.unexpected(self.expect)
        verb = "fail" if self.expect == "fail" else "pass"
        print(f"{replayed.rows - len(rows)} of {replayed.rows} stored failures {verb}")
        if len(rows):
            print(f"not as expected, rows of {self.run}/failures: {' '.join(map(str, rows))}")
        return int(bool(len(rows)))


@dataclass(frozen=True)
class Envs:
    """List the environments, for `gymnasium.make`."""

    def __call__(self) -> int:
        """Print an id a line with what its agent does."""
        from importlib import import_module

        for name, (_, batch) in ENVIRONMENTS.items():
            module, kind = batch.split(":")
            doc = getattr(import_module(module), kind).__doc__ or ""
            print(f"{name}  {doc.strip().splitlines()[0]}")
        return 0


Command = (
    Annotated[Fit, tyro.conf.subcommand("fit")]
    | Annotated[Sample, tyro.conf.subcommand("sample")]
    | Annotated[Stress, tyro.conf.subcommand("stress")]
    | Annotated[Replay, tyro.conf.subcommand("replay")]
    | Annotated[Envs, tyro.conf.subcommand("envs")]
)


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 replay found otherwise, 2 the user's mistake, 130 Ctrl-C.

    Parameters
    ----------
    arguments
        Without the program's name; None: those of the process.
    """
    command: Any = tyro.cli(
        Command,  # type: ignore[arg-type]
        prog="genenv",
        description="Find out where, how often and in how many ways a model fails.",
        args=arguments,
        config=(tyro.conf.FlagCreatePairsOff, tyro.conf.PositionalMetavarFromFieldName),
    )
    sys.path.insert(0, os.getcwd())  # the user's model may lie here
    sys.exit(_answer(command))


def _answer(command: Any) -> int:
    try:
        return int(command())
    except checks.Mistake as mistake:
        print(f"genenv: {mistake}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"genenv: {error.strerror or error}: {error.filename or ''}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("genenv: interrupted; --resume with the same --out goes on", file=sys.stderr)
        return 130


def _load(source: str, size: int | None, channels: int | None) -> Dataset:
    from genenv import data

    return data.load(source, size, channels)


def _repeat() -> str:
    """Return the command line without --resume."""
    return shlex.join(["genenv", *(word for word in sys.argv[1:] if word != "--resume")])


def _folder(out: Path | None, resume: bool) -> Path | None:
    if resume and out is None:
        raise checks.Mistake("--out with --resume", "none", "name the folder to go on with")
    return out
