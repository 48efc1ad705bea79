"""Regressors of three makes: boosting, a forest and a network, fitted once and kept as arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from genenv import seeding
from genenv.judge.trees import Trees, fit_boosted_values, fit_forest_values

WIDTH = 64  # units of a layer of the network
BATCH = 64
EPOCHS = 60
MOST_STEPS = 3_000
LEAST_STEPS = 300
RATE = 2e-3  # of Adam, falling to nothing along a cosine
DECAY = 1e-3  # of weights, a step

Arrays = dict[str, NDArray[Any]]


class Oracle(Protocol):
    """A regressor that was fitted."""

    def __call__(self, rows: Tensor) -> Tensor:
        """(n, width) -> (n, 1), in standard deviations of the target."""

    def arrays(self) -> Arrays:
        """Return what makes it again."""


class Network:
    """Two hidden layers, fitted by squared error.

    Parameters
    ----------
    net
        (n, width) -> (n, 1).
    """

    def __init__(self, net: nn.Sequential) -> None:
        self.net = net.eval()

    def __call__(self, rows: Tensor) -> Tensor:
        """See `Oracle`."""
        with torch.no_grad():
            answer: Tensor = self.net(rows.float())
        return answer

    def arrays(self) -> Arrays:
        """See `Oracle`."""
        return {name: tensor.numpy() for name, tensor in self.net.state_dict().items()}

    @staticmethod
    def of_arrays(arrays: Mapping[str, NDArray[Any]]) -> Network:
        """Make it again."""
        net = _blank(arrays["0.weight"].shape[1])
        net.load_state_dict({name: torch.from_numpy(a.copy()) for name, a in arrays.items()})
        return Network(net)


def _blank(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(width, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU(), nn.Linear(WIDTH, 1)
    )


def fit_network(rows: Tensor, value: Tensor, seed: int) -> Network:
    """Fit rows (n, width) and their values (n,)."""
    rng = seeding.torch_generator(seed, "network")
    net = _blank(rows.shape[1])
    for parameter in net.parameters():
        bound = parameter.shape[-1] ** -0.5
        nn.init.uniform_(parameter, -bound, bound, generator=rng)
    steps = int(np.clip(EPOCHS * len(rows) // BATCH, LEAST_STEPS, MOST_STEPS))
    adam = torch.optim.AdamW(net.parameters(), RATE, weight_decay=DECAY)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    for _ in range(steps):
        own = torch.randint(0, len(rows), (BATCH,), generator=rng)
        loss = (net(rows[own])[:, 0] - value[own]).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        fall.step()
    return Network(net)


FITS: dict[str, Callable[[Tensor, Tensor, int], Oracle]] = {
    "boosting": fit_boosted_values,
    "forest": fit_forest_values,
    "network": fit_network,
}


def of_arrays(make: str, arrays: Mapping[str, NDArray[Any]]) -> Oracle:
    """Make a regressor again of what `arrays` returned."""
    return Network.of_arrays(arrays) if make == "network" else Trees.of_arrays(arrays)
