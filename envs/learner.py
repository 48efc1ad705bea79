"""The opponent of the duel that learns by gradient between the steps."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, objectives, seeding
from genenv.codecs import Vectors
from genenv.envs.maker import Maker
from genenv.envs.opponents import Array, Opponent, centred
from genenv.envs.rounds import GENERATOR, Rounds
from genenv.networks.mlp import MLPCritic
from genenv.objectives import Objective
from genenv.training.update import update_critic


class Learns(Opponent):
    """Either side of the duel, learning by gradient from what it has seen, between the steps.

    The discriminator's network sees the observation, the label's columns included. The verdict is
    tanh of the score, `centred` by the last real and generated batch. The generator learns what the
    other side's verdicts praise, see `maker.Maker`.
    `reset(seed=...)` makes it forget everything; `reset()` does not. It is shared by the rows of a
    batch.

    Parameters
    ----------
    objective
        The discriminator's: a name in `genenv.objectives.OBJECTIVES`, or an Objective.
    width
        Units of each of two hidden layers.
    learning_rate
        Of Adam.
    batch
        Real and generated samples of an update, each.
    memory
        Real and generated samples that are kept, each.
    updates
        Updates after each step.

    Raises
    ------
    Mistake
        An unknown objective, or a number that is not above 0.
    """

    def __init__(
        self,
        objective: str | Objective = "gan",
        *,
        width: int = 64,
        learning_rate: float = 1e-3,
        batch: int = 64,
        memory: int = 2048,
        updates: int = 1,
    ) -> None:
        if not isinstance(objective, Objective):
            objective = objectives.build(objective)
        self.objective: Objective = objective
        checks.positive("learning_rate", learning_rate)
        self.width = checks.integer("width", width)
        self.learning_rate = learning_rate
        self.batch, self.memory = checks.integer("batch", batch), checks.integer("memory", memory)
        self.updates = checks.integer("updates", updates)
        self._maker: Maker | None = None

    def meet(self, rounds: Rounds, side: str) -> None:
        """Make the networks of a side."""
        if side == GENERATOR:
            sizes = self.width, self.learning_rate, self.batch, self.memory, self.updates
            self._maker = Maker(rounds, *sizes)
            return
        (self._columns,) = rounds.spaces[side].shape
        self.restart(0)

    def restart(self, seed: int) -> None:
        """Forget everything."""
        if self._maker is not None:
            self._maker.restart(seed)
            return
        self._seed = seed
        self._done = 0
        self._middle, self._spread = 0.0, 2.0
        self._seen = [torch.zeros(0, self._columns) for _ in range(2)]  # generated, real
        units = Vectors((self._columns,), "float32", (-1.0,), (1.0,))
        with seeding.global_seed(seeding.fold(seed, "opponent")):
            self._critic = MLPCritic(units, (), self.width, depth=2)
        self._optimizer = torch.optim.Adam(
            self._critic.parameters(), self.learning_rate, betas=(0.0, 0.99)
        )

    def act(self, seen: Array) -> Array:
        """Make samples, or judge by the score."""
        if self._maker is not None:
            return self._maker.act(seen)
        with torch.no_grad():
            score = self._critic(torch.from_numpy(seen))
        return torch.tanh((score - self._middle) / self._spread)[:, None].numpy()

    def learn(self, seen: Array, judged: NDArray[np.int64]) -> None:
        """Remember, and update."""
        if self._maker is not None:
            self._maker.learn(seen)
            return
        for truth in range(2):
            new = torch.from_numpy(seen[judged == truth])
            self._seen[truth] = torch.cat([self._seen[truth], new])[-self.memory :]
        if min(len(part) for part in self._seen) >= self.batch:
            for _ in range(self.updates):
                self._update()

    def answered(self, shown: Array, verdict: Array) -> None:
        """Hear the verdicts, as the generator."""
        if self._maker is not None:
            self._maker.answered(shown, verdict)

    def _update(self) -> None:
        rng = seeding.torch_generator(self._seed, "opponent", self._done)
        self._done += 1
        fake, real = (
            part[torch.randint(len(part), (self.batch,), generator=rng)] for part in self._seen
        )
        critic = self._critic
        update_critic(self.objective, critic, critic, self._optimizer, real, fake, rng)
        with torch.no_grad():
            self._middle, self._spread = centred(self._critic(real), self._critic(fake))
