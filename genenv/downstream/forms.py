"""Other forms in which a model may have been handed its rows: what is tried for the user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genenv.downstream.base import VIEWS, Downstream
from genenv.downstream.normalise import Normalise

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Form:
    """One way to hand rows over."""

    cure: str
    """What the user gives to have it: "--input flat"."""
    view: str
    preprocess: Callable[[Any], Any] | None = None


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
    for view in (model.view, *(v for v in VIEWS if v != model.view)):
        flag = f"--input {view}"
        if view != model.view:
            yield Form(flag, view)
        batch = handed(model, view, x)
        if batch is None or (not batch.is_floating_point() and batch.ndim < 2):
            continue
        batch = batch.double()
        yield from _scaled(flag, view, batch)
        if model.units.channels:
            yield from _turned(flag, view, batch)


def handed(model: Downstream, view: str, x: Tensor) -> Tensor | None:
    """Return what a model is handed under a view, as a tensor; None: no array of numbers."""
    looked = _Look()
    try:
        asked = type(model)(model.model, model.units, model.classes, view, "auto", looked)
        with torch.no_grad():
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
            self.seen = array.detach().cpu()
        elif array.dtype.kind in "fiub":
            self.seen = torch.from_numpy(np.ascontiguousarray(array))
        return batch


def _scaled(flag: str, view: str, batch: Tensor) -> Iterator[Form]:
    low, high = float(batch.min()), float(batch.max())
    pairs: list[tuple[tuple[float, ...], tuple[float, ...]]]
    pairs = [((low,), (max(high - low, 1e-12),)), (((low + high) / 2,), ((high - low) / 2,))]
    pairs.append(((float(batch.mean()),), (float(batch.std()),)))
    if batch.ndim == 4 and batch.shape[1] == 3:
        by_channel = batch.movedim(1, 0).flatten(1)
        pairs += [IMAGENET, (tuple(by_channel.mean(1).tolist()), tuple(by_channel.std(1).tolist()))]
    for mean, std in pairs:
        if min(std) > 0:
            yield Form(
                f"{flag} --mean {_words(mean)} --std {_words(std)}", view, Normalise(mean, std)
            )
    mean_row, std_row = batch.mean(0, keepdim=True), batch.std(0, keepdim=True)
    spread = torch.where(std_row > 0, std_row, 1.0)
    own = f"{flag} and a preprocess=module:name that"
    yield Form(f"{own} subtracts each column's mean", view, _On(lambda b: b - mean_row))
    standard = _On(lambda b: (b - mean_row) / spread)
    yield Form(f"{own} standardises each column as in training", view, standard)


def _turned(flag: str, view: str, batch: Tensor) -> Iterator[Form]:
    own = f"{flag} and a preprocess=module:name that"
    low, high = batch.min(), batch.max()
    yield Form(f"{own} swaps dark and light", view, _On(lambda b: low + high - b))
    if batch.ndim == 4:
        yield Form(f"{own} puts the channels last", view, _On(lambda b: b.movedim(1, -1)))
        yield Form(f"{own} swaps height and width", view, _On(lambda b: b.mT))
        if batch.shape[1] == 3:
            yield Form(f"{own} turns the channels round", view, _On(lambda b: b.flip(1)))
    elif batch.ndim == 3:
        yield Form(f"{own} swaps height and width", view, _On(lambda b: b.mT))


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
