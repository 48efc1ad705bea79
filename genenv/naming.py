"""Whatever has a name on the command line: one of genenv's, `module:name`, or the object itself."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any

from genenv import checks
from genenv.importing import import_object


def find(what: str, given: Any, options: Mapping[str, Any], others: Iterable[str] = ()) -> Any:
    """Return what a name stands for; anything but a string is returned as it is.

    Parameters
    ----------
    what
        In words: "search".
    given
        A name in `options` or `others`, `package.module:name` or `file.py:name`, or an object.
    options
        genenv's own, by name.
    others
        Names that stand for themselves, such as "auto".

    Raises
    ------
    Mistake
        An unknown name, or a module or object that cannot be imported.
    """
    if not isinstance(given, str) or given in others:
        return given
    if ":" in given:
        article = "an" if what[0] in "aeiou" else "a"
        return import_object(given, f"{article} {what}")
    return options[checks.choice(what, given, (*others, *options, "module:name"))]


def spelled(given: Any) -> str:
    """Write down what was given, for config.json: a name as it is, an object by its import path.

    Settings that `functools.partial` binds stand in brackets: "mine:Walk(sigma=0.5)".
    """
    if isinstance(given, str):
        return given
    if isinstance(given, functools.partial):
        bound = [*map(repr, given.args), *(f"{k}={v!r}" for k, v in given.keywords.items())]
        return f"{spelled(given.func)}({', '.join(bound)})"
    home = given if hasattr(given, "__qualname__") else type(given)
    return f"{home.__module__}:{home.__qualname__}"
