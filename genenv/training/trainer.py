"""The loop around the game: curves, measurements, checkpoints, exact resume."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks
from genenv.data.batches import Batches
from genenv.data.dataset import Modes, Units
from genenv.metrics import better
from genenv.networks import Classes, Generator, Recognition
from genenv.noise import Noise
from genenv.tracking import Tracker
from genenv.training import checkpoint, distributed, shortage, state
from genenv.training.config import FREE_ON_RESUME, TrainingConfig
from genenv.training.curves import Curves
from genenv.training.game import Game
from genenv.training.health import Health, Rows
from genenv.training.interrupt import Interrupt
from genenv.training.machine import (
    PRECISIONS,
    Module,
    laid_out,
    pick_device,
    pick_threads,
    settled,
)
from genenv.training.presets import kind_of
from genenv.training.rows import check_rows
from genenv.training.watch import TrainingDiverged, Watch, check_weights

__all__ = ["Trainer", "TrainingDiverged", "train"]

Measure = Callable[[Generator], dict[str, float]]


class Trainer:
    """Trains a generator against a critic.

    Parameters
    ----------
    x
        Rows to learn from, (n, *units.shape) in the data's units.
    label
        Class indices (n,); None trains unconditionally, as categorical codes do.
    units
        Layout, dtype and range of the data.
    classes
        The user's labels; () when `label` is None.
    config
        Settings.
    noise
        The law of the latents beside the codes; None: Gaussian of `config.latent` dimensions.
    folder
        Where checkpoints go; None: none are written.
    tracker
        Takes curves and pictures; None: none.
    measure
        Metrics of a generator, for `config.metrics_every`; None: nothing is measured.
    held_out
        Rows that are not learned from, as `x` and `label`: they show what the critic remembers.
    modes
        Where they are known, so that lost ones are noticed.

    Raises
    ------
    Mistake
        Fewer than two rows, a batch larger than the data or that several processes cannot share in
        whole packs, labels that do not match, data that the
        network cannot take, a normalisation that the objective forbids, a device that is not there,
        or no memory for data and networks.
    """

    def __init__(
        self,
        x: NDArray[Any],
        label: NDArray[np.int64] | None,
        units: Units,
        classes: Classes,
        config: TrainingConfig,
        noise: Noise | None = None,
        folder: Path | str | None = None,
        tracker: Tracker | None = None,
        measure: Measure | None = None,
        held_out: Rows | None = None,
        modes: Modes | None = None,
    ) -> None:
        check_rows(x, label, units, classes)
        if config.unlabelled and label is not None:
            raise checks.Mistake(
                "no labels beside categorical codes, which are classes of their own",
                "labels",
                "give label=None, classes=(), or continuous codes alone",
            )
        self.config, self.units, self.rows = config, units, len(x)
        self.folder = None if folder is None else Path(folder)
        self.done = 0  # finished steps
        self.device = pick_device(config.device)
        self.world = distributed.current()
        rows = distributed.part(config.batch, self.world, config.pack)
        with self._enough_memory(lambda: None):
            batches = Batches(x, label, config.batch, config.seed, self.device, rows)
            self.game = Game(batches, units, classes, config, noise, self.device, self.world)
        self.threads = pick_threads(config.threads, self.game.parameters, kind_of(units) == "image")
        self.told = [self._described(), *self.game.generator.notes]
        self.best: dict[str, Any] | None = None  # step and value of config.best
        self._measure = measure if self.world.leads else None
        self._curves: Curves | None = None
        if tracker is not None and self.world.leads:
            health = Health(
                (x, label),
                self.game.generator,
                self.game.critic,
                self.game.objective,
                config.steps,
                config.seed,
                held_out,
                modes,
            )
            self._curves = Curves(tracker, health)
        self._watch = Watch(self.device)
        self._terms: dict[str, torch.Tensor] = {}
        self._inside = False  # a step: nothing may be saved

    def fit(self, advance: Callable[[int], None] | None = None) -> None:
        """Step until `config.steps`, with curves, pictures and checkpoints on the way.

        Parameters
        ----------
        advance
            Called with the number of steps since its last call.

        Raises
        ------
        TrainingDiverged
            A term or a weight is not finite. No checkpoint is written from that state.
        OutOfMemory
            The device or the machine has no memory left for this batch.
        Mistake
            The disk is full.
        KeyboardInterrupt
            Ctrl-C, after the running step was finished and a checkpoint written. A second one
            interrupts at once and writes nothing.
        """
        if self._curves is not None:
            self._curves.restart(self.done)
        run = settled(self.threads, self.config.precision)
        with Interrupt() as interrupt, run, self._enough_memory(lambda: self.done):
            try:
                if advance and self.done:
                    advance(self.done)
                while self.done < self.config.steps:
                    self.step()
                    self._look()
                    if advance:
                        advance(1)
                    interrupt.check()
            except KeyboardInterrupt:
                if self.folder is not None and not self._inside:
                    self.save()
                raise

    def step(self) -> None:
        """Take one step of the game."""
        self._inside = True
        self._terms = self.game.step(self.done, self._rate())
        self._watch.note(self._terms, self.done)
        self.done += 1
        self._inside = False

    def save(self) -> Path | None:
        """Write a checkpoint of everything that decides the next step; the leading process alone.

        Raises
        ------
        TrainingDiverged
            The state is poisoned; nothing is written.
        Mistake
            There is no folder, or its disk is full.
        """
        if self.folder is None:
            raise checks.Mistake("a folder for checkpoints", "None", "give folder")
        self.check_finite(weights=True)
        if not self.world.leads:
            return None
        path = checkpoint.write(self.folder, self.done, self._tensors(), self._plain())
        checkpoint.prune(self.folder, self.config.keep)
        return path

    def resume(self) -> int:
        """Go on from the newest whole checkpoint; returns the finished steps, 0 if there is none.

        Raises
        ------
        Mistake
            The checkpoint was written with other settings or other data, or the processes of this
            training found different ones.
        """
        path = None if self.folder is None else checkpoint.newest(self.folder)
        tensors, plain = ({}, {"step": 0}) if path is None else checkpoint.read(path)
        if not distributed.agree(int(plain["step"]), self.world):
            raise checks.Mistake(
                "the same checkpoint in all processes", "different ones", "share the run's folder"
            )
        if self._curves is not None:
            self._curves.resume(int(plain["step"]))
        if path is None:
            self.told.append("no checkpoint was found, training started at step 0")
            return 0
        self._same_run(plain, path)
        state.unpack(tensors, self.game.modules, self.game.optimizers)
        self.done, self.best = int(plain["step"]), plain.get("best")
        if self._curves is not None:
            self._curves.health.restore(plain.get("health"))
        changed = [k for k, v in self._identity().items() if plain.get(k) != v]
        self.told.append(f"resumed at step {self.done}")
        if changed:
            self.told.append(
                f"{' and '.join(changed)} differ from the checkpoint's: the run goes on, "
                "but not bit for bit"
            )
        return self.done

    def result(self) -> Generator:
        """Return the averaged generator with its critic: on the CPU, in eval mode, frozen.

        The one that `config.best` names, where it is given; else the last.
        """
        if self.best is not None and self.folder is not None and self.world.leads:
            tensors, _ = checkpoint.read(checkpoint.best(self.folder, self.best["step"]))
            state.unpack(tensors, self.game.modules, self.game.optimizers)
            self.told.append(
                f"the generator of step {self.best['step']} was kept: its {self.config.best} of "
                f"{self.best['value']:.4g} is the best of all that were measured"
            )
        health = [] if self._curves is None else self._curves.health.sentences()
        generator = _handed_over(self.game.average)
        generator.objective = self.config.objective
        generator.notes = (*self.told, *health)
        generator.keep(_handed_over(self.game.critic))
        if isinstance(self.game.auxiliary, Recognition):
            generator.keep_recognition(_handed_over(self.game.auxiliary))
        return generator

    def check_finite(self, weights: bool = False) -> None:
        """Read the watch, and look at all weights if asked.

        Raises
        ------
        TrainingDiverged
            Names the term or the network, the step and the last good checkpoint.
        """
        good = None if self.folder is None else checkpoint.newest(self.folder)
        self._watch.check(good)
        if weights:
            check_weights(self.game.modules, self.done - 1, good)

    def _look(self) -> None:
        """Read, draw, measure and save at their intervals and after the last step."""
        config, last = self.config, self.done == self.config.steps
        if self.done % config.log_every == 0 or last:
            self.check_finite(weights=last)
            if self._curves is not None:
                self._curves.write(self.done, self._terms, self.game, self._rate())
        if self._curves is not None and (self.done % config.picture_every == 0 or last):
            self._curves.draw(self.done, self.game, config.seed)
        if config.metrics_every and (self.done % config.metrics_every == 0 or last):
            self.check_finite(weights=True)  # or the metrics would take it for bad rows
            self._measured()
        if self.folder is not None and (self.done % config.checkpoint_every == 0 or last):
            self.save()

    def _measured(self) -> None:
        """Measure the averaged generator, and keep it if it is the best so far."""
        if self._measure is None:
            return
        values = self._measure(self.game.average)
        if self._curves is not None:
            self._curves.metrics(self.done, values)
        name = self.config.best
        if name is None:
            return
        if name not in values:
            raise checks.Mistake(
                f"best to be one of {', '.join(values)}", repr(name), "choose one of these"
            )
        value = values[name]
        if self.best is None or better(name, value, self.best["value"]):
            self.best = {"step": self.done, "value": value}
            if self.folder is not None:
                tensors, plain = self._tensors(), self._plain()
                checkpoint.write(self.folder, self.done, tensors, plain, checkpoint.BEST)

    def _enough_memory(self, step: Callable[[], int | None]) -> AbstractContextManager[None]:
        return shortage.told(self.config, self.device, self.world.size, step)

    def _rate(self) -> float:
        """Learning rate of this step: cosine decay to `lr_floor` of its value at step 0."""
        floor = self.config.lr_floor
        cosine = 0.5 * (1 + math.cos(math.pi * self.done / self.config.steps))
        return self.config.lr * (floor + (1 - floor) * cosine)

    def _described(self) -> str:
        """Say what trains on what."""
        threads, critic = self.threads, self.game.norm
        words = f"{threads} thread{'s' * (threads > 1)}, {self.game.parameters:,} parameters"
        words += f", critic with {critic} norm" if critic != "none" else ""
        words += f" of packs of {self.config.pack}" if self.config.pack > 1 else ""
        words += f", {self.world.size} processes" if self.world.size > 1 else ""
        precision = self.config.precision
        if precision == "tf32" and self.device.type != "cuda":
            return f"trained on {self.device.type} in float32, for TF32 is CUDA's alone, {words}"
        return f"trained on {self.device.type} in {PRECISIONS[precision]}, {words}"

    def _tensors(self) -> dict[str, torch.Tensor]:
        return state.pack(self.game.modules, self.game.optimizers)

    def _plain(self) -> dict[str, Any]:
        health = None if self._curves is None else self._curves.health.to_json()
        return self._run() | self._identity() | {"best": self.best, "health": health}

    def _identity(self) -> dict[str, Any]:
        """Return what must not change for a resume to be bit for bit."""
        return {
            "torch": torch.__version__,
            "device": self.device.type,
            "threads": self.threads,
            "processes": self.world.size,
        }

    def _run(self) -> dict[str, Any]:
        """Return what must not change on resume at all."""
        noise = self.game.generator.noise.to_json()
        return {"config": asdict(self.config), "rows": self.rows, "noise": noise}

    def _same_run(self, plain: dict[str, Any], path: Path) -> None:
        now = json.loads(json.dumps(self._run()))  # tuples become lists, as in the file
        fields = now["config"].keys() - FREE_ON_RESUME
        changed = sorted(k for k in fields if now["config"][k] != plain["config"].get(k))
        changed += [k for k in ("rows", "noise") if now[k] != plain.get(k)]
        if changed:
            raise checks.Mistake(
                f"the settings and data of {path}",
                f"another value of {', '.join(changed)}",
                "use the same, or start afresh in another folder",
            )


def train(
    x: NDArray[Any],
    label: NDArray[np.int64] | None,
    units: Units,
    classes: Classes,
    config: TrainingConfig,
    noise: Noise | None = None,
    folder: Path | str | None = None,
    tracker: Tracker | None = None,
    measure: Measure | None = None,
    advance: Callable[[int], None] | None = None,
    resume: bool = False,
) -> Generator:
    """Train a generator and return its average, with the critic kept.

    Parameters
    ----------
    x, label, units, classes, config, noise, folder, tracker, measure
        See `Trainer`.
    advance
        Called with the number of steps since its last call.
    resume
        Go on from the newest whole checkpoint in `folder`, from the start if there is none.

    Returns
    -------
    The generator, on the CPU; its `notes` say what was chosen.
    """
    trainer = Trainer(x, label, units, classes, config, noise, folder, tracker, measure)
    if resume:
        trainer.resume()
    trainer.fit(advance)
    return trainer.result()


def _handed_over(module: Module) -> Module:
    """Copy a network as `networks.load` would make it: its weights lie in memory as on disk."""
    module = copy.deepcopy(module).cpu().eval().requires_grad_(False)
    return laid_out(module, torch.contiguous_format)
