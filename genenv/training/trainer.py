"""One loop for every objective and network; all of its randomness is addressed by step."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from genenv import checks, networks, objectives, seeding
from genenv.data.batches import Batches
from genenv.data.dataset import Units
from genenv.networks import Classes, Generator
from genenv.noise import Gaussian, Noise
from genenv.tracking import Tracker
from genenv.training import checkpoint, state
from genenv.training.config import TrainingConfig, kind_of
from genenv.training.curves import Batch, Curves
from genenv.training.interrupt import Interrupt
from genenv.training.machine import PRECISIONS, pick_device, pick_threads, settled
from genenv.training.rows import check_rows
from genenv.training.watch import TrainingDiverged, Watch, check_weights

__all__ = ["Trainer", "TrainingDiverged", "train"]

EMA_SHARE = 3  # the average forgets over no more than a third of the run
# Fields that may change on resume; every other one must equal the checkpoint's.
FREE_ON_RESUME = {"device", "threads", "log_every", "picture_every", "checkpoint_every"}


class Trainer:
    """Trains a generator against a critic.

    Parameters
    ----------
    x
        Rows to learn from, (n, *units.shape) in the data's units.
    label
        Class indices (n,); None trains unconditionally.
    units
        Layout, dtype and range of the data.
    classes
        The user's labels; () when `label` is None.
    config
        Settings.
    noise
        The law of the latents; None: Gaussian of `config.latent` dimensions.
    folder
        Where checkpoints go; None: none are written.
    tracker
        Takes curves and pictures; None: none.

    Raises
    ------
    Mistake
        Fewer than two rows, labels that do not match, data that the network cannot take, or a
        device that is not there.
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
    ) -> None:
        check_rows(x, label, units, classes)
        self.config, self.units, self.rows = config, units, len(x)
        self.folder = None if folder is None else Path(folder)
        self._curves = None if tracker is None else Curves(tracker)
        self.done = 0  # finished steps
        self.device = pick_device(config.device)
        self.batches = Batches(x, label, min(config.batch, len(x)), config.seed, str(self.device))
        self.objective = objectives.build(config.objective, config.penalty)
        generator, critic = networks.build(
            config.network,
            noise or Gaussian(config.latent),
            units,
            classes,
            config.width,
            config.critic_width,
            batch_norm=not self.objective.penalised,
            seed=config.seed,
        )
        norms = nn.modules.batchnorm._BatchNorm
        self._apart = any(isinstance(part, norms) for part in critic.modules())
        self.generator, self.critic = generator.to(self.device), critic.to(self.device)
        self.auxiliary = self.objective.auxiliary(self.generator)
        decay = min(config.ema, max(0.0, 1 - EMA_SHARE / config.steps))
        average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        self.ema = AveragedModel(self.generator, multi_avg_fn=average)
        self.modules: dict[str, nn.Module] = {
            "generator": self.generator,
            "critic": self.critic,
            "ema": self.ema,
        }
        trained = list(self.generator.parameters())
        if self.auxiliary is not None:
            self.modules["auxiliary"] = self.auxiliary.to(self.device)
            trained += self.auxiliary.parameters()
        self.optimizers = {
            "generator": _optimizer(config, trained),
            "critic": _optimizer(config, list(self.critic.parameters())),
        }
        size = sum(p.numel() for m in (generator, critic) for p in m.parameters())
        self.threads = pick_threads(config.threads, size, kind_of(units) == "image")
        self.told = [
            f"trained on {self.device.type} in {PRECISIONS[config.precision]}, "
            f"{self.threads} thread{'s' * (self.threads > 1)}, {size:,} parameters",
            *generator.notes,
        ]
        self._rng = torch.Generator(self.device)
        self._watch = Watch(self.device)
        self._terms: dict[str, Tensor] = {}
        self._inside = False  # a step: nothing may be saved

    @property
    def average(self) -> Generator:
        """The generator with averaged parameters, as it stands."""
        return cast(Generator, self.ema.module)

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
        KeyboardInterrupt
            Ctrl-C, after the running step was finished and a checkpoint written. A second one
            interrupts at once and writes nothing.
        """
        if self._curves is not None:
            self._curves.restart(self.done)
        with Interrupt() as interrupt, settled(self.threads):
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
        """Update the critic `critic_steps` times, the generator once, and the average."""
        config, self._inside = self.config, True
        self._rng.manual_seed(seeding.fold(config.seed, "step", self.done))
        rate = self._rate()
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = rate
        for k in range(config.critic_steps):
            rows, label = self.batches.at(self.done * config.critic_steps + k)
            real = self.units.to_unit(rows)
            terms = self._update_critic(real, label)
        terms |= self._update_generator(real, label)
        self.ema.update_parameters(self.generator)
        self._watch.note(terms, self.done)
        self._terms = terms
        self.done += 1
        self._inside = False

    def save(self) -> Path:
        """Write a checkpoint of everything that decides the next step.

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
        plain = self._run() | self._identity()
        tensors = state.pack(self.modules, self.optimizers)
        return checkpoint.write(self.folder, self.done, tensors, plain)

    def resume(self) -> int:
        """Go on from the newest whole checkpoint; returns the finished steps, 0 if there is none.

        Raises
        ------
        Mistake
            The checkpoint was written with other settings or other data.
        """
        path = None if self.folder is None else checkpoint.newest(self.folder)
        if path is None:
            self.told.append("no checkpoint was found, training started at step 0")
            return 0
        tensors, plain = checkpoint.read(path)
        self._same_run(plain, path)
        state.unpack(tensors, self.modules, self.optimizers)
        self.done = int(plain["step"])
        changed = [k for k, v in self._identity().items() if plain.get(k) != v]
        self.told.append(f"resumed at step {self.done}")
        if changed:
            self.told.append(
                f"{' and '.join(changed)} differ from the checkpoint's: the run goes on, "
                "but not bit for bit"
            )
        return self.done

    def result(self) -> Generator:
        """Return the averaged generator with its critic: on the CPU, in eval mode, frozen."""
        generator = copy.deepcopy(self.average).cpu().eval().requires_grad_(False)
        generator.objective = self.config.objective
        generator.notes = tuple(self.told)
        generator.keep(copy.deepcopy(self.critic).cpu().eval().requires_grad_(False))
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
            check_weights(self.modules, self.done - 1, good)

    def _update_critic(self, real: Tensor, label: Tensor | None) -> dict[str, Tensor]:
        with torch.no_grad(), self._precision():
            fake = self.generator(self._latent(len(real)), label).float()
        self._batch: Batch = real, fake, label
        with self._precision():
            terms = self.objective.critic_terms(self._bound(label), real, fake, self._rng)
        self._descend("critic", terms)
        self.objective.constrain(self.critic)
        return {f"critic/{name}": term.detach() for name, term in terms.items()}

    def _update_generator(self, real: Tensor, label: Tensor | None) -> dict[str, Tensor]:
        self.critic.requires_grad_(False)
        with self._precision():
            latent = self._latent(len(real))
            fake = self.generator(latent, label).float()
            terms = self.objective.generator_terms(
                self._bound(label), real, fake, latent, self._rng
            )
        self._descend("generator", terms)
        self.critic.requires_grad_(True)
        return {f"generator/{name}": term.detach() for name, term in terms.items()}

    def _descend(self, name: str, terms: dict[str, Tensor]) -> None:
        optimizer = self.optimizers[name]
        optimizer.zero_grad()
        sum(terms.values(), torch.zeros((), device=self.device)).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    def _bound(self, label: Tensor | None) -> objectives.Score:
        """Bind the step's labels to the critic, for any number of concatenated batches.

        Each batch goes alone where the critic has batch statistics: those of real and generated
        rows together would tell neither.
        """

        def score(x: Tensor) -> Tensor:
            if self._apart and len(x) > self.batches.batch:
                return torch.cat([score(batch) for batch in x.split(self.batches.batch)])
            rows = None if label is None else label.repeat(len(x) // len(label))
            return self.critic(x, rows).float()  # type: ignore[no-any-return]

        return score

    def _latent(self, count: int) -> Tensor:
        noise = self.generator.noise
        e = torch.randn(count, noise.base_dim, generator=self._rng, device=self.device)
        return noise.from_base(e)

    def _precision(self) -> torch.autocast:
        enabled = self.config.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled)

    def _look(self) -> None:
        """Read, draw and save at their intervals and after the last step."""
        config, last = self.config, self.done == self.config.steps
        if self.done % config.log_every == 0 or last:
            self.check_finite(weights=last)
            if self._curves is not None:
                pair = self.generator, self.critic
                self._curves.write(self.done, self._terms, self._batch, *pair, self._rate())
        if self._curves is not None and (self.done % config.picture_every == 0 or last):
            self._curves.draw(self.done, self.average, config.seed)
        if self.folder is not None and (self.done % config.checkpoint_every == 0 or last):
            self.save()

    def _rate(self) -> float:
        """Learning rate of this step: cosine decay to `lr_floor` of its value at step 0."""
        floor = self.config.lr_floor
        cosine = 0.5 * (1 + math.cos(math.pi * self.done / self.config.steps))
        return self.config.lr * (floor + (1 - floor) * cosine)

    def _identity(self) -> dict[str, Any]:
        """Return what must not change for a resume to be bit for bit."""
        return {
            "torch": torch.__version__,
            "device": self.device.type,
            "threads": self.threads,
        }

    def _run(self) -> dict[str, Any]:
        """Return what must not change on resume at all."""
        noise = self.generator.noise.to_json()
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
    advance: Callable[[int], None] | None = None,
    resume: bool = False,
) -> Generator:
    """Train a generator and return its average, with the critic kept.

    Parameters
    ----------
    x, label, units, classes, config, noise, folder, tracker
        See `Trainer`.
    advance
        Called with the number of steps since its last call.
    resume
        Go on from the newest whole checkpoint in `folder`, from the start if there is none.

    Returns
    -------
    The generator, on the CPU; its `notes` say what was chosen.
    """
    trainer = Trainer(x, label, units, classes, config, noise, folder, tracker)
    if resume:
        trainer.resume()
    trainer.fit(advance)
    return trainer.result()


def _optimizer(config: TrainingConfig, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(parameters, config.lr, alpha=config.betas[1])
    return torch.optim.Adam(parameters, config.lr, config.betas, fused=True)
