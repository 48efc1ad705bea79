"""genenv/Walk1D: a walk on the line, driven off its edge; the least energy is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from genenv import checks
from genenv.envs import pictures
from genenv.envs.batched import BatchedEnv, Flags
from genenv.envs.single import EntryPoint

LIMIT = 10.0  # observations are clipped to [-10, 10]
REACH = 6.0  # standard deviations of a full action
HORIZON, EDGE = 30, 10.0
SURVIVED, GAP_PRICE = 100.0, 10.0  # lost at the horizon, and for each unit short of the edge


class Walk1D(BatchedEnv):
    """Push a walker on the line beyond its edge with as little energy as possible.

    ## Description
    x ← x + a from x = 0, where a is the push in standard deviations: under a ~ N(0, 1) it is a
    random walk. It fails when |x| reaches the edge. The problem is that of the adaptive stress
    testing toolboxes (Lee et al., arXiv 1811.02188). Known answers in 30 steps, where equal pushes
    are best (energy ½Σa², β = √(2 · energy), probabilities under N(0, 1) by quadrature):

    | edge | least energy | β | P(failure) |
    |---|---|---|---|
    | 10 | 1.667 | 1.826 | 0.108736 |
    | 20 | 6.667 | 3.651 | 3.6592e-4 |

    ## Action
    `Box(-1, 1, (1,), float32)`: the push, in units of 6 standard deviations.

    ## Observation
    `Box(-10, 10, (2,), float32)`: x / edge, and the share of the horizon left.

    ## Reward
    -½a² a step; at the horizon without a failure -100 - 10 · (edge - |x|) as well.

    ## Start and end
    x = 0. `terminated`: |x| ≥ edge. `truncated`: after `horizon` steps, or
    `max_episode_steps`.

    ## Info
    `x`; `miss`: max(edge - |x|, 0) / edge.

    ## Arguments
    None is needed.

    ## Version history
    v0: first release.

    Parameters
    ----------
    num_envs
        Rows of the batch.
    edge
        Distance from 0 at which the walk fails, in standard deviations of a step.
    horizon
        Steps of an episode.
    max_episode_steps
        Truncates earlier than `horizon`, as Gymnasium's TimeLimit; None: no earlier.
    autoreset_mode, render_mode
        See `BatchedEnv`; "rgb_array" draws the path between the edges.

    Raises
    ------
    Mistake
        If a number is not above zero.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        *,
        edge: float = EDGE,
        horizon: int = HORIZON,
        max_episode_steps: int | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ) -> None:
        checks.positive("edge", edge)
        self.horizon = checks.integer("horizon", horizon)
        if max_episode_steps is not None:
            checks.integer("max_episode_steps", max_episode_steps)
        super().__init__(
            num_envs,
            Box(-LIMIT, LIMIT, (2,), np.float32),
            Box(-1.0, 1.0, (1,), np.float32),
            min(self.horizon, max_episode_steps or self.horizon),
            autoreset_mode,
            render_mode,
        )
        self.edge = float(edge)
        self._x = np.zeros(num_envs)
        self._path = np.zeros((num_envs, horizon + 1))

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Start at 0."""
        self._x[rows] = 0.0

    def advance(self, action: NDArray[np.float32], live: Flags) -> tuple[NDArray[Any], Flags]:
        """Push the live rows."""
        push = REACH * action[:, 0].clip(-1.0, 1.0).astype(np.float64)
        self._x = np.where(live, self._x + push, self._x)
        self._path[np.arange(self.num_envs), self.elapsed] = self._x
        gap = self.edge - np.abs(self._x)
        survived = (gap > 0) & (self.elapsed >= self.horizon)
        return -0.5 * push**2 - survived * (SURVIVED + GAP_PRICE * gap), gap <= 0

    def observe(self) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Observations (num_envs, 2) and the info named above."""
        seen = np.stack([self._x / self.edge, 1 - self.elapsed / self.horizon], 1)
        miss = (1 - np.abs(self._x) / self.edge).clip(0)
        return seen.astype(np.float32).clip(-LIMIT, LIMIT), {"x": self._x.copy(), "miss": miss}

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Draw the path so far between its edges."""
        path = self._path[row, : self.elapsed[row] + 1]
        lost = abs(self._x[row]) >= self.edge
        limits = [(np.full(self.horizon + 1, y), pictures.GREY) for y in (-self.edge, self.edge)]
        walked = (path, pictures.BAD if lost else pictures.BLUE)
        reach = 1.1 * self.edge
        panel = pictures.curves([*limits, walked], -reach, reach, self.horizon + 1)
        said = f"x {self._x[row]:+.2f} of {self.edge:g}", "failed" if lost else "walks"
        return pictures.page([panel], said)


single = EntryPoint(Walk1D)
