"""A critic that keeps learning to tell real rows from those that a player hands in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from genenv import checks, seeding
from genenv.objectives import Objective
from genenv.training import state
from genenv.training.update import bound, update_critic

BETAS = (0.0, 0.99)  # of Adam
FLAT = 1e-6  # spread of scores below which a critic tells nothing
REFERENCE = 1000  # real rows that set the rewards before the first update
MEMORY = 0.9  # of the running accuracy, an update
LIMIT = 10.0  # rewards are clipped to [-10, 10]


class LearningCritic:
    """A critic, its optimizer and a replay of recent rows; a function of its seed and those rows.

    Rewards are scores standardised by those of the latest update: 0 is the mean score of its real
    rows, 1 the standard deviation over real and recent rows. Before the first update real rows
    alone set both, so that rewards without learning depend on no other row.

    `updates` is its age; `gap` the mean score of real less recent rows at the latest update, in
    standard deviations; `accuracy` a running share of pairs that it orders right, 0.5 at the start;
    `told` its age and accuracy before the latest rows came: they are the same for all rows of a
    step, whether these come at once or one by one.

    Parameters
    ----------
    make
        () -> an untrained critic, with the same weights at every call: rows (n, ...), labels (n,)
        or None -> scores (n,).
    objective
        What it learns.
    real, label
        All real rows (n, *shape), and their class indices (n,); None: no labels.
    steps
        Updates for each `batch` rows handed in; 0: it never learns.
    batch
        Real rows of an update, and as many of the replay.
    replay
        Recent rows that are kept.
    lr
        Of Adam.
    half_life
        Updates after which the learning rate has halved, again and again; None: it is constant.
    seed
        Address of all that is drawn.
    encode
        Turns stored rows into what the critic takes; None: they are that already.

    Raises
    ------
    Mistake
        If a number is not whole, below what it must be, or the replay smaller than the batch.
    """

    def __init__(
        self,
        make: Callable[[], nn.Module],
        objective: Objective,
        real: Tensor,
        label: Tensor | None,
        *,
        steps: int,
        batch: int,
        replay: int,
        lr: float,
        half_life: int | None,
        seed: int,
        encode: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self.steps = steps if steps == 0 else checks.integer("critic_steps", steps)
        self.batch, self.replay = checks.integer("batch", batch), checks.integer("replay", replay)
        checks.positive("critic_lr", lr)
        self._half_life = (
            None if half_life is None else checks.integer("critic_half_life", half_life)
        )
        if replay < batch:
            do = "keep more samples"
            raise checks.Mistake(f"a replay of at least a batch, {batch} rows", replay, do)
        self._make = make
        self._encode = encode
        self._lr = lr
        self._seed = seed
        self._objective = objective
        self.real = real
        self._label = label
        if label is not None:
            counts = torch.bincount(label)
            self._order = torch.argsort(label, stable=True)
            self._counts = counts
            self._first = counts.cumsum(0) - counts
        self._rng = torch.Generator()
        self.restart()

    def restart(self) -> None:
        """Forget all that was learned and handed in."""
        self.module = self._make()
        self._optimizer: torch.optim.Optimizer | None = None
        self._recent = self.real.new_zeros((self.replay, *self.real.shape[1:]))
        self._recent_label = torch.zeros(self.replay, dtype=torch.int64)
        self._handed_in = self._due = self.updates = 0
        self._rng.manual_seed(seeding.fold(self._seed, "reference"))
        rows = torch.randint(len(self.real), (REFERENCE,), generator=self._rng)
        label = None if self._label is None else self._label[rows]
        real = self.scores(self.real[rows], label)
        self.middle = float(real.mean())
        self.gap = 0.0
        self.accuracy = 0.5
        self.scale = max(float(real.std()), FLAT)
        self.shown = self.updates, self.accuracy

    @property
    def recent(self) -> Tensor:
        """The rows of the replay, (kept, *shape), in no order."""
        return self._recent[: self._handed_in]

    @torch.no_grad()
    def scores(self, x: Tensor, label: Tensor | None) -> Tensor:
        """Raw scores of rows (n, *shape) with labels (n,): (n,)."""
        self.module.eval()
        return self.module(self._encoded(x), label)  # type: ignore[no-any-return]

    def rewards(self, scores: Tensor) -> NDArray[np.float64]:
        """Standardise raw scores (n,); clipped to [-10, 10]."""
        standard = (scores.double() - self.middle) / self.scale
        return standard.clamp_(-LIMIT, LIMIT).numpy()

    def hand_in(self, x: Tensor, label: Tensor | None) -> None:
        """Put rows (n, *shape) into the replay; learn when enough have come."""
        self.shown = self.updates, self.accuracy
        x, count = x[-self.replay :], len(x)
        at = (self._handed_in + torch.arange(len(x))) % self.replay
        self._recent[at] = x
        if label is not None:
            self._recent_label[at] = label[-self.replay :]
        self._handed_in += count
        self._due += count
        while self._due >= self.batch:
            self._due -= self.batch
            for _ in range(self.steps):
                self._update()

    def tensors(self) -> dict[str, Tensor]:
        """Return all that was learned and handed in, for `restore`."""
        optimizers = {} if self._optimizer is None else {"critic": self._optimizer}
        counts = self._handed_in, self._due, self.updates, self.shown[0]
        figures = self.middle, self.gap, self.accuracy, self.scale, self.shown[1]
        kept = state.pack({"critic": self.module}, optimizers) | {
            "counts": torch.tensor(counts),
            "figures": torch.tensor(figures, dtype=torch.float64),
            "recent": self._recent,
            "recent_label": self._recent_label,
        }
        return {name: tensor.clone() for name, tensor in kept.items()}

    def restore(self, kept: Mapping[str, Tensor]) -> None:
        """Take what `tensors` returned of a critic with the same arguments."""
        networks = {name: tensor for name, tensor in kept.items() if "/" in name}
        self._optimizer = None
        if any(name.startswith("optimizer/") for name in networks):
            self._optimizer = self._new_optimizer()
        optimizers = {} if self._optimizer is None else {"critic": self._optimizer}
        state.unpack(networks, {"critic": self.module}, optimizers)
        self._recent.copy_(kept["recent"])
        self._recent_label.copy_(kept["recent_label"])
        self._handed_in, self._due, self.updates, age = kept["counts"].tolist()
        self.middle, self.gap, self.accuracy, self.scale, words = kept["figures"].tolist()
        self.shown = age, words

    def _new_optimizer(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.module.parameters(), self._lr, BETAS, fused=True)

    def _update(self) -> None:
        self._rng.manual_seed(seeding.fold(self._seed, "update", self.updates))
        kept = min(self._handed_in, self.replay)
        rows = torch.randint(kept, (self.batch,), generator=self._rng)
        label = None if self._label is None else self._recent_label[rows]
        real, fake = self.real[self._like(label)], self._recent[rows]

        if self._optimizer is None:  # the first of a process takes torch most of a second
            self._optimizer = self._new_optimizer()
        self.module.train()
        both = self._encoded(real), self._encoded(fake)
        if self._half_life is not None:
            self._optimizer.param_groups[0]["lr"] = self._lr / 2 ** (self.updates / self._half_life)
        score = bound(self.module, label)
        update_critic(self._objective, score, self.module, self._optimizer, *both, self._rng)
        self.updates += 1
        on_real, on_fake = self.scores(real, label), self.scores(fake, label)
        self.middle = float(on_real.mean())
        self.scale = max(float(torch.cat([on_real, on_fake]).std()), FLAT)
        self.gap = (self.middle - float(on_fake.mean())) / self.scale
        words = float((on_real > on_fake).double().mean())
        self.accuracy += (1 - MEMORY) * (words - self.accuracy)

    def _like(self, label: Tensor | None) -> Tensor:
        """Row numbers of real rows, of these classes where there are labels."""
        if label is None:
            return torch.randint(len(self.real), (self.batch,), generator=self._rng)
        share = torch.rand(len(label), generator=self._rng, dtype=torch.float64)
        return self._order[self._first[label] + (share * self._counts[label]).long()]

    def _encoded(self, x: Tensor) -> Tensor:
        return x if self._encode is None else self._encode(x)
