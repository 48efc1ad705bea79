"""The model under test where it returns values: what it is handed, what it answers, counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from genenv import checks
from genenv.codecs import Codec
from genenv.downstream import row_by_row, views
from genenv.downstream.answers import numbers, rows_not_finite
from genenv.downstream.estimator import framed
from genenv.downstream.patience import within
from genenv.downstream.row_by_row import Answers
from genenv.isolation import kept
from genenv.wording import said

AGAIN = 8  # real rows that are asked a second time, without the others
ALIKE = 1e-3  # standard deviations of the target by which the same row may differ


class ValueModel:
    """A regressor under test.

    Parameters
    ----------
    model
        A fitted estimator with `predict`, a torch module with one output, or any callable: samples
        as its kind takes them -> one number a row, (n,) or (n, 1).
    units
        Of the samples.
    centre, scale
        Mean and standard deviation of the target: answers are kept as (value - centre) / scale.
    view
        What it is handed, see `downstream.Downstream`; auto: tables as frames, rows flat to
        estimators, float32 in the data's units (images in [0, 1]) to modules, else raw.
    timeout
        Seconds that a call may take; 0: any time.

    Raises
    ------
    Mistake
        It is none of these, or a classifier.
    """

    def __init__(
        self,
        model: Any,
        units: Codec,
        centre: float,
        scale: float,
        view: str = "auto",
        timeout: float = 0.0,
    ) -> None:
        self.kind_name, usual, self._ask = _kind(model)
        checks.choice("input", view, ("auto", *views.VIEWS))
        self.model, self.units, self.timeout = model, units, timeout
        self.centre, self.scale = centre, scale
        self.view = (units.usual_view or usual) if view == "auto" else view
        self.queries = 0

    def answers(self, x: Tensor) -> Answers:
        """Answer samples (n, *units.shape) in the data's units as far as it does, and count them.

        `log_p` holds the values, (n, 1) in standard deviations of the target; 0 of errors.
        """
        self.queries += len(x)
        with torch.no_grad():
            return row_by_row.answers(self._values, x, 1)

    def to_real(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Answer stored real rows (n, *units.shape) in the target's unit, uncounted; NaN: none.

        Raises
        ------
        Mistake
            It answers less than half of them, or the same row otherwise beside other rows.
        """
        rows = self.units.tensor(x)
        with torch.no_grad():
            found = row_by_row.most(self._values, rows, 1)
            again = row_by_row.answers(self._values, rows[:AGAIN], 1)
        apart = (found.log_p[:AGAIN] - again.log_p)[~(found.error[:AGAIN] | again.error)]
        if len(apart) and float(apart.abs().max()) > ALIKE:
            raise checks.Mistake(
                "a model that answers the same row alike, beside whatever it is asked",
                f"values {float(apart.abs().max()) * self.scale:.3g} apart",
                "switch off dropout, batch statistics and randomness",
            )
        value = found.log_p[:, 0].double() * self.scale + self.centre
        return np.where(found.error.numpy(), np.nan, value.numpy())

    def _values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See `row_by_row.Ask`."""
        try:
            with kept(), within(self.timeout):
                values = numbers(self._ask(self._handed(x)))
        except checks.Mistake:
            raise
        except (Exception, SystemExit) as error:
            raise checks.Mistake(
                f"the {self.kind_name} to answer {len(x)} rows (input {self.view})",
                said(error),
                "mend it, or hand over the whole pipeline",
            ) from error
        if tuple(values.shape) not in ((len(x),), (len(x), 1)):
            raise checks.Mistake(
                f"the {self.kind_name} to answer with one number a row, shape ({len(x)},)",
                f"shape {tuple(values.shape)}",
                "return the value alone; of a classifier the target is a column of classes",
            )
        column = values.reshape(len(x), 1).double()
        answered = torch.ones(len(x), dtype=torch.bool)
        answered[rows_not_finite(column)] = False
        return ((column - self.centre) / self.scale)[answered].float(), answered

    def _handed(self, x: Tensor) -> Any:
        if isinstance(self.model, nn.Module):
            weight = next(self.model.parameters(), torch.zeros(0))
            return views.tensor(x, self.units, self.view, "auto").to(weight.device, weight.dtype)
        array = views.array(x, self.units, self.view, "auto")
        return framed(self.model, array) if self.kind_name == "estimator" else array


def _kind(model: Any) -> tuple[str, str, Callable[[Any], Any]]:
    """Return the kind of a model, what it is handed as a rule, and how it is asked."""
    if isinstance(model, nn.Module):
        return "torch module", "unit", model.eval()
    if hasattr(model, "predict") and not isinstance(model, type):
        if hasattr(model, "classes_") or hasattr(model, "predict_proba"):
            raise checks.Mistake(
                "a regressor, since the target is a value",
                f"the classifier {type(model).__name__}",
                "give a model that returns values, or a target of classes",
            )  # fmt: skip
        return "estimator", "flat", model.predict
    if callable(model) and not isinstance(model, type):
        return "function", "raw", model
    raise checks.Mistake(
        "a fitted estimator, a torch module with one output, or a callable, since the target is a "
        "value",
        repr(model) if model is None or isinstance(model, str) else type(model).__name__,
        "give the model itself, --model module:name",
    )
