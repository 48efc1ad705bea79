"""Coming to where another process left an environment: its latest steps are played again.

An environment is a function of seeds and actions, so the steps since the oldest running episode
began are all that has to be kept; a critic that learns along outlives episodes and is kept itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv.envs.batched import BatchedEnv, Flags
from genenv.training.learning_critic import LearningCritic

CRITIC = "critic/"  # before the names of its tensors


class Trace:
    """What has to be kept of an environment that resets in the same step.

    Parameters
    ----------
    env
        Whose `reset` and `step` are told by `began` and `stepped`.
    """

    def __init__(self, env: BatchedEnv) -> None:
        self.env = env
        self._actions: deque[NDArray[Any]] = deque()
        self._begun: deque[Flags] = deque()  # rows that began before the first action, after each

    def began(self) -> None:
        """Take note of a reset of all rows."""
        self._actions.clear()
        self._begun = deque([np.ones(self.env.num_envs, np.bool_)])

    def stepped(self, actions: NDArray[Any], done: Flags) -> None:
        """Take note of a step: actions (n, ...) and the rows (n,) whose episode it ended."""
        self._actions.append(np.array(actions))
        self._begun.append(np.array(done))
        while len(self._actions) > int(self.env.elapsed.max()):
            self._actions.popleft()
            self._begun.popleft()

    def tensors(self) -> dict[str, Tensor]:
        """Return what `retrace` needs."""
        env = self.env
        actions = np.stack(self._actions) if self._actions else env.action_space.sample()[None][:0]
        kept = {
            "row_seed": env.row_seed.view(np.int64),
            "episode": env.episode,
            "actions": actions,
            "begun": np.stack(self._begun),
        }
        named = {name: torch.from_numpy(array.copy()) for name, array in kept.items()}
        critic = critic_of(env)
        own = {} if critic is None else critic.tensors()
        return named | {CRITIC + name: tensor for name, tensor in own.items()}

    def retrace(self, kept: Mapping[str, Tensor]) -> None:
        """Bring a new environment of the same arguments to where `tensors` was called.

        Rows step together as they did, those of which the running episode is yet to begin too, so
        that networks see batches of the same size and give the same numbers.
        """
        env = self.env
        actions = kept["actions"].numpy()
        begun = kept["begun"].numpy()
        env.row_seed[:] = kept["row_seed"].numpy().view(np.uint64)
        env.episode[:] = kept["episode"].numpy() - begun.sum(0)
        if not begun[0].all():
            self._start(np.ones(env.num_envs, np.bool_))
            env.episode -= 1
        self._start(begun[0])
        live = np.ones(env.num_envs, np.bool_)
        for action, done in zip(actions, begun[1:], strict=True):
            env.elapsed[live] += 1
            _, terminated = env.advance(action, live)
            env.observe()
            live = (live & ~terminated) | done
            self._start(done)
        critic = critic_of(env)
        if critic is not None:
            of_critic = {n: t for n, t in kept.items() if n.startswith(CRITIC)}
            critic.restore({n.removeprefix(CRITIC): t for n, t in of_critic.items()})
        self._actions, self._begun = deque(actions), deque(begun)

    def _start(self, mask: Flags) -> None:
        """Begin the next episode of rows, and look at them, as a step does."""
        if mask.any():
            self.env.episode[mask] += 1
            self.env.elapsed[mask] = 0
            self.env.begin(np.flatnonzero(mask))
            self.env.observe()


def critic_of(env: object) -> LearningCritic | None:
    """Return the critic that learns along in an environment; None: there is none."""
    found = getattr(env, "critic", None)
    return found if isinstance(found, LearningCritic) else None
