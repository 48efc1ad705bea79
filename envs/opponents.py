"""Who plays the other side of the duel: policies and trained networks; see also `learner`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, networks
from genenv.envs.rounds import DISCRIMINATOR, GENERATOR, Rounds
from genenv.envs.samples import check_alike
from genenv.networks import Critic, Generator
from genenv.networks.evaluating import evaluating

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

    def begin(self, rows: NDArray[np.int64], keys: NDArray[np.uint64]) -> None:  # noqa: B027
        """Begin episodes in rows (k,), at addresses (k,); most are the same in all episodes."""

    def answered(self, shown: Array, verdict: Array) -> None:  # noqa: B027 for a generator's ears
        """Take in the other side's verdicts (n, 1) on what was shown, (n, columns)."""

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
        e = torch.from_numpy(seen[:, :base_dim])
        label = None
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
            return self.critic(self.critic.units.encode(x), label)  # type: ignore[no-any-return]

    def _centre(self, generator: Generator, rounds: Rounds) -> None:
        fake, label = generator.sample(MEASURED)
        rows = np.arange(MEASURED) * len(rounds.real) // MEASURED
        real = rounds.dataset.x[rows]
        own = rounds.dataset.label
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
