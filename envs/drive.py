"""From an agent's actions to codes in the plausible set, and from codes to disturbances."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks
from genenv.noise import AutoRegressive, Gaussian, Learned, Noise, Product, ball_radius


class Drive:
    """The noise of an episode, a window of world steps at a time.

    An action a in [-1, 1]^base_dim becomes the code e = project(r · a), where r = √χ²₀.₉₅(base_dim)
    is the radius of the plausible ball, so that an action along one axis reaches its edge. The
    codes of an episode together stay in the plausible ball of all its coordinates as well: what
    would lead out of it shrinks. The last `once` coordinates drive the start and the dynamics; they
    count in an episode's first step alone, later ones have the plausible ball of the others.

    Parameters
    ----------
    noise
        Makes the disturbances of a window; None: independent Gaussian ones, a step at a time. The
        series of an `AutoRegressive` goes on from window to window; those of a `Learned` are in the
        units of the data that its generator learned.
    width
        Numbers of a disturbance in one world step.
    once
        Numbers of the disturbance of start and dynamics.
    rows
        Of the batch.
    horizon
        World steps of an episode.
    plausible
        False: the action is e itself.

    Raises
    ------
    Mistake
        The noise does not fit the width, or its window the horizon.
    """

    def __init__(
        self, noise: Noise | None, width: int, once: int, rows: int, horizon: int, plausible: bool
    ) -> None:
        if width == 0 and noise is not None:
            got = "start and dynamics alone, which are Gaussian"
            raise checks.Mistake("a channel that a noise drives", got, "leave noise out")
        noise = Gaussian(width) if width and noise is None else noise
        if noise is not None and noise.dim % width:
            got = f"a noise of {noise.dim}"
            raise checks.Mistake(f"a noise of {width} numbers a step", got, "give steps x numbers")
        self.window = noise.dim // width if noise else 1
        if horizon % self.window:
            got = f"{horizon} for a window of {self.window}"
            raise checks.Mistake("a horizon of whole windows", got, "change one")
        if isinstance(noise, AutoRegressive) and noise.channels != width:
            raise checks.Mistake(f"a series of {width} channels", noise.channels, "give as many")
        self.noise = noise
        self.width = width
        self.once = once
        self.plausible = plausible
        parts = [part for part in (noise, Gaussian(once) if once else None) if part]
        self.law = Product(parts)
        self.windows = horizon // self.window
        self.each = each = self.law.base_dim - once
        self.radius = ball_radius(self.law.base_dim)
        self.later = ball_radius(each) if each else 0.0  # of all steps but the first
        self.budget = 0.5 * ball_radius(self.windows * each + once) ** 2
        self.last = torch.zeros(rows, width)  # the disturbance of the last world step

    @property
    def is_series(self) -> bool:
        """Whether a disturbance depends on the last."""
        return isinstance(self.noise, AutoRegressive)

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Forget the series of these rows."""
        self.last[rows] = 0.0

    def code(
        self, action: NDArray[np.float32], first: NDArray[np.bool_], spent: NDArray[np.float64]
    ) -> tuple[Tensor, NDArray[np.float64]]:
        """Turn actions (rows, base_dim) into e and its energy, given the energy spent so far."""
        e = self._whole(torch.from_numpy(np.array(action, np.float32)))
        if self.once:
            e[torch.from_numpy(~first)] = self._part(torch.from_numpy(action[~first]).float())
        energy = self.law.energy(e).double().numpy()
        if self.plausible:
            room = (self.budget - spent).clip(0)
            share = np.sqrt(np.minimum(room / np.maximum(energy, 1e-12), 1.0))
            e = e * torch.from_numpy(share).float()[:, None]
            energy = self.law.energy(e).double().numpy()
        return e, energy

    def _whole(self, action: Tensor) -> Tensor:
        """Codes of a first step."""
        if not self.plausible:
            return action
        return self.law.project(self.radius * action.clamp(-1.0, 1.0))

    def _part(self, action: Tensor) -> Tensor:
        """Codes of later steps, whose last `once` coordinates are 0."""
        e = action[:, : self.each]
        if self.plausible and self.noise is not None:
            e = self.noise.project(self.later * e.clamp(-1.0, 1.0))
        return torch.nn.functional.pad(e, (0, self.once))

    def disturb(
        self, e: Tensor, first: NDArray[np.bool_], live: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Make disturbances of codes: of the steps (rows, window, width), of start and dynamics."""
        rows = len(e)
        code, once = torch.split(e, [self.each, self.once], 1)
        if self.noise is None:
            return np.zeros((rows, 1, 0), np.float32), once.numpy()
        z = self.noise.from_base(code)
        if isinstance(self.noise, Learned):
            z = self.noise.in_units(z)
        if isinstance(self.noise, AutoRegressive):
            longer = AutoRegressive(z.shape[1] + self.width, self.width, self.noise.coefficient)
            goes_on = longer.from_base(torch.cat([self.last, code], 1))[:, self.width :]
            z = torch.where(torch.from_numpy(first)[:, None], z, goes_on)
            after = z[:, -self.width :]
            self.last = torch.where(torch.from_numpy(live)[:, None], after, self.last)
        steps: NDArray[np.float32] = z.detach().numpy().reshape(rows, self.window, self.width)
        return steps, once.numpy()
