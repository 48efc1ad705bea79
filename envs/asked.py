"""What a reset or a step asks for: seeds of rows, which rows begin, options, actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from genenv import checks

Keys = Callable[..., NDArray[np.uint64]]  # rows and what is drawn -> one key a row


def row_seeds(seed: int | Sequence[int], rows: int) -> NDArray[np.uint64]:
    """Seeds (rows,): seed + i for row i, or one each of a sequence.

    Raises
    ------
    Mistake
        A sequence is not of whole numbers, or not one a row.
    """
    if isinstance(seed, int | np.integer):
        return np.arange(rows, dtype=np.uint64) + np.uint64(int(seed) % 2**64)
    if isinstance(seed, float) or any(not isinstance(one, int | np.integer) for one in seed):
        do = "give reset(seed=None) to go on without seeds"
        raise checks.Mistake("a whole number as the seed of each row", seed, do)
    seeds = np.array([int(one) % 2**64 for one in seed], np.uint64)
    checks.shape("seed", seeds, (rows,))
    return seeds


def reset_mask(options: dict[str, Any] | None, rows: int) -> NDArray[np.bool_]:
    """Rows to begin, (rows,): `options["reset_mask"]`, or all.

    Raises
    ------
    Mistake
        The mask is not bool, not one flag a row, or empty.
    """
    if not options or "reset_mask" not in options:
        return np.ones(rows, np.bool_)
    mask = np.asarray(options["reset_mask"])
    checks.shape("options['reset_mask']", mask, (rows,))
    if mask.dtype != np.bool_ or not mask.any():
        got = f"dtype {mask.dtype} with {int(mask.sum())} rows set"
        raise checks.Mistake("options['reset_mask'] to be bool and to pick a row", got, "fix it")
    return mask


def known(options: dict[str, Any] | None, names: Sequence[str]) -> dict[str, Any]:
    """Return the options of a reset, none for None.

    Raises
    ------
    Mistake
        They are no dict, or one of them is neither `reset_mask` nor one of the names.
    """
    taken = ("reset_mask", *names)
    if options is not None and not isinstance(options, dict):
        raise checks.Mistake("options in a dict", repr(options), f"give {', '.join(taken)} or None")
    if wrong := sorted(map(str, set(options or {}) - {*taken})):
        expected = f"options of {', '.join(taken)}"
        raise checks.Mistake(expected, ", ".join(wrong), "leave it out, or mend its name")
    return options or {}


def numbers(name: str, given: Any, space: gymnasium.Space[Any]) -> NDArray[Any]:
    """Return actions as an array of the space's shape and numbers.

    Raises
    ------
    Mistake
        They are of another shape, or of another kind: fractions where whole numbers are asked for.
    """
    array = np.asarray(given)
    checks.shape(name, array, space.shape or ())
    if not np.can_cast(array.dtype, space.dtype or array.dtype, "same_kind"):
        raise checks.Mistake(f"{name} as {space.dtype}", f"{array.dtype}", "convert them")
    return array.astype(space.dtype, copy=False)


class Asked:
    """Problems that resets name by number, `options={"problem": ...}`, for the episodes they begin.

    Parameters
    ----------
    rows
        Of the batch.
    """

    def __init__(self, rows: int) -> None:
        self._number, self._named = np.zeros(rows, np.uint64), np.zeros(rows, np.bool_)

    def take(self, rows: NDArray[np.int64], options: dict[str, Any]) -> None:
        """Keep what the options ask of some rows."""
        if "problem" in options:
            self._number[rows] = problem_numbers(options["problem"], len(self._number))[rows]
        self._named[rows] = "problem" in options

    def keys(self, rows: NDArray[np.int64], drawn: Keys) -> NDArray[np.uint64]:
        """Return the address of each row's problem: what was asked for, once, else drawn."""
        keys = np.where(self._named[rows], self._number[rows], drawn(rows, "problem"))
        self._named[rows] = False
        return keys


def problem_numbers(asked: Any, rows: int) -> NDArray[np.uint64]:
    """Numbers of problems (rows,): one for all, or one a row.

    Raises
    ------
    Mistake
        They are no whole numbers of 0 or more, or not as many.
    """
    numbers = np.asarray(asked)
    if numbers.dtype.kind not in "iu" or (numbers < 0).any():
        raise checks.Mistake("options['problem'] of whole numbers from 0", asked, "number them")
    if numbers.ndim:
        checks.shape("options['problem']", numbers, (rows,))
    return np.broadcast_to(numbers, rows).astype(np.uint64)
