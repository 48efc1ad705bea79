"""One wording for every error: expected X, got Y; do Z."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np


class Mistake(ValueError):  # noqa: N818 - of the user, not of the program
    """A mistake in what the user handed over: one sentence, which the command line prints.

    From another process it comes made anew of its sentence alone, by pickle as by Gymnasium.
    """

    afresh: tuple[str, ...] | None = None
    """Flags with which another run may end better, for resuming this one would end the same way;
    None: what caused it can be mended, and the run goes on."""

    def __init__(self, expected: object, got: object = "", do: str = "") -> None:
        super().__init__(f"expected {expected}, got {got}; {do}" if do else str(expected))
        self.got = str(got)


def choice(name: str, value: str, options: Iterable[str]) -> str:
    """Return `value` if it is one of `options`, else raise a Mistake that lists them."""
    options = list(options)
    if value not in options:
        raise Mistake(f"{name} to be one of {', '.join(options)}", repr(value), "choose one")
    return value


def shape(name: str, array: Any, expected: Sequence[int | None]) -> None:
    """Raise a Mistake unless `array` has the expected shape (None: any length)."""
    got = tuple(array.shape)
    if len(got) != len(expected) or any(
        want is not None and want != have for want, have in zip(expected, got, strict=True)
    ):
        words = ", ".join("any" if want is None else str(want) for want in expected)
        raise Mistake(f"{name} of shape ({words})", f"shape {got}", "reshape it")


def finite(name: str, array: Any, do: str = "clean or impute these rows") -> None:
    """Raise a Mistake that names the first row of a NumPy array with a NaN or infinity."""
    array = np.asarray(array)
    if array.dtype.kind in "fc" and not np.isfinite(array).all():
        rows = np.nonzero(~np.isfinite(array).reshape(len(array), -1).all(axis=1))[0]
        raise Mistake(
            f"{name} to be finite",
            f"NaN or infinity in {len(rows)} of {len(array)} rows, the first at row {rows[0]}",
            do,
        )


def number(name: str, value: object) -> None:
    """Raise a Mistake unless `value` is a number."""
    if not isinstance(value, Real):
        raise Mistake(f"{name} to be a number", repr(value), "give one")


def positive(name: str, value: float) -> None:
    """Raise a Mistake unless `value` is a number above zero and finite."""
    number(name, value)
    if not value > 0:
        raise Mistake(f"{name} above 0", value, "give a larger number")
    if value == math.inf:
        raise Mistake(f"{name} to be finite", value, "give a smaller number")


def integer(name: str, value: object) -> int:
    """Return `value` as an int, or raise a Mistake unless it is a whole number above zero."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise Mistake(f"{name} to be a whole number above 0", repr(value), "give one")
    return int(value)


def none_or_more(name: str, value: float) -> None:
    """Raise a Mistake unless `value` is a number of 0 or above."""
    number(name, value)
    if value < 0:
        raise Mistake(f"{name} of 0 or more", value, "give 0 or more")


def once(name: str, values: Sequence[Any]) -> None:
    """Raise a Mistake where a value stands twice."""
    if len(set(values)) < len(values):
        raise Mistake(f"each of {name} once", f"{list(values)}", "drop repeats")
