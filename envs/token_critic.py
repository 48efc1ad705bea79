"""The critic of ForgerSequence, which several environments may share."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from genenv import checks, objectives, seeding
from genenv.data.sequences import LSTMOracle, check_tokens
from genenv.envs.players import Players
from genenv.networks.sequence import SequenceCritic
from genenv.objectives import Objective
from genenv.training.learning_critic import LearningCritic

ROWS = 5000  # real sequences that the oracle gives

Sequences = LSTMOracle | NDArray[np.integer[Any]]


class TokenCritic(LearningCritic):
    """A critic of sequences that learns from every environment that is given it: `critic=`.

    See `critics.Critic` for what is shared and when it starts afresh.

    Parameters
    ----------
    data, vocabulary, length, oracle_seed, rows
        Of the real sequences; see `ForgerSequence`.
    objective
        A name in `genenv.objectives.OBJECTIVES`, or an Objective; sequences enter it one-hot.
    penalty
        Weight of the gradient penalty of a named objective; None: its default.
    steps
        Updates for each `batch` of sequences; 0: it never learns.
    width
        Channels of its two convolutions.
    lr
        Learning rate of its Adam.
    half_life
        Updates after which that has halved, again and again; None: it is constant.
    seed
        Address of its initial weights and of what it draws.
    batch
        Real sequences of an update, and as many recent ones.
    replay
        Recent sequences that are kept.
    shared
        False: it is of one environment, whose copies have copies of it.

    Raises
    ------
    Mistake
        If the objective is unknown, a number is out of range, or sequences are no rows of tokens
        of the vocabulary.
    """

    def __init__(
        self,
        data: Sequences | None = None,
        *,
        vocabulary: int | None = None,
        length: int | None = None,
        oracle_seed: int = 0,
        rows: int = ROWS,
        objective: str | Objective = "relativistic",
        penalty: float | None = None,
        steps: int = 1,
        width: int = 64,
        lr: float = 1e-3,
        half_life: int | None = None,
        seed: int = 0,
        batch: int = 64,
        replay: int = 1024,
        shared: bool = True,
    ) -> None:
        self.oracle, real = find_sequences(data, vocabulary, length, oracle_seed, rows)
        size = self.oracle.vocabulary if self.oracle else vocabulary or real.max() + 1
        self.vocabulary = int(size)
        self.length = real.shape[1]
        checks.integer("critic_width", width)
        super().__init__(
            partial(_network, self.vocabulary, self.length, width, seed),
            objectives.find(objective, penalty),
            torch.from_numpy(real),
            None,
            steps=steps,
            batch=batch,
            replay=replay,
            lr=lr,
            half_life=half_life,
            seed=seed,
            encode=partial(_one_hot, self.vocabulary),
        )
        self.players = Players(shared)

    def __deepcopy__(self, memo: dict[int, Any]) -> TokenCritic:
        """Copy one that an environment made for itself; what is shared stays one."""
        return self.players.copied(self, memo)


def check_critic(critic: object, data: Sequences | None) -> TokenCritic:
    """Return a critic that was given, or raise a Mistake unless it is one, and of these data."""
    if not isinstance(critic, TokenCritic):
        raise checks.Mistake("a genenv.envs.token_critic.TokenCritic", repr(critic), "make one")
    if data is None or data is critic.oracle:
        return critic
    if isinstance(data, LSTMOracle) or not np.array_equal(critic.real.numpy(), data):
        do = "leave data out, or give a critic of these"
        raise checks.Mistake("a critic of these sequences", "one of others", do)
    return critic


def find_sequences(
    source: Sequences | None,
    vocabulary: int | None,
    length: int | None,
    oracle_seed: int,
    rows: int,
) -> tuple[LSTMOracle | None, NDArray[np.int64]]:
    """Take real sequences (n, length) as they are, or draw them from an oracle."""
    if source is None:
        size = 200 if vocabulary is None else vocabulary, 20 if length is None else length
        oracle, real = _drawn(*size, oracle_seed, checks.integer("rows", rows))
        return oracle, real.copy()
    if isinstance(source, LSTMOracle):
        own = source.vocabulary, source.length
        if vocabulary not in (None, own[0]) or length not in (None, own[1]):
            expected = f"vocabulary and length of the oracle, {own[0]} and {own[1]}"
            raise checks.Mistake(expected, f"{vocabulary} and {length}", "leave them out")
        return source, source.sample(checks.integer("rows", rows))
    if not isinstance(source, np.ndarray):
        raise checks.Mistake("an LSTMOracle or an array of tokens", repr(source), "give one")
    return None, check_tokens(source, length, vocabulary)


@lru_cache(maxsize=4)  # drawing takes a second, and a set of environments asks for the same
def _drawn(
    vocabulary: int, length: int, oracle_seed: int, rows: int
) -> tuple[LSTMOracle, NDArray[np.int64]]:
    oracle = LSTMOracle(vocabulary, length, seed=oracle_seed)
    return oracle, oracle.sample(rows)


def _one_hot(vocabulary: int, tokens: Tensor) -> Tensor:
    return nn.functional.one_hot(tokens, vocabulary).float()


def _network(vocabulary: int, length: int, width: int, seed: int) -> nn.Module:
    with seeding.global_seed(seeding.fold(seed, "critic")):
        return SequenceCritic(vocabulary, length, width)
