"""genenv/TrainingGame: the agent steers the training of a GAN while it runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from genenv import checks, objectives, seeding
from genenv.data import Dataset, Source, find
from genenv.envs import pictures
from genenv.envs.batched import BatchedEnv, Flags
from genenv.envs.single import EntryPoint
from genenv.objectives import Objective
from genenv.stacked import StackedGan
from genenv.stacked.exam import SAMPLES, WORST, Exam
from genenv.stacked.trial import check_by_row

LIMIT = 10.0  # observations are clipped to [-10, 10]
COLUMNS = 8
HELD_OUT = 4096  # rows at most, a fifth of the data
MOST_STEPS = 4  # of the critic, for one of the generator
PENALTY = 1.0  # for a run that diverges
FLOOR = 0.01  # added to a quality before its logarithm is taken
REWARDS = ("quality", "log-quality", "equal-losses")


class TrainingGame(BatchedEnv):
    """Steer the learning rates, the critic's steps and the penalty of a live GAN run.

    ## Description
    A generator and a critic, both perceptrons, learn a data set. A decision holds for `updates`
    updates of the generator; the budget is `decisions` of them. Every row is a run of its own, and
    all rows train at once as one batched program (`genenv.stacked`).

    ## Action
    `Box(-1, 1, (3,), float32)`, clipped to it:

    | number | what | range |
    |---|---|---|
    | 0 | log10 of the critic's learning rate over the generator's | 0.1 to 10 |
    | 1 | critic steps for one of the generator, 1 + floor(2 (a + 1)) | 1 to 4 |
    | 2 | log10 of the penalty over `penalty`; no effect on objectives without one | 0.1 to 10 |

    The product of both rates stays `learning_rate`². Generator updates are the budget; those of
    the critic are free, and counted in the info.

    ## Observation
    `Box(-10, 10, (8,), float32)`, clipped to the limits. Numbers 0 to 3 are means over the last
    decision's updates, and 0 before the first.

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

    ## Reward
    The decrease of the quality over the decision, 0 at best: rewards sum to the total gain. A run
    that diverges pays 1. With `reward="log-quality"`, the decrease of column 6, which late gains
    count more in. With `reward="equal-losses"`, minus the absolute difference between the critic's
    and the generator's mean terms, as FSCO has it (arXiv 2504.15099): it can be had without
    learning anything, see the documentation.

    ## Start and end
    New networks by the row's address. `terminated`: a weight is not finite, or the quality reaches
    4 standard deviations of the data. `truncated`: after `decisions` steps.

    ## Info
    quality; generator_updates and critic_updates of the episode.

    ## Arguments
    See the parameters; `gymnasium.make("genenv/TrainingGame-v0")` without any takes the ring.

    ## Version history
    v0: first release.

    Parameters
    ----------
    num_envs
        Rows of the batch.
    data
        A name or path that `genenv.data.load` takes, a `Dataset`, an array of samples, or (samples,
        labels). Images are flattened.
    objective
        A name in `genenv.objectives.OBJECTIVES`, or an Objective. It is tried at once: one whose
        terms depend on the whole batch is refused, and so is `wgan`, for it clips.
    quality
        `sliced`: sliced 1-Wasserstein distance between 512 samples and the held-out rows, in
        standard deviations of the data; `missing`: share of modes without a sample within 3 σ.
    reward
        `quality`, `log-quality` or `equal-losses`.
    width, depth
        Of the hidden layers of both networks, and their number.
    batch
        Rows of an update.
    latent
        Columns of z ~ N(0, I).
    decisions
        Steps of an episode.
    updates
        Of the generator, in a step.
    learning_rate
        Geometric mean of both networks' rates, of Adam with betas (0, 0.99).
    penalty
        λ or γ at action 0; of an Objective a factor of its own.
    critic_norm
        "none". Batch statistics and spectral norm are refused with the reason.
    max_episode_steps
        Truncates earlier than `decisions`, as Gymnasium's TimeLimit; None: no earlier.
    autoreset_mode, render_mode
        See `BatchedEnv`; "rgb_array" draws held-out rows and samples, and the quality's curve.

    Raises
    ------
    Mistake
        If a number is not above zero, a name is unknown, the data are not there or fewer than two
        batches, the quality needs modes that are not known, the critic is to be normalised, or the
        objective's terms are not one a row.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 4}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        *,
        data: Source = "ring",
        objective: str | Objective = "relativistic",
        quality: str = "sliced",
        reward: str = "quality",
        width: int = 32,
        depth: int = 2,
        batch: int = 64,
        latent: int = 2,
        decisions: int = 20,
        updates: int = 25,
        learning_rate: float = 4e-3,
        penalty: float = 0.1,
        critic_norm: str = "none",
        max_episode_steps: int | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ) -> None:
        for name, number in {"learning_rate": learning_rate, "penalty": penalty}.items():
            checks.positive(name, number)
        self.reward = checks.choice("reward", reward, REWARDS)
        self.batch, self.updates = checks.whole("batch", batch), checks.whole("updates", updates)
        self.decisions = checks.whole("decisions", decisions)
        if max_episode_steps is not None:
            checks.whole("max_episode_steps", max_episode_steps)
        super().__init__(
            num_envs,
            Box(-LIMIT, LIMIT, (COLUMNS,), np.float32),
            Box(-1.0, 1.0, (3,), np.float32),
            min(decisions, max_episode_steps or decisions),
            autoreset_mode,
            render_mode,
        )
        dataset = find(data)
        self._real, held_out = _parts(dataset, self.batch)
        self._exam = Exam(held_out, dataset, quality, checks.whole("latent", latent))
        self.learning_rate, self.penalty = learning_rate, penalty
        named = objectives.OBJECTIVES.get(objective) if isinstance(objective, str) else None
        unit = 1.0 if named is not None and named.penalised else None  # `penalty` is its factor
        game = objectives.find(objective, unit)
        size = self._real.shape[1]
        if isinstance(objective, Objective):
            check_by_row(game, latent, size, self.batch)
        self.gan = StackedGan(num_envs, game, latent, size, width, depth, norm=critic_norm)
        self._latent = torch.zeros(num_envs, SAMPLES, latent)  # of the exam
        self._seen = np.zeros((num_envs, COLUMNS), np.float32)
        self._quality = np.zeros(num_envs)
        self._critic_updates = np.zeros(num_envs, np.int64)
        self._curve = np.zeros((num_envs, decisions + 1), np.float32)  # of the quality

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Make new networks and examine them."""
        self.gan.begin(rows, self.keys(rows, "generator"), self.keys(rows, "critic"))
        self._latent[torch.from_numpy(rows)] = self._exam.latents(self.keys(rows, "exam"))
        self._critic_updates[rows] = 0
        self._seen[rows] = 0.0
        self._examine(rows)

    def advance(self, action: NDArray[np.float32], live: Flags) -> tuple[NDArray[Any], Flags]:
        """Train the live rows for one decision."""
        rows = np.flatnonzero(live)
        reward, terminated = np.zeros(self.num_envs), np.zeros(self.num_envs, np.bool_)
        if not len(rows):
            return reward, terminated
        before, log_before = self._quality[rows], self._seen[rows, 6].astype(np.float64)
        told = self._train(rows, action[rows].astype(np.float64).clip(-1.0, 1.0))
        self._seen[rows, :4] = _columns(told)
        self._examine(rows)
        lost = (self._quality[rows] >= WORST) | ~self._finite(rows)
        critic = told[:, 0] + told[:, 1]
        gap = np.nan_to_num(np.abs(critic - told[:, 2]), nan=LIMIT, posinf=LIMIT)
        gains = {
            "quality": before - self._quality[rows],
            "log-quality": log_before - self._seen[rows, 6],
            "equal-losses": -gap,
        }
        reward[rows], terminated[rows] = gains[self.reward] - PENALTY * lost, lost
        return reward, terminated

    def observe(self) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Observations (num_envs, 8) and the info named above."""
        seen = self._seen.copy()
        seen[:, 7] = 1 - self.elapsed / self.decisions
        info: dict[str, NDArray[Any]] = {
            "quality": self._quality.copy(),
            "generator_updates": self.elapsed * self.updates,
            "critic_updates": self._critic_updates.copy(),
        }
        return np.nan_to_num(seen, nan=LIMIT).clip(-LIMIT, LIMIT), info

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Draw samples and held-out rows (of their first two columns), and the quality so far."""
        at = torch.tensor([row])
        fake = self.gan.sample(self._latent[at], at)[0, :, :2].numpy()
        real = self._exam.held_out[:SAMPLES, :2].numpy()
        if real.shape[1] == 1:
            real, fake = (np.stack([x[:, 0], np.zeros(len(x))], 1) for x in (real, fake))
        cloud = pictures.scatter([(fake, pictures.BLUE), (real, pictures.INK)], -2.5, 2.5)
        curve = self._curve[row, : self.elapsed[row] + 1]
        most = max(float(self._curve[row, 0]), 0.1)
        panel = pictures.curves([(curve, pictures.GOOD)], 0.0, most, self.decisions + 1)
        seen = self._seen[row]
        lines = (
            f"{self.elapsed[row] * self.updates} of {self.decisions * self.updates} updates, "
            f"quality {curve[-1]:.3f}",
            f"critic {seen[0]:+.2f}, generator {seen[2]:+.2f}, accuracy {seen[4]:.2f}",
        )
        return pictures.page([cloud, panel], lines)

    def _train(self, rows: NDArray[np.int64], action: NDArray[np.float64]) -> NDArray[np.float64]:
        """Train some rows; means over updates (k, 5): critic, penalties, generator, both norms.

        The generator's update shares its rows and latents with the critic's last one. So that
        this one falls together for all, rows with fewer critic steps begin later.
        """
        ratio, steps = 10.0 ** action[:, 0], np.minimum(1 + np.floor(2 * action[:, 1] + 2), 4)
        rate = torch.from_numpy(self.learning_rate * np.stack([ratio**-0.5, ratio**0.5])).float()
        penalty = torch.from_numpy(self.penalty * 10.0 ** action[:, 2]).float()
        self._critic_updates[rows] += steps.astype(np.int64) * self.updates
        told = torch.zeros(len(rows), 5, dtype=torch.float64)
        slots = [self._slot(rows, steps >= MOST_STEPS - k, k) for k in range(MOST_STEPS)]
        for update in range(self.updates):
            for k, (part, real, latent) in enumerate(slots):
                if not len(part):
                    continue
                at = self._rows(rows[part])
                x, z = self._real[real[:, update]], latent[:, update]
                keys = seeding.fold_rows(self.keys(rows[part], "objective"), update, k)
                last = k == MOST_STEPS - 1
                terms, norm = self.gan.update_critic(
                    x, self.gan.sample(z, at), rate[1, part], penalty[part], keys, at
                )
                if last:
                    charged = self.gan.objective.penalties
                    told[:, 0] += _sum([t for n, t in terms.items() if n not in charged], norm)
                    told[:, 1] += _sum([t for n, t in terms.items() if n in charged], norm)
                    told[:, 3] += norm.sqrt()
                    terms, norm = self.gan.update_generator(x, z, rate[0], keys, at)
                    told[:, 2] += _sum(list(terms.values()), norm)
                    told[:, 4] += norm.sqrt()
        return (told / self.updates).numpy()

    def _slot(
        self, rows: NDArray[np.int64], takes: Flags, slot: int
    ) -> tuple[NDArray[np.int64], torch.Tensor, torch.Tensor]:
        """Draw the k-th critic step of all updates for the rows that take it, by position."""
        part = np.flatnonzero(takes)
        shape = (len(part), self.updates, self.batch)
        count = self.updates * self.batch
        pick = seeding.uniforms(self.keys(rows[part], "real", slot), count) * len(self._real)
        z = seeding.normals(self.keys(rows[part], "z", slot), count * self.gan.latent)
        real = torch.from_numpy(pick.astype(np.int64)).view(shape)
        return part, real, torch.from_numpy(z).view(*shape, self.gan.latent)

    def _examine(self, rows: NDArray[np.int64]) -> None:
        at = self._rows(rows)
        latent = self._latent if at is None else self._latent[at]
        quality, accuracy, diversity = self._exam(self.gan, latent, at)
        self._seen[rows, 4], self._seen[rows, 5] = accuracy.numpy(), diversity.numpy()
        self._seen[rows, 6] = np.log(quality.numpy() + FLOOR)
        self._quality[rows] = self._curve[rows, self.elapsed[rows]] = quality.numpy()

    def _rows(self, rows: NDArray[np.int64]) -> torch.Tensor | None:
        """Index of rows for the stack; None: all, which spares a copy."""
        return None if len(rows) == self.num_envs else torch.from_numpy(rows)

    def _finite(self, rows: NDArray[np.int64]) -> Flags:
        networks = (self.gan.generator.theta, self.gan.critic.theta)
        flags: Flags = np.logical_and(*(t.isfinite().all(1).numpy()[rows] for t in networks))
        return flags


def _parts(dataset: Dataset, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows to learn from and held-out ones, as vectors."""
    x = dataset.units.encode(dataset.units.tensor(dataset.x)).flatten(1)
    if len(x) < 2 * batch:
        do = "give a smaller batch or more data"
        raise checks.Mistake(f"data of at least two batches of {batch} rows", len(x), do)
    order = torch.from_numpy(seeding.numpy_generator(0, "held out").permutation(len(x)))
    held = min(HELD_OUT, len(x) // 5)
    return x[order[held:]], x[order[:held]]


def _columns(told: NDArray[np.float64]) -> NDArray[np.float64]:
    """Terms and norms as the first four columns of an observation."""
    terms = np.sign(told[:, :3]) * np.log1p(np.abs(told[:, :3]))
    ratio = np.log10((told[:, 3] + 1e-12) / (told[:, 4] + 1e-12))
    return np.column_stack([terms, ratio])


def _sum(terms: list[torch.Tensor], like: torch.Tensor) -> torch.Tensor:
    return sum(terms, torch.zeros_like(like))


single = EntryPoint(TrainingGame)
