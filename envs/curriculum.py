"""genenv/Curriculum: the agent teaches a classifier what to learn from next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from genenv import checks
from genenv.data import Source
from genenv.envs.asked import Asked
from genenv.envs.batched import BatchedEnv, Flags
from genenv.envs.classroom import Classroom
from genenv.envs.lesson_picture import Blackboard
from genenv.envs.lessons import TOLD, Law, Wish, find_lessons, is_drawn
from genenv.envs.single import EntryPoint
from genenv.generators import Generator
from genenv.stacked import StackedLearners
from genenv.stacked.laws import check_hidden

LIMIT = 10.0  # observations are clipped to [-10, 10]
STOP = 0.75  # of the last number, above which the lessons end
GOALS, MEASURES = ("teach", "sabotage"), ("accuracy", "log-loss")  # of a single problem, of drawn


class Curriculum(BatchedEnv):
    """Choose classes, noise and the share of generated data of a learner's next batches.

    ## Description
    A small classifier learns from few labelled real rows of its own, some of them wrong, and from a
    conditional generator. A decision holds for `updates` steps of it. All rows train at once as
    one batched program (`genenv.stacked`). Each episode draws its problem: which of the generators
    (of the bundled ones, four points of a training), the first labelled rows and the share of wrong
    ones, width, batch, middle learning rate, budget, and the prices of time, of generated samples
    and of more labelled rows. In some, all real rows move by an eighth of their width on the way,
    and the generator's do not. When, by which factor the learning rate is another than the
    problem's (`hidden`), weights and rows are chance; all else is the problem, which a seeded reset
    names by its number: `options={"problem": 3}`.

    ## Action
    `Box(-1, 1, (classes + 5,), float32)`, clipped to it:

    | numbers | what | range |
    |---|---|---|
    | classes | logits over classes: their softmax is the law of labels | |
    | 1 | log2 of the noise's strength: e is multiplied by it | 0.5 to 2 |
    | 1 | share of generated samples in a batch, (1 + a) / 2, rounded to whole samples | 0 to 1 |
    | 1 | log10 of the learning rate over the episode's | 0.1 to 10 |
    | 1 | labelled rows to be had more, 20 a rounded, of classes by the law; below 0: 0 | to 20 |
    | 1 | above 0.75: the lessons stop as they are, at no cost | |

    ## Observation
    `Box(-10, 10, (columns,), float32)`, 3 · classes + 7 columns or more, clipped to the limits.
    Measured on real validation rows that nobody has learned from; those that pay are others.

    | columns | what | unit |
    |---|---|---|
    | classes | the learner's mean loss on rows of each class | nat |
    | classes | its accuracy on them | |
    | classes | decrease of that loss over the last decision, 0 before the first | nat |
    | 1 | loss on the last decision's batches, 0 before the first | nat |
    | 1 | share of the budget left | |
    | 1 | the last action's number for the learning rate, 0 before the first | |
    | 1 | labelled rows that the learner has, over 100 | |
    | 3 | prices: of a decision · 10, of its generated samples · 10, of a labelled row · 100 | nat |
    | more | with `context`: see `Lessons.notes` | |

    ## Reward
    The decrease of the mean loss on real held-out rows over the decision, nat, or with
    `measure="accuracy"` the gain in accuracy, less what the decision cost; `goal="sabotage"` turns
    the gain's sign. Rewards sum to the total gain less all costs, but for what a move takes.

    ## Start and end
    A problem, a new learner and its real rows by the row's address. `terminated`: the lessons were
    stopped, or the budget of a drawn problem is spent. `truncated`: after `decisions` steps.

    ## Info
    `accuracy` and `loss` on the held-out rows that pay; `cost`; `generated`: samples of the
    generator so far; `labelled`: real rows that the learner has.

    ## Arguments
    None is needed: `gymnasium.make("genenv/Curriculum-v0")` draws problems on the bundled digits.

    ## Version history
    v0: first release.

    Parameters
    ----------
    num_envs
        Rows of the batch.
    family
        `drawn`; or one problem for all episodes, without prices: `digits` (the bundled ones), or
        with `generator` or `run`, the data: what `genenv.data.find` takes. None: `drawn`, or with
        `run` the run's data as one problem.
    split
        `train` or `test`: drawn problems of one are none of the other; of a single one no matter.
    context
        Whether the problem is shown.
    shift
        Share of drawn problems whose real rows move on the way.
    hidden
        How many times the learning rate at action 0 may be the problem's, either way, log-uniform:
        drawn by each episode, no part of the problem, and shown to nobody; 1: nothing is hidden.
    generator
        Of the family's data, or its folder; None: that of the run, or the bundled ones.
    run
        A folder that `fit` or `stress` left; None: the bundled set.
    goal
        `teach` or `sabotage`.
    measure
        `accuracy` or `log-loss`; None: `log-loss` of drawn problems, `accuracy` of a single one.
    real_rows
        Real rows of each class that a learner has at the start; drawn problems have up to four
        times as many.
    width, depth
        Of the learner's hidden layers (drawn: the whole, a half or a quarter), and their number.
    batch
        Samples in a step of the learner, of which drawn problems have the whole, a half or a
        quarter.
    decisions
        Steps of an episode, of which drawn problems have at least half.
    updates
        Steps of the learner in one of the environment.
    learning_rate
        Of the learner's Adam. Drawn problems have from an eighth of it to eight times as much.
    max_episode_steps
        Truncates earlier than `decisions`, as Gymnasium's TimeLimit; None: no earlier.
    autoreset_mode, render_mode
        See `BatchedEnv`; "rgb_array" draws samples of the last batch, the mixture over classes,
        and the curve of the accuracy.

    Raises
    ------
    Mistake
        If a number is not above zero, a name is unknown, data or generator are not there, have no
        labels or do not match, a class has too few rows, or a problem is no whole number.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 4}  # noqa: RUF012
    asks = ("problem",)

    def __init__(
        self,
        num_envs: int = 1,
        *,
        family: Source | None = None,
        split: str = "train",
        context: bool = True,
        shift: float = 0.5,
        hidden: float = 1.0,
        generator: str | Path | Generator | None = None,
        run: str | Path | None = None,
        goal: str = "teach",
        measure: str | None = None,
        real_rows: int = 1,
        width: int = 64,
        depth: int = 1,
        batch: int = 32,
        decisions: int = 10,
        updates: int = 5,
        learning_rate: float = 3e-3,
        max_episode_steps: int | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ) -> None:
        drawn = is_drawn(family, generator, run)
        self.goal = checks.choice("goal", goal, GOALS)
        self.measure = checks.choice("measure", measure or MEASURES[drawn], MEASURES)
        self.batch = checks.integer("batch", batch)
        self.updates = checks.integer("updates", updates)
        self.decisions = checks.integer("decisions", decisions)
        layers = [checks.integer("width", width)] * checks.integer("depth", depth)
        if max_episode_steps is not None:
            checks.integer("max_episode_steps", max_episode_steps)
        checks.integer("real_rows", real_rows)
        self.task, generators = find_lessons(family, generator, run)
        law = Law(
            drawn, split, shift, len(generators), real_rows, width, batch, updates,
            learning_rate, decisions,
        )  # fmt: skip
        self.task.members(real_rows)
        self.generator = self.task.generator
        self.classes = classes = len(self.generator.classes)
        self.law, self.context = law, context
        words = law.rungs + TOLD if context else 0
        super().__init__(
            num_envs,
            Box(-LIMIT, LIMIT, (3 * classes + 7 + words,), np.float32),
            Box(-1.0, 1.0, (classes + 5,), np.float32),
            min(decisions, max_episode_steps or decisions),
            autoreset_mode,
            render_mode,
        )
        self.learners = StackedLearners(
            num_envs, [self.task.width, *layers, classes], learning_rate
        )
        self.lessons = law.lessons(np.zeros(num_envs, np.uint64))
        self.room = Classroom(
            self.task, generators, self.learners, self.lessons, batch, updates, self.keys,
            check_hidden(hidden),
        )  # fmt: skip
        self._asked_for = Asked(num_envs)
        self._seen = np.zeros((num_envs, 3 * classes + 1), np.float32)
        self._paid = np.zeros((num_envs, 2))  # accuracy and loss on the rows that pay
        self._cost, self._rate = np.zeros((2, num_envs))
        self._generated = np.zeros(num_envs, np.int64)
        self._board = Blackboard(num_envs, classes, self.task.width, decisions)

    def configure(self, rows: NDArray[np.int64], options: dict[str, Any]) -> None:
        """Take the numbers of problems to begin."""
        self._asked_for.take(rows, options)

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Draw problems, make new learners, give them their real rows, and examine them."""
        self.lessons.put(rows, self.law.lessons(self._asked_for.keys(rows, self.keys)))
        self.room.begin(rows)
        self._board.clear(rows)
        for state in (self._generated, self._seen, self._cost, self._rate):
            state[rows] = 0
        self._examine(rows)
        self._seen[rows, 2 * self.classes : -1] = 0  # there was no decision before

    def advance(self, action: NDArray[np.float32], live: Flags) -> tuple[NDArray[Any], Flags]:
        """Teach the live rows for one decision, unless they stop."""
        reward, stops = np.zeros(self.num_envs), live & (action[:, -1] > STOP)
        rows = np.flatnonzero(live & ~stops)
        if not len(rows):
            return reward, stops
        before = self._paid[rows]
        cost = self._teach(rows, Wish.read(action[rows], self.classes))
        self._examine(rows)
        accuracy, loss = (self._paid[rows] - before).T
        gain = accuracy if self.measure == "accuracy" else -loss
        reward[rows] = (gain if self.goal == "teach" else -gain) - cost
        self._cost[rows] += cost
        if self.law.drawn:
            stops[rows] = self.elapsed[rows] >= self.lessons.budget[rows]
        due = self.room.move(rows[~stops[rows]], self.elapsed)
        if len(due):
            self._examine(due)
        return reward, stops

    def observe(self) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Observations (num_envs, columns) and the info named above."""
        lessons, labelled = self.lessons, self.room.owned.sum(1)
        own = 1 - self.elapsed / lessons.budget, self._rate, labelled / 100
        prices = lessons.prices(self.updates * self.batch)
        columns = [self._seen, np.stack([*own, *prices], 1)]
        columns += [lessons.context(self.law.rungs)] if self.context else []
        seen = np.concatenate(columns, 1, dtype=np.float32)
        info: dict[str, NDArray[Any]] = {
            "accuracy": self._paid[:, 0].copy(),
            "loss": self._paid[:, 1].copy(),
            "cost": self._cost.copy(),
            "generated": self._generated.copy(),
            "labelled": labelled,
        }
        return np.nan_to_num(seen, nan=LIMIT).clip(-LIMIT, LIMIT), info

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Draw samples of the last batch, the law of labels, and the accuracy so far."""
        steps = self.elapsed[row] * self.updates
        lines = (
            f"{steps} of {self.lessons.budget[row] * self.updates} steps, "
            f"accuracy {self._paid[row, 0]:.3f}",
            f"loss {self._paid[row, 1]:.3f}, {self._generated[row]} of {steps * self.batch} "
            "samples were generated",
        )
        return self._board.page(row, self.elapsed[row], self.generator.units, lines)

    def _teach(self, rows: NDArray[np.int64], wish: Wish) -> NDArray[np.float64]:
        """Have some rows learn as they are asked to; what it costs, (k,)."""
        room, lessons = self.room, self.lessons
        bought = room.buy(rows, wish.law, wish.labels)
        x, label, generated = room.batches(rows, wish.law, wish.strength, wish.share)
        self._rate[rows] = wish.rate
        rates, at = room.rates(rows, wish.rate), room.index(rows)
        losses = [self.learners.learn(x[:, k], label[:, k], at, rates) for k in range(self.updates)]
        self._seen[rows, -1] = torch.stack(losses).mean(0).numpy()
        self._generated[rows] += generated
        self._board.taught(rows, wish.law, x[:, -1])
        return lessons.cost(rows, bought, generated)

    def _examine(self, rows: NDArray[np.int64]) -> None:
        """Ask some learners about validation rows and about those that pay."""
        classes = self.classes
        words, self._paid[rows] = self.room.report(rows)
        fell = self._seen[rows, :classes] - words[:, :classes]
        self._seen[rows, : 3 * classes] = np.concatenate([words, fell], 1)
        self._board.curve[rows, self.elapsed[rows]] = self._paid[rows, 0]


single = EntryPoint(Curriculum)
