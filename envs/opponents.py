"""Who plays the other side of the duel: policies, trained networks, and one that learns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, networks, objectives, seeding
from genenv.data import Units
from genenv.envs.rounds import DISCRIMINATOR, GENERATOR, Rounds
from genenv.envs.samples import check_alike
from genenv.networks import Critic, Generator
from genenv.networks.base import evaluating
from genenv.networks.mlp import MLPCritic
from genenv.objectives import Objective

MEASURED = 512  # real and generated samples on which a critic's scores are centred

Array = NDArray[np.float32]


class Opponent(ABC):
    """One side of the duel, for a batch of rows; only `act` must be written."""

    def meet(self, rounds: Rounds, side: str) -> None:  # noqa: B027 most need nothing of it
        """Look at the duel and the side to be played, once; raise a Mistake if they do not fit."""

    @abstractmethod
    def act(self, seen: Array) -> Array:
        """(n, columns) observations -> (n, ...) actions."""

    def restart(self, seed: int) -> None:  # noqa: B027 most have no state
        """Begin afresh: the environment was reset with a seed."""

    def learn(self, seen: Array, judged: NDArray[np.int64]) -> None:  # noqa: B027 most do not
        """Take in what was seen, (n, columns), and what it was: 1 real, 0 generated, -1 unpaid."""


class Plays(Opponent):
    """A function or a policy with `predict`, as Stable-Baselines3's; deterministic.

    Parameters
    ----------
    policy
        (n, columns) observations -> (n, ...) actions; or an object with `predict` and spaces.
    """

    def __init__(self, policy: Any) -> None:
        self.policy = policy

    def meet(self, rounds: Rounds, side: str) -> None:
        """Compare spaces, or ask once."""
        sees, acts = rounds.spaces[side], rounds.actions[side]
        for name, space in (("observation_space", sees), ("action_space", acts)):
            own = getattr(self.policy, name, None)
            if own is not None and own != space:
                do = "train it on this duel's other side"
                raise checks.Mistake(f"a {side} with {name} {space}", own, do)
        answer = np.asarray(self.act(np.zeros((2, *sees.shape), np.float32)))
        checks.shape(f"the {side}'s actions on 2 observations", answer, (2, *acts.shape))
        checks.finite(f"the {side}'s actions", answer)

    def act(self, seen: Array) -> Array:
        """Ask the policy."""
        if hasattr(self.policy, "predict"):
            return np.asarray(self.policy.predict(seen, deterministic=True)[0], np.float32)
        return np.asarray(self.policy(seen), np.float32)


class Trained(Opponent):
    """A trained generator; it acts with what it makes of the base noise."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    def meet(self, rounds: Rounds, side: str) -> None:
        """Compare shape, noise and classes."""
        assert side == GENERATOR
        check_alike(self.generator.units, rounds.dataset, "the generator")
        if self.generator.noise.base_dim != rounds.noise.base_dim:
            raise checks.Mistake(
                f"a generator driven by {rounds.noise.base_dim} numbers, as the duel's noise",
                self.generator.noise.base_dim,
                "leave noise out",
            )
        if self.generator.classes != rounds.classes:
            raise checks.Mistake(
                f"a generator with the classes {rounds.classes} of the duel",
                self.generator.classes,
                "give data with the same labels",
            )
        self._rounds = rounds

    def act(self, seen: Array) -> Array:
        """Make samples."""
        base_dim = self._rounds.noise.base_dim
        e, label = torch.from_numpy(seen[:, :base_dim]), None
        if self._rounds.classes:
            label = torch.from_numpy(seen[:, base_dim:].argmax(1))
        scale = self._rounds.scale
        return scale.to_box(scale.generated(self.generator, e, label)).numpy()


class Judges(Opponent):
    """A trained critic; its verdict is tanh of its score.

    Parameters
    ----------
    critic
        Of single samples.
    generator
        What it was trained against: see `centred`. None: tanh(score / 2), which is 2σ(score) - 1.
    """

    def __init__(self, critic: Critic, generator: Generator | None = None) -> None:
        self.critic, self.generator = critic, generator
        self._middle, self._spread = 0.0, 2.0

    def meet(self, rounds: Rounds, side: str) -> None:
        """Compare shape and classes, and centre the scores."""
        if side != DISCRIMINATOR:
            raise checks.Mistake(f"a {side}", "a critic", "let it play the discriminator")
        check_alike(self.critic.units, rounds.dataset, "the critic")
        if self.critic.pack > 1:
            got = f"one of packs of {self.critic.pack}"
            raise checks.Mistake("a critic of single samples", got, "train with a pack of 1")
        if self.critic.classes != rounds.classes:
            raise checks.Mistake(
                f"a critic with the classes {rounds.classes} of the duel",
                self.critic.classes,
                "give data with the same labels",
            )
        self._rounds = rounds
        if self.generator is not None:
            self._centre(self.generator, rounds)

    def act(self, seen: Array) -> Array:
        """Score what is on show."""
        size = self._rounds.scale.size
        x = self._rounds.scale.from_box(torch.from_numpy(seen[:, :size]))
        label = torch.from_numpy(seen[:, size:].argmax(1)) if self._rounds.classes else None
        score = self._score(x, label)
        return torch.tanh((score - self._middle) / self._spread)[:, None].numpy()

    def _score(self, x: Tensor, label: Tensor | None) -> Tensor:
        with torch.no_grad(), evaluating(self.critic):
            return self.critic(self.critic.units.to_unit(x), label)  # type: ignore[no-any-return]

    def _centre(self, generator: Generator, rounds: Rounds) -> None:
        fake, label = generator.sample(MEASURED)
        rows = np.arange(MEASURED) * len(rounds.real) // MEASURED
        real, own = rounds.dataset.x[rows], rounds.dataset.label
        units = rounds.dataset.units
        on_fake = self._score(units.tensor(fake), _tensor(label))
        own = None if own is None or not rounds.classes else own[rows]
        on_real = self._score(units.tensor(real), _tensor(own))
        self._middle, self._spread = centred(on_real, on_fake)


