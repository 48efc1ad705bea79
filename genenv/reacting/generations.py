"""The question generations: generators that learn from what their predecessors made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, files, networks, prepared, seeding
from genenv.downstream import Downstream
from genenv.generators import Generator
from genenv.metrics import FULL, Evaluation, Manifold, own_features
from genenv.parts import Advance, Part, load_json, save_json
from genenv.reacting.question import Question
from genenv.reactions import mixing
from genenv.reactions.generations import ARMS, Rows, pool, shrinkage
from genenv.reactions.rows import CELLS

if TYPE_CHECKING:
    from genenv.reacting.study import Reacting

USUAL = 6  # generations, unless told
EACH = 4  # samples a class of a gallery
STOPPED = "stopped.json"  # in the folder of a generation that has nothing to learn from


@dataclass(frozen=True)
class Descendant:
    """A generation of an arm; None: too little of what was made is kept to learn from."""

    generator: Generator | None

    def save(self, place: Path) -> None:
        """Write the generator, or that there is none."""
        if self.generator is None:
            files.write_json(place / STOPPED, {})
        else:
            self.generator.save(place)

    @staticmethod
    def load(place: Path) -> Descendant:
        """Read what `save` wrote."""
        return Descendant(None if (place / STOPPED).is_file() else networks.stored(place))


class Generations(Question):
    """Every arm fits generator after generator; real rows say what is lost."""

    def __init__(self, study: Reacting) -> None:
        super().__init__(study)
        if study.given is not None:
            raise checks.Mistake(
                "generations of the generator that is fitted here",
                "one from elsewhere",
                "leave --generated out, or name other questions with --only",
            )
        self.last = study.config.generations or USUAL
        self.arms = study.config.arms or tuple(ARMS)
        self.needs_judge = any(ARMS[arm].kept == "judge" for arm in self.arms)  # type: ignore[misc]
        self._made = lru_cache(2 * self.last)(self._draw)
        chains = [(arm, seed) for arm in self.arms for seed in study.config.seeds]
        self._fitted = {
            (*chain, t): self._fit_part(*chain, t) for chain in chains for t in self._later
        }
        self._real = Part(
            f"{CELLS}/generations-real.json", "generations", self._of_real, save_json, load_json,
            "generations figures", len(study.learners),
        )  # fmt: skip
        asked = [(*chain, t) for chain in chains for t in range(1, self.last + 1)]
        self._figures = {key: self._figures_part(*key) for key in asked}

    @property
    def _later(self) -> range:
        """Generations that learn from generated rows."""
        return range(2, self.last + 1)

    def parts(self) -> Sequence[Part[Any]]:
        """See `Question.parts`."""
        return [self._real, *self._fitted.values(), *self._figures.values()]

    def answer(self) -> dict[str, Any]:
        """See `Question.answer`."""
        found = [self.study.get(part) for part in self._figures.values()]
        rows = [row for row in found if row["figures"] is not None]
        for arm in self.arms:
            self._tell_stop(arm, [row for row in found if row["arm"] == arm])
        return {
            "generations": [self.study.get(self._real), *rows],
            "shrinkage": [row for arm in self.arms for row in self._shrinkage(arm, rows)],
        }

    def gallery(self) -> dict[str, list[NDArray[Any]]]:
        """Return samples of every generation of an arm, of the first seed, real rows before them.

        The same labels throughout, as many of each class.
        """
        seed, classes = self.study.config.seeds[0], len(self.study.dataset.classes)
        label = np.repeat(np.arange(classes), EACH)
        own = self._rows[1]
        rows = [np.flatnonzero(own == c)[:EACH] for c in range(classes)]
        real = self._rows[0][np.concatenate(rows)]
        return {arm: [real, *self._samples(arm, seed, label)] for arm in self.arms}

    def _samples(self, arm: str, seed: int, label: NDArray[np.int64]) -> list[NDArray[Any]]:
        made = [self._generator(arm, seed, t) for t in range(1, self.last + 1)]
        address = seeding.fold(seed, "generations", "gallery")
        return [each.sample(len(label), address, label)[0] for each in made if each is not None]

    def _tell_stop(self, arm: str, rows: Sequence[dict[str, Any]]) -> None:
        """Say where an arm ended early, and why."""
        ended = [row["generation"] for row in rows if row["figures"] is None]
        if ended:
            why = mixing.WHY[ARMS[arm].kept]
            self.study.tell(f"The arm {arm} ended before generation {min(ended)}: {why}.")

    def _shrinkage(self, arm: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return a row a seed: by what factor a generation shrinks the spread."""
        found = []
        for seed in self.study.config.seeds:
            own = [r["figures"]["spread"] for r in rows if (r["arm"], r["seed"]) == (arm, seed)]
            line = shrinkage(own)
            c, explained = (None, None) if line is None else line
            found.append({"arm": arm, "seed": seed, "c": c, "explained": explained})
        return found

    @cached_property
    def _rows(self) -> Rows:
        """What the first generation learned from."""
        return self.study.dataset.pick(self.study.split.train)

    @cached_property
    def _evaluation(self) -> Evaluation:
        """Measures spread and recall beside real rows that no generation saw."""
        study = self.study
        features = own_features(*self._rows, study.dataset.units, len(study.dataset.classes))
        unseen = study.source.pick(study.test)
        return Evaluation(features, self._rows, unseen, [Manifold()], seed=study.config.seed)

    @cached_property
    def _trained(self) -> dict[str, Downstream]:
        """Every learner, trained on the real rows: they say whether samples are of their class."""
        return {name: self._learned(name, self._rows, 0) for name in self.study.learners}

    def _learned(self, name: str, rows: Rows, seed: int) -> Downstream:
        study = self.study
        units, classes = study.dataset.units, study.dataset.classes
        return study.learners[name](*rows, units, classes, seeding.fold(seed, "generations"))

    def _generator(self, arm: str, seed: int, generation: int) -> Generator | None:
        if generation == 1:
            return self.study.get(self.study.generator)
        return self.study.get(self._fitted[arm, seed, generation]).generator

    def _fit_part(self, arm: str, seed: int, generation: int) -> Part[Descendant]:
        def make(advance: Advance) -> Descendant:
            rows = self._learns_from(arm, seed, generation)
            if rows is None:
                return Descendant(None)
            x, label = rows
            learned = replace(
                self.study.dataset, x=x, label=label, held_out=None, modes=None, notes=()
            )
            address = seeding.fold(seed, "generation", arm, generation)
            return Descendant(prepared.fitted(learned, self.study.training, address, advance))

        path, steps = f"generations/{arm}-{seed}/{generation}", self.study.training.steps
        stage, units = "generations", steps if self.study.dataset.units.groups is None else 0
        return Part(path, "generations", make, Descendant.save, Descendant.load, stage, units)

    def _learns_from(self, arm: str, seed: int, generation: int) -> Rows | None:
        """Return what a generation learns from; None: its predecessor makes too little."""
        if self._made(arm, seed, generation - 1) is None:
            return None

        def made(before: int) -> Rows:
            found = self._made(arm, seed, before)
            assert found is not None
            return found

        return pool(ARMS[arm], self._rows, made, generation, seed)

    def _draw(self, arm: str, seed: int, generation: int) -> Rows | None:
        """Let a generation make as many rows as there are real ones, by the arm's filter."""
        generator = self._generator(arm, seed, generation)
        if generator is None:
            return None
        guide = self.study.get(self.study.judge).guide if self.needs_judge else None
        address = seeding.fold(seed, "generations", arm, generation)
        count, kept = len(self._rows[0]), ARMS[arm].kept
        return mixing.generated(generator, guide, count, address, kept)

    def _figures_part(self, arm: str, seed: int, generation: int) -> Part[dict[str, Any]]:
        def make(advance: Advance) -> dict[str, Any]:
            generator = self._generator(arm, seed, generation)
            figures = None if generator is None else self._measured(generator, seed, advance)
            return {"arm": arm, "seed": seed, "generation": generation, "figures": figures}

        path = f"{CELLS}/generations-{arm}-{seed}-{generation}.json"
        units = len(self.study.learners)
        stage = "generations figures"
        return Part(path, "generations", make, save_json, load_json, stage, units)

    def _measured(self, generator: Generator, seed: int, advance: Advance) -> dict[str, Any]:
        """Return what a generation is worth beside real rows."""
        figures = self._evaluation.evaluate(generator, FULL)
        rows = generator.sample(len(self._rows[0]), seeding.fold(seed, "generations", "learn"))
        x, label = rows
        assert label is not None
        own = {name: self._share_right(model, x, label) for name, model in self._trained.items()}
        return {
            "spread": figures["spread"],
            "recall": figures["recall"],
            "precision": figures["precision"],
            "agreement": float(np.mean(list(own.values()))),
            "accuracy": self._accuracies((x, label), seed, advance),
        }

    def _of_real(self, advance: Advance) -> dict[str, Any]:
        """Return the same of real rows: generation 0, of no arm."""
        reference = self._evaluation.reference(FULL)
        x, label = self.study.source.pick(self.study.test)
        own = [self._share_right(model, x, label) for model in self._trained.values()]
        figures = {
            "spread": 1.0,
            "recall": reference["recall_real"],
            "precision": reference["precision_real"],
            "agreement": float(np.mean(own)),
            "accuracy": self._accuracies(self._rows, self.study.config.seeds[0], advance),
        }
        return {"arm": None, "seed": None, "generation": 0, "figures": figures}

    def _accuracies(self, rows: Rows, seed: int, advance: Advance) -> dict[str, float]:
        """Return each learner's accuracy on unseen real rows after learning from some rows."""
        x, label = self.study.source.pick(self.study.test)
        found = {}
        for name in self.study.learners:
            found[name] = self._share_right(self._learned(name, rows, seed), x, label)
            advance(1)
        return found

    def _share_right(self, model: Downstream, x: Any, label: Any) -> float:
        with torch.no_grad():
            said = model.log_probabilities(self.study.dataset.units.tensor(x)).argmax(1)
        return float((said.numpy() == label).mean())
