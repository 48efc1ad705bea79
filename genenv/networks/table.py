"""Pair for the rows of a table: scores as they are, states picked one of each run."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from genenv import checks
from genenv.codecs import Codec, Heads
from genenv.generators.base import Classes
from genenv.networks.base import Critic, Generator
from genenv.networks.labels import embedded
from genenv.networks.projection import projected
from genenv.noise import Noise

WARMTH = 0.5  # of the softmax whose gradient stands for that of the pick


class TableGenerator(Generator):
    """z and the label through residual layers; then scores, and a pick of each run of states.

    The last numbers of z are Gumbel noise, one a state: the largest sum of log-odds and noise is
    picked, and the gradient is that of a softmax of the sums (straight-through Gumbel-softmax, Jang
    et al., arXiv 1611.01144, section 2.2). So a row is a function of z alone.

    Parameters
    ----------
    noise, units, classes
        See `Generator`; of units that are no Heads every number is a score.
    width
        Units of a hidden layer.
    depth
        Residual layers.
    """

    kind = "table"

    def __init__(
        self, noise: Noise, units: Codec, classes: Classes, width: int = 128, depth: int = 2
    ) -> None:
        super().__init__(noise, units, classes, {"width": width, "depth": depth})
        heads = heads_of(units)
        self.states = sum(heads)
        if noise.dim <= self.states:
            raise checks.Mistake(
                f"latents of more than {self.states} numbers, one a state", noise.dim, "give more"
            )
        self.embedding = nn.Embedding(len(classes), len(classes)) if classes else None
        inputs = noise.dim - self.states + len(classes)
        self.layers = nn.ModuleList()
        for _ in range(depth):
            self.layers.append(nn.Sequential(nn.Linear(inputs, width), nn.BatchNorm1d(width)))
            inputs += width
        self.out = nn.Linear(inputs, units.width)
        place, order = _layout(heads)
        self._place: Tensor
        self._order: Tensor
        self.register_buffer("_place", place, persistent=False)
        self.register_buffer("_order", order, persistent=False)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.dim), (batch,) or (batch, classes) -> (batch, *units.layout)."""
        free = z.shape[1] - self.states
        scores, odds = self.parts(z[:, :free], label)
        row = torch.cat([scores, self._picked(odds + z[:, free:])], 1)[:, self._order]
        row = torch.tanh(row) if self.units.bounded else row
        return row.reshape(-1, *self.units.layout)

    def parts(self, z: Tensor, label: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return scores (batch, scores) and log-odds (batch, states) of z without its Gumbels."""
        h = z
        if self.embedding is not None:
            h = torch.cat([h, embedded(self.embedding, label)], 1)
        for layer in self.layers:
            h = torch.cat([torch.relu(layer(h)), h], 1)
        out = self.out(h)
        return out[:, self.states :], out[:, : self.states]

    def _picked(self, sums: Tensor) -> Tensor:
        """Pick a state of each run, (batch, states) -> the same shape of zeros and ones."""
        if not self.states:
            return sums
        wide = sums.new_full((len(sums), *self._place.shape), -torch.inf)
        wide[:, self._place] = sums
        soft = torch.softmax(wide / WARMTH, -1)
        hard = functional.one_hot(wide.argmax(-1), wide.shape[-1]).to(sums.dtype)
        return (hard + (soft - soft.detach()))[:, self._place]


class TableCritic(Critic):
    """Hidden layers that hand on what they saw; the label enters by projection, see `MLPCritic`.

    Parameters
    ----------
    units, classes
        See `Critic`.
    width
        Units of a hidden layer.
    depth
        Hidden layers, the first one among them.
    """

    def __init__(self, units: Codec, classes: Classes, width: int = 128, depth: int = 2) -> None:
        super().__init__(units, classes, {"width": width, "depth": depth})
        self.first = nn.Linear(units.width, width)
        inputs = width
        self.layers = nn.ModuleList()
        for _ in range(depth - 1):
            self.layers.append(nn.Linear(inputs, width))
            inputs += width
        self.head = nn.Linear(inputs, 1)
        self.projection = nn.Embedding(len(classes), inputs) if classes else None
        if self.projection is not None:
            nn.init.normal_(self.projection.weight, std=inputs**-0.5)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, *units.layout), (batch,) or (batch, slots) -> (batch,)."""
        h = functional.leaky_relu(self.first(x.flatten(1)), 0.2)
        for layer in self.layers:
            h = torch.cat([functional.leaky_relu(layer(h), 0.2), h], 1)
        score: Tensor = self.head(h).squeeze(1)
        if self.projection is not None:
            score = score + projected(self.projection, label, h)
        return score


def heads_of(units: Codec) -> tuple[int, ...]:
    """Return the heads of a table's rows; other data are scores throughout."""
    return units.heads if isinstance(units, Heads) else (0,) * units.width


def _layout(heads: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return where states lie in a matrix of runs (runs, longest), and how a row is put together.

    The row's order is one of columns of [scores, states].
    """
    runs = [head for head in heads if head]
    place = torch.zeros(len(runs), max(runs, default=0), dtype=torch.bool)
    for i, run in enumerate(runs):
        place[i, :run] = True
    scores, state = 0, len(heads) - len(runs)
    order: list[int] = []
    for head in heads:
        if head:
            order += range(state, state + head)
            state += head
        else:
            order.append(scores)
            scores += 1
    return place, torch.tensor(order)
