"""Making a judge of labelled rows: members, weights, temperature, gates, cut, figures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from genenv import checks, seeding
from genenv.codecs import Codec
from genenv.data import from_arrays
from genenv.isolation import isolated
from genenv.judge import crossfit, figures, proofs, recipe, temper
from genenv.judge.audit import Audit, Looked
from genenv.judge.crossfit import Lesson
from genenv.judge.folds import COUNT, GUIDE_FOLD, Folded, divide
from genenv.judge.guide import Guide
from genenv.judge.judging import Judge, Record, promise_of
from genenv.judge.layout import seen
from genenv.judge.members import flattest
from genenv.judge.oracle import Oracle
from genenv.judge.promise import FLOOR, set_cut
from genenv.judge.realism import PASSED, REFUSED, SENSIBLE, Gate, set_gate, surroundings
from genenv.judge.teaching import Advance
from genenv.judge.varied import vary

Rows = tuple[NDArray[Any], NDArray[np.int64]]  # samples as stored, class indices


@isolated()
def fit(
    x: ArrayLike,
    y: ArrayLike,
    seed: int = 0,
    effort: str = "default",
    answers: ArrayLike | None = None,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    advance: Advance = None,
) -> Judge:
    """Train and calibrate a judge.

    Parameters
    ----------
    x, y
        All labelled rows but those that figures are to come from: (n, ...) in the data's units, and
        their classes (n,), as `data.from_arrays` takes them.
    seed
        Address of everything random.
    effort
        `default`; `quick`: an eighth of the epochs, for tests and first looks; `high`: twice the
        epochs again and again, until the log-loss of rows that no member had seen is flat.
    answers
        (n,), what a model under test answers: indices into sorted(unique(y)), -1 where it has seen
        the row. They set the cut, see `promise.set_cut`; None: no model is known.
    test
        Untouched rows and their classes, for the figures; None: they come from the rows of `x`,
        which set the gates.
    advance
        Called with the training steps done, see `steps`.

    Raises
    ------
    Mistake
        No labels, or fewer rows of a class than there are folds.
    """
    dataset = from_arrays(x, y)
    if dataset.label is None:
        raise checks.Mistake("labels of two classes or more", "one class", "give y")
    apart = None
    if test is not None:
        held = from_arrays(*test)
        if held.classes != dataset.classes or held.units.shape != dataset.units.shape:
            got = f"{held.classes}, shape {held.units.shape}"
            raise checks.Mistake(f"test rows of classes {dataset.classes}", got, "give such rows")
        assert held.label is not None
        apart = held.x, held.label
    said = None if answers is None else np.asarray(answers, np.int64)
    rows = dataset.x, dataset.label
    return make(dataset.units, dataset.classes, rows, seed, effort, said, apart, advance)


def make(
    units: Codec,
    classes: tuple[int | str, ...],
    rows: Rows,
    seed: int,
    effort: str = "default",
    answers: NDArray[np.int64] | None = None,
    test: Rows | None = None,
    advance: Advance = None,
) -> Judge:
    """Make a judge as `fit` does, of rows whose units and classes are known."""
    x, label = rows
    u, target = seen(x, units), torch.from_numpy(label.astype(np.int64))
    folds, fold = divide(x, target.numpy(), len(classes), seed)
    data = Folded(u, target, fold, len(classes))
    lessons, first = vary(data, recipe.lessons(len(u), units, effort), seed, advance)
    audit, lesson = flattest(data, lessons, seed, advance, first)
    audit, record = _gated(audit, data, seed, units)
    guide = _guide(units, data, recipe.guide_lesson(lesson, units), seed, advance)
    judge = Judge(units, classes, folds, guide, audit, record, *promise_of(audit, record, None), {})
    return _calibrated(judge, u, seed, answers, test)


def beside_model(
    judge: Judge,
    x: NDArray[Any],
    answers: NDArray[np.int64] | None,
    seed: int,
    test: Rows | None = None,
) -> Judge:
    """Set a judge's cut and figures anew, beside another model; nothing is trained.

    Parameters
    ----------
    judge
        Made beside any model, or none.
    x
        The rows that it was made of, as stored and in that order.
    answers
        (n,), what the model answers to them: class indices, -1 where it has seen the row; None: no
        model is known.
    seed, test
        See `make`.

    Raises
    ------
    Mistake
        Other rows than it was made of.
    """
    words = len(judge.record.label)
    checks.shape("x", x, (words, *judge.units.shape))
    if answers is not None:
        checks.shape("answers", answers, (words,))
    if not judge.folds.learned(x).all():
        raise checks.Mistake("the rows that the judge was made of", "others", "give those")
    return _calibrated(judge, seen(x, judge.units), seed, answers, test)


def _calibrated(
    judge: Judge, rows: Tensor, seed: int, answers: NDArray[np.int64] | None, test: Rows | None
) -> Judge:
    """Set what follows from a model's answers: the cut, the correction of p, and all figures."""
    promise, belief = promise_of(judge.audit, judge.record, answers)
    audit = judge.audit.with_gates(judge.audit.gates, promise.cut)
    judge = replace(judge, audit=audit, promise=promise, belief=belief)
    return replace(judge, quality=figures.measure(judge, test, answers, rows, seed))


