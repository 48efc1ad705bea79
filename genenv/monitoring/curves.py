"""What a training shows in TensorBoard while it runs; docs/tensorboard.md lists the tags."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from genenv.data.dataset import Modes
from genenv.metrics import curves
from genenv.monitoring import charts, pictures
from genenv.monitoring.health import Health, Rows
from genenv.networks import Generator
from genenv.networks.evaluating import evaluating
from genenv.tracking import Tracker, overview
from genenv.training.config import TrainingConfig
from genenv.training.game import Game
from genenv.training.monitor import Monitor

RARELY = 4  # times the step of the last picture that takes long to draw


class Curves(Monitor):
    """Writes the curves and pictures of a run, and diagnoses it at the end.

    Parameters
    ----------
    tracker
        Takes curves and pictures.
    train
        What is learned from: x (n, *units.shape) in the data's units, labels (n,) or None.
    held_out
        Rows that are not learned from, as `train`: they show what the critic remembers. None: that
        is not measured.
    modes
        Where they are known, so that lost ones are noticed.
    """

    def __init__(
        self,
        tracker: Tracker,
        train: Rows,
        held_out: Rows | None = None,
        modes: Modes | None = None,
    ) -> None:
        self._tracker = tracker
        self._train = train
        self._held_out = held_out
        self._modes = modes
        self._drawn = 0  # step of the last picture that takes long to draw
        self.restart(0)

    @override
    def begin(self, game: Game, config: TrainingConfig) -> None:
        """Choose reference rows and latents."""
        self._seed = config.seed
        self.health = Health(
            self._train,
            game.generator,
            game.critic,
            game.objective,
            config.steps,
            config.seed,
            self._held_out,
            self._modes,
            config.plain(),
        )

    @override
    def resume(self, step: int, state: Mapping[str, Any] | None) -> None:
        """Drop what an interrupted process wrote after this finished step: it comes again."""
        self._tracker.forget(step + 1)
        self.health.restore(state)

    @override
    def restart(self, step: int) -> None:
        """Count samples a second from here."""
        self._clock = time.perf_counter()
        self._step = step

    @override
    def notes(self) -> list[str]:
        """Return the diagnosis."""
        return self.health.sentences()

    @override
    def state(self) -> dict[str, Any]:
        """Return the history of the indicators."""
        return self.health.to_json()

    @override
    def write(self, step: int, terms: Mapping[str, Tensor], game: Game, lr: float) -> None:
        """Write one point of each curve; the device is waited for once.

        Parameters
        ----------
        step, terms, lr
            Finished steps; terms and learning rate of the last one.
        game
            With the rows and the gradients of its last step.
        """
        assert game.batch is not None
        real, fake, label = game.batch
        values = {f"loss/{name}": term for name, term in terms.items()}
        with torch.no_grad(), evaluating(game.critic):
            on_real, on_fake = (game.critic(x, label).float() for x in (real, fake))
        values |= {"critic/real": on_real.mean(), "critic/fake": on_fake.mean()}
        modules: dict[str, torch.nn.Module] = {"generator": game.generator, "critic": game.critic}
        if not game.whole:
            del modules["critic"]  # a penalty's share of its gradient is missing
        for name, module in modules.items():
            slopes = [p.grad for p in module.parameters() if p.grad is not None]
            values[f"gradient/{name}"] = torch.nn.utils.get_total_norm(slopes)
        values |= self.health.signals(game.average, on_real, on_fake)
        plain = dict(zip(values, torch.stack(list(values.values())).tolist(), strict=True))
        plain |= self.health.note(step, plain)
        seconds = max(time.perf_counter() - self._clock, 1e-9)
        rows = game.batches.batch  # of all processes
        plain["samples_per_second"] = (step - self._step) * rows / seconds
        self._tracker.scalars(plain | {"lr": lr}, step)
        self.restart(step)

    @override
    def draw(self, step: int, game: Game) -> None:
        """Write pictures at fixed latents, of the averaged generator and of the live one.

        What takes long to draw, the traversals of codes and the critic's surface, is drawn at steps
        of which each is four times the last: changes are quick at first.

        Parameters
        ----------
        step
            Finished steps.
        game
            Whose generators and critic are drawn.
        """
        drawn = {
            "samples": picture(game.average, self._seed),
            "samples/live": picture(game.generator, self._seed),
        }
        if step >= RARELY * self._drawn:
            self._drawn = step
            drawn |= _slow(game, self._seed)
        for tag, sheet in drawn.items():
            self._tracker.images(tag, sheet, step)

    @override
    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Write metrics of the averaged generator."""
        self._tracker.scalars(curves(values), step)


def picture(generator: Generator, seed: int = 0) -> NDArray[np.uint8]:
    """Draw samples as one picture: images by class, vectors as 2,500 dots of two columns."""
    if generator.units.channels:
        return pictures.samples(generator, seed)
    x, _ = generator.sample(pictures.DOTS, seed)
    return overview(x, generator.units)


def _slow(game: Game, seed: int) -> dict[str, NDArray[np.uint8]]:
    """Draw what takes long, where it applies."""
    drawn: dict[str, NDArray[np.uint8] | None] = {}
    if game.units.channels:
        drawn["traversals"] = pictures.traversals(game.average, seed)
    elif game.batch is not None:
        real = game.units.store(game.units.decode(game.batch[0]))
        drawn["critic"] = charts.surface(game.average, game.critic, real, seed)
    return {tag: sheet for tag, sheet in drawn.items() if sheet is not None}
