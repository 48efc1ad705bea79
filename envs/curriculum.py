"""genenv/Curriculum: the agent teaches a classifier what to learn from next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, seeding
from genenv.data import Source
from genenv.envs import pictures
from genenv.envs.batched import BatchedEnv, Flags
from genenv.envs.single import EntryPoint
from genenv.generators import Generator
from genenv.material import find_material
from genenv.stacked import StackedLearners
from genenv.stacked.teachers import SHARPNESS

LIMIT = 10.0  # observations are clipped to [-10, 10]
SHOWN = 16  # samples in a picture
GOALS, MEASURES = ("teach", "sabotage"), ("accuracy", "log-loss")


class Curriculum(BatchedEnv):
    """Choose classes, noise and the share of generated data of a learner's next batches.

    ## Description
    A small classifier learns from few real rows of its own, `real_rows` a class, and from a
    conditional generator. A decision holds for `updates` steps of the learner; the budget is
    `decisions` of them. Every row is a learner of its own, and all rows train at once as one
    batched program (`genenv.stacked`).

    ## Action
    `Box(-1, 1, (classes + 2,), float32)`, clipped to it:

    | numbers | what | range |
    |---|---|---|
    | classes | logits over classes: their softmax is the law of labels | |
    | 1 | log2 of the noise's strength: e is multiplied by it | 0.5 to 2 |
    | 1 | share of generated samples in a batch, (1 + a) / 2, rounded to whole samples | 0 to 1 |

    ## Observation
    `Box(-10, 10, (3 · classes + 2,), float32)`, clipped to the limits. Everything is measured on
    real validation rows, which neither learner nor generator has seen; those that pay are others.

    | columns | what | unit |
    |---|---|---|
    | classes | the learner's mean loss on rows of each class | nat |
    | classes | its accuracy on them | |
    | classes | decrease of that loss over the last decision, 0 before the first | nat |
    | 1 | loss on the last decision's batches, 0 before the first | nat |
    | 1 | share of the budget left | |

    ## Reward
    The gain in accuracy on real held-out rows over the decision, or with `measure="log-loss"` the
    decrease of the mean loss, nat: rewards sum to the total gain. `goal="sabotage"` turns the sign.

    ## Start and end
    A new learner and its real rows by the row's address. Never `terminated`; `truncated` after
    `decisions` steps.

    ## Info
    accuracy and loss on the held-out rows that pay; generated: samples of the generator so far.

    ## Arguments
    See the parameters; `gymnasium.make("genenv/Curriculum-v0")` without any takes the bundled
    digits.

    ## Version history
    v0: first release.

    Parameters
    ----------
    num_envs
        Rows of the batch.
    data
        A name or path that `genenv.data.load` takes, a `Dataset`, or (samples, labels); None: that
        of the run, or the bundled digits.
    generator
        Of those data, or its folder; None: that of the run, or the bundled one.
    run
        A folder that `fit` or `stress` left; None: the bundled set.
    goal
        `teach` or `sabotage`.
    measure
        `accuracy` or `log-loss`.
    real_rows
        Real rows of each class that a learner has.
    width, depth
        Of the learner's hidden layers, and their number.
    batch
        Samples in a step of the learner.
    decisions
        Steps of an episode.
    updates
        Steps of the learner in one of the environment.
    learning_rate
        Of the learner's Adam.
    max_episode_steps
        Truncates earlier than `decisions`, as Gymnasium's TimeLimit; None: no earlier.
    autoreset_mode, render_mode
        See `BatchedEnv`; "rgb_array" draws samples of the last batch, the mixture over classes,
        and the curve of the accuracy.

    Raises
    ------
    Mistake
        If a number is not above zero, a name is unknown, data or generator are not there, have no
        labels or do not match, or a class has too few rows.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 4}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        *,
        data: Source | None = None,
        generator: str | Path | Generator | None = None,
        run: str | Path | None = None,
        goal: str = "teach",
        measure: str = "accuracy",
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
        self.goal, self.measure = checks.choice("goal", goal, GOALS), measure
        checks.choice("measure", measure, MEASURES)
        self.batch, self.updates = checks.whole("batch", batch), checks.whole("updates", updates)
        self.decisions = checks.whole("decisions", decisions)
        self.real_rows = checks.whole("real_rows", real_rows)
        hidden = [checks.whole("width", width)] * checks.whole("depth", depth)
        if max_episode_steps is not None:
            checks.whole("max_episode_steps", max_episode_steps)
        self.material = find_material(data, generator, run)
        self.generator = self.material.generator
        self.classes = classes = len(self.generator.classes)
        super().__init__(
            num_envs,
            Box(-LIMIT, LIMIT, (3 * classes + 2,), np.float32),
            Box(-1.0, 1.0, (classes + 2,), np.float32),
            min(decisions, max_episode_steps or decisions),
            autoreset_mode,
            render_mode,
        )
        material, units = self.material, self.generator.units
        self._members = material.members(self.real_rows)
        self.learners = StackedLearners(num_envs, [units.size, *hidden, classes], learning_rate)
        # (rows, classes, real_rows): numbers of the pool's rows that each learner has
        self._own = torch.zeros(num_envs, classes, self.real_rows, dtype=torch.int64)
        self._of_class = torch.nn.functional.one_hot(material.checked[1], classes).float()
        self._of_class /= self._of_class.sum(0)
        self._seen = np.zeros((num_envs, 3 * classes + 2), np.float32)
        self._paid = np.zeros((num_envs, 2))  # accuracy and loss on the rows that pay
        self._rng = torch.Generator()  # seeded for each draw: so many numbers cost Philox too much
        self._generated = np.zeros(num_envs, np.int64)
        self._asked = np.zeros((num_envs, classes), np.float32)  # the last law of labels
        self._shown = torch.zeros(num_envs, SHOWN, units.size)  # of the last batch
        self._curve = np.zeros((num_envs, decisions + 1))  # of the accuracy

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Make new learners, give them their real rows, and examine them."""
        self.learners.begin(rows, self.keys(rows, "learner"))
        index = torch.from_numpy(rows)
        for label, members in enumerate(self._members):
            u = seeding.uniforms(self.keys(rows, "own", label), len(members))
            picked = np.argsort(u, 1)[:, : self.real_rows]
            self._own[index, label] = members[torch.from_numpy(picked)]
        self._generated[rows], self._asked[rows], self._shown[index] = 0, 0, 0
        self._seen[rows] = 0
        self._examine(rows)
        self._seen[rows, 2 * self.classes : -2] = 0  # there was no decision before

    def advance(self, action: NDArray[np.float32], live: Flags) -> tuple[NDArray[Any], Flags]:
        """Teach the live rows for one decision."""
        rows, reward = np.flatnonzero(live), np.zeros(self.num_envs)
        if len(rows):
            before = self._paid[rows]
            x, label = self._batches(rows, action[rows].astype(np.float64).clip(-1.0, 1.0))
            at = self._rows(rows)
            losses = [self.learners.learn(x[:, k], label[:, k], at) for k in range(self.updates)]
            self._seen[rows, -2] = torch.stack(losses).mean(0).numpy()
            self._examine(rows)
            accuracy, loss = (self._paid[rows] - before).T
            gain = accuracy if self.measure == "accuracy" else -loss
            reward[rows] = gain if self.goal == "teach" else -gain
        return reward, np.zeros(self.num_envs, np.bool_)

    def observe(self) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Observations (num_envs, 3 · classes + 2) and the info named above."""
        seen = self._seen.copy()
        seen[:, -1] = 1 - self.elapsed / self.decisions
        info: dict[str, NDArray[Any]] = {
            "accuracy": self._paid[:, 0].copy(),
            "loss": self._paid[:, 1].copy(),
            "generated": self._generated.copy(),
        }
        return np.nan_to_num(seen, nan=LIMIT).clip(-LIMIT, LIMIT), info

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Draw samples of the last batch, the law of labels, and the accuracy so far."""
        units = self.generator.units
        shown = self._shown[row].view(SHOWN, *units.shape).numpy()
        side = int(SHOWN**0.5)
        if units.channels:
            framed = np.pad(shown, [(0, 0), (0, 1), (0, 1)] + [(0, 0)] * (shown.ndim - 3))
            tall = [np.concatenate(list(framed[i : i + side]), 1) for i in range(0, SHOWN, side)]
            samples = pictures.enlarged(np.concatenate(tall))
        else:
            samples = pictures.sample(shown[0])
        p = self._asked[row]
        bars = pictures.bars(p / max(float(p.max()), 1e-9), [pictures.BLUE] * self.classes)
        curve = self._curve[row, : self.elapsed[row] + 1]
        panel = pictures.curves([(curve, pictures.GOOD)], 0.0, 1.0, self.decisions + 1)
        steps = self.elapsed[row] * self.updates
        lines = (
            f"{steps} of {self.decisions * self.updates} steps, accuracy {curve[-1]:.3f}",
            f"loss {self._paid[row, 1]:.3f}, {self._generated[row]} of {steps * self.batch} "
            "samples were generated",
        )
        return pictures.page([samples, bars, panel], lines)

    def _batches(
        self, rows: NDArray[np.int64], action: NDArray[np.float64]
    ) -> tuple[Tensor, Tensor]:
        """Draw what some rows learn from: (k, updates, batch, inputs) and labels."""
        shape, count = (len(rows), self.updates, self.batch), self.updates * self.batch
        law = np.exp(SHARPNESS * action[:, : self.classes])
        law /= law.sum(1, keepdims=True)
        u = seeding.uniforms(self.keys(rows, "label"), count)
        label = np.minimum((u[:, :, None] > law.cumsum(1)[:, None]).sum(2), self.classes - 1)
        pick = (seeding.uniforms(self.keys(rows, "real"), count) * self.real_rows).astype(np.int64)
        real = self._own.numpy()[rows[:, None], label, pick]
        x = self.material.pool[0][torch.from_numpy(real)].view(*shape, -1)
        labels = torch.from_numpy(label).view(shape)
        generated = np.rint((1 + action[:, -1]) / 2 * self.batch).astype(np.int64)
        keys, base_dim = self.keys(rows, "e"), self.generator.noise.base_dim
        for i in np.flatnonzero(generated):  # one by one: a sample depends on its batch's size
            part = generated[i]
            self._rng.manual_seed(int(keys[i]))
            e = torch.randn(self.updates * part, base_dim, generator=self._rng)
            strong = 2.0 ** float(action[i, -2]) * e
            made = self.material.generate(strong, labels[i, :, :part].flatten())
            x[i, :, :part] = made.view(self.updates, part, -1)
        self._generated[rows] += generated * self.updates
        self._asked[rows] = law
        spread = torch.linspace(0, self.batch - 1, SHOWN).long()  # both kinds, if there are both
        self._shown[torch.from_numpy(rows)] = x[:, -1, spread]
        return x, labels

    def _examine(self, rows: NDArray[np.int64]) -> None:
        """Ask some learners about validation rows and about those that pay."""
        at, classes = self._rows(rows), self.classes
        for name in ("checked", "paying"):
            x, label = getattr(self.material, name)
            log_p = self.learners.log_probabilities(x, at)
            right = (log_p.argmax(2) == label).float()
            lost = -log_p.gather(2, label.expand(len(log_p), -1)[:, :, None])[:, :, 0]
            if name == "checked":
                before = self._seen[rows, :classes]
                now = (lost @ self._of_class).numpy()
                self._seen[rows, : 3 * classes] = np.concatenate(
                    [now, (right @ self._of_class).numpy(), before - now], 1
                )
            else:
                self._paid[rows] = torch.stack([right.mean(1), lost.mean(1)], 1).numpy()
        self._curve[rows, self.elapsed[rows]] = self._paid[rows, 0]

    def _rows(self, rows: NDArray[np.int64]) -> Tensor | None:
        """Index of rows for the stack; None: all, which spares a copy."""
        return None if len(rows) == self.num_envs else torch.from_numpy(rows)


single = EntryPoint(Curriculum)
