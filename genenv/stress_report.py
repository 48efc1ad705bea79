"""From the logs of a stress run to its report: replay, figures, evidence, pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genenv import criteria, failures, rate, runs, stress_log
from genenv.campaign import Log
from genenv.criteria import Criterion
from genenv.data import Dataset, Split
from genenv.downstream import Downstream
from genenv.failures import Confirmed
from genenv.generators import Generator
from genenv.judge import Judge
from genenv.report import Evidence, Report
from genenv.report.account import Account, account
from genenv.tracking import Tracker


@dataclass(frozen=True)
class Searched:
    """What the searches of a run worked with."""

    folder: Path
    dataset: Dataset
    source: Dataset  # of the judge's rows
    split: Split
    generator: Generator
    metrics: Mapping[str, float]  # of the generator
    model: Downstream
    model_name: str
    criterion: Criterion
    judge: Judge
    budget: int  # queries a search and seed
    trained: dict[str, int]  # search -> queries that training its player took


def report(
    run: Searched,
    logs: list[Log],
    tracker: Tracker,
    notes: Callable[[], Sequence[str]],
    tell: Callable[[str], None],
    line: str,
    replay: str,
) -> Report:
    """Count what was found, and show it.

    Parameters
    ----------
    run, logs
        The searches of a run; a log whose failure does not fail again is corrected in place.
    tracker
        Takes results, pictures of failures and the projector's points.
    notes, tell
        The sentences that the report is to say; takes one more.
    line, replay
        The commands that repeat the run and that ask its failures again; "" for none.
    """
    confirmed = _replayed(run, logs, tell)
    rows, dataset, judge = run.split.train, run.dataset, run.judge
    units, label = dataset.units, dataset.label
    assert label is not None
    reference = units.encode(units.tensor(dataset.x[rows]))
    held = account(logs, confirmed, judge, dataset.x[rows], label[rows], dataset.classes)
    content = _content(run, held)
    evidence = Evidence(
        failures=held.failures(reference, dataset.x[rows], label[rows]),
        curves=held.curves(),
        units=units,
        classes=dataset.classes,
        neighbour_distance=held.counted.radius,
        command=line,
        replay=replay,
        notes=tuple(notes()),
        versions=runs.versions(),
    )
    made = Report(content, evidence)
    tracker.text("summary", f"```\n{made}\n```")
    stress_log.results(tracker, content, run.budget)
    stress_log.failures(tracker, confirmed, dataset, run.budget)
    unseen = run.source.pick(run.split.test)
    stress_log.embedding(tracker, judge, unseen, run.generator, confirmed)
    return made


def _replayed(run: Searched, logs: list[Log], tell: Callable[[str], None]) -> Confirmed:
    """Ask the model again from the stored arrays; what does not fail again is not counted."""
    record = failures.load(run.folder / "failures") or _nothing(run)
    order = [
        np.flatnonzero((record.search == log.search) & (record.seed == log.seed)) for log in logs
    ]
    record = record.rows(np.concatenate(order))
    again = (
        failures.replay(run.model, record, run.criterion).failing
        if len(record)
        else np.ones(0, bool)
    )
    lost = int((~again).sum())
    if lost:
        tell(f"{lost} confirmed failures did not fail again on replay: not counted")
    for log in logs:
        gone = ~again & (record.search == log.search) & (record.seed == log.seed)
        log.verdict[record.index[gone]] = 0
    return record.rows(again)


def _content(run: Searched, held: Account) -> dict[str, Any]:
    """Return the content of report.json; the seconds come when all is done."""
    parts = {name: len(v) for name, v in vars(run.split).items() if name != "shares_rows"}
    test, truth, generator = run.split.test, run.source.label, run.generator
    assert truth is not None
    guess = failures.ask(run.model, run.source.x[test]).argmax(1).numpy()
    confirmed, queries = held.random_counts()
    event = "random search, counted queries"
    probability = rate.from_counts(confirmed, queries, event).to_json() if queries else None
    return {
        "schema": 2,
        "data": runs.describe(run.dataset) | {"split": parts},
        "generator": {
            **generator.facts(),
            **run.metrics,
        },
        "model": {
            "name": run.model_name,
            "kind": run.model.kind_name,
            "input": run.model.view,
            "output": run.model.output,
            "criterion": criteria.spelled(run.criterion),
            "test_accuracy": float((guess == truth[test]).mean()),
        },
        "judge": run.judge.quality,
        "searches": held.searches(run.trained),
        "modes": held.modes(),
        "failure_probability": probability,
        "timings": {},
    }


def _nothing(run: Searched) -> Confirmed:
    """Return no failures, in the right shapes."""
    units = run.model.units
    whole, real = np.int64, np.float32
    return Confirmed(
        x=np.zeros((0, *units.shape), units.dtype),
        e=np.zeros((0, run.generator.noise.base_dim), real),
        label=np.zeros(0, whole),
        output=np.zeros((0, len(run.model.classes)), real),
        severity=np.zeros(0, real),
        p=np.zeros(0, real),
        search=np.zeros(0, np.str_),
        seed=np.zeros(0, whole),
        index=np.zeros(0, whole),
    )