def centred(on_real: Tensor, on_fake: Tensor) -> tuple[float, float]:
    """Give a critic's scores, which have no unit, a middle and a spread for a verdict by tanh.

    Parameters
    ----------
    on_real, on_fake
        Scores of as many real and generated samples each.

    Returns
    -------
    The middle between both means, and half the standard deviation of all scores: two clouds far
    apart have verdicts of tanh(±2) = ±0.96.
    """
    scores = torch.cat([on_real, on_fake])
    return float(scores.mean()), max(float(scores.std()) / 2, 1e-9)


class Learns(Opponent):
    """A discriminator that learns by gradient from what it has seen, between the steps.

    Its network sees the observation, the label's columns included. The verdict is
    tanh of the score, `centred` by the last real and generated batch.
    `reset(seed=...)` makes it forget everything; `reset()` does not. It is shared by the rows of a
    batch.

    Parameters
    ----------
    objective
        A name in `genenv.objectives.OBJECTIVES`, or an Objective.
    width
        Units of each of two hidden layers.
    learning_rate
        Of Adam.
    batch
        Real and generated samples of an update, each.
    memory
        Real and generated samples that are kept, each.
    updates
        Updates after each step.

    Raises
    ------
    Mistake
        An unknown objective, or a number that is not above 0.
    """

    def __init__(
        self,
        objective: str | Objective = "gan",
        *,
        width: int = 64,
        learning_rate: float = 1e-3,
        batch: int = 64,
        memory: int = 2048,
        updates: int = 1,
    ) -> None:
        if not isinstance(objective, Objective):
            objective = objectives.build(objective)
        self.objective: Objective = objective
        checks.positive("learning_rate", learning_rate)
        self.width, self.learning_rate = checks.whole("width", width), learning_rate
        self.batch, self.memory = checks.whole("batch", batch), checks.whole("memory", memory)
        self.updates = checks.whole("updates", updates)

    def meet(self, rounds: Rounds, side: str) -> None:
        """Make the network."""
        if side != DISCRIMINATOR:
            raise checks.Mistake(f"a {side}", "a critic that learns", "let it play the other side")
        (self._columns,) = rounds.spaces[side].shape
        self.restart(0)

    def restart(self, seed: int) -> None:
        """Forget everything."""
        self._seed, self._done = seed, 0
        self._middle, self._spread = 0.0, 2.0
        self._seen = [torch.zeros(0, self._columns) for _ in range(2)]  # generated, real
        units = Units((self._columns,), "float32", (-1.0,), (1.0,))
        with seeding.global_seed(seeding.fold(seed, "opponent")):
            self._critic = MLPCritic(units, (), self.width, depth=2)
        self._optimizer = torch.optim.Adam(
            self._critic.parameters(), self.learning_rate, betas=(0.0, 0.99)
        )

    def act(self, seen: Array) -> Array:
        """Judge by the score."""
        with torch.no_grad():
            score = self._critic(torch.from_numpy(seen))
        return torch.tanh((score - self._middle) / self._spread)[:, None].numpy()

    def learn(self, seen: Array, judged: NDArray[np.int64]) -> None:
        """Remember, and update."""
        for truth in range(2):
            new = torch.from_numpy(seen[judged == truth])
            self._seen[truth] = torch.cat([self._seen[truth], new])[-self.memory :]
        if min(len(part) for part in self._seen) >= self.batch:
            for _ in range(self.updates):
                self._update()

    def _update(self) -> None:
        rng = seeding.torch_generator(self._seed, "opponent", self._done)
        self._done += 1
        fake, real = (
            part[torch.randint(len(part), (self.batch,), generator=rng)] for part in self._seen
        )
        terms = self.objective.critic_terms(self._critic, real, fake, rng)
        self._optimizer.zero_grad()
        torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self.objective.constrain(self._critic)
        with torch.no_grad():
            self._middle, self._spread = centred(self._critic(real), self._critic(fake))


def wrap(opponent: Any, side: str) -> Opponent:
    """Make an opponent of what the user hands over, for one side.

    Parameters
    ----------
    opponent
        An Opponent; a Generator, or a folder that `fit` or `stress` left (it plays the generator,
        its kept critic the discriminator); a Critic; a policy with `predict`; a function from
        observations (n, columns) to actions (n, ...).
    side
        Which it plays.

    Raises
    ------
    Mistake
        It is none of these, or a generator without its critic is to judge.
    """
    if isinstance(opponent, str | Path):
        opponent = networks.load(Path(opponent) / "generator")
    if isinstance(opponent, Opponent):
        return opponent
    if isinstance(opponent, Generator):
        if side == GENERATOR:
            return Trained(opponent)
        if opponent.kept_critic is None:
            raise checks.Mistake("a generator with its critic", "none kept", "train or load it so")
        return Judges(opponent.kept_critic, opponent)
    if isinstance(opponent, Critic):
        return Judges(opponent)
    if hasattr(opponent, "predict") or isinstance(opponent, Callable):  # type: ignore[arg-type]
        return Plays(opponent)
    raise checks.Mistake(
        "an opponent: a function, a policy with predict, a Generator, a Critic, a run's folder",
        type(opponent).__name__,
        "give one of these",
    )


def _tensor(label: NDArray[np.int64] | None) -> Tensor | None:
    return None if label is None else torch.from_numpy(label)
