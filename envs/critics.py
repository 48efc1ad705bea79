"""The critic of Forger, which several environments may share."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from genenv import checks, networks, objectives
from genenv.codecs import Codec
from genenv.data import Dataset, Source, find
from genenv.envs.players import Players
from genenv.generators.base import Classes
from genenv.networks import normalisation
from genenv.noise import Gaussian
from genenv.objectives import Objective
from genenv.training import preset
from genenv.training.learning_critic import LearningCritic


class Critic(LearningCritic):
    """A critic of vectors that learns from every environment that is given it: `critic=`.

    It lives in one process, and copies of a specification that names it name the same one. It
    starts afresh by `restart()`, and when every row that has handed in a sample has been seeded
    anew: a seeded reset of all rows of the one environment that plays does so, of some rows not.

    Parameters
    ----------
    data
        What is real: what `genenv.data.find` takes.
    conditional
        Whether it is told labels; None: where there are labels that count.
    objective
        What it learns: a name in `genenv.objectives.OBJECTIVES`, or an Objective.
    penalty
        Weight of the gradient penalty of a named objective; None: that of its training preset.
    steps
        Updates for each `batch` of samples; 0: it never learns.
    width
        Units of each of its three hidden layers (two for images).
    lr
        Learning rate of its Adam.
    half_life
        Updates after which that has halved, again and again; None: it is constant.
    seed
        Address of its initial weights and of what it draws.
    batch
        Real rows of an update, and as many recent samples.
    replay
        Recent samples that are kept.
    shared
        False: it is of one environment, whose copies have copies of it.

    Raises
    ------
    Mistake
        If data or objective are unknown, labels are asked for and missing, or a number is out of
        range.
    """

    def __init__(
        self,
        data: Source = "ring",
        *,
        conditional: bool | None = None,
        objective: str | Objective = "relativistic",
        penalty: float | None = None,
        steps: int = 1,
        width: int = 64,
        lr: float = 1e-3,
        half_life: int | None = None,
        seed: int = 0,
        batch: int = 256,
        replay: int = 2048,
        shared: bool = True,
    ) -> None:
        self.dataset = find(data)
        units = self.dataset.units
        label = _labels(self.dataset, conditional)
        self.classes: Classes = () if label is None else self.dataset.classes
        game = _objective(objective, penalty, units)
        checks.integer("critic_width", width)
        norm = normalisation.choose(
            "auto", "mlp", penalised=game.penalised, clips=game.clips, preferred=game.normalise
        )
        super().__init__(
            partial(_network, units, self.classes, width, norm, seed),
            game,
            units.encode(units.tensor(self.dataset.x)),
            label,
            steps=steps,
            batch=batch,
            replay=replay,
            lr=lr,
            half_life=half_life,
            seed=seed,
        )
        self.players = Players(shared)

    def __deepcopy__(self, memo: dict[int, Any]) -> Critic:
        """Copy one that an environment made for itself; what is shared stays one."""
        return self.players.copied(self, memo)


def check_critic(critic: object, data: Source | None) -> Critic:
    """Return a critic that was given, or raise a Mistake unless it is one, and of these data."""
    if not isinstance(critic, Critic):
        raise checks.Mistake("a genenv.envs.critics.Critic", repr(critic), "make one")
    if data is not None and not _same(critic.dataset, asked := find(data)):
        do = "leave data out, or give a critic of these data"
        raise checks.Mistake(f"a critic of {asked.name}", f"one of {critic.dataset.name}", do)
    return critic


def _same(one: Dataset, other: Dataset) -> bool:
    if one is other:
        return True
    own, others = (np.asarray(d.label, object) for d in (one, other))
    return np.array_equal(one.x, other.x) and np.array_equal(own, others)


def _labels(dataset: Dataset, conditional: bool | None) -> Tensor | None:
    """Class indices (n,) to ask for, None for none; see the argument `conditional`."""
    if conditional and dataset.label is None:
        raise checks.Mistake("labels with conditional=True", "data without", "give y, or False")
    wanted = not dataset.unconditional if conditional is None else conditional
    return torch.from_numpy(dataset.label) if wanted and dataset.label is not None else None


def _objective(given: str | Objective, penalty: float | None, units: Codec) -> Objective:
    if penalty is None and not isinstance(given, Objective):
        penalty = preset(given, units).penalty
    return objectives.find(given, penalty)


def _network(units: Codec, classes: Classes, width: int, norm: str, seed: int) -> nn.Module:
    unused = Gaussian(1), units, classes, 1  # of the generator that comes with a critic
    return networks.build("mlp", *unused, width, norm, seed=seed)[1]
