"""From the logs of a stress run to its report: replay, figures, evidence, pages."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import (
    census,
    criteria,
    failures,
    own_rows,
    runs,
    stress_log,
    stress_trust,
    trust,
    unanswered,
)
from genenv.campaign import Log
from genenv.census import Census
from genenv.failures import Confirmed
from genenv.judge import Verdict
from genenv.ledger import Ledger
from genenv.probe import Probe
from genenv.rechecking import enter, recheck
from genenv.report import Evidence, Report, moved, rates, summary
from genenv.report.by_class import by_class
from genenv.report.enrichment import beside, enriched
from genenv.report.near_rows import Untouched
from genenv.report.spreads import Spread, spreads
from genenv.report.tally import UNSURE, Tally, tally
from genenv.searched import Searched
from genenv.tracking import Tracker
from genenv.unanswered import Unanswered

ORDINARY = 20  # samples of the generator shown beside the headline
SPREAD = 5000  # rows of a table, most that are compared with generated ones


def replay_line(folder: Path, model: str | None) -> str:
    """Return the command that replays a run's failures; `model`: a path to import again."""
    named = [] if model is None else ["--model", model]
    return shlex.join(["genenv", "replay", str(folder), *named])


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
    counted = _replayed(run, logs, tell)
    confirmed = counted.load() or _nothing(run)
    _asked_again(run, tell)
    rows = run.held
    dataset = run.dataset
    judge = run.judge
    units, label = dataset.units, dataset.label
    assert label is not None
    real = dataset.x[rows], label[rows]
    reference = units.encode(units.tensor(real[0]))
    held = tally(logs, confirmed, judge, *real, dataset.classes, counted.others())
    for note in filter(None, (held.others.note(len(confirmed)), held.counted.note)):
        tell(note)
    content = _content(run, logs, held)
    found = held.failures(reference, *real)
    ids = [row["id"] for row in content["modes"]]
    told = moved.of_modes(units, found, ids, real[0])
    for row, own in zip(content["modes"], told, strict=True):
        row["moved"] = own
    evidence = Evidence(
        failures=found,
        curves=held.curves(),
        units=units,
        classes=dataset.classes,
        neighbour_distance=held.counted.radius,
        command=line,
        replay=replay,
        notes=tuple(notes()),
        versions=runs.versions(),
        ordinary=run.generator.sample(ORDINARY, seed=0)[0],
        began=own_rows.began(run.generator, run.source, found),
        spreads=_spreads(run),
    )
    made = Report(content, evidence)
    tracker.text("summary", summary.markdown(str(made)))
    stress_log.results(tracker, content, run.budget)
    stress_log.failures(tracker, confirmed, dataset, run.budget)
    unseen = run.source.pick(run.split.test)
    stress_log.embedding(tracker, judge, unseen, run.generator, confirmed)
    return made


def _replayed(run: Searched, logs: list[Log], tell: Callable[[str], None]) -> Census:
    """Ask the model again from the stored arrays; what does not fail again is not counted."""
    kept, aside = run.folder, run.folder / "unrepeated"

    def failing(record: Confirmed) -> NDArray[np.bool_]:
        return failures.replay(run.model, record, run.criterion).failing

    lost = recheck(kept / "failures", aside / "failures", failures.read, failing)
    enter(kept / "findings", kept / "failures", aside / "failures")
    if lost:
        tell(
            f"{lost:,} confirmed failures did not fail again on replay: not counted, and moved to "
            f"{aside.name}/failures."
        )
    found = census.take(
        kept / "failures", [(log.search, log.seed) for log in logs], run.model.units.shape
    )
    for number, log in enumerate(logs):
        log.verdict[log.verdict == Verdict.CONFIRMED] = Verdict.PASSED
        log.verdict[found.index[found.log == number]] = Verdict.CONFIRMED
    return found


def _asked_again(run: Searched, tell: Callable[[str], None]) -> None:
    """Ask again what the model did not answer, and say why it does not."""
    trouble = ""

    def silent(record: Unanswered) -> NDArray[np.bool_]:
        nonlocal trouble
        asked = failures.ask(run.model, record.x)
        trouble = asked.trouble or trouble
        return asked.error.numpy()

    kept, aside = run.folder, run.folder / "unrepeated"
    lost = recheck(kept / "errors", aside / "errors", unanswered.read, silent)
    if trouble:
        tell(f"What the model did not answer is kept in errors/; of one of them it says: {trouble}")
    if lost:
        tell(f"{lost:,} errors got an answer on replay: moved to {aside.name}/errors.")


def _content(run: Searched, logs: list[Log], held: Tally) -> dict[str, Any]:
    """Return the content of report.json; the seconds come when all is done."""
    parts = {name: len(v) for name, v in vars(run.split).items() if name != "shares_rows"}
    label, answer = stress_trust.answered(run)
    accuracy = stress_trust.accuracy(label, answer)
    people = stress_trust.people(run)
    words = stress_trust.lights(run, accuracy, people).to_json()
    undecided = trust.bad(words)
    tested = run.source.x[run.split.test], label, answer == label
    apart = held.rules(run.dataset.units, run.dataset.pick(run.held), tested)
    modes = held.modes(_untouched(run, answer == label), apart, _beside(run, logs, held))
    refused = run.judge.quality["real_rejected_by_class"]
    content = {
        "schema": 2,
        "trust": words,
        "data": runs.describe(run.dataset) | {"split": parts},
        "generator": {
            **run.generator.facts(),
            **run.metrics,
        },
        "model": {
            "name": run.model_name,
            "kind": run.model.kind_name,
            "input": run.model.view,
            "output": run.model.output,
            "criterion": criteria.spelled(run.criterion),
            "test_accuracy": accuracy["share"],
        },
        "judge": run.judge.quality,
        "searches": held.searches(run.trained),
        "modes": [row | dict.fromkeys(UNSURE) for row in modes] if undecided else modes,
        "variety": held.variety(),
        "grades": held.grades(),
        "classes": by_class(run.dataset.classes, refused, label, answer, modes),
        "people": people,
        "timings": {},
    }
    if undecided:
        return rates.entered(content, [], None)
    return rates.entered(content, held.rates(), run.rated)


def _beside(run: Searched, logs: list[Log], held: Tally) -> dict[int, dict[str, Any]]:
    """Compare the modes with those of the reference; {}: there is none."""
    if run.reference is None:
        return {}
    probe = Probe(run.generator, run.model, run.judge.guide, run.criterion)
    ledger = Ledger(run.folder)
    return enriched(held, beside(run.reference, probe, run.judge, ledger, logs))


def _spreads(run: Searched) -> tuple[Spread, ...]:
    """Compare a table's rows with as many generated ones of the same classes."""
    x, label = run.dataset.pick(run.held[:SPREAD])
    made, _ = run.generator.sample(len(x), seed=0, label=label)
    return spreads(run.dataset.units, x, made)


def _untouched(run: Searched, right: NDArray[np.bool_]) -> Untouched:
    rows = run.split.test
    return Untouched(rows, run.judge.features(run.source.x[rows]), right)


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
