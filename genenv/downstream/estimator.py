"""Scikit-learn estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks
from genenv.downstream import picking
from genenv.downstream.answers import OUTPUTS, numbers
from genenv.downstream.base import Downstream
from genenv.downstream.wording import listed

METHODS = {"probabilities": "predict_proba", "logits": "decision_function"}


class Estimator(Downstream):
    """A fitted scikit-learn estimator or pipeline, or what behaves like one.

    Asked by `predict_proba`, else by `decision_function`, whose scores are taken as logits: the
    class they favour is the estimator's own, their confidence is not. `output` chooses between the
    two. Columns follow `classes_`: the data's labels, the same written as text or read as numbers,
    or 0..K-1 in their order. Frames are handed over in the columns that it was fitted on.
    """

    kind_name = "estimator"
    usual_view = "flat"

    def __init__(self, model: Any, *args: Any, **kw: Any) -> None:
        super().__init__(model, *args, **kw)
        has = [o for o in OUTPUTS if hasattr(model, METHODS[o]) and self.output in (o, "auto")]
        if not has:
            wanted = " or ".join(METHODS[o] for o in OUTPUTS if self.output in (o, "auto"))
            raise checks.Mistake(f"an estimator with {wanted}", type(model).__name__, _cure(model))
        self.output = has[0]
        self._ask = getattr(model, METHODS[self.output])
        self._order = self._own_order(getattr(model, "classes_", None))
        self.notes = (*self.notes, f"The estimator is asked by {METHODS[self.output]}.")

    @classmethod
    def fits(cls, model: Any) -> bool:
        """Take what has scikit-learn's methods; what can merely predict is refused by name."""
        methods = (hasattr(model, name) for name in METHODS.values())
        return any(methods) or (hasattr(model, "predict") and not callable(model))

    def __call__(self, x: Tensor) -> Tensor:
        """Answer with the estimator's scores, in the order of `columns`."""
        values = numbers(self.read(self._ask(self._frame(self.array(x)))))
        if self.output == "logits" and len(self.classes) == 2 and values.ndim == 1:
            values = torch.stack([torch.zeros_like(values), values], 1)
        if self._order is not None and values.ndim == 2 and values.shape[1] == len(self._order):
            values = values[:, self._order]
        return values

    def predictions(self, x: Tensor) -> NDArray[Any] | None:
        """Return what `predict` says of samples, the estimator's own labels; None: it has none."""
        predict = getattr(self.model, "predict", None)
        return None if predict is None else np.asarray(predict(self._frame(self.array(x))))

    def _frame(self, array: Any) -> Any:
        made = framed(self.model, array)
        if made is not array and not hasattr(made, "columns"):
            self._handed = made.dtype, made.shape
        return made

    def labels(self) -> list[str]:
        """Return what the estimator calls each of the data's classes, as texts."""
        own = getattr(self.model, "classes_", None)
        names = [str(c) for c in (self.columns if own is None else np.asarray(own).tolist())]
        ordered = names if self._order is None else [names[i] for i in self._order]
        return [ordered[self.columns.index(c)] for c in self.classes]

    def _own_order(self, learned: Any) -> list[int] | None:
        """Where each of `columns` stands in `classes_`; None: in order."""
        if learned is None or self.columns_given:
            return None
        own = np.asarray(learned).tolist()
        order = picking.order(own, self.columns)
        if order is not None:
            pair = f"its {own[order[0]]!r} is the data's {self.columns[0]!r}"
            if own[order[0]] != self.columns[0]:
                self.notes = (f"The estimator's classes are matched by name: {pair}.",)
        elif own == list(range(len(self.classes))):
            order = own
            self.notes = ("The estimator's classes are taken as indices into the data's.",)
        else:
            raise checks.Mistake(
                f"an estimator of the classes {listed(self.classes)}",
                f"classes_ {listed(own)}",
                "fit it on the data's labels, or name them in the order of its columns (--classes)",
            )
        return None if order == list(range(len(order))) else order


def framed(model: Any, array: Any) -> Any:
    """Name the columns of what an estimator is handed, where it learned them by name.

    A frame becomes an array where it learned one.
    """
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        names = _called(model)
    is_frame = hasattr(array, "columns")
    if names is None and is_frame and hasattr(model, "n_features_in_"):
        array = _plain(array)
    if names is None or getattr(array, "ndim", 0) != 2:
        return array
    if is_frame:
        return _picked(array, list(names))
    import pandas

    return pandas.DataFrame(array, columns=names)


def _called(model: Any) -> list[str] | None:
    """Return the names by which CatBoost knows its columns; None: it learned an array."""
    names = list(getattr(model, "feature_names_", None) or ())
    return None if names == [str(i) for i in range(len(names))] else names


def _plain(frame: Any) -> NDArray[Any]:
    """Return a frame as the array that its user would have made of it, numbers where all are."""
    numeric = all(getattr(dtype, "kind", "O") in "biuf" for dtype in frame.dtypes)
    return np.asarray(frame.to_numpy(np.float64) if numeric else frame.to_numpy())


def _picked(frame: Any, names: list[str]) -> Any:
    """Return the columns of a frame that an estimator was fitted on, in its order."""
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise checks.Mistake(
            f"an estimator of the columns {listed(frame.columns)}",
            f"one that was fitted on {listed(absent)}, too",
            "give the table that it was fitted on, and its label as --target; or wrap it in a "
            "function that makes its columns from a frame",
        )
    return frame if list(frame.columns) == names else frame[names]


def _cure(model: Any) -> str:
    """Say what makes a model one that can be asked."""
    package = type(model).__module__.partition(".")[0]
    if package == "xgboost":
        frame = "xgboost.DMatrix(frame)"
    elif package == "lightgbm":
        frame = "frame"
    else:
        return "take another, or calibrate it by CalibratedClassifierCV"
    return (
        f"wrap its predict in a function of a frame: `p = booster.predict({frame})`, and return "
        "numpy.stack([1 - p, p], 1) for two classes, p for more"
    )
