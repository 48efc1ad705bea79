"""The picture of a live GAN run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from genenv.envs import pictures


def page(
    real: Tensor,
    fake: Tensor,
    curve: NDArray[np.float32],
    decisions: int,
    step: tuple[int, int],
    seen: NDArray[np.float32],
) -> NDArray[np.uint8]:
    """Draw real rows and samples, and the quality so far: (height, width, 3).

    Parameters
    ----------
    real, fake
        (n, size), of which the first two columns are shown.
    curve, decisions
        The quality at the start and after each decision, and how many of these there are at most.
    step
        Updates of the generator so far, and all of them.
    seen
        Columns of an observation.
    """
    clouds = [_plane(fake.numpy()), _plane(real.numpy())]
    cloud = pictures.scatter([(clouds[0], pictures.BLUE), (clouds[1], pictures.INK)], -2.5, 2.5)
    most = max(float(curve[0]), 0.1)
    panel = pictures.curves([(curve, pictures.GOOD)], 0.0, most, decisions + 1)
    lines = (
        f"{step[0]} of {step[1]} updates, quality {curve[-1]:.3f}",
        f"critic {seen[0]:+.2f}, generator {seen[2]:+.2f}, accuracy {seen[4]:.2f}",
    )
    return pictures.page([cloud, panel], lines)


def _plane(x: NDArray[Any]) -> NDArray[Any]:
    """Show (n, size) in the plane."""
    return np.stack([x[:, 0], np.zeros(len(x))], 1) if x.shape[1] == 1 else x[:, :2]
