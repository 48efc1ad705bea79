"""Indicators of a training, measured at each point of the curves, and their history."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import seeding
from genenv.data.dataset import Modes
from genenv.monitoring import diagnosis
from genenv.monitoring.indicators import Centres, Reference, above, at_bound, reference_rows
from genenv.networks import Critic, Generator
from genenv.networks.evaluating import evaluating
from genenv.objectives import Objective

ROWS = 256  # samples and real rows whose distances are taken
FOR_MODES = 512  # samples behind the count of known modes
SCORED = 64  # training rows and held-out rows that the critic scores at a point
IN_TURN = 512  # of each, from which these are taken in turn
LEAST_HELD_OUT = 16  # rows: fewer tell nothing about the critic
MEMORY = 0.9  # decay a point of a gradient's running level
KEPT = 128  # points of the history: when full, every second one is dropped

Rows = tuple[NDArray[Any], NDArray[np.int64] | None]  # samples in the data's units, class indices


class Health:
    """Measures a training at the points of its curves, and diagnoses it at the end.

    Nothing is drawn from a stream: a training is the same with it or without. Signals are 0-d
    tensors, so that the curves wait for the device once.

    Parameters
    ----------
    train
        What is learned from: x (n, *units.shape) in the data's units, labels (n,) or None.
    generator, critic
        Those that are trained.
    objective
        Of the training.
    steps
        Of the whole training.
    seed
        Address of the reference rows and of the latents.
    held_out
        Rows that are not learned from; None, or fewer than 16: what the critic remembers is not
        measured.
    modes
        Where they are known, so that lost ones are counted.
    settings
        Of the training, by field of TrainingConfig: what is in use is not advised.
    """

    def __init__(
        self,
        train: Rows,
        generator: Generator,
        critic: Critic,
        objective: Objective,
        steps: int,
        seed: int = 0,
        held_out: Rows | None = None,
        modes: Modes | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self._settings = settings or {}
        self.steps = steps
        self._units = generator.units
        self._critic = critic
        self._clip = _clip(objective)
        modules: dict[str, torch.nn.Module] = {"generator": generator, "critic": critic}
        self._weights = {
            name: sum(weight.numel() for weight in module.parameters())
            for name, module in modules.items()
        }
        chosen = reference_rows(train[1], len(train[0]), ROWS, seed)
        real = _taken(train, chosen, generator)
        count = FOR_MODES if modes is not None else ROWS
        self._e = generator.noise.base(count, seeding.fold(seed, "health")).to(generator.device)
        turns = torch.arange(count, device=generator.device) % len(chosen)
        label = torch.zeros_like(turns[: len(chosen)]) if real.label is None else real.label
        self._label = None if real.label is None else label[turns]
        classes = max(len(generator.classes), 1)
        self._reference = Reference(real.x, label, label[turns[:ROWS]], classes)
        self._modes = None if modes is None else Centres(modes, generator.device)
        self._train = self._held = None
        if held_out is not None and len(held_out[0]) >= max(LEAST_HELD_OUT, critic.pack):
            self._train, self._held = (_some(rows, generator, seed) for rows in (train, held_out))
        self._looks, self._every = 0, 1
        self._points: list[dict[str, float]] = []
        self._level: dict[str, float] = {}  # log of a gradient's norm, averaged
        self._peak: dict[str, float] = {}  # largest of a gradient over its level

    @torch.no_grad()
    def signals(self, average: Generator, on_real: Tensor, on_fake: Tensor) -> dict[str, Tensor]:
        """Measure, without waiting for the device.

        Parameters
        ----------
        average
            The generator that the training would hand over now.
        on_real, on_fake
            The critic's scores of the last batch.

        Returns
        -------
        Named 0-d tensors, float32.
        """
        with evaluating(average):
            made = average.from_base(self._e, self._label)
        found = self._reference.compare(made[:ROWS])
        if self._modes is not None:
            found["health/modes"] = self._modes.covered(self._units.decode(made))
        found["health/critic/accuracy"] = above(on_real, on_fake)
        if self._train is not None and self._held is not None:
            on_train, on_held = self._scores(self._train, self._held)
            found["critic/train"], found["critic/held_out"] = on_train.mean(), on_held.mean()
            found["health/critic/recognised"] = above(on_train, on_held)
        if self._clip is not None:
            found["health/clipped"] = at_bound(self._critic, self._clip)
        return found

    def note(self, step: int, values: Mapping[str, float]) -> dict[str, float]:
        """Remember a point, and return what follows from it and from earlier ones.

        Parameters
        ----------
        step
            Finished steps.
        values
            All of the curves at this point: the signals, `critic/fake`, `gradient/*` but for a
            critic whose penalty was not due.

        Returns
        -------
        Each gradient over its own running level, and how far the critic overfits.
        """
        found = {}
        for name in ("generator", "critic"):
            if f"gradient/{name}" not in values:
                continue
            size = math.log(max(values[f"gradient/{name}"], 1e-30))
            level = self._level.get(name, size)
            times = found[f"health/gradient/{name}"] = math.exp(min(size - level, 80.0))
            self._level[name] = MEMORY * level + (1 - MEMORY) * size
            self._peak[name] = max(times, self._peak.get(name, 1.0))
        if "critic/held_out" in values:
            gap = values["critic/train"] - values["critic/fake"]
            beyond = values["critic/train"] - values["critic/held_out"]
            found["health/critic/overfitting"] = min(max(beyond / gap, -5.0), 5.0) if gap else 0.0
        self._remember(step, {**values, **found})
        return found

    def sentences(self) -> list[str]:
        """Diagnose the training: a sentence for each problem, or one that none was found."""
        modes = None if self._modes is None else self._modes.count
        points = self._points
        weights = self._weights
        peak = self._peak
        history = diagnosis.History(points, self.steps, modes, weights, peak, self._settings)
        return diagnosis.sentences(history)

    def to_json(self) -> dict[str, Any]:
        """Return the history, for a checkpoint: lists and numbers that `restore` reads."""
        return {
            "looks": self._looks,
            "every": self._every,
            "level": dict(self._level),
            "peak": dict(self._peak),
            "points": [dict(point) for point in self._points],
        }

    def restore(self, plain: Mapping[str, Any] | None) -> None:
        """Go on with the history of a checkpoint; None: it holds none."""
        if plain is not None:
            self._looks, self._every = int(plain["looks"]), int(plain["every"])
            self._level, self._peak = dict(plain["level"]), dict(plain["peak"])
            self._points = [dict(point) for point in plain["points"]]

    def _remember(self, step: int, values: Mapping[str, float]) -> None:
        if self._looks % self._every == 0:
            kept = {k: float(f"{v:.5g}") for k, v in values.items() if k in diagnosis.USED}
            self._points.append({"step": step, **kept})
        self._looks += 1
        if len(self._points) > KEPT:
            self._points, self._every = self._points[::2], 2 * self._every

    def _scores(self, train: _Rows, held: _Rows) -> tuple[Tensor, Tensor]:
        """Score some rows of both, the next ones each time."""
        critic = self._critic
        a, b = (rows.turn(self._looks, critic.pack) for rows in (train, held))
        label = None
        if a.label is not None and b.label is not None:
            label = torch.cat([a.label, b.label])
        with evaluating(critic):
            scores = critic(torch.cat([a.x, b.x]), label).float()
        cut = len(a.x) // critic.pack
        return scores[:cut], scores[cut:]


class _Rows(NamedTuple):
    """Rows on a device."""

    x: Tensor  # (n, ...) in [-1, 1]
    label: Tensor | None  # (n,)

    def turn(self, index: int, pack: int) -> _Rows:
        """Return a turn's rows: 64, or all of fewer; always a multiple of `pack`."""
        size = max(min(SCORED, len(self.x)) // pack * pack, pack)
        at = index % max(len(self.x) // size, 1) * size
        piece = slice(at, at + size)
        return _Rows(self.x[piece], None if self.label is None else self.label[piece])


def _taken(rows: Rows, chosen: NDArray[np.int64], generator: Generator) -> _Rows:
    """Copy chosen rows to the generator's device; without its labels if it has no classes."""
    x, label = rows
    units, device = generator.units, generator.device
    real = units.encode(units.tensor(x[chosen]).to(device))
    own = None if label is None or not generator.conditional else label[chosen]
    return _Rows(real, None if own is None else torch.from_numpy(own).to(device))


def _some(rows: Rows, generator: Generator, seed: int) -> _Rows:
    """Copy at most 512 rows by chance, in an order by chance."""
    return _taken(rows, reference_rows(None, len(rows[0]), IN_TURN, seed), generator)


def _clip(objective: Any) -> float | None:
    """Return the bound to which an objective clips, also of a game inside; None: it does not."""
    if not objective.clips:
        return None
    clip = getattr(getattr(objective, "game", objective), "clip", None)  # one's own may tell none
    return None if clip is None else float(clip)
