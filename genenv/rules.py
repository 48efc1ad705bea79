"""Rules that every plausible sample keeps: functions of the user's from samples to a mask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, importing, naming, reading
from genenv.codecs import Codec
from genenv.isolation import kept

Rule = Callable[[Any], Any]
"""(DataFrame of n rows; of arrays (n, *shape)) -> (n,) bool: which of them are possible."""


@dataclass(frozen=True)
class Rules:
    """Rules under the names that reports give them; a sample has to keep all of them."""

    named: tuple[tuple[str, Rule], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.named)

    def broken(self, units: Codec, x: Tensor) -> NDArray[np.bool_]:
        """Tell which samples (n, *units.shape) in the data's units break a rule: (n,).

        Raises
        ------
        Mistake
            A rule raises, or answers something else than a truth value a sample.
        """
        seen = units.raw_view(units.store(x))
        masks = [_held(name, rule, seen, len(x)) for name, rule in self.named]
        kept: NDArray[np.bool_] = np.logical_and.reduce([np.ones(len(x), np.bool_), *masks])
        return ~kept


def recorded(folder: Path, trust: bool = False, kind: str = "stress") -> Rules:
    """Load the rules of a run, without which what breaks one would be taken for an instance.

    Parameters
    ----------
    folder
        The run's.
    trust
        Import them, which runs the code that the run names.
    kind
        Under which config.json keeps the run's settings.

    Raises
    ------
    Mistake
        There are rules and the run is not trusted, or one cannot be imported.
    """
    path = folder / "config.json"
    settings = (reading.plain(path) if path.is_file() else {}).get(kind, {})
    names = reading.guarded(path, lambda: list(settings.get("rules", ())))
    if not all(isinstance(name, str) for name in names):
        raise reading.damaged(path, f"rules {names!r}")
    if names and not trust:
        raise checks.Mistake(
            "a run with rules to be trusted, for importing them runs code",
            f"{', '.join(names)} without trust",
            "trust the folder with --trust (trust=True)",
        )
    return find([importing.recorded(name, trust, "--trust") for name in names])


def find(given: Sequence[Any]) -> Rules:
    """Return rules from import paths, `package.module:name`, or from the functions themselves.

    Raises
    ------
    Mistake
        One is no function, or cannot be imported.
    """
    found = []
    for each in given:
        rule = importing.import_object(each, "a rule") if isinstance(each, str) else each
        if not callable(rule):
            raise checks.Mistake(
                "rules that are functions of samples", repr(each), "name a function"
            )
        found.append((naming.spelled(each), rule))
    return Rules(tuple(found))


def _held(name: str, rule: Rule, seen: Any, count: int) -> NDArray[np.bool_]:
    try:
        with kept():
            mask = np.asarray(rule(seen))
    except Exception as error:
        raise checks.Mistake(
            f"the rule {name} to answer", f"{type(error).__name__}: {error}", "mend it"
        ) from error
    if mask.shape != (count,) or mask.dtype.kind not in "bO":
        raise checks.Mistake(
            f"the rule {name} to answer a truth value a row, shape ({count},)",
            f"{mask.dtype} of shape {mask.shape}",
            "return a mask, such as frame['end'] >= frame['start']",
        )
    return mask.astype(np.bool_)
