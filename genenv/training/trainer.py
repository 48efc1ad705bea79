"""The loop around the game: curves, measurements, checkpoints, exact resume."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch

from genenv import checks
from genenv.data.batches import Batches
from genenv.data.dataset import Dataset
from genenv.interrupt import Interrupt
from genenv.networks import Generator
from genenv.noise import Noise
from genenv.training import checkpoint, distributed, out_of_memory, state
from genenv.training.best import Best
from genenv.training.config import TrainingConfig
from genenv.training.divergence import FiniteGuard, TrainingDiverged
from genenv.training.export import exported
from genenv.training.game import Game
from genenv.training.machine import described, pick_device, pick_threads, reproducible
from genenv.training.monitor import Monitor
from genenv.training.record import Record
from genenv.training.rows import check_rows

__all__ = ["Measure", "Trainer", "TrainingDiverged"]

Measure = Callable[[Generator], dict[str, float]]


class Trainer:
    """Trains a generator against a critic.

    Parameters
    ----------
    dataset
        What is learned from, its test set aside. Without labels it trains unconditionally, as
        categorical codes do.
    config
        Settings.
    noise
        The law of the latents beside the codes; None: Gaussian of `config.latent` dimensions.
    folder
        Where checkpoints go; None: none are written.
    monitor
        Looks on, as `genenv.monitoring.Curves`; None: nobody does.
    measure
        Metrics of a generator, for `config.metrics_every`; None: nothing is measured.

    Raises
    ------
    Mistake
        Fewer than two rows, a batch larger than the data or that several processes cannot share in
        whole packs, labels that do not match, data that the network cannot take, a normalisation
        that the objective forbids, a device that is not there, or no memory for data and networks.
    """

    def __init__(
        self,
        dataset: Dataset,
        config: TrainingConfig,
        noise: Noise | None = None,
        folder: Path | str | None = None,
        monitor: Monitor | None = None,
        measure: Measure | None = None,
    ) -> None:
        check_rows(dataset, config.unlabelled)
        self.config = config
        units = dataset.units
        self.folder = None if folder is None else Path(folder)
        self.done = 0  # finished steps
        self.device = pick_device(config.device)
        self.world = distributed.current()
        rows = distributed.part(config.batch, self.world, config.pack)
        with self._enough_memory(lambda: None):
            batches = Batches(
                dataset.x, dataset.label, config.batch, config.seed, self.device, rows
            )
            self.game = Game(
                batches, units, dataset.classes, config, noise, self.device, self.world
            )
        self.threads = pick_threads(config.threads, self.game.parameters, units.family == "image")
        law, kind = self.game.generator.noise, self.device.type
        self._record = Record(config, len(dataset), law, kind, self.threads, self.world.size)
        self.notes = [self._described(), *self.game.generator.notes, *config.unheard()]
        self.best = Best(config.best)
        self._measure = measure if self.world.leads else None
        self._monitor = monitor if self.world.leads else None
        if self._monitor is not None:
            self._monitor.begin(self.game, config)
        self._guard = FiniteGuard(self.device, config.calmer())
        self._terms: dict[str, torch.Tensor] = {}
        self._inside = False  # a step: nothing may be saved
        self._saved = time.monotonic()  # when, or when this process began

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
        if self._monitor is not None:
            self._monitor.restart(self.done)
        run = reproducible(self.threads, self.config.precision)
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
        self._terms = self.game.step(self.done, self.config.rate(self.done))
        self._guard.note(self._terms, self.done)
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
        self._saved = time.monotonic()
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
        if path is not None:
            self._record.check(plain, path)
            state.unpack(tensors, self.game.modules, self.game.optimizers)
            self.best.at = plain.get("best")
        self.done = int(plain["step"])
        if self._monitor is not None:
            self._monitor.resume(self.done, plain.get("health"))
        self.notes += self._record.resumed(self.done, plain)
        return self.done

    def result(self) -> Generator:
        """Return the averaged generator with its critic: on the CPU, in eval mode, frozen.

        The one that `config.best` names, where it is given; else the last.
        """
        if self.best.at is not None and self.folder is not None and self.world.leads:
            tensors, _ = checkpoint.read(checkpoint.best(self.folder, self.best.at["step"]))
            state.unpack(tensors, self.game.modules, self.game.optimizers)
            self.notes.append(self.best.sentence())
        seen = [] if self._monitor is None else self._monitor.notes()
        generator = exported(self.game)
        generator.notes = (*self.notes, *seen)
        return generator

    def check_finite(self, weights: bool = False) -> None:
        """Read what was noted of the terms, and look at all weights if asked.

        Raises
        ------
        TrainingDiverged
            Names the term or the network, the step and the last good checkpoint.
        """
        good = None if self.folder is None else checkpoint.newest(self.folder)
        self._guard.check(good)
        if weights:
            self._guard.check_weights(self.game.modules, self.done - 1, good)

    def _look(self) -> None:
        """Read, draw, measure and save at their intervals and after the last step."""
        config = self.config
        last = self.done == self.config.steps
        if self.done % config.log_every == 0 or last:
            self.check_finite(weights=last)
            if self._monitor is not None:
                self._monitor.write(self.done, self._terms, self.game, config.rate(self.done))
        if self._monitor is not None and (self.done % config.picture_every == 0 or last):
            self._monitor.draw(self.done, self.game)
        if config.metrics_every and (self.done % config.metrics_every == 0 or last):
            self.check_finite(weights=True)  # or the metrics would take it for bad rows
            self._measured()
        due = self.done % config.checkpoint_every == 0 or self._overdue or last
        if self.folder is not None and due:
            self.save()

    @property
    def _overdue(self) -> bool:
        """Whether the last checkpoint is older than it may be; the leading process writes alone."""
        seconds = self.config.checkpoint_seconds
        return bool(self.world.leads and seconds and time.monotonic() - self._saved >= seconds)

    def _measured(self) -> None:
        """Measure the averaged generator, and keep it if it is the best so far."""
        if self._measure is None:
            return
        values = self._measure(self.game.average)
        if self._monitor is not None:
            self._monitor.metrics(self.done, values)
        if self.best.improved(self.done, values) and self.folder is not None:
            tensors, plain = self._tensors(), self._plain()
            checkpoint.write(self.folder, self.done, tensors, plain, checkpoint.BEST)

    def _enough_memory(self, step: Callable[[], int | None]) -> AbstractContextManager[None]:
        return out_of_memory.explained(self.config, self.device, self.world.size, step)

    def _described(self) -> str:
        """Say what trains on what."""
        words = f"{self.game.parameters:,} parameters"
        words += f", critic with {self.game.norm} norm" if self.game.norm != "none" else ""
        words += f" of packs of {self.config.pack}" if self.config.pack > 1 else ""
        words += f", {self.world.size} processes" if self.world.size > 1 else ""
        machine = described(self.device, self.threads, self.config.precision)
        return f"trained on {machine}, {words}"

    def _tensors(self) -> dict[str, torch.Tensor]:
        return state.pack(self.game.modules, self.game.optimizers)

    def _plain(self) -> dict[str, Any]:
        seen = None if self._monitor is None else self._monitor.state()
        record = self._record.settings() | self._record.machine()
        return record | {"best": self.best.at, "health": seen}
