"""Who plays against a critic that several environments may share."""

from __future__ import annotations

import copy
import os
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks
from genenv.training.learning_critic import LearningCritic

COLUMNS = 2  # that an environment shows of its critic
DECADES = 4.0  # powers of ten of updates that are shown as 1

Kind = TypeVar("Kind", bound=LearningCritic)


class Players:
    """Rows of environments that hand samples to one critic.

    The critic begins afresh when every row that has handed in a sample since it last did so has
    been seeded anew: a seeded reset of all rows does it, of some rows not.

    Parameters
    ----------
    shared
        Whether the critic was made to be given to environments, in one process.
    """

    def __init__(self, shared: bool) -> None:
        self.home = os.getpid()
        self.shared = shared
        self._numbered = 0
        self._owing: set[int] = set()

    def join(self, rows: int, given: bool) -> NDArray[np.int64]:
        """Give numbers to the rows of an environment; `given`: the critic is not its own.

        Raises
        ------
        Mistake
            The critic was made in another process: here it is a copy.
        """
        if given and os.getpid() != self.home:
            raise _elsewhere()
        self.shared = self.shared or given
        first = self._numbered
        self._numbered = self._numbered + rows
        return np.arange(first, first + rows)

    def __getstate__(self) -> dict[str, Any]:
        """Refuse to be sent to another process, where it would be a copy."""
        if self.shared:
            raise _elsewhere()
        return self.__dict__

    def hand_in(
        self,
        critic: LearningCritic,
        numbers: NDArray[np.int64],
        x: Tensor,
        label: Tensor | None = None,
    ) -> None:
        """Let rows of these numbers hand in x (n, *shape) with labels (n,)."""
        self._owing.update(numbers.tolist())
        critic.hand_in(x, label)

    def seeded(self, critic: LearningCritic, numbers: NDArray[np.int64]) -> None:
        """Take note that rows were seeded anew."""
        if self._owing:
            self._owing.difference_update(numbers.tolist())
            if not self._owing:
                critic.restart()

    def copied(self, critic: Kind, memo: dict[int, Any]) -> Kind:
        """Return a deep copy of a critic, or itself where it is shared."""
        if self.shared:
            return critic
        memo[id(critic)] = twin = copy.copy(critic)
        twin.__dict__ = copy.deepcopy(critic.__dict__, memo)
        return twin


def _elsewhere() -> checks.Mistake:
    do = "step all rows in one process: make_vec, its mode 'sync', or DummyVecEnv"
    return checks.Mistake("a critic of one process", "its copy in another one", do)


def shown(critic: LearningCritic, fresh: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Age, log10(1 + updates) / 4, and running accuracy: (rows, 2).

    Rows that were just seeded (`fresh`, (rows,)) are shown a critic that has not begun.
    """
    updates, accuracy = critic.shown
    now = np.log10(1 + updates) / DECADES, accuracy
    return np.where(fresh[:, None], (0.0, 0.5), now).astype(np.float32)
