"""Whatever has a name on the command line: one of genenv's, `module:name`, or the object itself."""

from __future__ import annotations

import functools
import inspect
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


def make(what: str, given: Any, options: Mapping[str, Any], base: type[Any], *needs: Any) -> Any:
    """Make what a name, class or function stands for; an object is returned as it is.

    Parameters
    ----------
    what, given, options
        See `find`.
    base
        What it must be.
    needs
        Arguments of the class or function.

    Raises
    ------
    Mistake
        See `find`; or it is, makes or inherits from something else, or does not take `needs`.
    """
    found = find(what, given, options)
    home = f"{base.__module__.rpartition('.')[0]}.{base.__name__}"
    wrong = f"a {what}", spelled(given), f"inherit from {home}"
    if inspect.isclass(found) and not issubclass(found, base):
        raise checks.Mistake(*wrong)
    try:
        made = found(*needs) if callable(found) and not isinstance(found, base) else found
    except TypeError as error:
        raise checks.Mistake(wrong[0], f"{wrong[1]}, which raised {error}", wrong[2]) from error
    if not isinstance(made, base):
        raise checks.Mistake(*wrong)
    return made


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
