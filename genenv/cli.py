"""The commands: fit, sample, stress, replay, envs."""

from __future__ import annotations

import errno
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from genenv import ENVIRONMENTS, checks

if TYPE_CHECKING:
    from genenv.data import Dataset
    from genenv.stages import Stages


def _shown(metavar: str, default: str | None = None) -> Any:
    """How `--help` shows an option: the name of its value, and its default in words."""
    hint = None if default is None else f"(default: {default})"
    return tyro.conf.arg(metavar=metavar, help_behavior_hint=hint)


Source = Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="DATA")]
Left = Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
Number = Annotated[int, _shown("N")]
Share = Annotated[float, _shown("X")]
Name = Annotated[str, _shown("NAME")]
Updates = Annotated[int | None, _shown("N", "the preset's")]
Threads = Annotated[int, _shown("N", "0, by rule")]
Pixels = Annotated[int | None, _shown("N", "as they are")]
Switch = Annotated[bool, tyro.conf.FlagCreatePairsOff]


@dataclass(frozen=True)
class Fit:
    """Train a generator on data; leaves a run folder."""

    data: Source
    """digits, ring, grid, a folder of idx files or of class folders, or an .npz with x and y."""
    out: Annotated[Path | None, _shown("RUN", "runs/fit-NAME-000, the next free number")] = None
    """The run's folder."""
    objective: Name = "relativistic"
    """gan, wgan, wgan-gp or relativistic."""
    network: Name = "auto"
    """mlp, dcgan or auto: mlp for vectors and images below 16 pixels."""
    steps: Updates = None
    """Generator updates."""
    seed: Number = 0
    """Address of initial weights, order of the data and latents."""
    metrics: bool = True
    """Hold out the data's own test set or a stratified fifth of the rows, and measure GAN-train
    accuracy and agreement with it; where there are no labels, nothing is measured."""
    device: Name = "auto"
    """auto (cuda where there is one), cpu, cuda or cuda:N."""
    precision: Name = "32"
    """32, or bf16 for autocast."""
    threads: Threads = 0
    """CPU threads; 0: one for tiny networks, else torch's default."""
    size: Pixels = None
    """Pixels a side to which a folder's images are resized."""
    channels: Pixels = None
    """1 (grey) or 3 (colour) to which a folder's images are turned."""
    resume: Switch = False
    """Go on from the newest whole checkpoint in --out."""

    def __call__(self, line: str) -> int:
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
        with _kept(out, stages, line):
            generator = api.fit_dataset(dataset, config, out, stages, self.resume, self.metrics)
        for sentence in (*dataset.notes, *generator.notes):
            print(sentence)
        if (out / "metrics.json").is_file():
            print(f"metrics:   {out}/metrics.json")
        print(f"generator: {out}/generator\ncurves:    tensorboard --logdir {out}")
        return 0


@dataclass(frozen=True)
class Sample:
    """Draw samples from a trained generator into an .npz file."""

    run: Left
    """A folder that fit or stress left."""
    out: Annotated[Path, _shown("FILE")]
    """The .npz file to write, with x and, for a conditional generator, y."""
    count: Number = 10_000
    """Number of samples."""
    label: Annotated[str | None, _shown("CLASS", "drawn uniformly")] = None
    """Name of a class, as the data have it."""
    noise: Annotated[str | None, _shown("NAME", "the trained one")] = None
    """Another law for the latents: gaussian, uniform, student-t, ... (a wrong name lists all)."""
    strength: Share = 1.0
    """Factor on the latents: below 1 shrinks them, above 1 spreads them."""
    keep: Share = 1.0
    """Share of the samples that the critic scores best, of each class; above 0, up to 1."""
    seed: Number = 0
    """Address of the samples."""

    def __call__(self, _line: str) -> int:
        """Draw and write."""
        import numpy as np

        from genenv import api, sampling

        generator = api.load(self.run)
        law = sampling.noise_named(generator, self.noise, self.strength)
        driven = sampling.driven_by(generator, law)
        label = sampling.class_index(generator, self.label)
        x, index = sampling.best(driven, self.count, self.seed, label, self.keep)
        y = None if index is None else np.array(generator.classes)[index]
        print(f"{len(x)} samples: {sampling.write(self.out, x, y)}")
        return 0


