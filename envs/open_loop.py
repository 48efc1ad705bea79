"""Whole episodes of a Disturbance as a function of their codes: for evolution and for rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks
from genenv.envs.disturbance import Disturbance


@dataclass(frozen=True)
class Episodes:
    """What batches of codes led to, one row an episode."""

    failed: NDArray[np.bool_]
    energy: NDArray[np.float64]  # spent until the end
    miss: NDArray[np.float64]  # distance from the failure: the least on the way, or at the end
    returns: NDArray[np.float64]  # of the world
    steps: NDArray[np.int64]  # of the world


class OpenLoop:
    """Plays codes that are fixed beforehand, all from one start of the world.

    Called with base vectors (batch, base_dim), it returns severities (batch,), above 0 where the
    policy failed, as `rate.monte_carlo` takes them. Else it is the negated miss distance: the least
    on the way, and at the end where the return at the end is what decides.

    Parameters
    ----------
    rows
        Episodes that run side by side.
    seed
        Of the world's start.
    plausible
        Whether codes are brought into the plausible set, as an agent's are; False for rates.
    **arguments
        Of `Disturbance`.

    Raises
    ------
    Mistake
        See `Disturbance`.
    """

    def __init__(
        self, rows: int = 256, *, seed: int = 0, plausible: bool = False, **arguments: Any
    ) -> None:
        mode = AutoresetMode.DISABLED
        self.env = Disturbance(rows, plausible=plausible, autoreset_mode=mode, **arguments)
        self.seed = seed
        self.windows, self.once = self.env.drive.windows, self.env.drive.once
        self.each = self.env.drive.each
        self.base_dim = self.windows * self.each + self.once
        self.episodes = 0  # played so far

    def __call__(self, e: Tensor) -> Tensor:
        """Play and return severities: 1 for a failure, else the miss distance, negated."""
        played = self.play(e.numpy())
        return torch.from_numpy(np.where(played.failed, 1.0, -played.miss.clip(0)))

    def play(self, e: NDArray[np.floating[Any]]) -> Episodes:
        """Play codes (batch, base_dim): window after window, then those of dynamics and start."""
        checks.shape("e", e, (None, self.base_dim))
        rows = self.env.num_envs
        parts = [self._play(e[at : at + rows]) for at in range(0, len(e), rows)]
        self.episodes += len(e)
        return Episodes(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _play(self, e: NDArray[np.floating[Any]]) -> tuple[NDArray[Any], ...]:
        env = self.env
        count = len(e)
        codes = np.zeros((env.num_envs, self.base_dim), np.float32)
        codes[:count] = e
        each, once = codes[:, : self.base_dim - self.once], codes[:, self.base_dim - self.once :]
        windows = each.reshape(env.num_envs, self.windows, self.each)
        _, info = env.reset(seed=[self.seed] * env.num_envs)
        miss = info["miss"]
        over = np.zeros(env.num_envs, np.bool_)
        final = {key: info[key] for key in ("failed", "energy", "returns", "steps")}
        for t in range(self.windows):
            action = np.concatenate([windows[:, t], once], 1)
            if env.drive.plausible:
                action = action / (env.drive.later if t and self.each else env.drive.radius)
            _, _, terminated, truncated, info = env.step(action)
            nearest = info["miss"] if env.decided_at_end else np.minimum(miss, info["miss"])
            miss = np.where(over, miss, nearest)
            for key, old in final.items():
                final[key] = np.where(over, old, info[key])
            ended = terminated | truncated
            over |= ended
            if over.all():
                break
            if ended.any():
                env.reset(options={"reset_mask": ended})  # idles from here on
        values = final["failed"], final["energy"], miss, final["returns"], final["steps"]
        return tuple(value[:count] for value in values)
