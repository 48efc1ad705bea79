"""The names that an option can be given, as `--help` lists them: read off the dicts of the kinds.

Importing a dict brings torch: where its module is not loaded its keys are read off the source.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import tyro

from genenv import checks


def named(
    names: Callable[[], Iterable[str]],
    default: str | None = None,
    metavar: str = "NAME",
    constructor: Any = None,
) -> Any:
    """How `--help` shows an option that takes names.

    Parameters
    ----------
    names
        Returns them.
    default
        In words; None: the value itself.
    metavar
        The name of its value.
    constructor
        The type to read where the option takes objects in Python; None: its own.
    """

    def hint(usual: str | list[str]) -> str:
        said = usual if isinstance(usual, str) else " ".join(usual)
        return f"Names: {', '.join(names())} (default: {default or said})"

    return tyro.conf.arg(metavar=metavar, constructor=constructor, help_behavior_hint=hint)


def keys(module: str, name: str) -> tuple[str, ...]:
    """Return the keys of a dict of genenv's, without importing its module.

    Parameters
    ----------
    module
        Below genenv: "agents.searches".
    name
        Of the dict, or tuple of names; a kind added to it shows where its module is loaded.
    """
    loaded = sys.modules.get(f"genenv.{module}")
    return tuple(getattr(loaded, name) if loaded else _literal(_source(module), name))


def _source(module: str) -> Path:
    """Find a module's file; only genenv itself is imported for it."""
    room, _, inner = module.partition(".")
    spec = find_spec(f"genenv.{room}")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name(f"{inner}.py") if inner else Path(spec.origin)


def _literal(path: Path, name: str) -> list[str]:
    """Read the keys of the dict, or the elements of the tuple, that a file binds to a name."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id == name:
                value = node.value
                assert isinstance(value, ast.Dict | ast.Tuple)
                nodes = value.keys if isinstance(value, ast.Dict) else value.elts
                return [ast.literal_eval(each) for each in nodes if each is not None]
    raise LookupError(f"{name} in {path}")


def objectives() -> Iterable[str]:
    """Name what a generator can be trained for."""
    return keys("objectives", "OBJECTIVES")


def networks() -> Iterable[str]:
    """Name the kinds of networks."""
    return ("auto", *keys("networks.kinds", "NETWORKS"), "mixture")


def norms() -> Iterable[str]:
    """Name the normalisations of a critic."""
    return ("auto", *keys("networks.normalisation", "NORMS"))


def optimizers() -> Iterable[str]:
    """Name the optimizers."""
    return keys("settings.fit", "OPTIMIZERS")


def precisions() -> Iterable[str]:
    """Name the precisions of a training."""
    return keys("training.machine", "PRECISIONS")


def searches() -> Iterable[str]:
    """Name the players."""
    return keys("agents.searches", "SEARCHES")


def efforts() -> Iterable[str]:
    """Name how long a judge may learn."""
    return keys("judge.recipe", "EFFORTS")


def learners() -> Iterable[str]:
    """Name the learners."""
    return keys("learners", "LEARNERS")


def arms() -> Iterable[str]:
    """Name what a generation may learn from."""
    return keys("settings.react", "ARMS")


def questions() -> Iterable[str]:
    """Name what a study of reactions can ask."""
    return keys("settings.react", "QUESTIONS")


def data() -> Iterable[str]:
    """Name the data that come with genenv."""
    return keys("data.sources", "DATA")


def seats() -> Iterable[str]:
    """Name the environments that have a preset."""
    return keys("agents.presets", "PRESETS")


def noises() -> Iterable[str]:
    """Name the laws of latents."""
    return keys("noise", "NOISES")


def criteria() -> Iterable[str]:
    """Name when a model has failed."""
    return keys("criteria", "CRITERIA")


def known(what: str, given: object, names: Iterable[str]) -> None:
    """Raise a Mistake that lists the names unless it is one; module:name and objects may be any.

    Parameters
    ----------
    what
        In words: "search".
    given
        A name, perhaps with a setting behind a colon, or an object.
    names
        That it may be.
    """
    if isinstance(given, str) and ":" not in given:
        checks.choice(what, given, (*names, "module:name"))


Objective = Annotated[Any, named(objectives, constructor=str)]