@dataclass(frozen=True)
class Stress:
    """Search a model for failures on plausible inputs, judge them, and write a page."""

    data: Source
    """digits, ring, grid, a folder of idx files or of class folders, or an .npz with x and y."""
    held_out: Annotated[str | None, _shown("DATA", "the data's own test set, or a split")] = None
    """Data that neither model nor generator saw."""
    model: Annotated[str | None, _shown("MODULE:NAME", "one is trained")] = None
    """The model under test, package.module:name or an .onnx file."""
    input: Name = "auto"
    """What the model is handed: raw arrays, unit (float32 n,c,h,w in [0, 1]) or flat rows."""
    output: Name = "auto"
    """What it returns: probabilities or logits; auto: recognised and told."""
    generator: Annotated[Path | None, _shown("RUN", "one is fitted")] = None
    """A run with a generator trained on these data."""
    search: Annotated[
        tuple[str, ...] | None,
        _shown("NAME [NAME ...]", "random evolution, and policy where no model is given"),
    ] = None
    """Players: random, evolution, cma-es, gradient, policy."""
    budget: Number = 20_000
    """Queries to the model a search and seed."""
    train_queries: Number = 100_000
    """Queries that training the policy player costs."""
    seeds: Annotated[tuple[int, ...], _shown("N [N ...]")] = (0,)
    """Seeds of each search."""
    seed: Number = 0
    """Address of the split, the generator, the judge and the default model."""
    objective: Name = "relativistic"
    """Of the generator that is fitted where none is given: gan, wgan, wgan-gp or relativistic."""
    steps: Updates = None
    """Updates of that generator."""
    threads: Threads = 0
    """CPU threads; 0: one for tiny networks, else torch's default."""
    size: Pixels = None
    """Pixels a side to which a folder's images are resized."""
    channels: Pixels = None
    """1 (grey) or 3 (colour) to which a folder's images are turned."""
    resume: Switch = False
    """Go on with what --out holds."""
    out: Annotated[Path | None, _shown("RUN", "runs/stress-NAME-000, the next free number")] = None
    """The run's folder."""

    def __call__(self, line: str) -> int:
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
        stages = Stages(display=True)
        run = Stressing(
            config, dataset, held_out, model, generator, out, stages,
            command=line, model_path=self.model, generator_run=self.generator,
        )  # fmt: skip
        total = len(config.search) * len(config.seeds) * config.budget
        training = config.train_queries if "policy" in config.search else 0
        print(
            f"{total:,} queries: {len(config.search)} searches x {len(config.seeds)} seeds x "
            f"{config.budget:,}" + (f", and {training:,} to train policy" if training else "")
        )
        with _kept(out, stages, line):
            report = run.run(self.resume)
        print(report)
        return 0


@dataclass(frozen=True)
class Replay:
    """Ask a model again about the stored failures of a run; exit 1 names the rows."""

    run: Left
    """A folder that stress left."""
    model: Annotated[str | None, _shown("MODULE:NAME", "the recorded one")] = None
    """package.module:name or an .onnx file, for example the mended model."""
    expect: Annotated[str, _shown("fail|pass")] = "fail"
    """fail: every stored failure still fails; pass: none does, the model is mended."""

    def __call__(self, _line: str) -> int:
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

    def __call__(self, _line: str) -> int:
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
    words = sys.argv[1:] if arguments is None else arguments
    sys.exit(_answer(words))


def _answer(words: list[str]) -> int:
    try:
        command: Any = tyro.cli(
            Command,
            prog="genenv",
            description="Find out where, how often and in how many ways a model fails.",
            args=words,
        )
        sys.path.insert(0, os.getcwd())  # the user's model may lie here
        return int(command(shlex.join(["genenv", *(w for w in words if w != "--resume")])))
    except checks.Mistake as mistake:
        return _told(str(mistake), mistake, 2)
    except OSError as error:
        return _told(_of_the_disk(error), error, 2)
    except KeyboardInterrupt as error:
        return _told("interrupted", error, 130)


def _told(sentence: str, error: BaseException, code: int) -> int:
    """Print what happened and what `_kept` noted; returns the exit code."""
    for line in (sentence, *getattr(error, "__notes__", ())):
        print(f"genenv: {line}", file=sys.stderr)
    return code


def _of_the_disk(error: OSError) -> str:
    """Say in one sentence what a disk refused."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
    do = "make room, or choose another place" if full else "check path and rights"
    place = f"a file or folder {error.filename}" if error.filename else "a file"
    return str(checks.Mistake(f"{place} to read or write", error.strerror or str(error), do))


@contextmanager
def _kept(out: Path, stages: Stages, line: str) -> Iterator[None]:
    """Close the display, and note in an error what stays on disk and how to go on."""
    try:
        yield
    except (checks.Mistake, OSError, KeyboardInterrupt) as error:
        from genenv import runs

        if stages.seconds:  # it had begun
            again = line if "--out" in line else f"{line} --out {shlex.quote(str(out))}"
            held = runs.finished(out) or "nothing finished yet"
            error.add_note(f"{out} holds {held}; go on with: {again} --resume")
        raise
    finally:
        stages.close()


def _load(source: str, size: int | None, channels: int | None) -> Dataset:
    from genenv import data

    return data.load(source, size, channels)


def _folder(out: Path | None, resume: bool) -> Path | None:
    if resume and out is None:
        raise checks.Mistake("--out with --resume", "none", "name the folder to go on with")
    return out
