"""Latents of real rows: gradient steps on a generator, or an encoder of the user's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from genenv import checks, seeding
from genenv.generators.base import Generator
from genenv.generators.trial import RAISED, as_tensor
from genenv.isolation import kept

STEPS, RATE = 300, 0.1  # of Adam
STARTS = 3  # tries a row: from 0, and from draws; the best is kept


@dataclass(frozen=True)
class Inverted:
    """Base vectors that make rows again, about."""

    e: Tensor
    """(n, base_dim), in the plausible set."""
    error: NDArray[np.float32]
    """(n,): root of the mean squared difference of a row and what is made of e, in [-1, 1]."""


def invert(
    generator: Generator, x: NDArray[Any], label: NDArray[np.int64], seed: int = 0
) -> Inverted:
    """Find e for rows by 300 steps of Adam from three starts, brought back into the plausible set.

    Parameters
    ----------
    generator
        Differentiable.
    x, label
        Stored rows (n, *units.shape) and class indices (n,).
    seed
        Address of the starts.

    Raises
    ------
    Mistake
        It has no gradient.
    """
    if not generator.differentiable:
        raise checks.Mistake(
            "a generator with a gradient, or an encoder, for --start rows",
            f"a {type(generator).__name__} without",
            "give --encoder module:name, (x, label) -> e",
        )
    tries = [_descended(generator, x, label, start) for start in _starts(generator, len(x), seed)]
    errors = np.stack([own.error for own in tries])
    best = errors.argmin(0)
    e = torch.stack([own.e for own in tries])[torch.from_numpy(best), torch.arange(len(x))]
    return Inverted(e, errors.min(0))


def encoded(
    encode: Callable[..., Any], generator: Generator, x: NDArray[Any], label: NDArray[np.int64]
) -> Inverted:
    """Ask an encoder for e, (x, label) -> (n, base_dim), x float32 in the data's units.

    A torch module is put into eval mode; one that draws from a global random state always draws
    the same.

    Raises
    ------
    Mistake
        It fails, or answers with another shape or with NaN.
    """
    rows, own = generator.units.tensor(x), torch.from_numpy(label.copy())
    encode = encode.eval() if isinstance(encode, nn.Module) else encode
    try:
        with torch.no_grad(), kept(), seeding.global_seed(0):
            e = as_tensor(encode(rows, own)).float().cpu()
    except RAISED as error:
        raise checks.Mistake(
            "the encoder to answer", f"{type(error).__name__}: {error}", "mend it"
        ) from error
    checks.shape("what the encoder answers", e, (len(x), generator.noise.base_dim))
    checks.finite("what the encoder answers", e.numpy(), "mend it")
    e = generator.noise.project(e)
    return Inverted(e, _error(generator, e, x, label))


def _starts(generator: Generator, count: int, seed: int) -> list[Tensor]:
    law = generator.noise
    draws = [law.base(count, seeding.fold(seed, "inversion", i)) for i in range(STARTS - 1)]
    return [torch.zeros(count, law.base_dim), *(law.project(0.5 * e) for e in draws)]


def _descended(
    generator: Generator, x: NDArray[Any], label: NDArray[np.int64], start: Tensor
) -> Inverted:
    """Step down the squared error from a start."""
    target, own = _encoded_rows(generator, x), torch.from_numpy(label)
    e = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([e], RATE)
    with torch.enable_grad(), generator.evaluated():
        for _ in range(STEPS):
            made = generator.from_base(e, own).flatten(1)
            missed = (made - target).square().mean(1).sum()
            (e.grad,) = torch.autograd.grad(missed, e)  # and none of the generator's weights
            optimizer.step()
            with torch.no_grad():
                e.copy_(generator.noise.project(e))
    found = e.detach()
    return Inverted(found, _error(generator, found, x, label))


def _error(
    generator: Generator, e: Tensor, x: NDArray[Any], label: NDArray[np.int64]
) -> NDArray[np.float32]:
    with torch.no_grad(), generator.evaluated():
        made = generator.from_base(e, torch.from_numpy(label)).flatten(1)
    root = (made - _encoded_rows(generator, x)).square().mean(1).sqrt()
    return root.numpy().astype(np.float32)


def _encoded_rows(generator: Generator, x: NDArray[Any]) -> Tensor:
    return generator.units.encode(generator.units.tensor(x)).flatten(1)
