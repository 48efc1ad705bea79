"""Several opponents, of which each episode of the duel meets one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, seeding
from genenv.envs.opponents import Array, Opponent, wrap
from genenv.envs.rounds import Rounds


class Pool(Opponent):
    """Draws an opponent for each episode, by the episode's address: fictitious play.

    Parameters
    ----------
    opponents
        What `wrap` takes, all for one side. They do not learn here.
    shares
        How often each comes; None: equally often.

    Raises
    ------
    Mistake
        There is none, or shares are not one each, of 0 or more and some above.
    """

    def __init__(self, opponents: Sequence[Any], shares: Sequence[float] | None = None) -> None:
        self._given = list(opponents)
        if not self._given:
            raise checks.Mistake("a pool of opponents", "none", "give one or more")
        weight = np.ones(len(self._given)) if shares is None else np.asarray(shares, float)
        checks.shape("shares", weight, (len(self._given),))
        if not ((weight >= 0).all() and weight.sum() > 0):
            raise checks.Mistake("shares of 0 or more, some above", list(weight), "mend them")
        self.shares = weight / weight.sum()

    def meet(self, rounds: Rounds, side: str) -> None:
        """Let each look at the duel."""
        self.opponents = [wrap(one, side) for one in self._given]
        for one in self.opponents:
            one.meet(rounds, side)
        self._turn = np.zeros(len(rounds.x), np.int64)

    def begin(self, rows: NDArray[np.int64], keys: NDArray[np.uint64]) -> None:
        """Draw who plays in these rows."""
        u = seeding.uniforms(keys, 1)[:, 0]
        last = np.flatnonzero(self.shares)[-1]
        self._turn[rows] = np.minimum(np.searchsorted(self.shares.cumsum(), u, "right"), last)

    def act(self, seen: Array) -> Array:
        """Ask each about the rows in which it plays; rows (n, columns) are those of the duel."""
        answers: list[tuple[NDArray[np.bool_], Array]] = []
        for turn, one in enumerate(self.opponents):
            mine = self._turn[: len(seen)] == turn
            if mine.any():
                answers.append((mine, one.act(seen[mine])))
        acts = np.zeros((len(seen), *answers[0][1].shape[1:]), np.float32)
        for mine, answer in answers:
            acts[mine] = answer
        return acts
