"""genenv/TrainingGame: the agent steers the training of a GAN while it runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from genenv import checks
from genenv.data import Source
from genenv.envs import run_picture
from genenv.envs.asked import Asked
from genenv.envs.batched import BatchedEnv, Flags
from genenv.envs.bills import Bills
from genenv.envs.gan_family import DRAWN, find_family, find_game, sizes
from genenv.envs.gan_runs import TOLD, GanRuns, Steering, columns_of, gap
from genenv.envs.single import EntryPoint
from genenv.objectives import Objective
from genenv.stacked import StackedGan
from genenv.stacked.evaluation import SAMPLES, WORST
from genenv.stacked.laws import check_hidden

LIMIT = 10.0  # observations are clipped to [-10, 10]
COLUMNS = 12  # without the context
STOP = 0.75  # of the fifth number, above which the run ends
PENALTY = 1.0  # for a run that diverges
FLOOR = 0.01  # added to a quality before its logarithm is taken
REWARDS = ("quality", "log-quality", "equal-losses")


class TrainingGame(BatchedEnv):
    """Steer the learning rates, the critic's steps and the penalty of a live GAN run.

    ## Description
    A generator and a critic, both perceptrons, learn a data set. A decision holds for `updates`
    updates of the generator. Every row is a run of its own, and all rows train at once as one
    batched program (`genenv.stacked`). Each episode draws its problem: data in the plane (ring,
    grid, spirals, moons, mixtures, digits and a table seen along two directions), their number,
    share of wrong rows, widths, batch, middle learning rate, budget, and the prices of time and of
    critic updates. In some, the data are exchanged for others of the kind on the way. When, by
    which factor the learning rate is another than the problem's (`hidden`), the networks' weights
    and their batches are chance; all else is the problem, which a seeded reset names by its
    number: `options={"problem": 3}`.

    ## Action
    `Box(-1, 1, (5,), float32)`, clipped to it:

    | number | what | range |
    |---|---|---|
    | 0 | log10 of the critic's learning rate over the generator's | 0.1 to 10 |
    | 1 | critic steps for one of the generator, 1 + floor(2 (a + 1)) | 1 to 4 |
    | 2 | log10 of the penalty over `penalty`; no effect on objectives without one | 0.1 to 10 |
    | 3 | log10 of the geometric mean of both rates over the episode's | 0.1 to 10 |
    | 4 | above 0.75: the run stops as it is, at no cost | |

    ## Observation
    `Box(-10, 10, (columns,), float32)`, 12 columns or more, clipped to the limits. Numbers 0 to 3
    are means over the last decision's updates; they, 8 and 9 are 0 before the first.

    | column | what | unit |
    |---|---|---|
    | 0 | the critic's terms without penalties, s(t) = sign(t) log(1 + abs t) of their sum | |
    | 1 | its penalties before their factor, s(t) of their sum | |
    | 2 | the generator's terms, s(t) of their sum | |
    | 3 | log10 of the critic's gradient norm over the generator's | |
    | 4 | share of pairs of a held-out and a generated sample that the critic orders right | |
    | 5 | log of the samples' mean distance from each other over that of held-out rows | nat |
    | 6 | log of (the quality + 0.01) | nat |
    | 7 | share of the budget left | |
    | 8 | decrease of column 6 over the last decision | nat |
    | 9 | number 3 of the last action | |
    | 10 | price of a decision, times 10 | nat |
    | 11 | price of `updates` updates of the critic, times 20 | nat |
    | more | with `context`: see `GanRuns.context` | |

    ## Reward
    The decrease of column 6 over the decision less what it cost: rewards sum to the total gain less
    all costs, but for what an exchange of the data takes. A run that diverges pays 1. With
    `reward="quality"` the decrease of the quality itself (a single problem's default). With
    `reward="equal-losses"`, minus the absolute difference between the critic's and the generator's
    mean terms, as FSCO has it (arXiv 2504.15099): it can be had without learning anything.

    ## Start and end
    A problem and new networks by the row's address. `terminated`: the run was stopped, the budget
    of a drawn problem is spent, a weight is not finite, or the quality reaches 4 standard
    deviations of the data. `truncated`: after `decisions` steps.

    ## Info
    `quality`; `cost`, `generator_updates` and `critic_updates` of the episode.

    ## Arguments
    None is needed: `gymnasium.make("genenv/TrainingGame-v0")` draws problems.

    ## Version history
    v0: first release.

    Parameters
    ----------
    num_envs
        Rows of the batch.
    family
        `drawn`, or one problem for all episodes, without prices: what `genenv.data.find` takes,
        such as `ring`. Images are flattened.
    split
        `train` or `test`: drawn problems of one are none of the other; of a single one no matter.
    context
        Whether the problem is shown.
    shift
        Share of drawn problems whose data are exchanged on the way.
    hidden
        How many times the learning rate at action 0 may be the problem's, either way, log-uniform:
        drawn by each episode, no part of the problem, and shown to nobody; 1: nothing is hidden.
    wrong
        Largest share of a drawn problem's rows to learn from that are none of its data; those held
        out are all its own.
    objective
        A name in `genenv.objectives.OBJECTIVES`, or an Objective. It is tried at once: one whose
        terms depend on the whole batch is refused, and so is `wgan`, for it clips.
    quality
        `sliced`: sliced 1-Wasserstein distance between 512 samples and the held-out rows, in
        standard deviations of the data; `missing`: share of modes without a sample within 3 σ.
    reward
        `quality` (None: of a single problem), `log-quality` (of drawn ones) or `equal-losses`.
    width, depth
        Of the hidden layers of both networks, and their number. Drawn problems have the whole
        width, a half or a quarter; None: 16 of drawn problems, 32 of a single one.
    batch
        Rows of an update (drawn: the whole, a half or a quarter); None: 16, or 64 of a single one.
    latent
        Columns of z ~ N(0, I).
    decisions
        Steps of an episode (drawn: at least half of them); None: 12 or 20.
    updates
        Of the generator, in a step; None: 10 or 25.
    learning_rate
        Geometric mean of both networks' rates, of Adam with betas (0, 0.99). Drawn problems have
        from an eighth of it to eight times as much.
    penalty
        λ or γ at action 0; of an Objective a factor of its own.
    critic_norm
        "none"; others are refused with the reason.
    max_episode_steps
        Truncates earlier than `decisions`, as Gymnasium's TimeLimit; None: no earlier.
    autoreset_mode, render_mode
        See `BatchedEnv`; "rgb_array" draws held-out rows, samples, and the quality's curve.

    Raises
    ------
    Mistake
        If a number is not above zero, a name is unknown, the data are not there or fewer than two
        batches, the quality needs unknown modes, the critic is to be normalised, the objective's
        terms are not one a row, or a problem is no whole number.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 4}  # noqa: RUF012
    asks = ("problem",)

    def __init__(
        self,
        num_envs: int = 1,
        *,
        family: Source = DRAWN,
        split: str = "train",
        context: bool = True,
        shift: float = 0.5,
        hidden: float = 1.0,
        wrong: float = 0.0,
        objective: str | Objective = "relativistic",
        quality: str = "sliced",
        reward: str | None = None,
        width: int | None = None,
        depth: int = 2,
        batch: int | None = None,
        latent: int = 2,
        decisions: int | None = None,
        updates: int | None = None,
        learning_rate: float = 4e-3,
        penalty: float = 0.1,
        critic_norm: str = "none",
        max_episode_steps: int | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ) -> None:
        checks.positive("penalty", penalty)
        asked = sizes(family, reward, width, batch, decisions, updates)
        self.reward = checks.choice("reward", asked.reward, REWARDS)
        self.updates, self.decisions = asked.updates, asked.decisions
        if max_episode_steps is not None:
            checks.integer("max_episode_steps", max_episode_steps)
        self.family = find_family(family, split, shift, wrong, learning_rate, asked)
        self.context = bool(context)
        columns = COLUMNS + (len(self.family.names) + TOLD if context else 0)
        super().__init__(
            num_envs,
            Box(-LIMIT, LIMIT, (columns,), np.float32),
            Box(-1.0, 1.0, (5,), np.float32),
            min(self.decisions, max_episode_steps or self.decisions),
            autoreset_mode,
            render_mode,
        )
        self.penalty = penalty
        checks.integer("latent", latent)
        size = self.family.size
        game = find_game(objective, latent, size, asked.batch)
        self.gan = StackedGan(num_envs, game, latent, size, asked.width, depth, norm=critic_norm)
        self.runs = GanRuns(
            self.gan,
            self.family,
            quality,
            asked.batch,
            self.updates,
            self.keys,
            check_hidden(hidden),
        )
        self._asked = Asked(num_envs)
        self._latent = torch.zeros(num_envs, SAMPLES, latent)  # of the evaluation
        self._seen = np.zeros((num_envs, COLUMNS), np.float32)
        self._quality = np.zeros(num_envs)
        self._bills = Bills(num_envs, self.updates)
        self._curve = np.zeros((num_envs, self.decisions + 1), np.float32)  # of the quality

    def configure(self, rows: NDArray[np.int64], options: dict[str, Any]) -> None:
        """Take the numbers of problems to begin."""
        self._asked.take(rows, options)

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Draw problems, make new networks, and examine them."""
        self.runs.begin(rows, self._asked.keys(rows, self.keys))
        self._latent[torch.from_numpy(rows)] = self.runs.evaluation.latents(self.keys(rows, "exam"))
        self._bills.begin(rows)
        self._seen[rows] = 0.0
        self._seen[rows, 10] = self.runs.problems.time_price[rows] * 10
        self._seen[rows, 11] = self.runs.problems.update_price[rows] * self.updates * 20
        self._examine(rows)

    def advance(self, action: NDArray[np.float32], live: Flags) -> tuple[NDArray[Any], Flags]:
        """Train the live rows for one decision, unless they stop."""
        reward, stops = np.zeros(self.num_envs), live & (action[:, 4] > STOP)
        rows = np.flatnonzero(live & ~stops)
        if not len(rows):
            return reward, stops
        before, log_before = self._quality[rows], self._seen[rows, 6].astype(np.float64)
        asked = Steering.read(action[rows], self.penalty, self.runs.rate[rows])
        words = self.runs.train(rows, asked)
        self._seen[rows, :4] = columns_of(words)
        self._examine(rows)
        fell = log_before - self._seen[rows, 6]
        self._seen[rows, 8], self._seen[rows, 9] = fell, action[rows, 3]
        problems = self.runs.problems
        lost = (self._quality[rows] >= WORST) | ~self.runs.finite(rows)
        quality = before - self._quality[rows]
        gains = {"quality": quality, "log-quality": fell, "equal-losses": -gap(words)}
        reward[rows] = (
            gains[self.reward] - self._bills.charge(rows, problems, asked.steps) - PENALTY * lost
        )
        stops[rows] = lost
        if not self.family.fixed:
            stops[rows] |= self.elapsed[rows] >= problems.budget[rows]
        shifted = self.runs.shift(rows[~stops[rows]], self.elapsed)
        if len(shifted):
            self._examine(shifted)
        return reward, stops

    def observe(self) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Observations (num_envs, columns) and the info named above."""
        seen = self._seen.copy()
        seen[:, 7] = 1 - self.elapsed / self.runs.problems.budget
        if self.context:
            seen = np.concatenate([seen, self.runs.context()], 1, dtype=np.float32)
        info: dict[str, NDArray[Any]] = {
            "quality": self._quality.copy(),
            "cost": self._bills.cost.copy(),
            "generator_updates": self._bills.generator_updates.copy(),
            "critic_updates": self._bills.critic_updates.copy(),
        }
        return np.nan_to_num(seen, nan=LIMIT).clip(-LIMIT, LIMIT), info

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Draw samples and held-out rows (of their first two columns), and the quality so far."""
        at, evaluation = torch.tensor([row]), self.runs.evaluation
        fake = self.gan.sample(self._latent[at], at)[0]
        real = evaluation.held_out[row % len(evaluation.held_out), :SAMPLES]
        step = self._bills.generator_updates[row], self.runs.problems.budget[row] * self.updates
        curve = self._curve[row, : self.elapsed[row] + 1]
        return run_picture.page(real, fake, curve, self.decisions, step, self._seen[row])

    def _examine(self, rows: NDArray[np.int64]) -> None:
        at = self.runs.index(rows)
        latent = self._latent if at is None else self._latent[at]
        quality, accuracy, diversity = self.runs.evaluation(self.gan, latent, at)
        self._seen[rows, 4], self._seen[rows, 5] = accuracy.numpy(), diversity.numpy()
        self._seen[rows, 6] = np.log(quality.numpy() + FLOOR)
        self._quality[rows] = self._curve[rows, self.elapsed[rows]] = quality.numpy()


single = EntryPoint(TrainingGame)
