"""What a judge does to real rows and to controls: the figures that its light stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import intervals, seeding
from genenv.judge import controls, crossfit, temper
from genenv.judge.audit import Looked
from genenv.judge.folds import COUNT, GUIDE_FOLD, Fold
from genenv.judge.indistinct import indistinct
from genenv.judge.layout import seen

if TYPE_CHECKING:
    from genenv.judge.judging import Judge


def rate(count: int, total: int) -> dict[str, float | int]:
    """Return a share with its 95 % Wilson interval; of no rows nothing is known: 0 to 1."""
    low, high = intervals.wilson(count, total)
    return {"share": count / total if total else 0.0, "low": low, "high": high, "rows": total}


def measure(
    judge: Judge,
    test: tuple[NDArray[Any], NDArray[np.int64]] | None,
    answers: NDArray[np.int64] | None,
    rows: Tensor,
    seed: int,
) -> dict[str, Any]:
    """Measure a judge.

    Parameters
    ----------
    judge
        Calibrated.
    test
        Untouched samples as stored and their classes; None: the judge's own rows, each by members
        that had not seen it.
    answers
        What a model under test says of the judge's own rows, -1 where it has seen them.
    rows
        The judge's own rows as oracles see them, of which controls are made.
    seed
        Address of the controls.
    """
    own = judge.record.label
    if test is None:
        looked = judge.record.looked
        label = own
        asked = rows
        fold = judge.record.fold
    else:
        x, label = test
        asked, fold = seen(x, judge.units), judge.folds.of_rows(x)
        looked = judge.audit.look(asked, fold)
    unseen = np.flatnonzero(fold == GUIDE_FOLD) if test is None else np.arange(len(label))
    made = controls.make_controls(rows, seed, judge.units)
    return {
        "untouched": test is not None,
        "test_rows": len(label),
        **_refused(judge, looked, label),
        "guide_real_rejected": _refused_by_guide(judge, asked[unseen], label[unseen]),
        "oracle_accuracy": _accuracies(judge, asked, fold, label),
        "contradictions": contradictions(judge, judge.record.looked, own, answers),
        "controls": judged_controls(judge, made, rows),
        "promise": judge.promise.to_json() | {"words": judge.promise.words},
        "belief": judge.belief.to_json() | {"words": judge.belief.words},
        "gates": {
            "guide": {"threshold": judge.guide.threshold, "cut": judge.guide.cut},
            "audit": {gate.name: gate.to_json() for gate in judge.audit.gates}
            | {"cut": judge.audit.cut},
        },
        "members": {
            "weights": judge.audit.weight,
            "temperatures": judge.audit.own_temperature,
            "temperature": judge.audit.temperature,
            "variation": judge.audit.variation.words if judge.units.channels else None,
            "folds": len(next(iter(judge.audit.members.values()))),
        },
        "rows": len(own),
    }


def on_rows(
    judge: Judge,
    x: NDArray[Any],
    label: NDArray[np.int64],
    answers: NDArray[np.int64] | None = None,
) -> dict[str, Any]:
    """Measure a judge, as it stands, on the real rows of a run that it was not made in.

    Parameters
    ----------
    judge
        Calibrated elsewhere.
    x, label
        Samples as stored and their classes. One that the judge learned from is judged by members
        that had not seen it, and counted as `learned_from`.
    answers
        What a model under test says of them; None: there is none.
    """
    asked, fold = seen(x, judge.units), judge.folds.of_rows(x)
    learned = judge.folds.learned(x)
    unseen = ~learned | (fold == GUIDE_FOLD)  # by the guide's networks
    looked = judge.audit.look(asked, fold)
    return {
        "untouched": not learned.any(),
        "learned_from": int(learned.sum()),
        "test_rows": len(label),
        **_refused(judge, looked, label),
        "guide_real_rejected": _refused_by_guide(judge, asked[unseen], label[unseen]),
        "contradictions": contradictions(judge, looked, label, answers),
    }


def _refused(judge: Judge, looked: Looked, label: NDArray[np.int64]) -> dict[str, Any]:
    """Measure what the gates refuse of real rows, and how often the audit is right on them."""
    top, guess = (part.numpy() for part in looked.top)
    right = guess == label
    sensible = judge.audit.realistic(looked).numpy()
    sure = top >= judge.audit.cut
    kept = sensible & sure & right
    shares = {
        "joint": ~kept,
        "realism": ~sensible,
        "label": ~(sure & right),
        "unsure": sensible & ~sure,
        "other": sensible & sure & ~right,
    }
    total = len(label)

    def count(mask: NDArray[np.bool_]) -> dict[str, float | int]:
        return rate(int(mask.sum()), total)

    def by_class(mask: NDArray[np.bool_]) -> list[dict[str, float | int]]:
        own = [label == c for c in range(len(judge.classes))]
        return [rate(int((mask & rows).sum()), int(rows.sum())) for rows in own]

    return {
        "real_rejected": {name: count(mask) for name, mask in shares.items()},
        "real_rejected_by_class": by_class(~kept),
        "unreal_by_class": by_class(~sensible),
        "wrong_among_accepted": rate(
            int((sensible & sure & ~right).sum()), int((sensible & sure).sum())
        ),
        "accuracy": count(right),
        "largest_class": float(np.bincount(label).max() / max(total, 1)),
        "log_loss": temper.log_loss(looked.p, torch.from_numpy(label)),
        "calibration": temper.calibration(top, right),
    }


def _refused_by_guide(judge: Judge, rows: Tensor, label: NDArray[np.int64]) -> dict[str, Any]:
    """Measure what the guide refuses of rows that its networks had not seen."""
    with torch.no_grad():
        p, distance = judge.guide.asked(rows)
    own = p.numpy()[np.arange(len(label)), label]
    labelled = (p.argmax(1).numpy() == label) & (own >= judge.guide.cut)
    far = distance.numpy() > judge.guide.threshold
    total = len(label)
    return {
        "joint": rate(int((far | ~labelled).sum()), total),
        "realism": rate(int(far.sum()), total),
        "label": rate(int((~labelled).sum()), total),
    }


def _accuracies(
    judge: Judge, rows: Tensor, fold: Fold, label: NDArray[np.int64]
) -> dict[str, float]:
    """Return how often each make of the audit, and each network of the guide, is right."""
    by_make = judge.audit.by_make(rows, fold)
    found = {f"audit {make}": p for make, p in by_make.items()}
    for number, oracle in enumerate(judge.guide.oracles, start=1):
        found[f"guide {number} {oracle.make}"] = crossfit.answers(oracle, rows)
    return {name: float((p[:, :-1].argmax(1).numpy() == label).mean()) for name, p in found.items()}


def contradictions(
    judge: Judge, looked: Looked, label: NDArray[np.int64], answers: NDArray[np.int64] | None
) -> dict[str, Any] | None:
    """Say how the audit fares where it contradicts a model, on rows that neither had seen.

    Parameters
    ----------
    judge, looked, label
        What the audit says of real rows (n, ...), and their classes (n,).
    answers
        The model's, -1 where it had seen the row; None: no model is known, and nothing is said.
    """
    if answers is None:
        return None
    accepted = judge.audit.accepted(looked).numpy()
    accepted[~judge.audit.realistic(looked).numpy()] = -1
    known = answers >= 0
    against = known & (accepted >= 0) & (accepted != answers)
    errors = known & (answers != label)
    return {
        "wrong": rate(int((against & (accepted != label)).sum()), int(against.sum())),
        "found": rate(int((against & errors & (accepted == label)).sum()), int(errors.sum())),
        "model_accuracy": rate(int((known & ~errors).sum()), int(known.sum())),
        "audit_accuracy": rate(
            int((known & (looked.top[1].numpy() == label)).sum()), int(known.sum())
        ),
    }


def judged_controls(judge: Judge, made: dict[str, Tensor], real: Tensor) -> dict[str, Any]:
    """Judge controls, (n, ...) as oracles see them by kind: which are accepted as any class.

    Of a table's, so many more may be as a detector made for the kind takes for rows like `real`.
    """
    text = {}
    for name, rows in made.items():
        looked = judge.audit.look(rows, np.arange(len(rows)) % COUNT)
        passed = judge.audit.realistic(looked) & (looked.top[0] >= judge.audit.cut)
        text[name] = {
            "accepted": rate(int(passed.sum()), len(rows)),
            "limit": controls.limit(name),
            "trained_on": False,
            "decides": controls.decides(name, tuple(rows.shape[1:])),
        }
        if judge.audit.swapped:
            text[name] |= _of_table(judge, name, rows, real)
    return text


def _of_table(judge: Judge, name: str, rows: Tensor, real: Tensor) -> dict[str, Any]:
    """Return what differs on a table: a detector of swapped cells has learned of shuffled ones."""
    refused = 1 - float(judge.audit.realistic(judge.record.looked).float().mean())
    alike = indistinct(real, rows, refused, seeding.fold(0, name))
    return {
        "limit": controls.LIMIT + alike,
        "indistinct": alike,
        "trained_on": name == controls.SHUFFLED,
        "decides": True,
    }
