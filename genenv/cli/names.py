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


def named(
    names: Callable[[], Iterable[str]], default: str | None = None, metavar: str = "NAME"
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
    """
    return tyro.conf.arg(
        metavar=metavar,
        help_behavior_hint=lambda value: (
            f"Names: {', '.join(names())} (default: {default or value})"
        ),
    )


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
    return keys("training.config", "OPTIMIZERS")


def searches() -> Iterable[str]:
    """Name the players."""
    return keys("agents.searches", "SEARCHES")


def learners() -> Iterable[str]:
    """Name the learners."""
    return keys("learners", "LEARNERS")


def noises() -> Iterable[str]:
    """Name the laws of latents."""
    return keys("noise", "NOISES")


Objective = Annotated[str, named(objectives)]
