"""genenv/Crosswalk: a car, a pedestrian, and the noise that makes them meet."""

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
HORIZON, STEP = 50, 0.1  # steps of an episode; seconds of one
NOISE = np.sqrt([0.1, 0.01, 0.1, 0.1, 0.1, 0.1])  # standard deviations, in the order of the action
ACROSS, PACE = -3.0, 1.0  # start of the pedestrian across the road in m, and the speed there in m/s
CAR_AT, CRUISE = -35.0, 11.17  # start of the car in m, and the speed that it likes in m/s
FASTEST_WALK = 4.5  # m/s along each axis
HITBOX = np.array([2.5, 1.4])  # m; nearer than this along both axes is a crash
STANDING = 0.5  # m/s; at or below it the car is not at fault
ROAD = (-1.5, 4.5)  # y of the strip in which the car yields
ALPHA, BETA = 0.85, 0.005  # gains of the car's tracker
HARDEST, STRONGEST, COMFORTABLE = 9.0, 3.0, 2.0  # braking, acceleration, usual braking in m/s²
GAP, HEADWAY = 4.0, 1.5  # m and s that the car keeps
SURVIVED, DISTANCE_PRICE = 1e5, 1e4  # lost at the horizon, and for each metre between the two


class Crosswalk(BatchedEnv):
    """Make a car run into a pedestrian, through noise on how one walks and the other measures.

    ## Description
    A pedestrian crosses the road in front of a car that drives by the intelligent driver model
    (Treiber, Hennecke, Helbing 2000) on what an alpha-beta tracker makes of its measurements. It is
    the crosswalk of adaptive stress testing (Koren, Alsaif, Lee, Kochenderfer 2018, arXiv
    1902.01909), with the constants of that toolbox, two details apart: the car never reverses, and
    it yields to no one behind it. The tracker uses positions alone, so that two of the six noises
    are idle, as they are there. The start of that toolbox's tutorial, `across=-4`, is no problem at
    all: the car crashes without any noise, after 30 steps at 6.7 m/s, and in 98 % of random
    episodes. From the default start it stops in time, and none of 51,200 random episodes crashes.

    ## Action
    `Box(-1, 1, (6,), float32)`, in units of 6 standard deviations:

    | columns | what | standard deviation |
    |---|---|---|
    | 2 | the pedestrian's acceleration, along and across the road | 0.316, 0.1 m/s² |
    | 2 | errors of the measured velocity, along and across: idle | 0.316 m/s |
    | 2 | errors of the measured position, along and across | 0.316 m |

    ## Observation
    `Box(-10, 10, (10,), float32)`, everything clipped to the limits:

    | columns | what | unit |
    |---|---|---|
    | 2 | pedestrian - car, along and across | 10 m, m |
    | 2 | pedestrian's velocity | m/s |
    | 1 | the car's speed | 10 m/s |
    | 4 | tracked - true: position and velocity | m, m/s |
    | 1 | share of the horizon left | |

    ## Reward
    -‖a‖, a in standard deviations (the Mahalanobis distance), a step; at the horizon without a
    crash -1e5 - 1e4 · distance as well.

    ## Start and end
    The pedestrian at (0, `across`) m walks across at 1 m/s, the car at -35 m drives 11.17 m/s; a
    step takes 0.1 s. `terminated`: a crash, that is less than 2.5 m apart along and 1.4 m across
    the road while the car moves faster than 0.5 m/s. `truncated`: after `horizon` steps, or
    `max_episode_steps`.

    ## Info
    `distance` in m; `speed` of the car in m/s; `miss`: the least so far of the distance between the
    pedestrian and the zone of a crash, in units of 35 m.

    ## Arguments
    None is needed.

    ## Version history
    v0: first release.

    Parameters
    ----------
    num_envs
        Rows of the batch.
    across
        Start of the pedestrian, in m from the middle of the car's path, in [-10, -1.5).
    horizon
        Steps of an episode.
    max_episode_steps
        Truncates earlier than `horizon`, as Gymnasium's TimeLimit; None: no earlier.
    autoreset_mode, render_mode
        See `BatchedEnv`; "rgb_array" draws the road from above.

    Raises
    ------
    Mistake
        If a number is out of range.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        *,
        across: float = ACROSS,
        horizon: int = HORIZON,
        max_episode_steps: int | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ) -> None:
        checks.number("across", across)
        if not -LIMIT <= across < ROAD[0]:
            raise checks.Mistake("across from -10 to -1.5", across, "start beside the road")
        self.horizon = checks.integer("horizon", horizon)
        if max_episode_steps is not None:
            checks.integer("max_episode_steps", max_episode_steps)
        super().__init__(
            num_envs,
            Box(-LIMIT, LIMIT, (10,), np.float32),
            Box(-1.0, 1.0, (6,), np.float32),
            min(self.horizon, max_episode_steps or self.horizon),
            autoreset_mode,
            render_mode,
        )
        self.across = float(across)
        self._walker = np.zeros((num_envs, 4))  # position and velocity in m and m/s
        self._tracked = np.zeros((num_envs, 4))  # what the car takes them for
        self._car = np.zeros((num_envs, 3))  # position, speed, acceleration
        self._least = np.zeros(num_envs)  # of the distance to the zone of a crash, in m
        self._paths = np.zeros((num_envs, horizon + 1, 3))  # walker's x and y, car's x

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Put both at their starts."""
        self._walker[rows] = self._tracked[rows] = 0.0, self.across, 0.0, PACE
        self._car[rows] = CAR_AT, CRUISE, 0.0
        self._least[rows] = np.inf
        self._keep(rows)

    def advance(self, action: NDArray[np.float32], live: Flags) -> tuple[NDArray[Any], Flags]:
        """Walk, drive, measure, and decide on the car's next acceleration."""
        deviations = REACH * action.clip(-1.0, 1.0).astype(np.float64)
        noise = NOISE * deviations
        walker, car = walk(self._walker, noise[:, :2]), drive(self._car)
        tracked = track(self._tracked, walker[:, :2] + noise[:, 4:])
        car[:, 2] = accelerate(tracked, car)
        self._walker = np.where(live[:, None], walker, self._walker)
        self._tracked = np.where(live[:, None], tracked, self._tracked)
        self._car = np.where(live[:, None], car, self._car)
        self._keep(np.flatnonzero(live))
        apart, crash = self._apart(), self._crash()
        survived = ~crash & (self.elapsed >= self.horizon)
        distance = np.sqrt((apart**2).sum(1))
        price = survived * (SURVIVED + DISTANCE_PRICE * distance)
        return -np.sqrt((deviations**2).sum(1)) - price, crash

    def observe(self) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Observations (num_envs, 10) and the info named above."""
        apart = self._apart()
        left = 1 - self.elapsed / self.horizon
        columns = (
            apart / (10.0, 1.0),
            self._walker[:, 2:],
            self._car[:, 1:2] / 10,
            self._tracked - self._walker,
            left[:, None],
        )
        seen = np.concatenate(columns, 1).astype(np.float32).clip(-LIMIT, LIMIT)
        info = {
            "distance": np.sqrt((apart**2).sum(1)),
            "speed": self._car[:, 1].copy(),
            "miss": self._least / -CAR_AT,
        }
        return seen, info

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Draw the road from above, dotted: the paths so far, and the car's zone of a crash."""
        path = self._paths[row, : self.elapsed[row] + 1]
        car = np.stack([path[:, 2], np.zeros(len(path))], 1)
        corners = car[-1] + HITBOX * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
        box = np.concatenate(
            [np.linspace(corners[a], corners[b], 30) for a, b in ((0, 1), (1, 3), (3, 2), (2, 0))]
        )
        colour = pictures.BAD if self._crash()[row] else pictures.GOOD
        sides = [np.stack([np.arange(-40.0, 12.0, 0.7), np.full(75, y)], 1) for y in ROAD]
        seen = [(np.concatenate(sides), pictures.INK), (car, pictures.GREY)]
        seen += [(box, colour), (path[:, :2], pictures.BLUE)]
        far, near = pictures.scatter(seen, -40.0, 12.0), pictures.scatter(seen, -7.0, 7.0)
        said = "crash" if self._crash()[row] else "no crash"
        lines = (
            f"{self.elapsed[row] * STEP:.1f} s: {said}",
            f"car {self._car[row, 1]:.1f} m/s, "
            f"{np.linalg.norm(self._apart()[row]):.1f} m apart; both axes in m: 52, 14",
        )
        return pictures.page([far, near], lines)

    def _apart(self) -> NDArray[np.float64]:
        """Pedestrian - car, along and across the road, (num_envs, 2) in m."""
        apart = self._walker[:, :2].copy()
        apart[:, 0] -= self._car[:, 0]
        return apart

    def _crash(self) -> Flags:
        near = (np.abs(self._apart()) <= HITBOX).all(1)
        return near & (self._car[:, 1] > STANDING)

    def _keep(self, rows: NDArray[np.int64]) -> None:
        at = np.concatenate([self._walker[rows, :2], self._car[rows, :1]], 1)
        self._paths[rows, self.elapsed[rows]] = at
        outside = (np.abs(self._apart()[rows]) - HITBOX).clip(0)
        self._least[rows] = np.minimum(self._least[rows], np.sqrt((outside**2).sum(1)))


