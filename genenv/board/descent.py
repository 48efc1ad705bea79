"""Generations of generators that a study left: the same latents made by each of them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, reading
from genenv.board.folders import own
from genenv.board.generated import loaded
from genenv.generators import Generator

FOLDER = "generations"  # in a run: ARM-SEED/GENERATION, a generator each, from the second on
EACH = 9  # samples of a class that are shown
SHOWN = ("spread", "agreement")  # of a generation's figures
KEPT = 40  # generators that stay loaded


class Descent:
    """The chains of a study.

    Parameters
    ----------
    run
        Folder of a study.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self._loaded = lru_cache(KEPT)(loaded)

    def chains(self) -> dict[str, Any]:
        """Return every arm and seed with the generations that there are, and their figures."""
        names = [_named(path.name) for path in sorted((self.run / FOLDER).glob("*-*"))]
        several = len({seed for _, seed in names}) > 1
        arms: list[dict[str, Any]] = [
            {"arm": arm, "seed": seed, "several": several, "generations": self._known(arm, seed)}
            for arm, seed in names
        ]
        last = max((len(chain["generations"]) for chain in arms), default=0)
        return {"arms": arms, "last": last, "classes": [str(c) for c in self.first.classes]}

    @property
    def first(self) -> Generator:
        """The first generation, of all arms."""
        return self._loaded(self.run, "generator")

    def samples(self, arm: str, seed: str, generation: int, condition: str) -> NDArray[Any]:
        """Make samples of a generation, the same latents in all: (n, *units.shape).

        Parameters
        ----------
        arm, seed, generation
            As `chains` names them.
        condition
            Name of the class; "all": one of each, the first nine.

        Raises
        ------
        Mistake
            No such generation or class.
        """
        names = [f"{chain['arm']}-{chain['seed']}" for chain in self.chains()["arms"]]
        chain = checks.choice("arm and seed", f"{arm}-{seed}", names)
        known = {str(g["t"]) for g in self._known(arm, int(seed))}
        checks.choice("generation", str(generation), sorted(known))
        generator = self.first
        if generation > 1:
            generator = self._loaded(self.run, f"{FOLDER}/{chain}/{generation}")
        classes = [str(c) for c in self.first.classes]
        if condition == "all":
            label = np.arange(min(len(classes), EACH))
        else:
            label = np.full(EACH, classes.index(checks.choice("condition", condition, classes)))
        x, _ = generator.sample(len(label), 0, label.astype(np.int64))
        return x

    def _known(self, arm: str, seed: int) -> list[dict[str, Any]]:
        """Return the generations of a chain without a gap, each with its figures."""
        found: list[dict[str, Any]] = []
        while True:
            t = len(found) + 1
            held = "generator" if t == 1 else f"{FOLDER}/{arm}-{seed}/{t}"
            if not (self.run / held / "generator.safetensors").is_file():
                return found
            found.append({"t": t, "figures": self._figures(arm, seed, t)})

    def _figures(self, arm: str, seed: int, t: int) -> dict[str, float]:
        path = self.run / "cells" / f"generations-{arm}-{seed}-{t}.json"
        if not path.is_file():
            return {}
        told = reading.plain(own(path, self.run)).get("figures") or {}
        return reading.guarded(path, lambda: {name: float(told[name]) for name in SHOWN if told})


def _named(folder: str) -> tuple[str, int]:
    """Read arm and seed off the name of a folder.

    Raises
    ------
    Mistake
        It is none of a chain.
    """
    arm, _, seed = folder.rpartition("-")
    if not (seed.isascii() and seed.isdecimal() and len(seed) < 19):
        raise checks.Mistake(f"folders ARM-SEED in {FOLDER}", folder, "move it elsewhere")
    return arm, int(seed)
