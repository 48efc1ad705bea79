"""What a caller gives for a setting, as the plain value that it stands for."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from typing import Any, Union, get_args, get_origin

from genenv import checks

WORDS = {int: "a whole number", float: "a number", bool: "True or False", str: "a text"}


def plain(name: str, value: Any, hint: Any) -> Any:
    """Return a setting as its type has it.

    Parameters
    ----------
    name
        Of the setting.
    value
        What was given: numbers of NumPy and torch become Python's; lists, arrays and lone values
        become tuples where several can be given.
    hint
        Its type.

    Raises
    ------
    Mistake
        It is of another type: 1.5 where a whole number is asked for.
    """
    if value is None or isinstance(value, type):
        return value
    if get_origin(hint) in (Union, types.UnionType):
        return _of_any(name, value, get_args(hint))
    if get_origin(hint) is tuple:
        return tuple(plain(name, each, _inner(hint, i)) for i, each in enumerate(_several(value)))
    value = _unboxed(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wrong = hint in WORDS and not isinstance(value, hint)
    if wrong or (hint is int and isinstance(value, bool)):
        raise checks.Mistake(f"{name} to be {WORDS[hint]}", repr(value), "give one")
    return value


def _of_any(name: str, value: Any, hints: tuple[Any, ...]) -> Any:
    """Take the first type that fits; several before one, which a tuple has room for."""
    fitting = [hint for hint in hints if hint is not types.NoneType]
    for hint in fitting[:-1]:
        try:
            return plain(name, value, hint)
        except checks.Mistake:
            continue
    return plain(name, value, fitting[-1])


def _inner(hint: Any, place: int) -> Any:
    inner = get_args(hint)
    return inner[0] if len(inner) == 2 and inner[1] is ... else inner[min(place, len(inner) - 1)]


def _several(value: Any) -> list[Any]:
    """Return the elements of what may be several values, or of a lone one."""
    lone = isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable)
    if lone or getattr(value, "ndim", 1) == 0:
        return [value]
    return list(value)


def _unboxed(value: Any) -> Any:
    """Turn a number or text of NumPy or torch into Python's."""
    boxed = type(value).__module__.partition(".")[0] in ("numpy", "torch")
    if boxed and callable(getattr(value, "item", None)) and getattr(value, "ndim", 1) == 0:
        return value.item()
    return value
