"""A decoder from elsewhere is tried once, when it is wrapped."""

from __future__ import annotations

import pickle
import random
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, seeding
from genenv.generators.onnx_decoder import OnnxDecoder

if TYPE_CHECKING:
    from genenv.generators.wrapped import Wrapped

ROWS, FEW = 256, (7, 1)  # tried in one batch, and of them alone
SAME = 1e-3  # of [-1, 1]: what another batch size may change
SLACK = 0.05  # of the range: what may lie beyond its ends
RAISED = (Exception, SystemExit)  # whatever code of a user's may end with

Some = TypeVar("Some", bound="Wrapped")


def tried(generator: Some) -> Some:
    """Ask a decoder for a few hundred samples and return the generator, or raise a Mistake.

    Finds out whether it has a gradient, and notes whether it minds its labels.
    """
    with seeding.global_state():
        _try(generator)
    return generator


def _try(generator: Wrapped) -> None:
    e = generator.noise.base(ROWS, 0)
    label = torch.from_numpy(generator.labels(ROWS, 0)) if generator.conditional else None
    if not _has_slope(generator, e, label):
        generator.black_box()
    with torch.no_grad():
        u, again = (_under(seed, generator, e, label) for seed in (0, 1))
        _check_range(generator, e, label)
        _check_same(generator, u, again)
        for few in FEW:
            alone = generator.from_base(e[:few], None if label is None else label[:few])
            _check_batch(generator, u[:few], alone)
    if label is not None:
        _note_labels(generator, e, label, u)


def as_tensor(answer: Any) -> Tensor:
    """Turn an array of any strides and order of bytes, or a list, into a tensor."""
    if isinstance(answer, Tensor):
        return answer
    array = np.asarray(answer)
    return torch.from_numpy(np.array(array, array.dtype.newbyteorder("=")))


def described(decode: Any) -> str:
    """Return where a decoder comes from: its file, or module:name of it or of its class."""
    if isinstance(decode, OnnxDecoder):
        return decode.path
    home = decode if hasattr(decode, "__qualname__") else type(decode)
    return f"{home.__module__}:{home.__qualname__}"


def _under(seed: int, generator: Wrapped, e: Tensor, label: Tensor | None) -> Tensor:
    """Ask under global random states of a seed, and find out whether the decoder moves them."""
    with seeding.global_seed(seed):
        before = _states()
        u = generator.from_base(e, label)
        if _states() != before:
            generator.seeds_inside()
    return u


def _states() -> tuple[bytes, ...]:
    """Return the global random states of Python, NumPy and torch."""
    own = pickle.dumps((random.getstate(), np.random.get_state()))
    return own, bytes(torch.get_rng_state().numpy())


def _has_slope(generator: Wrapped, e: Tensor, label: Tensor | None) -> bool:
    """Whether torch carries a finite gradient through the decoder."""
    few = FEW[0]
    asked = e[:few].clone().requires_grad_()
    try:
        z = generator.noise.from_base(asked)
        answer = generator.answered(z, None if label is None else label[:few])
        if not answer.requires_grad:
            return False
        (slope,) = torch.autograd.grad(answer.sum(), asked, allow_unused=True)
        return slope is not None and bool(slope.isfinite().all())
    except RAISED:  # an array of a tensor that wants a gradient: asked again without one
        return False


def _check_range(generator: Wrapped, e: Tensor, label: Tensor | None) -> None:
    answer = generator.answered(generator.noise.from_base(e), label).cpu().numpy()
    least, most = _limits(generator)
    span = np.maximum(most - least, 1e-12)
    slack = SLACK * span if generator.units.bounded or generator.output != "data" else span
    beyond = ((answer < least - slack) | (answer > most + slack)).mean()
    narrow = np.ptp(answer) <= 2 < np.max(span) / 4
    if beyond > SLACK or narrow:
        raise checks.Mistake(
            f"samples of output={generator.output!r} between {least.min():g} and {most.max():g}",
            f"{answer.min():g} to {answer.max():g}",
            "give output='data', 'unit' ([0, 1]) or 'tanh' ([-1, 1]) as the decoder answers "
            "(--decoder-output)",
        )


def _limits(generator: Wrapped) -> tuple[NDArray[Any], NDArray[Any]]:
    if generator.output == "data":
        return np.array(generator.units.least), np.array(generator.units.most)
    return np.array([0.0 if generator.output == "unit" else -1.0]), np.array([1.0])


def _check_same(generator: Wrapped, one: Tensor, two: Tensor) -> None:
    apart = float((one - two).abs().max())
    if apart > SAME:
        raise checks.Mistake(
            f"the decoder {generator.path} to answer the same twice",
            f"answers {apart:.3g} apart",
            "take its noise as part of e: a larger base_dim, and no draws inside",
        )


def _check_batch(generator: Wrapped, batch: Tensor, alone: Tensor) -> None:
    apart = float((batch - alone).abs().max())
    if apart > SAME:
        raise checks.Mistake(
            f"the decoder {generator.path} to make a sample whatever its batch",
            f"samples {apart:.3g} apart",
            "put its networks into eval mode",
        )


def _note_labels(generator: Wrapped, e: Tensor, label: Tensor, u: Tensor) -> None:
    """Note it where another label never changes a sample."""
    with torch.no_grad():
        others = generator.from_base(e, (label + 1) % len(generator.classes))
    if float((others - u).abs().max()) <= SAME and len(generator.classes) > 1:
        generator.notes = (
            *generator.notes,
            f"The decoder {generator.path} ignores its labels: what it makes for a class is not of "
            "that class but by chance.",
        )
