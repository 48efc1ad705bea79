"""A regressor under test as a study: law, judge, players, modes with rules, how often, the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from genenv import broken_rules, checks, failures, prepared, rules, runs, seeding, unanswered
from genenv.campaign import Log
from genenv.data import Split, near, split
from genenv.failures import Confirmed
from genenv.generators import Generator, adopt
from genenv.judge import Verdict
from genenv.ledger import Ledger
from genenv.parts import Advance, Part
from genenv.playing import Players, entered
from genenv.progress import Progress
from genenv.rechecking import enter, recheck
from genenv.regression import given, law, quality
from genenv.regression.beside import Beside, beside, sibling
from genenv.regression.judging import ValueJudge, judge_part
from genenv.regression.model import ValueModel
from genenv.regression.modes import Untouched, modes
from genenv.regression.probe import ValueProbe
from genenv.regression.replayed import GIVEN, KIND, severities
from genenv.regression.report import ValueReport
from genenv.regression.target import Valued, described
from genenv.report.rates import BY_CONTROL
from genenv.run_rows import Parts
from genenv.settings import RegressConfig
from genenv.starting import starts_of
from genenv.study import Study

SCHEMA = 1
MADE = "made"  # in config.json, in the place of a given judge's digest
LEVEL = 0.98  # share of rows whose value lies inside the interval


class RegressStress(Study[ValueReport]):
    """One stress run of a regressor in a folder.

    Parameters
    ----------
    config
        Settings.
    valued
        Rows and their values: the generator learns the rows.
    held_out
        Rows for the judge; None: `valued` is split.
    model
        What `model.ValueModel` takes.
    generator
        Of such rows, without labels; None: that of the run that is started from, or one is fitted.
    folder, stages, line, lasting, no_cache
        See `Study`.
    model_path
        The model's import path; None: an object of the caller's.
    judge
        A ValueJudge, or the folder of a run of a regressor with one: it is taken as it stands.
        None: that of the run that is started from, or one is made.

    Raises
    ------
    Mistake
        Something that cannot be used, or a model that is worse than the target's mean on real rows.
    """

    command = "stress"

    def __init__(
        self,
        config: RegressConfig,
        valued: Valued,
        held_out: Valued | None,
        model: Any,
        generator: Generator | None,
        folder: Path,
        stages: Progress | None = None,
        line: str = "",
        model_path: str | None = None,
        lasting: bool = True,
        judge: Any = None,
        no_cache: bool = False,
    ) -> None:
        super().__init__(folder, stages, line, lasting, no_cache)
        self.config, self.valued, self.model_path = config, valued, model_path
        self.source = valued if held_out is None else held_out
        dataset, units = valued.dataset, valued.dataset.units
        self.split: Split = split(
            dataset, config.seed, None if held_out is None else held_out.dataset
        )
        if generator is None and config.starts_from is not None:
            generator = law.stored(config.starts_from)
        self.given = None if generator is None else adopt(generator).in_eval()
        if self.given is not None:
            law.check_fits(self.given, dataset)
        self.entrants = entered(config.search, config.starts_from)
        self.starts = self._starts()
        self.rules = rules.find(config.rules)
        judge = config.starts_from if judge is None else judge
        self.given_judge = None if judge is None else given.judge_of(judge, valued)
        self.notes += [*dataset.notes]
        self.notes += near.notes(dataset.x, None if held_out is None else held_out.dataset.x)
        self.notes += broken_rules.by_real_rows(self.rules, units, self.source.dataset.x)
        y = self.source.y
        centre, scale = float(y.mean()), float(y.std())
        if self.given_judge is not None:
            self.split, said = given.unlearned(self.given_judge, self.source, self.split)
            self.notes.append(said)
            centre, scale = self.given_judge.centre, self.given_judge.scale
        asked = (config.input, config.query_timeout)
        self.model = ValueModel(model, units, centre, scale, *asked)
        self.reference = None
        if config.reference is not None:
            learned = valued.at(self.split.train), config.seed
            self.reference = sibling(config.reference, *learned, self.model)
        self.answer = self.model.to_real(self.source.dataset.x)
        self.against = quality.against(y, self.answer)
        if self.against and not config.anyway:
            raise checks.Mistake(
                "a model that is better than the mean of the target on real rows", self.against,
                "hand it what it learned from, or search it --anyway",
            )  # fmt: skip
        self.training = prepared.training(
            config.objective, config.steps, config.seed, config.threads, dataset,
            len(self.split.train),
        )  # fmt: skip
        fitted = bool(units.channels) and self.given is None
        self.law = Part(
            "generator",
            "the generator",
            self._learn,
            lambda made, place: made.save(place),
            self._load,
            "generator" if fitted else None,
            self.training.steps if fitted else 0,
        )
        address = seeding.fold(config.seed, "judge")
        self.judge = judge_part(self.source, self.split, LEVEL, address, self.given_judge)

    def settings(self) -> dict[str, Any]:
        """See `Study.settings`."""
        held_out = None if self.source is self.valued else described(self.source)
        return {
            KIND: runs.settings(self.config),
            "data": described(self.valued),
            "held_out": held_out,
            "model": self.model_path or GIVEN,
            "generator": "fitted" if self.given is None else runs.fingerprint(self.given),
            "judge": MADE if self.given_judge is None else self.given_judge.digest(),
            "split": runs.rows_of(self.split),
        }

    def chosen(self) -> Parts:
        """See `Study.chosen`."""
        return runs.parts_of(self.split)

    def parts(self) -> Sequence[Part[Any]]:
        """See `Study.parts`."""
        return [self.law, self.judge]

    def totals(self) -> dict[str, int]:
        """See `Study.totals`."""
        queries = self.config.budget * len(self.config.seeds)
        last = {"rate": self.config.rate_budget} if self.config.rate else {}
        names = (one.name for one in self.entrants)
        return super().totals() | dict.fromkeys(names, queries) | last | {"report": 1}

    def work(self) -> ValueReport:
        """Search, estimate and report."""
        generator, judge = self.get(self.law), self.get(self.judge)
        probe = ValueProbe(generator, self.model, judge, self.rules)
        players = Players(self, self.config, self.entrants, self.starts, probe, judge, 1)
        logs = players.play()
        found = self._replayed(logs)
        with self.stages.stage("report"):
            content = self._content(logs, found, self._beside(generator, judge, logs))
        content = players.rated(content, logs, BY_CONTROL)
        content["timings"] = dict(self.stages.seconds)
        report = ValueReport(content, found=found, judge=judge)
        report.save(self.folder)
        return report

    def _learn(self, advance: Advance) -> Generator:
        if self.given is not None:
            return self.given
        learned = self.valued.dataset.at(self.split.train)
        return law.learn(learned, self.training, self.config.seed, advance)

    def _load(self, place: Path) -> Generator:
        return law.load(place) if self.given is None else self.given

    def _starts(self) -> tuple[Tensor, Tensor] | None:
        """Read the failures to start from."""
        run = self.config.starts_from
        if run is None:
            return None
        assert self.given is not None
        return starts_of(Path(run).expanduser(), self.given.digest())

    def _replayed(self, logs: list[Log]) -> Confirmed | None:
        """Ask the model again from the stored rows; what does not fail again is not counted."""
        kept, aside = self.folder, self.folder / "unrepeated"
        lost = recheck(
            kept / "failures", aside / "failures", failures.read,
            lambda record: severities(self.model, record) > 0,
        )  # fmt: skip
        enter(kept / "findings", kept / "failures", aside / "failures")
        if lost:
            self.tell(f"{lost:,} confirmed failures did not fail again on replay: not counted.")
        record = failures.load(kept / "failures")
        for log in logs:
            gone = log.verdict == Verdict.CONFIRMED
            if record is not None:
                own = (record.search == log.search) & (record.seed == log.seed)
                gone[record.index[own]] = False
            log.verdict[gone] = Verdict.PASSED
        if (errors := unanswered.load(kept / "errors")) is not None:
            self.tell(f"The model gave no usable answer to {len(errors):,} rows, kept in errors/.")
        return record

    def _beside(
        self, generator: Generator, judge: ValueJudge, logs: Sequence[Log]
    ) -> Beside | None:
        """Ask the reference what the control asked; None: there is none."""
        if self.reference is None:
            return None
        probe = ValueProbe(generator, self.reference, judge, self.rules)
        return beside(probe, judge, Ledger(self.folder), logs)

    def _content(
        self, logs: Sequence[Log], found: Confirmed | None, other: Beside | None
    ) -> dict[str, Any]:
        generator, judge = self.get(self.law), self.get(self.judge)
        test, x = self.split.test, self.source.dataset.x
        asked = quality.Asked(x[test], self.source.y[test], self.answer[test])
        real, seed = x[self.split.audit], seeding.fold(self.config.seed, "quality")
        measured = quality.measure(judge, asked, real, quality.sampled(generator, seed), seed)
        of_model = quality.of_model(judge, asked)
        return {
            "schema": SCHEMA,
            "kind": KIND,
            "trust": quality.lights(measured, of_model, self.against),
            "data": described(self.valued),
            "generator": generator.facts(),
            "model": {
                "name": self.model_path or type(self.model.model).__name__,
                "kind": self.model.kind_name,
                "input": self.model.view,
                **of_model,
            },
            "judge": measured,
            "searches": [_row(log) for log in logs],
            "modes": [] if found is None else self._modes(logs, found, real, asked, other),
            "notes": list(self.notes),
            "command": self.line,
        }

    def _modes(
        self,
        logs: Sequence[Log],
        found: Confirmed,
        real: Any,
        asked: quality.Asked,
        other: Beside | None,
    ) -> list[dict[str, Any]]:
        judge = self.get(self.judge)
        law_of = [log for log in logs if log.samples_law]
        names = np.array([log.search for log in law_of], np.str_)
        draws = sum(len(log.verdict) for log in law_of)
        audit = judge.value(judge.audit.panel(judge.rows(asked.x)).mean)
        untouched = Untouched(asked.x, np.abs(asked.answer - asked.y), np.abs(audit - asked.y))
        return modes(judge.units, found, real, untouched, (names, draws), judge.scale, other)


def _row(log: Log) -> dict[str, Any]:
    """Return the row of a search: what is ambiguous is too wide to tell, or the panels disagree."""
    row = log.tally()
    disagree = row.pop("model_answer")
    row.pop("other_label")
    return row | {"disagree": disagree, "too_wide": row["ambiguous"] - disagree}
