"""A generator that learns by gradient what the verdicts of the duel's other side praise."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genenv import seeding
from genenv.envs.opponents import Array
from genenv.envs.rounds import GENERATOR, Rounds


class Maker:
    """Learns to foretell verdicts from what was shown, and makes what would be praised.

    The other side is asked for nothing but its verdicts: a network learns them (mean square error),
    and the generator climbs the network.

    Parameters
    ----------
    rounds
        The duel.
    width, learning_rate, batch, memory, updates
        See `learner.Learns`.
    """

    def __init__(
        self,
        rounds: Rounds,
        width: int,
        learning_rate: float,
        batch: int,
        memory: int,
        updates: int,
    ) -> None:
        self._given = rounds.spaces[GENERATOR].shape[0]
        self._size = rounds.scale.size
        self._classes = len(rounds.classes)
        self._width, self._rate = width, learning_rate
        self._batch = batch
        self._memory = memory
        self._updates = updates
        self.restart(0)

    def restart(self, seed: int) -> None:
        """Forget everything."""
        self._seed = seed
        self._done = 0
        self._shown = torch.zeros(0, self._size + self._classes)
        self._verdict, self._e = torch.zeros(0, 1), torch.zeros(0, self._given)
        with seeding.global_seed(seeding.fold(seed, "maker")):
            self.generator = _network(self._given, self._width, self._size)
            self.foretold = _network(self._size + self._classes, self._width, 1)
        betas = (0.5, 0.99)
        self._optimizers = [
            torch.optim.Adam(network.parameters(), self._rate, betas=betas)
            for network in (self.foretold, self.generator)
        ]

    @torch.no_grad()
    def act(self, seen: Array) -> Array:
        """Make samples of (n, given) noise and labels: (n, size)."""
        made: Array = self.generator(torch.from_numpy(seen)).numpy()
        return made

    def answered(self, shown: Array, verdict: Array) -> None:
        """Remember verdicts (n, 1) on what was shown, (n, columns)."""
        self._shown = self._kept(self._shown, shown)
        self._verdict = self._kept(self._verdict, verdict.clip(-1.0, 1.0))

    def learn(self, seen: Array) -> None:
        """Remember what noise comes, and update."""
        self._e = self._kept(self._e, seen)
        if len(self._shown) >= self._batch:
            for _ in range(self._updates):
                self._update()

    def _update(self) -> None:
        rng = seeding.torch_generator(self._seed, "maker", self._done)
        self._done += 1
        rows = torch.randint(len(self._shown), (self._batch,), generator=rng)
        miss = (self.foretold(self._shown[rows]) - self._verdict[rows]).square().mean()
        e = self._e[torch.randint(len(self._e), (self._batch,), generator=rng)]
        label = e[:, self._given - self._classes :]
        self._step(0, miss)
        praise = self.foretold(torch.cat([self.generator(e), label], 1)).mean()
        self._step(1, -praise)

    def _step(self, which: int, loss: Tensor) -> None:
        for optimizer in self._optimizers:
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizers[which].step()

    def _kept(self, old: Tensor, new: Array) -> Tensor:
        return torch.cat([old, torch.from_numpy(new)])[-self._memory :]


def _network(inputs: int, width: int, outputs: int) -> nn.Sequential:
    """Two hidden layers; outputs in [-1, 1]."""
    layers = [nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, outputs), nn.Tanh())
