"""Learners, what they have of their own, and the batches that they are taught with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import seeding
from genenv.envs.lessons import Lessons
from genenv.generators import Generator
from genenv.learning_task import LearningTask
from genenv.stacked import StackedLearners
from genenv.stacked.laws import moments, unseen

Rows = NDArray[np.int64]
Numbers = NDArray[np.float64]
Keys = Callable[..., NDArray[np.uint64]]  # rows and what is drawn -> one key a row
MOST_OWN = 64  # labelled rows of a class that a learner can have


class Classroom:
    """Rows of learners, each with labelled rows of its own and a generator.

    Parameters
    ----------
    task
        Real rows, and the generator that learned from some.
    generators
        Of which each learner has one.
    learners
        The stack.
    lessons
        What each is given.
    batch, updates
        Samples of a step at most, and steps of a decision.
    keys
        Addresses of what rows draw.
    hidden
        How many times a learning rate may be that of the lessons, either way.
    """

    def __init__(
        self,
        task: LearningTask,
        generators: Sequence[Generator],
        learners: StackedLearners,
        lessons: Lessons,
        batch: int,
        updates: int,
        keys: Keys,
        hidden: float = 1.0,
    ) -> None:
        self.task = task
        self.generators = tuple(generators)
        self.learners = learners
        self.lessons = lessons
        self.batch = batch
        self.updates = updates
        self._keys = keys
        self._members = task.members(1)
        count, classes = len(lessons.rung), len(self._members)
        self.most = min(MOST_OWN, *(len(members) for members in self._members))
        # numbers of the pool's rows, in the order in which a learner comes to have them
        self.order = torch.zeros(count, classes, self.most, dtype=torch.int64)
        self.owned = np.zeros((count, classes), np.int64)
        self.moved = np.zeros(count, np.bool_)  # real rows of these are shifted by an eighth
        self._hidden = hidden
        self._factor = np.ones(count)  # of the learning rate
        self._moves = np.full(count, -1)  # after which decision real rows move
        self._of_class = torch.nn.functional.one_hot(task.checked[1], classes).float()
        self._of_class /= self._of_class.sum(0)
        self._rng = torch.Generator()  # seeded for each draw: so many numbers cost Philox too much

    def begin(self, rows: Rows) -> None:
        """Make new learners, and choose the real rows that each will have, some of them wrong."""
        self.learners.begin(rows, self._keys(rows, "learner"), self.lessons.width[rows])
        index = torch.from_numpy(rows)
        wrong = self.lessons.wrong[rows, None]
        for label, members in enumerate(self._members):
            u = seeding.uniforms(self._keys(rows, "own", label), len(members))
            picked = members[torch.from_numpy(np.argsort(u, 1)[:, : self.most])]
            if wrong.any():
                other = seeding.uniforms(self._keys(rows, "wrong", label), 2 * self.most)
                picked = torch.from_numpy(
                    np.where(
                        other[:, : self.most] < wrong,
                        self._elsewhere(label, other[:, self.most :]),
                        picked.numpy(),
                    )
                )
            self.order[index, label] = picked
        self.owned[rows] = self.lessons.real_rows[rows, None]
        self.moved[rows] = False
        self._factor[rows] = unseen(self._keys(rows), self._hidden)
        problem = self.lessons.budget[rows], self.lessons.shift[rows]
        self._moves[rows] = moments(self._keys(rows, "moment"), *problem)

    def rates(self, rows: Rows, log10: Numbers) -> Tensor:
        """Learning rates of some learners (k,), which are asked for by a factor."""
        rate = self.lessons.rate[rows] * self._factor[rows] * 10.0**log10
        return torch.from_numpy(rate).float()

    def move(self, rows: Rows, decided: Rows) -> Rows:
        """Move the real rows of those learners whose moment it is, and return these."""
        due: Rows = rows[self._moves[rows] == decided[rows]]
        self.moved[due] = True
        return due

    def buy(self, rows: Rows, law: Numbers, wanted: Rows) -> Rows:
        """Let learners have more labelled rows, of classes drawn by a law (k, classes).

        Returns
        -------
        How many each has more, (k,): no more than there are.
        """
        u = seeding.uniforms(self._keys(rows, "buy"), int(wanted.max(initial=1)))
        drawn = _labels(law, u)
        counted = (drawn[:, :, None] == np.arange(law.shape[1])) & (
            np.arange(u.shape[1])[None, :, None] < wanted[:, None, None]
        )
        before = self.owned[rows]
        self.owned[rows] = np.minimum(before + counted.sum(1), self.most)
        more: Rows = (self.owned[rows] - before).sum(1)
        return more

    def batches(
        self, rows: Rows, law: Numbers, strength: Numbers, share: Numbers
    ) -> tuple[Tensor, Tensor, Rows]:
        """Draw what some rows learn from.

        Parameters
        ----------
        rows
            Indices (k,).
        law
            Probabilities of labels (k, classes).
        strength, share
            Factor on e, and share of generated samples, (k,) each.

        Returns
        -------
        Samples (k, updates, batch, inputs), labels, and how many were generated in all, (k,).
        """
        shape = (len(rows), self.updates, self.batch)
        count = self.updates * self.batch
        label = _labels(law, seeding.uniforms(self._keys(rows, "label"), count))
        u = seeding.uniforms(self._keys(rows, "real"), count)
        pick = (u * self.owned[rows[:, None], label]).astype(np.int64)
        real = self.order.numpy()[rows[:, None], label, pick]
        x = self.moving(rows, self.task.pool[0][torch.from_numpy(real)]).view(*shape, -1)
        labels = torch.from_numpy(label).view(shape)
        sizes = self.lessons.batch[rows]
        generated = np.rint(share * sizes).astype(np.int64)
        self._generate(rows, x, labels, generated, strength)
        if (sizes < self.batch).any():  # filled with repetitions, whose means are the same
            fill = torch.from_numpy(np.arange(self.batch) % sizes[:, None])
            every = torch.arange(len(rows))[:, None]
            x = x.transpose(1, 2)[every, fill].transpose(1, 2)
            labels = labels.transpose(1, 2)[every, fill].transpose(1, 2)
        return x, labels, generated * self.updates

    def report(self, rows: Rows) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Ask some learners about validation rows, and about those that pay.

        Returns
        -------
        Losses and accuracies of each class, (k, 2 · classes); accuracy and loss that pay, (k, 2).
        """
        right, lost = self.examined(rows, self.task.checked)
        words = torch.cat([lost @ self._of_class, right @ self._of_class], 1)
        right, lost = self.examined(rows, self.task.paying)
        return words.numpy(), torch.stack([right.mean(1), lost.mean(1)], 1).numpy()

    def examined(self, rows: Rows, part: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Whether some learners are right on rows, and their losses: (k, m) each, nat."""
        x, label = part
        at = self.index(rows)
        asked = x if not self.moved[rows].any() else self.moving(rows, x.expand(len(rows), -1, -1))
        log_p = self.learners.log_probabilities(asked, at)
        lost = -log_p.gather(2, label.expand(len(log_p), -1)[:, :, None])[:, :, 0]
        return (log_p.argmax(2) == label).float(), lost

    def index(self, rows: Rows) -> Tensor | None:
        """Index of rows for the stack; None: all, which spares a copy."""
        return None if len(rows) == len(self.moved) else torch.from_numpy(rows)

    def moving(self, rows: Rows, x: Tensor) -> Tensor:
        """Shift real samples (k, m, inputs) of the rows whose data have moved."""
        if not self.moved[rows].any():
            return x
        shape = self.generators[0].units.shape
        axis = 1 if len(shape) > 1 else 0
        step = max(1, shape[axis] // 8)
        there = torch.roll(x.reshape(*x.shape[:2], *shape), step, 2 + axis).reshape(x.shape)
        return torch.where(torch.from_numpy(self.moved[rows])[:, None, None], there, x)

    def _generate(
        self, rows: Rows, x: Tensor, labels: Tensor, generated: Rows, strength: Numbers
    ) -> None:
        keys = self._keys(rows, "e")
        for i in np.flatnonzero(generated):  # one by one: a sample depends on its batch's size
            part, generator = generated[i], self.generators[self.lessons.rung[rows[i]]]
            self._rng.manual_seed(int(keys[i]))
            base_dim = generator.noise.base_dim
            e = torch.randn(self.updates * part, base_dim, generator=self._rng)
            made = self.task.generate(
                float(strength[i]) * e, labels[i, :, :part].flatten(), generator
            )
            x[i, :, :part] = made.view(self.updates, part, -1)

    def _elsewhere(self, label: int, u: Numbers) -> Rows:
        """Rows of other classes than a label, by uniform numbers (k, n)."""
        others = torch.cat([m for other, m in enumerate(self._members) if other != label])
        picked: Rows = others.numpy()[(u * len(others)).astype(np.int64)]
        return picked


def _labels(law: Numbers, u: Numbers) -> Rows:
    """Labels by inverse CDF: law (k, classes), u (k, n) -> (k, n)."""
    above = (u[:, :, None] > law.cumsum(1)[:, None]).sum(2)
    labels: Rows = np.minimum(above, law.shape[1] - 1)
    return labels
