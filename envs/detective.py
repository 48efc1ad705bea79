"""genenv/Detective: the discriminator tells real samples from a ladder of generators."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode
from numpy.typing import ArrayLike, NDArray

from genenv import bundled, checks, ladder, seeding
from genenv.data import Dataset, Source, find
from genenv.envs import pictures
from genenv.envs.batched import BatchedEnv, Flags
from genenv.envs.samples import Scale, check_alike
from genenv.envs.single import EntryPoint
from genenv.generators import Generator

REAL, GENERATED, LOOK = range(3)
LOOKS, NOISE, PRICE = 5, 0.3, 0.05  # looks to be bought; of a look, in [-1, 1]; of a look


class Detective(BatchedEnv):
    """Say whether a sample is real or generated, or pay for another look at it.

    ## Description
    By a fair coin, a real row arrives or a sample of a generator of the ladder, whose rungs run
    from early in training to late. The agent never sees the sample itself but looks at it: each
    look adds Gaussian noise of its own, and the mean of the looks lies the nearer to the sample the
    more there are. Where all data are whole numbers, generated samples are rounded to such.

    ## Action
    `Discrete(3)`: 0 says real, 1 says generated, 2 looks again.

    ## Observation
    `Box(-1, 1, (2 · size + 1,), float32)`, everything clipped to the limits:

    | columns | what | limits |
    |---|---|---|
    | size | the last look, flattened | -1, 1 |
    | size | the mean of the looks so far, flattened | -1, 1 |
    | 1 | share of the looks that can still be bought | 0, 1 |

    Images span [-1, 1] over the range of the data; each column of vectors is centred, and the data
    reach to ±0.8.

    ## Reward
    +1 for a right verdict, -1 for a wrong one, -0.05 for another look; -1 for asking for a look
    when none is left, as for a wrong verdict.

    ## Start and end
    An episode starts with one look. `terminated`: by a verdict. `truncated`: by asking for a look
    when none is left (the sixth with `looks=5`), or after `max_episode_steps`.

    `reset(options={"rung": k})` asks for rung k, counted from 0, in the episodes that begin then:
    one for all rows, or an array (num_envs,), where -1 leaves a row to chance. The coin stays fair.
    Without it, each rung is as likely.

    ## Info
    rung (-1: real); correct (a right verdict was given); looks (bought so far).

    ## Arguments
    See the parameters; `gymnasium.make("genenv/Detective-v0")` without any takes the bundled digits
    and four generators, after 50, 200, 500 and 2,000 steps of training.

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
        Generators from early to late, in place of a run; needs `data`.
    data
        What is real: a data set, a name or path that `genenv.data.load` takes, an array of samples,
        or (samples, labels). None: the run's, where its name is one of `genenv.data.DATA`.
    rows
        Numbers of the rows that arrive as real. None: those that the generators did not see (of
        data with a test set, that); all, where a run learned from every row or does not tell.
    looks
        Looks that can be bought in an episode.
    noise
        Standard deviation of a look's noise, where the sample lies in [-1, 1]; 0: none.
    max_episode_steps
        Truncates earlier, as Gymnasium's TimeLimit; None: no earlier.
    autoreset_mode, render_mode
        See `BatchedEnv`; "rgb_array" draws the last look, the mean of all, the sample and the
        verdict.

    Raises
    ------
    Mistake
        If a number is out of range, `ladder` comes with `run` or without `data`, a generator makes
        samples of another shape than the data, rows are none of the data; at `reset`, if a rung is
        out of range.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 2}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        *,
        run: str | Path | None = None,
        ladder: Sequence[Generator] | None = None,
        data: Source | None = None,
        rows: ArrayLike | None = None,
        looks: int = LOOKS,
        noise: float = NOISE,
        max_episode_steps: int | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ) -> None:
        checks.integer("looks", looks)
        if noise != 0:
            checks.positive("noise", noise)
        limit = looks + 1 if max_episode_steps is None else max_episode_steps
        checks.integer("max_episode_steps", limit)
        self.ladder, self.data, unseen = find_ladder(run, ladder, data)
        self.rows = unseen if rows is None else checked_rows(rows, self.data)
        self.looks = looks
        self.noise = noise
        self.scale = Scale(self.data)
        self._real = self.scale.to_box(self.data.units.tensor(self.data.x[self.rows])).numpy()
        size = self.scale.size
        super().__init__(
            num_envs,
            Box(-1.0, 1.0, (2 * size + 1,), np.float32),
            Discrete(3),
            min(looks + 1, limit),
            autoreset_mode,
            render_mode,
        )
        self._asked = np.full(num_envs, -1)  # rungs for the next episodes; -1: by chance
        self._rung = np.full(num_envs, -1)
        self._x = np.zeros((num_envs, size), np.float32)
        self._look, self._sum = np.zeros_like(self._x), np.zeros_like(self._x)
        self._bought = np.zeros(num_envs, np.int64)
        self._verdict = np.full(num_envs, LOOK)  # LOOK: none yet

    def configure(self, rows: NDArray[np.int64], options: dict[str, Any]) -> None:
        """Take `rung` for the episodes that begin now."""
        asked = np.asarray(options.get("rung", -1))
        if asked.ndim:
            checks.shape("options['rung']", asked, (self.num_envs,))
        top = len(self.ladder) - 1
        given = "rung" in options and not asked.ndim
        if asked.dtype.kind not in "iu" or asked.min() < (0 if given else -1) or asked.max() > top:
            raise checks.Mistake(
                f"options['rung'] to be whole numbers from 0 to {top}"
                + (" (-1: by chance)" if asked.ndim else ""),
                asked.tolist(),
                "choose a rung of the ladder",
            )
        self._asked[rows] = np.broadcast_to(asked, self.num_envs)[rows]

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Draw coin, rung and sample, and look once."""
        draws = seeding.uniforms(self.keys(rows, "draw"), 4)
        chance = (draws[:, 1] * len(self.ladder)).astype(np.int64)
        rung = np.where(self._asked[rows] < 0, chance, self._asked[rows])
        self._asked[rows] = -1
        self._rung[rows] = np.where(draws[:, 0] < 0.5, -1, rung)
        self._x[rows] = self._real[(draws[:, 2] * len(self._real)).astype(np.int64)]
        for k, generator in enumerate(self.ladder):
            own = self._rung[rows] == k
            if own.any():
                self._x[rows[own]] = self._generated(generator, rows[own], draws[own, 3])
        self._sum[rows], self._bought[rows], self._verdict[rows] = 0.0, -1, LOOK
        self._look_at(rows)

    def advance(self, action: NDArray[np.int64], live: Flags) -> tuple[NDArray[Any], Flags]:
        """Take verdicts, sell looks."""
        action = np.asarray(action)
        if not np.isin(action, (REAL, GENERATED, LOOK)).all():
            raise checks.Mistake("actions to be 0, 1 or 2, one a row", action.tolist(), "fix them")
        decided, sold = live & (action != LOOK), live & (action == LOOK)
        self._verdict = np.where(decided, action, self._verdict)
        refused = sold & (self._bought >= self.looks)
        self._look_at(np.flatnonzero(sold & ~refused))
        verdict = np.where(self._correct(), 1.0, -1.0)
        return np.where(decided, verdict, np.where(refused, -1.0, -PRICE)), decided

    def observe(self) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Observations (num_envs, 2 · size + 1) and the info named above."""
        mean = self._sum / (1 + self._bought)[:, None]
        left = (1 - self._bought / self.looks)[:, None]
        seen = np.concatenate([self._look, mean, left], 1).astype(np.float32).clip(-1.0, 1.0)
        return seen, {
            "rung": self._rung.copy(),
            "correct": self._correct(),
            "looks": self._bought.copy(),
        }

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Draw the last look, the mean of all, and the sample itself; below, truth and verdict."""
        mean = self._sum[row] / (1 + self._bought[row])
        panels = [self._panel(u) for u in (self._look[row], mean, self._x[row])]
        rung, said = self._rung[row], self._verdict[row]
        truth = "real" if rung < 0 else f"generated, rung {rung} of 0 to {len(self.ladder) - 1}"
        verdict = ("says real", "says generated", "no verdict yet")[said]
        mark = "" if said == LOOK else ": right" if self._correct()[row] else ": wrong"
        lines = (
            f"last look, mean of {1 + self._bought[row]}, and the sample: {truth}",
            f"{verdict}{mark}; {self.looks - self._bought[row]} looks left",
        )
        return pictures.page(panels, lines)

    def _panel(self, row: NDArray[np.float32]) -> Any:
        if self.scale.size == 2:  # a point in the plane, among the real ones
            clouds = [(self._real[:500], pictures.GREY), (row[None], pictures.BLUE)]
            return pictures.scatter(clouds, -1.0, 1.0, radius=2)
        return pictures.sample(row.reshape(self.data.units.shape))

    def _correct(self) -> Flags:
        """Whether each row's verdict is right; False where there is none."""
        right: Flags = self._verdict == np.where(self._rung < 0, REAL, GENERATED)
        return right

    def _generated(
        self, generator: Generator, rows: NDArray[np.int64], chance: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        e = torch.from_numpy(seeding.normals(self.keys(rows, "e"), generator.noise.base_dim))
        label = None
        if generator.conditional:
            label = torch.from_numpy((chance * len(generator.classes)).astype(np.int64))
        return self.scale.to_box(self.scale.generated(generator, e, label)).numpy()

    def _look_at(self, rows: NDArray[np.int64]) -> None:
        """Look once more in these rows."""
        noise = seeding.normals(self.keys(rows, "look"), self.scale.size)
        look = (self._x[rows] + np.float32(self.noise) * noise).clip(-1.0, 1.0)
        self._look[rows] = look
        self._sum[rows] += look
        self._bought[rows] += 1


def find_ladder(
    run: str | Path | None, given: Sequence[Generator] | None, source: Source | None
) -> tuple[tuple[Generator, ...], Dataset, NDArray[np.int64]]:
    """Take the ladder as given or load a run's; with the data, and the rows that arrive as real."""
    dataset = None if source is None else find(source)
    if given is None:
        folder = bundled.FOLDER if run is None else Path(run).expanduser()
        rungs = ladder.generators(folder)
        dataset, rows = ladder.unseen(folder, dataset)
    else:
        if run is not None:
            raise checks.Mistake("either a ladder or a run", "both", "leave one out")
        if dataset is None:
            raise checks.Mistake("data beside a ladder", "none", "give the real samples as data")
        rungs, rows = tuple(given), np.arange(len(dataset))
    if not rungs:
        raise checks.Mistake("a ladder of one generator or more", "an empty one", "give some")
    for k, generator in enumerate(rungs):
        if not hasattr(generator, "units"):
            got = f"{generator!r} on rung {k}"
            raise checks.Mistake("a ladder of Generators", got, "give genenv.load(RUN)")
        check_alike(generator.units, dataset, f"rung {k} of the ladder")
    return rungs, dataset, rows


def checked_rows(rows: ArrayLike, dataset: Dataset) -> NDArray[np.int64]:
    """Return row numbers of the data, or raise a Mistake."""
    array = np.asarray(rows)
    checks.shape("rows", array, (None,))
    inside = array.dtype.kind in "iu" and len(array) and 0 <= array.min() <= array.max()
    if not inside or array.max() >= len(dataset):
        got = f"{len(array)} of {array.dtype}"
        got += f" from {array.min()} to {array.max()}" if len(array) else ""
        raise checks.Mistake(f"rows to be whole numbers below {len(dataset)}", got, "fix them")
    return array.astype(np.int64)


single = EntryPoint(Detective)
