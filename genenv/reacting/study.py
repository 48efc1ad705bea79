"""The study of reactions: what all of its questions share, and the order of the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, corruptions, files, learners, prepared, runs, seeding
from genenv.data import Dataset, Split, check_alike, split, stratified_order
from genenv.generators import Generator, adopt
from genenv.generators.trial import described
from genenv.given_judge import MADE, given_judge
from genenv.judge import Judge
from genenv.parts import Part
from genenv.progress import Progress
from genenv.reacting.beside import Beside
from genenv.reacting.generations import Generations
from genenv.reacting.helped import Helped
from genenv.reacting.measured import Measured
from genenv.reacting.noise import Noise
from genenv.reacting.question import Question
from genenv.reacting.taught import Lessons, Shares
from genenv.reactions import charts
from genenv.reactions.noises import STRENGTHS
from genenv.report.reactions import markdown, write_page
from genenv.report.strength_pictures import strips
from genenv.run_rows import Parts
from genenv.settings import ReactConfig
from genenv.settings.react import USUAL
from genenv.study import Study
from genenv.training import TrainingConfig
from genenv.training.machine import pick_threads, reproducible

SCHEMA = 2  # of react.json
OF_ROWS = {"helps", "metrics"}  # questions that rows alone answer
KEYS = ("noises", "curves", "half_margins", "between", "shares", "lessons")
ASKED: dict[str, type[Question]] = {
    "noise": Noise,
    "shares": Shares,
    "lessons": Lessons,
    "helps": Helped,
    "generations": Generations,
    "metrics": Measured,
}


class Reacting(Study[dict[str, Any]]):
    """One study in a folder; `run` returns the content of react.json.

    Parameters
    ----------
    config
        Settings.
    dataset
        Labelled data. If it came with a test set, the judge and the figures use that one.
    generator
        Conditional, trained on the data; None: one is fitted.
    folder, stages, line, lasting, no_cache
        See `Study`.
    residuals
        A generator of what real rows differ by: it is met as the noise `learned`.
    generator_run
        The run that `generator` was loaded from, which may know the rows it was trained on.
    judge
        One that was made elsewhere, or a folder that holds it; None: one is made.
    generated
        Whose help is asked for in the place of a generator's: labelled rows, or a function of a
        count that returns samples and labels. Then nothing else is asked unless `only` says so.

    Raises
    ------
    Mistake
        Data without labels, a generator of other data, an unknown learner or noise, or sizes beyond
        the rows that there are.
    """

    command = "react"

    def __init__(
        self,
        config: ReactConfig,
        dataset: Dataset,
        generator: Generator | None,
        folder: Path,
        stages: Progress | None = None,
        line: str = "",
        residuals: Generator | None = None,
        generator_run: Path | None = None,
        lasting: bool = True,
        judge: Judge | str | Path | None = None,
        no_cache: bool = False,
        generated: Dataset | Callable[[int], Any] | None = None,
    ) -> None:
        super().__init__(folder, stages, line, lasting, no_cache)
        if dataset.label is None:
            raise checks.Mistake("labelled data", f"none in {dataset.name}", "give y")
        if dataset.held_out is not None:
            check_alike(dataset, dataset.held_out)
        if generator is not None:
            generator = adopt(generator)
            prepared.check_fits(generator, dataset)
            dataset = replace(dataset, units=generator.units)  # one map to [-1, 1] for all
        if residuals is not None and residuals.units.shape != dataset.units.shape:
            raise checks.Mistake(
                f"residuals of shape {dataset.units.shape}", residuals.units.shape, "fit others"
            )
        self.config, self.dataset = config, dataset
        self.source = dataset if dataset.held_out is None else dataset.held_out
        self.given = generator
        self.residuals = residuals
        self.generated = generated
        self.notes += dataset.notes
        self.asked = config.only or (USUAL if generated is None else ("helps",))
        if config.generations is not None or config.arms:
            self.asked = tuple(dict.fromkeys((*self.asked, "generations")))
        names = config.learners or learners.usual(dataset.units)
        self.learners = {name: learners.named(name, dataset.units) for name in names}
        self.given_judge = given_judge(judge)
        if self.given_judge is not None:  # its part is made late, and the mistake is told now
            self.given_judge.check_fits(dataset)
        self.questions = [ASKED[name](self) for name in ASKED if name in self.asked]
        self._tell(generator_run)

    def _tell(self, generator_run: Path | None) -> None:
        """Say what of the noises is missing, what the generator may have seen, and who asks it."""
        fitted = [name for name in self.asked if name not in OF_ROWS]
        if self.generated is not None and fitted:
            self.notes.append(
                f"The generated rows that were given answer {' and '.join(sorted(OF_ROWS))} alone: "
                f"{' and '.join(fitted)} asked a generator that was fitted here."
            )
        if "noise" in self.asked and not self.config.noises:
            self.notes += corruptions.not_installed(self.dataset.units)
        if self.given is not None and self.split.shares_rows:
            seen = runs.seen_by_generator(generator_run, self.dataset, self.split)
            self.notes += [seen] if seen else []

    @cached_property
    def needs_split(self) -> bool:
        """Whether a generator is asked for samples, which must not have seen the test rows."""
        return self.generated is None or not set(self.asked) <= OF_ROWS

    @cached_property
    def beside(self) -> Beside:
        """Generated rows and the real ones that they are held against."""
        return Beside(self)

    @cached_property
    def split(self) -> Split:
        """The rows of each purpose."""
        return split(self.dataset, self.config.seed, self.dataset.held_out)

    @cached_property
    def training(self) -> TrainingConfig:
        """Settings of the generator that is fitted where none is given."""
        config, rows = self.config, len(self.split.train)
        return prepared.training(
            config.objective, config.steps, config.seed, config.threads, self.dataset, rows
        )

    @cached_property
    def generator(self) -> Part[Generator]:
        """The generator, given or fitted."""
        return prepared.generator_part(
            self, self.dataset, self.split.train, self.training, self.given,
            partial(prepared.unseen, self.source, self.split),
        )  # fmt: skip

    @cached_property
    def judge(self) -> Part[Judge]:
        """The judge, given or made."""
        if self.given_judge is None:
            return prepared.judge_part(self.dataset, self.source, self.split, self.config.seed)
        return self.given_judge.part(self, self.dataset, self.source, self.split)

    @cached_property
    def unseen(self) -> NDArray[np.int64]:
        """Rows of the source that neither learner, generator nor audit saw, in stratified order."""
        order_of_all = stratified_order(self.source, seeding.fold(self.config.seed, "unseen"))
        rows = np.concatenate([self.split.guide, self.split.test])
        return order_of_all[np.isin(order_of_all, rows)]

    @cached_property
    def test(self) -> NDArray[np.int64]:
        """Rows of the source that neither learner, generator nor guide saw."""
        return np.concatenate([self.split.audit, self.split.test])

    def settings(self) -> dict[str, Any]:
        """See `Study.settings`."""
        own = {
            "react": runs.settings(self.config),
            "data": runs.describe(self.dataset),
            "generated": _described(self.generated),
        }
        if not self.needs_split:
            return own
        return own | {
            "generator": "fitted" if self.given is None else runs.fingerprint(self.given),
            "judge": MADE if self.given_judge is None else self.given_judge.digest,
            "residuals": None if self.residuals is None else runs.fingerprint(self.residuals),
            "training": runs.settings(self.training),
            "split": runs.rows_of(self.split),
        }

    def chosen(self) -> Parts:
        """See `Study.chosen`."""
        return runs.parts_of(self.split) if self.needs_split else {}

    def parts(self) -> Sequence[Part[Any]]:
        """See `Study.parts`."""
        return [*self._made_first(), *(p for question in self.questions for p in question.parts())]

    def _made_first(self) -> list[Part[Any]]:
        """Return the parts that several questions use."""
        made = [self.generator] if self._needs_generator else []
        return [*made, *([self.judge] if self._needs_judge else [])]

    @property
    def _needs_generator(self) -> bool:
        return any(question.needs_generator for question in self.questions)

    @property
    def _needs_judge(self) -> bool:
        return any(question.needs_judge for question in self.questions)

    def totals(self) -> dict[str, int]:
        """See `Study.totals`."""
        totals = super().totals()
        first = {name: totals.pop(name) for name in ("generator", "judge") if name in totals}
        noises = next((len(q.names) for q in self.questions if isinstance(q, Noise)), 0)
        trained = {"learners": len(self.config.seeds) * len(self.learners)} if noises else {}
        return first | trained | totals | {"figures": max(noises, 1)}

    def words(self) -> dict[str, str]:
        """See `Study.words`."""
        return {"checkpoints": "checkpoints"} | super().words()

    def work(self) -> dict[str, Any]:
        """Ask the questions, and show their answers."""
        images = self.dataset.units.family == "image"
        with reproducible(pick_threads(self.config.threads, 0, images)):
            for part in self._made_first():
                self.get(part)
            content = self._content()
            with self.stages.stage("figures") as advance:
                met = next((q.met() for q in self.questions if isinstance(q, Noise)), None)
                made = next((q.gallery() for q in self.questions if isinstance(q, Generations)), {})
                charts.write(self.folder, content, met, markdown(content), advance)
                charts.galleries(self.folder, made, self.dataset.units)
                shown = {} if met is None else strips(met.batch, content["noises"])
            content["timings"] = dict(self.stages.seconds)
        files.write_json(self.folder / "react.json", content)
        write_page(content, self.folder / "react.html", shown)
        return content

    def _content(self) -> dict[str, Any]:
        """Return what react.json says; a question that was not asked has no rows."""
        answers: dict[str, Any] = {
            key: [] for key in (*KEYS, "helps", "generations", "shrinkage", "metrics")
        } | {"order": None}
        for question in self.questions:
            answers |= question.answer()
        return {
            "schema": SCHEMA,
            "asked": list(self.asked),
            "data": runs.describe(self.dataset),
            "generator": _made(self.get(self.generator)) if self._needs_generator else None,
            "judge": self.get(self.judge).quality if self._needs_judge else None,
            "learners": list(self.learners),
            "strengths": list(STRENGTHS),
            "seeds": list(self.config.seeds),
            **answers,
            "told": self.notes,
        }


def _made(generator: Generator) -> dict[str, Any]:
    """Say what a generator was made by."""
    facts = generator.facts()
    made = {"objective": facts.get("objective", facts.get("path", "")), "kind": facts["network"]}
    return made | {"digest": runs.fingerprint(generator)}


def _described(generated: Dataset | Callable[[int], Any] | None) -> Any:
    """Say what generated rows were given: their digest, or the path of their function."""
    if generated is None or not isinstance(generated, Dataset):
        return None if generated is None else described(generated)
    return runs.describe(generated)