def walk(walker: NDArray[np.float64], acceleration: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move pedestrians (n, 4) by their velocity and acceleration (n, 2)."""
    at, velocity = walker[:, :2], walker[:, 2:]
    at = at + STEP * (velocity + 0.5 * STEP * acceleration)
    velocity = (velocity + STEP * acceleration).clip(-FASTEST_WALK, FASTEST_WALK)
    return np.concatenate([at, velocity], 1)


def drive(car: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move cars, (n, 3): position, speed and acceleration."""
    at, speed, acceleration = car.T
    return np.stack([at + STEP * speed, (speed + STEP * acceleration).clip(0), acceleration], 1)


def track(tracked: NDArray[np.float64], measured: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correct tracked positions and velocities (n, 4) by measured positions (n, 2)."""
    expected = tracked[:, :2] + STEP * tracked[:, 2:]
    surprise = measured - expected
    velocity = tracked[:, 2:] + BETA / STEP * surprise
    return np.concatenate([expected + ALPHA * surprise, velocity], 1)


def accelerate(tracked: NDArray[np.float64], car: NDArray[np.float64]) -> NDArray[np.float64]:
    """Acceleration of cars in m/s² by the intelligent driver model; cruising on a free road."""
    speed = car[:, 1]
    headway = tracked[:, 0] - car[:, 0]
    crossing = (tracked[:, 1] > ROAD[0]) & (tracked[:, 1] < ROAD[1]) & (headway > 0)
    closing = speed - tracked[:, 2]
    wanted = GAP + HEADWAY * speed + speed * closing / (2 * np.sqrt(STRONGEST * COMFORTABLE))
    ratio = wanted / np.where(crossing, headway, 1.0).clip(1e-6)
    yielding = STRONGEST * (1 - (speed / CRUISE) ** 4 - ratio**2)
    return np.where(crossing, yielding, CRUISE - speed).clip(-HARDEST, STRONGEST)


single = EntryPoint(Crosswalk)
