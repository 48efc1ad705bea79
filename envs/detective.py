"""genenv/Detective: the discriminator chooses where to look, at a price, before it says real."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode
from numpy.typing import ArrayLike, NDArray

from genenv import checks, seeding
from genenv.data import Source
from genenv.envs import pictures
from genenv.envs.batched import BatchedEnv, Flags
from genenv.envs.rungs import EVERYWHERE, FLAWS, find_rungs
from genenv.envs.single import EntryPoint
from genenv.envs.views import SIDE
from genenv.generators import Generator

REAL, GENERATED, LOOK = range(3)  # LOOK + k looks at view k
LOOKS = 8  # to be bought
NOISE, PRICES = (0.05, 0.5), (0.005, 0.08)  # of a look, as an episode draws them
LEAST = 1e-3  # standard deviation that a look is taken to have at least
LIMIT = 3.0  # observations are clipped to [-3, 3]

Span = tuple[float, float]


class Detective(BatchedEnv):
    """Say whether a sample is real or generated, after looks that differ, each at a price.

    ## Description
    By a fair coin, a real row arrives or a sample of a generator of the ladder, whose rungs run
    from early in training to late; or, with `flaw`, a real row but for one part. The agent never
    sees the sample itself but looks: at the whole, at one of its parts, at a coarse copy, or at
    what a second critic thinks of it. Looks are noisy; looking again at the same view lets the
    noise average out. How noisy each view is and what it costs is drawn anew by each episode, and
    shown. The first look, at a view drawn by chance, is free. Where all data are whole numbers,
    generated samples are rounded to such.

    ## Action
    `Discrete(views + 2)`: 0 says real, 1 says generated, 2 + k looks at view k: 0 is the whole,
    then come side² parts (tiles of an image, runs of a vector's columns), the coarse copy (4 x 4
    averages, or means of 4 columns), and the second critic's score, where there is one.

    ## Observation
    `Box(-3, 3, (cells + regions + 2 · views + 1,), float32)`, everything clipped to the limits:

    | columns | what |
    |---|---|
    | cells | what looks tell of each column of the sample, its coarse copy and the score |
    | regions | doubt about each part, the coarse copy and the score; 1 before a look |
    | views | noise of a look at each, as a share of the most |
    | views | price of a look at each, as a share of the most |
    | 1 | share of the looks that can still be bought |

    What looks tell is Σ(look - middle)/σ² / (1 + Σ1/σ²), σ being their noise and the middle that of
    real rows; doubt is 1/√(1 + Σ1/σ²). Images span [-1, 1] over the range of the data; each column
    of vectors is centred, and the data reach to ±0.8. A score is tanh((score - median of real rows)
    / half their 5 to 95 % span).

    ## Reward
    +1 for a right verdict, -1 for a wrong one, less the price of a look for each; -1 for asking for
    a look when none is left, as for a wrong verdict.

    ## Start and end
    An episode starts with one look. `terminated`: by a verdict. `truncated`: by asking for a look
    when none is left (the ninth with `looks=8`), or after `max_episode_steps`.

    `reset(options={"rung": k})` asks for rung k, counted from 0, in the episodes that begin then:
    one for all rows, or an array (num_envs,), where -1 leaves a row to chance. The coin stays fair.
    Without it, each rung is as likely.

    ## Info
    `rung` (-1: real); `part` that is forged (-1: none, or all of it); `correct` (a right verdict
    was given); `looks` bought so far; their `cost`.

    ## Arguments
    None is needed: `gymnasium.make("genenv/Detective-v0")` takes the bundled digits and four
    generators, after 50, 200, 500 and 2,000 steps of training.

    ## Version history
    v0: first release.

    Parameters
    ----------
    num_envs
        Rows of the batch.
    run
        A folder that `fit` or `stress` left: its checkpoints are the ladder (`keep` says how many
        there are), its generator the last rung. None: the bundled set.
    ladder
        Generators from early to late, in place of a run; needs `data`. The second critic is the
        last one's, where it kept one that scores single samples.
    data
        What is real: a data set, a name or path that `genenv.data.load` takes, an array of samples,
        or (samples, labels). None: the run's, where its name is one of `genenv.data.DATA`.
    rows
        Numbers of the rows that arrive as real. None: those that the generators did not see (of
        data with a test set, that); all, where a run learned from every row or does not tell.
    flaw
        `everywhere`: a forgery is a generated sample. Or it is a real row but for one part, which
        is a generated `sample`'s, or the row's own `negative` (-1 times what looks show), both of
        parts drawn by chance, or the negative of part (label + 1) modulo parts (`class`). The last
        two need no generator: `ladder=()`.
    side
        Parts of an image's height and width; vectors have side² runs of columns.
    looks
        Looks that can be bought in an episode.
    noise
        Least and largest standard deviation of a look at the whole, where the sample lies in
        [-1, 1]. A view of fewer columns has that times √(its share of the columns), for each look
        gathers as much light; the score has it as it is.
    prices
        Least and largest price of a look.
    max_episode_steps
        Truncates earlier, as Gymnasium's TimeLimit; None: no earlier.
    autoreset_mode, render_mode
        See `BatchedEnv`; "rgb_array" draws what the looks tell, the sample and the verdict.

    Raises
    ------
    Mistake
        If a number is out of range, `ladder` comes with `run` or without `data`, a generator makes
        samples of another shape than the data, rows are none of the data; at `reset`, if a rung is
        out of range.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 2}  # noqa: RUF012
    asks = ("rung",)

    def __init__(
        self,
        num_envs: int = 1,
        *,
        run: str | Path | None = None,
        ladder: Sequence[Generator] | None = None,
        data: Source | None = None,
        rows: ArrayLike | None = None,
        flaw: str = EVERYWHERE,
        side: int = SIDE,
        looks: int = LOOKS,
        noise: Span = NOISE,
        prices: Span = PRICES,
        max_episode_steps: int | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ) -> None:
        checks.integer("looks", looks)
        limit = looks + 1 if max_episode_steps is None else max_episode_steps
        checks.integer("max_episode_steps", limit)
        self.noise = _span("noise", noise)
        self.prices = _span("prices", prices)
        checks.integer("side", side)
        self.rungs = find_rungs(run, ladder, data, rows, checks.choice("flaw", flaw, FLAWS), side)
        self.looks = looks
        self.views = self.rungs.views
        views = len(self.views.names)
        cells = len(self.views.region)
        regions = self.views.shown.shape[1]
        super().__init__(
            num_envs,
            Box(-LIMIT, LIMIT, (cells + regions + 2 * views + 1,), np.float32),
            Discrete(LOOK + views),
            min(looks + 1, limit),
            autoreset_mode,
            render_mode,
        )
        self._asked = np.full(num_envs, -1)  # rungs for the next episodes; -1: by chance
        self._rung, self._part = np.full((2, num_envs), -1)
        self._x = np.zeros((num_envs, cells), np.float32)  # what there is to see
        self._sum = np.zeros((num_envs, cells))  # of the looks, each over its variance
        self._light = np.zeros((num_envs, regions))  # of one over the variances
        self._looks = np.zeros(num_envs, np.int64)  # the free one, too
        self._noise = np.zeros((num_envs, views))  # of this episode
        self._price = np.zeros((num_envs, views))
        self._cost = np.zeros(num_envs)
        self._verdict = np.full(num_envs, LOOK)  # LOOK: none yet

    def configure(self, rows: NDArray[np.int64], options: dict[str, Any]) -> None:
        """Take `rung` for the episodes that begin now."""
        self._asked[rows] = self.rungs.asked(options, self.num_envs)[rows]

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Draw coin, rung, sample, noise and prices."""
        views = len(self.views.names)
        ends = np.cumsum([3, views, views, self.rungs.chances])
        drawn = seeding.uniforms(self.keys(rows, "draw"), int(ends[-1]))
        (coin, rung, view), noise, price, chance = (
            part.T for part in np.split(drawn, ends[:-1], 1)
        )
        by_chance = (rung * self.rungs.count).astype(np.int64)
        chosen = np.where(self._asked[rows] < 0, by_chance, self._asked[rows])
        self._asked[rows] = -1
        self._rung[rows] = np.where(coin < 0.5, -1, chosen)
        self._noise[rows] = _within(self.noise, noise.T)
        self._price[rows] = _within(self.prices, price.T)
        self._sum[rows] = 0.0
        self._light[rows] = 0.0
        self._looks[rows] = 0
        self._cost[rows] = 0.0
        self._verdict[rows] = LOOK
        self._x[rows] = self.rungs.seen(self._rung[rows], chance.T)
        self._part[rows] = self.rungs.part(self._rung[rows], chance.T)
        self._look(rows, (view * views).astype(np.int64))

    def advance(self, action: NDArray[np.int64], live: Flags) -> tuple[NDArray[Any], Flags]:
        """Take verdicts, sell looks."""
        action = np.asarray(action)
        most = LOOK + len(self.views.names)
        if not np.isin(action, np.arange(most)).all():
            do = "fix them"
            raise checks.Mistake(f"actions from 0 to {most - 1}, one a row", action.tolist(), do)
        decided, sold = live & (action < LOOK), live & (action >= LOOK)
        self._verdict = np.where(decided, action, self._verdict)
        refused = sold & (self._looks > self.looks)
        looking = np.flatnonzero(sold & ~refused)
        before = self._cost.copy()
        view = action[looking] - LOOK
        self._look(looking, view)
        self._cost[looking] += self._price[looking, view]
        paid = np.where(decided, np.where(self._correct(), 1.0, -1.0), before - self._cost)
        return np.where(refused, -1.0, paid), decided

    def observe(self) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Observations (num_envs, columns) and the info named above."""
        bought = self._looks - 1
        columns = (
            self._told(),
            1 / np.sqrt(1 + self._light),
            self._noise / (self.noise[1] or 1.0),
            self._price / (self.prices[1] or 1.0),
            (1 - bought / self.looks)[:, None],
        )
        seen = np.concatenate(columns, 1).astype(np.float32).clip(-LIMIT, LIMIT)
        info = {"rung": self._rung.copy(), "part": self._part.copy(), "correct": self._correct()}
        return seen, info | {"looks": bought, "cost": self._cost.copy()}

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Draw what the looks tell, and the sample; below, truth and verdict."""
        size = self.views.scale.size
        told = self.rungs.middle + self._told()[row]
        panels = [self._panel(u[:size].astype(np.float32)) for u in (told, self._x[row])]
        rung, said = self._rung[row], self._verdict[row]
        truth = "real" if rung < 0 else f"generated, rung {rung} of 0 to {self.rungs.count - 1}"
        verdict = ("says real", "says generated", "no verdict yet")[said]
        mark = "" if said == LOOK else ": right" if self._correct()[row] else ": wrong"
        lines = (
            f"what the looks tell; the sample: {truth}",
            f"{verdict}{mark}; {self._looks[row]} looks for {self._cost[row]:.2f}",
        )
        return pictures.page(panels, lines)

    def _panel(self, row: NDArray[np.float32]) -> Any:
        if self.views.scale.size == 2:  # a point in the plane, among the real ones
            x = self.rungs.data.units.tensor(self.rungs.data.x[self.rungs.rows[:500]])
            clouds = [
                (self.views.scale.to_box(x).numpy(), pictures.GREY),
                (row[None], pictures.BLUE),
            ]
            return pictures.scatter(clouds, -1.0, 1.0, radius=2)
        return pictures.sample(row.reshape(self.rungs.data.units.shape))

    def _told(self) -> NDArray[np.float64]:
        """Estimate how far each cell is from the middle: (num_envs, cells), 0 where none saw it."""
        return self._sum / (1 + self._light)[:, self.views.region]

    def _correct(self) -> Flags:
        """Whether each row's verdict is right; False where there is none."""
        right: Flags = self._verdict == np.where(self._rung < 0, REAL, GENERATED)
        return right

    def _look(self, rows: NDArray[np.int64], view: NDArray[np.int64]) -> None:
        """Look once more in these rows, at one view each."""
        drawn = seeding.normals(self.keys(rows, "look"), self._x.shape[1])
        spread = (self._noise[rows, view] * self.views.share[view])[:, None]
        look = self._x[rows] - self.rungs.middle + spread * drawn
        light = self.views.shown[view] / spread.clip(LEAST) ** 2
        self._sum[rows] += look * light[:, self.views.region]
        self._light[rows] += light
        self._looks[rows] += 1


def _span(name: str, given: Span) -> Span:
    pair = np.asarray(given, np.float64)
    checks.shape(name, pair, (2,))
    if not 0 <= pair[0] <= pair[1] < np.inf:
        expected = f"{name} to be two numbers, 0 or more, the least first"
        raise checks.Mistake(expected, list(given), "give such a range")
    return float(pair[0]), float(pair[1])


def _within(span: Span, chance: NDArray[np.float64]) -> NDArray[np.float64]:
    return span[0] + (span[1] - span[0]) * chance


single = EntryPoint(Detective)
