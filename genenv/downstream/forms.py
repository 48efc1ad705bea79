"""Other forms in which a model may have been handed its rows: what is tried for the user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genenv import checks
from genenv.downstream.base import Downstream
from genenv.downstream.layouts import LAYOUTS, checked
from genenv.downstream.normalise import Normalise
from genenv.downstream.views import VIEWS
from genenv.isolation import kept

Pair = tuple[tuple[float, ...], tuple[float, ...]]
MNIST: Pair = (0.1307,), (0.3081,)
FASHION: Pair = (0.2860,), (0.3530,)
IMAGENET: Pair = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CIFAR: Pair = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
COPIED = {1: [MNIST, FASHION], 3: [IMAGENET, CIFAR]}
"""By channels: means and deviations of [0, 1] that users take over, whatever their own data."""


@dataclass(frozen=True)
class Form:
    """One way to hand rows over."""

    view: str
    layout: str = "auto"
    preprocess: Callable[[Any], Any] | None = None
    more: str = ""
    """What the user gives beside view and layout to have it: "--mean 0.5 --std 0.5"."""

    @property
    def flags(self) -> str:
        """What the user gives to have it."""
        layout = "" if self.layout == "auto" else f" --layout {self.layout}"
        return f"--input {self.view}{layout}{self.more}"


def plain(model: Downstream) -> Iterator[Form]:
    """List the views and layouts other than those in which a model is handed rows."""
    views = [model.view, *(view for view in VIEWS if view != model.view)]
    wanted = ("auto", *LAYOUTS) if model.layout_given == "auto" else (model.layout_given,)
    for view in views:
        for layout in wanted:
            if (view, layout) != (model.view, model.layout_given) and _exists(model, view, layout):
                yield Form(view, layout, model.preprocess)


def _exists(model: Downstream, view: str, layout: str) -> bool:
    """Whether a layout exists under a view, and is not what auto stands for."""
    try:
        checked(layout, view, model.units)
    except checks.Mistake:
        return False
    return layout != "first" or view == "raw"


def others(model: Downstream, x: Tensor) -> Iterator[Form]:
    """List the forms other than the one in which a model is handed rows.

    Parameters
    ----------
    model
        As it is asked.
    x
        Real rows (n, *units.shape) in the data's units: the mean and deviation of a form are
        theirs, which are close to those of any rows that the model was trained on.
    """
    own = model.layout_given
    for form in (Form(model.view, own), *plain(model)):
        if (form.view, form.layout) != (model.view, own):
            yield replace(form, preprocess=None)
        if form.layout != own:
            continue
        batch = handed(model, form, x)
        if batch is None or (not batch.is_floating_point() and batch.ndim < 2):
            continue
        batch = batch.double()
        yield from _scaled(form, batch)
        if model.units.channels:
            yield from _turned(form, batch)
        if form.view == "unit":
            yield from (_normalised(form, *pair) for pair in COPIED.get(model.units.channels, ()))


def handed(model: Downstream, form: Form, x: Tensor) -> Tensor | None:
    """Return what a model is handed in a form, as a tensor; None: no array of numbers."""
    looked = _Look()
    try:
        asked = model.otherwise(form.view, "auto", looked, form.layout)
        with kept(), torch.no_grad():
            asked(x)
    except Exception:  # a form that the model refuses: only what it was handed is asked here
        pass
    return looked.seen


class _Look:
    """Keeps the batch that a model is handed."""

    seen: Tensor | None = None

    def __call__(self, batch: Any) -> Any:
        array = batch if isinstance(batch, Tensor) else np.asarray(batch)
        if isinstance(array, Tensor):
            self.seen = array.detach().cpu().clone()  # the model may overwrite it
        elif array.dtype.kind in "fiub":
            self.seen = torch.from_numpy(np.array(array, order="C"))
        return batch


def _scaled(form: Form, batch: Tensor) -> Iterator[Form]:
    low, high = float(batch.min()), float(batch.max())
    pairs: list[Pair] = [
        ((low,), (max(high - low, 1e-12),)),
        (((low + high) / 2,), ((high - low) / 2,)),
    ]
    pairs.append(((float(batch.mean()),), (float(batch.std()),)))
    axis = -1 if form.layout == "last" else 1
    if batch.ndim == 4 and batch.shape[axis] == 3:
        by_channel = batch.movedim(axis, 0).flatten(1)
        pairs.append((tuple(by_channel.mean(1).tolist()), tuple(by_channel.std(1).tolist())))
    yield from (_normalised(form, mean, std) for mean, std in pairs if min(std) > 0)
    mean_row, std_row = batch.mean(0, keepdim=True), batch.std(0, keepdim=True)
    spread = torch.where(std_row > 0, std_row, 1.0)
    yield _changed(form, "subtracts each column's mean", lambda b: b - mean_row)
    standard = "standardises each column as in training"
    yield _changed(form, standard, lambda b: (b - mean_row) / spread)
    yield _changed(form, "standardises each row", _each_standardised)


def _normalised(form: Form, mean: tuple[float, ...], std: tuple[float, ...]) -> Form:
    more = f" --mean {_words(mean)} --std {_words(std)}"
    return replace(form, preprocess=Normalise(mean, std), more=more)


def _each_standardised(batch: Tensor) -> Tensor:
    axes = tuple(range(1, batch.ndim))
    mean, std = batch.mean(axes, keepdim=True), batch.std(axes, keepdim=True)
    return (batch - mean) / torch.where(std > 0, std, 1.0)


def _turned(form: Form, batch: Tensor) -> Iterator[Form]:
    low, high = batch.min(), batch.max()
    yield _changed(form, "swaps dark and light", lambda b: low + high - b)
    axis, height = (-1, 1) if form.layout == "last" else (1, -2)
    if batch.ndim > 2:
        swapped = "swaps height and width"
        yield _changed(form, swapped, lambda b: b.transpose(height, height + 1))
    if batch.ndim == 4 and batch.shape[axis] == 3:
        yield _changed(form, "turns the channels round", lambda b: b.flip(axis))


def _changed(form: Form, what: str, change: Callable[[Tensor], Tensor]) -> Form:
    more = f" and a preprocess=module:name that {what}"
    return replace(form, preprocess=_On(change), more=more)


@dataclass(frozen=True)
class _On:
    """A change of a tensor, of whatever a model is handed."""

    change: Callable[[Tensor], Tensor]

    def __call__(self, batch: Any) -> Any:
        if isinstance(batch, Tensor):
            return self.change(batch.double()).to(batch.dtype)
        return self.change(torch.from_numpy(np.array(batch, np.float64))).float().numpy()


def _words(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:.4g}" for value in values)