def steps(rows: int, units: Codec, effort: str = "default") -> int:
    """Count the training steps that `fit` reports through `advance`, nearly."""
    learned = rows - rows // COUNT
    lessons = recipe.lessons(rows, units, effort)
    audits = sum(lesson.steps(learned) for lesson in lessons)
    tried = replace(lessons[0], makes=lessons[0].makes[:1]).steps(learned) if units.channels else 0
    return tried + COUNT * audits + recipe.guide_lesson(lessons[-1], units).steps(learned)


def _gated(audit: Audit, data: Folded, seed: int, units: Codec) -> tuple[Audit, Record]:
    """Set the realism gates on rows that the members had not seen."""
    looked = audit.look(data.rows, data.fold)
    values = {name: v.numpy() for name, v in looked.values.items()}
    made = proofs.make_proofs(data.rows, seed, units)
    shown = {kind: audit.look(u, np.arange(len(u)) % COUNT) for kind, u in made.items()}
    gates: tuple[Gate, ...] = ()
    for share in REFUSED:
        gates = tuple(_gate(name, own, shown, share) for name, own in values.items())
        trial = audit.with_gates(gates, FLOOR)
        if all(_refused(trial, one) for one in shown.values()):
            break
    record = Record(data.label.numpy(), data.fold, looked.p.numpy(), values)
    return audit.with_gates(gates, 1.0), record


def _gate(name: str, own: NDArray[Any], shown: dict[str, Looked], share: float) -> Gate:
    return set_gate(name, own, {k: one.values[name].numpy() for k, one in shown.items()}, share)


def _refused(audit: Audit, looked: Looked) -> bool:
    """Whether few enough of a kind of proofs pass realism, and fewer both gates as any class."""
    sensible = audit.realistic(looked)
    passed = sensible & (looked.top[0] >= audit.cut)
    return float(sensible.float().mean()) <= SENSIBLE and float(passed.float().mean()) <= PASSED


def _guide(units: Codec, data: Folded, lesson: Lesson, seed: int, advance: Advance) -> Guide:
    """Train the guide's networks without one fold, which sets its gates."""
    part = data.without(GUIDE_FOLD)
    rest, truth = data.of(GUIDE_FOLD)
    oracles = []
    for number, make in enumerate(lesson.makes):
        address = seeding.fold(seed, "guide", make, number)
        member = crossfit.fit_member(make, lesson, *part, data.outputs, address, advance)
        assert isinstance(member, Oracle)
        oracles.append(member)
    mean = torch.stack([crossfit.answers(o, rest) for o in oracles]).mean(0)
    temperature = temper.fit_temperature(mean, truth)
    p = temper.tempered(mean, temperature)[:, :-1]
    around = surroundings(oracles[0], part[0], rest)
    distance = around.of_features(crossfit.features(oracles[0], rest)).numpy()
    threshold = float(np.quantile(distance, 1 - REFUSED[-1]))
    top, guess = p.max(1)
    right = (guess == truth).numpy()
    cut = set_cut(top.numpy(), right, distance <= threshold).cut
    return Guide(units, tuple(oracles), around, temperature, cut, threshold)
