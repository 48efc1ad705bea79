"""The plausible set of the base space: a ball, a box in it, and spheres beside them.

Sums over coordinates are taken in one fixed order, so that a row is the same in any batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import special
from torch import Tensor

PLAUSIBLE_MASS = 0.95  # the share of N(0, I) that the ball holds, and that the box holds

Role = Literal["ball", "box", "sphere"]
"""What keeps a base coordinate plausible: the norm of all coordinates that are not on a sphere;
that and a bound of its own (it picks a class or drives a series); a sphere (it has no length)."""

Rows = TypeVar("Rows", Tensor, NDArray[Any])

Roles = Sequence[tuple[Role, int]]  # runs of coordinates, in order


@cache
def ball_radius(k: int) -> float:
    """Radius that the norm of k standard-normal coordinates keeps with probability 0.95."""
    return math.sqrt(special.chdtri(k, 1 - PLAUSIBLE_MASS)) if k else 0.0


@cache
def box_bound(k: int) -> float:
    """Bound on |e_i| that k standard-normal coordinates keep jointly with probability 0.95."""
    return float(special.ndtri((1 + PLAUSIBLE_MASS ** (1 / k)) / 2)) if k else math.inf


def runs(e: Tensor, roles: Roles) -> list[tuple[Role, Tensor]]:
    """Cut (batch, base_dim) into the runs of its roles."""
    pieces = torch.split(e, [length for _, length in roles], -1)
    return [(role, piece) for (role, _), piece in zip(roles, pieces, strict=True)]


def length_of(role: Role, roles: Roles) -> int:
    """Count the coordinates of one role."""
    return sum(length for other, length in roles if other == role)


def energy_of(e: Tensor, roles: Roles) -> Tensor:
    """½‖e‖², shape (batch,), coordinates on a sphere of dimension d as ½d."""
    if _in_numpy(e, roles):
        return torch.from_numpy(np.float32(0.5) * _row_sum(np.square(e.numpy())))
    return 0.5 * (_row_sum(_free(runs(e, roles)).square()) + length_of("sphere", roles))


def plausible(e: Tensor, roles: Roles) -> Tensor:
    """Bring (batch, base_dim) into the plausible set: clamp the box, then shrink to the ball."""
    if _in_numpy(e, roles):
        return torch.from_numpy(_in_ball(e.numpy()))
    bound = box_bound(length_of("box", roles))
    pieces = [(r, p.clamp(-bound, bound) if r == "box" else p) for r, p in runs(e, roles)]
    share = _ball_share(_free(pieces))
    return torch.cat([on_sphere(p) if r == "sphere" else p * share for r, p in pieces], -1)


def on_sphere(e: Tensor) -> Tensor:
    """√d·e/‖e‖, rows of zeros to all ones."""
    wide = torch.where((e == 0).all(-1, keepdim=True), 1.0, e.double())
    length = (_row_sum(wide.square()) / e.shape[-1]).sqrt().unsqueeze(-1)
    return (wide / length).to(e.dtype)


def _free(pieces: list[tuple[Role, Tensor]]) -> Tensor:
    """Join the coordinates that are on no sphere: (batch, 0 or more)."""
    return torch.cat([p if role != "sphere" else p[..., :0] for role, p in pieces], -1)


def _in_numpy(e: Tensor, roles: Roles) -> bool:
    """Whether these rows lie in one ball, and nobody wants a gradient: few are quicker in NumPy.

    Each number is the same, bit for bit.
    """
    plain = e.dtype is torch.float32 and e.device.type == "cpu" and not e.requires_grad
    return plain and len(roles) == 1 and roles[0][0] == "ball"


def _row_sum(x: Rows) -> Rows:
    """Sum over the last axis by halving: an order that no batch size or thread count changes."""
    while (length := x.shape[-1]) > 1:
        half = length // 2
        halved = x[..., :half] + x[..., half : 2 * half]
        join: Any = torch.cat if isinstance(x, Tensor) else np.concatenate
        x = join([halved, x[..., 2 * half :]], -1) if length % 2 else halved
    total: Rows = x.sum(-1)
    return total


def _ball_share(e: Tensor) -> Tensor:
    """Return the factor (batch, 1), at most 1, that brings rows into the ball."""
    radius = ball_radius(e.shape[-1])
    norm = _row_sum(e.double().square()).sqrt().unsqueeze(-1)
    return torch.where(norm > radius, _inside(radius) / norm, 1.0).to(e.dtype)


def _in_ball(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shrink rows (batch, k) to the ball as `_ball_share` says."""
    radius = ball_radius(rows.shape[-1])
    norm = np.sqrt(_row_sum(np.square(rows, dtype=np.float64)))[..., None]
    share = np.where(norm > radius, _inside(radius) / norm.clip(radius), 1.0)
    inside: NDArray[np.float32] = rows * share.astype(np.float32)
    return inside


def _inside(radius: float) -> float:
    """Go a hair inside, or rounding could leave a row just outside."""
    return radius * (1 - 1e-6)
