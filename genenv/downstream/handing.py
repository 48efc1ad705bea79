"""Whether a model is handed what it was trained on: it is right on real rows, or nothing starts.

A model that is handed something else fails on everything, and a search would count that. So it is
asked about real rows first; where it is often wrong, other ways to hand the same rows over and to
read its answers are tried.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks
from genenv.downstream import forms
from genenv.downstream.base import Downstream
from genenv.downstream.column_order import reordered
from genenv.downstream.estimator import Estimator
from genenv.downstream.row_by_row import Answers, joined
from genenv.downstream.wording import dtype_name, speaks_of_input

MOST_ROWS = 2000  # that are asked, as often as there are forms
MORE = 0.05  # of the rows: another form that is right on so many more is the right one
BATCH = 1024
FEW = 8  # rows that tell whether a model can be asked at all


@dataclass(frozen=True)
class Handed:
    """How a model does on real rows as it is asked, and as it could be asked."""

    accuracy: float
    rows: int
    chance: float
    """Share of the largest class in these rows."""
    handed: str
    """In words: dtype, shape, range and first values."""
    better: float | None = None
    """Accuracy of the best other form; None: none is right on five points more."""
    cure: str = ""
    """What the user changes to have it."""


def resolved(model: Downstream, x: NDArray[Any], label: NDArray[np.int64]) -> Downstream:
    """Choose the form in which a model is asked, where nobody did.

    Images are handed over in [0, 1] or in stored units, as the model is right more often. Where it
    raises on what it was handed, every view and layout is tried.

    Parameters
    ----------
    model
        Asked under `--input auto`.
    x, label
        Real rows (n, *units.shape) as stored, and their class indices (n,).
    """
    rows, label = model.units.tensor(x[:MOST_ROWS]), label[:MOST_ROWS]
    failed = _failed(model, rows[:FEW])
    if failed is not None and not speaks_of_input(failed.__cause__):
        return model
    if failed is not None:
        options = list(forms.plain(model))
    elif model.view == "unit" and model.units.channels:
        options = [forms.Form("stored", model.layout_given, model.preprocess)]
    else:
        return model
    own = None if failed is not None else _right(model, rows, label)
    if own is not None and own > 1 - MORE:
        return model
    right = [_right_in(model, form, rows, label) or 0.0 for form in options]
    by_chance = np.bincount(label).max() / len(label) + MORE
    best = int(np.argmax(right))
    if right[best] <= max(own or 0.0, by_chance):
        return model
    other = _as(model, options[best])
    was = "fails" if own is None else f"is right on {own:.1%}"
    text = (
        f"Asked in the usual form it {was}; with {options[best].flags} it is right on "
        f"{right[best]:.1%} of real rows, and is asked so."
    )
    other.notes = (text, *other.notes)
    return other


def look(
    model: Downstream, x: NDArray[Any], label: NDArray[np.int64], tries: bool = True
) -> Handed:
    """Ask a model about real rows, uncounted, and try other forms where it is often wrong.

    Parameters
    ----------
    model
        As it will be asked.
    x, label
        Untouched real rows (n, *units.shape) as stored, and their class indices (n,); at most
        2,000 are asked.
    tries
        Whether other forms are tried where it is often wrong, each at as many questions.

    Raises
    ------
    Mistake
        The model cannot be asked, or its `predict` says something else than its scores.
    """
    rows, label = model.units.tensor(x[:MOST_ROWS]), label[:MOST_ROWS]
    said = _ask(model, rows)
    guess = said.guess.numpy()
    right = float((guess == label).mean())
    chance = float(np.bincount(label).max() / len(label))
    found = Handed(right, len(label), chance, _described(model, rows[:1]))
    if isinstance(model, Estimator):
        _compare(model, rows[~said.error], guess[guess >= 0])
    order = reordered(guess, label, model.classes)
    exchanged = order is not None and order.certain
    if not tries or (right > 1 - MORE and not exchanged):
        return found
    tried = [] if order is None else [(order.right, order.cure)]
    better, cure = max([*tried, *_tried(model, rows, said, label)], key=lambda pair: pair[0])
    more = better >= right + MORE or exchanged
    return replace(found, better=better, cure=cure) if more else found


def against(found: Handed, oracles: float) -> str:
    """Say what stands against searching a model as it is asked; "" for nothing, see `require`."""
    try:
        require(found, anyway=False, oracles=oracles)
    except checks.Mistake as mistake:
        return str(mistake)
    return ""


def require(found: Handed, anyway: bool, oracles: float | None = None) -> None:
    """Raise a Mistake unless a model may be searched.

    Parameters
    ----------
    found
        See `look`.
    anyway
        The user knows better.
    oracles
        Accuracy of the audit on the same rows; None: not known yet.

    Raises
    ------
    Mistake
        Another form is right on five points more, some columns are those of other classes, or
        the accuracy lies below halfway between chance and the oracles'.
    """
    if anyway:
        return
    got = f"one that is right on {found.accuracy:.1%} of {found.rows:,}, handed {found.handed}"
    if found.better is not None:
        raise checks.Mistake(
            "a model that is handed what it was trained on, so that it is right on real rows",
            got,
            f"{found.cure}: right on {found.better:.1%}; or go on with --anyway (anyway=True)",
        )
    if oracles is not None and found.accuracy < (found.chance + oracles) / 2:
        raise checks.Mistake(
            f"a model that is right on real rows, as oracles are on {oracles:.1%}",
            got,
            "hand it what it was trained on (--input, --mean, --std, --output), or go on with "
            "--anyway (anyway=True)",
        )


def _ask(model: Downstream, rows: Tensor) -> Answers:
    with torch.no_grad():
        return joined([model.answers_to_real(part) for part in torch.split(rows, BATCH)])


def _failed(model: Downstream, rows: Tensor) -> checks.Mistake | None:
    """Why a model cannot be asked; None: it can, about most rows.

    One that raises for a reason of its own, such as a quota, is asked once.
    """
    before = model.queries
    try:
        with torch.no_grad():
            model.log_probabilities(rows)
        return None
    except checks.Mistake as mistake:
        if not speaks_of_input(mistake.__cause__):
            return mistake
    finally:
        model.queries = before
    try:
        _ask(model, rows)
    except checks.Mistake as mistake:
        return mistake
    return None


def _right(model: Downstream, rows: Tensor, label: NDArray[np.int64]) -> float:
    return float((_ask(model, rows).guess.numpy() == label).mean())


def _right_in(
    model: Downstream, form: forms.Form, rows: Tensor, label: NDArray[np.int64]
) -> float | None:
    """Share of rows on which a model is right in a form; None: it cannot be asked so."""
    try:
        return _right(_as(model, form), rows, label)
    except checks.Mistake:
        return None


def _as(model: Downstream, form: forms.Form) -> Downstream:
    output = model.output if model.output == "logits" else "auto"
    try:
        return model.otherwise(form.view, output, form.preprocess, form.layout)
    except checks.Mistake:  # a policy takes no output
        return model.otherwise(form.view, "auto", form.preprocess, form.layout)


def _tried(
    model: Downstream, rows: Tensor, said: Answers, label: NDArray[np.int64]
) -> list[tuple[float, str]]:
    """Accuracy and cure of every other form, and of the answers with the other sign."""
    answered = ~said.error.numpy()
    reversed_sign = float((answered & (said.log_p.argmin(1).numpy() == label)).mean())
    found = [(reversed_sign, "let it return the negative of what it returns now")]
    for form in forms.others(model, rows):
        right = _right_in(model, form, rows, label)
        if right is not None:
            found.append((right, f"with {form.flags}"))
    return found


def _compare(model: Estimator, rows: Tensor, chosen: NDArray[np.int64]) -> None:
    """Raise a Mistake where an estimator's scores favour other classes than it predicts."""
    said = model.predictions(rows)
    if said is None or said.ndim != 1:
        return
    own = getattr(model.model, "classes_", None)
    names = model.labels()
    words = [str(value) for value in said.tolist()]
    strange = sorted(set(words) - set(names))
    if strange and own is None:
        raise checks.Mistake(
            f"an estimator that predicts the classes {', '.join(names[:6])}",
            f"{type(model.model).__name__}, which predicts {', '.join(strange[:4])}",
            "take a classifier, or wrap it in a function that returns probabilities",
        )
    same = float(np.mean([word == names[c] for word, c in zip(words, chosen, strict=True)]))
    if not strange and same < 1 - 2 * MORE:
        raise checks.Mistake(
            "an estimator whose scores favour the class that it predicts",
            f"{type(model.model).__name__}, of which {same:.1%} of {len(words):,} rows do",
            'choose decision_function_shape="ovr" (SVC), or calibrate it by CalibratedClassifierCV',
        )


def _described(model: Downstream, row: Tensor) -> str:
    """Say what a model is handed: dtype, shape, range, first values."""
    batch = forms.handed(model, forms.Form(model.view, model.layout_given), row)
    if batch is None:
        return f"input {model.view}"
    size = ", ".join(("n", *map(str, batch.shape[1:])))
    first = ", ".join(f"{value:.4g}" for value in batch.flatten()[:4].tolist())
    ends = f"from {float(batch.min()):.4g} to {float(batch.max()):.4g}"
    return f"{dtype_name(batch.dtype)} of shape ({size}) {ends}, first {first} ({model.view})"
