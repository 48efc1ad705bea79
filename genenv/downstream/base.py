"""The contract of a model under test: what it is handed, what it answers, how often it was asked.

A kind says what it takes (`fits`) and answers a batch (`__call__`); it hands its model
`self.array(x)` or `self.tensor(x)`. All else is kept here, in methods nobody overrides.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from genenv import checks
from genenv.codecs import Codec
from genenv.downstream import layouts, picking, row_by_row, views
from genenv.downstream.answers import (
    OUTPUTS,
    check_alike,
    check_probabilities,
    check_shape,
    logarithms,
    recognise,
    rows_not_finite,
    tolerance,
)
from genenv.downstream.one_column import OneColumn
from genenv.downstream.patience import within
from genenv.downstream.row_by_row import Answers
from genenv.downstream.wording import advice, dtype_name, named
from genenv.isolation import kept
from genenv.wording import said

CHECKED_ROWS = 64  # rows that `check` looks at
ROWS_ASKED_AGAIN = 8  # of these, at most
Preprocess = Callable[[Any], Any] | None


class Downstream(ABC):
    """A model under test.

    Parameters
    ----------
    model
        The user's object; see the kinds.
    units
        Of the data: layout, dtype and range of one sample.
    classes
        The user's labels, sorted. Column j of every answer belongs to the j-th.
    input
        What the model is handed. `raw`: (n, *units.shape) in the data's units; `unit`: images as
        float32 (n, c, h, w) in [0, 1], vectors as float32 in the data's units; `stored`: as
        `unit`, but images in the data's units too; `flat`: raw, with rows flattened; `auto`: the
        kind's `usual_view`. Arrays of `raw` and `flat` have the data's dtype, so that integers are
        integers; tensors are of the model's floating-point type.
    preprocess
        What the model's user does to a batch before handing it over: a function of the array or
        tensor, such as `Normalise`. None: nothing.
    output
        `probabilities` or `logits`. `auto`: what the kind knows, else recognised from the values of
        the first answer, which is that of `check` if it is called first.
    layout
        Where the axes of images lie, see `layouts.checked`.
    columns
        The data's classes in the order of the model's columns; (): sorted, as `classes`.

    Attributes
    ----------
    queries
        Samples put to the model so far by `log_probabilities`.
    timeout
        Seconds that a call may take, see `patience.within`; whoever asks may set it.
    view
        One of `views.VIEWS`.
    output
        One of OUTPUTS, or `auto` as long as it was not recognised.
    notes
        Sentences on what was recognised; complete after the first answer.

    Raises
    ------
    Mistake
        Fewer than two classes, an `input` or `output` that does not exist, or a model that the kind
        cannot ask.
    """

    kind_name: ClassVar[str]  # for people: "torch module"
    differentiable: ClassVar[bool] = False
    usual_view: ClassVar[str] = "raw"

    def __init__(
        self,
        model: Any,
        units: Codec,
        classes: tuple[int | str, ...],
        input: str = "auto",
        output: str = "auto",
        preprocess: Preprocess = None,
        layout: str = "auto",
        columns: Sequence[int | str] = (),
    ) -> None:
        if len(classes) < 2:
            raise checks.Mistake("data of two or more classes", len(classes), "give labelled data")
        view = checks.choice("input", input, ("auto", *views.VIEWS))
        self.model = model
        self.units = units
        self.classes = tuple(classes)
        self.view = (units.usual_view or self.usual_view) if view == "auto" else view
        self.layout = self.layout_given = layouts.checked(layout, self.view, units)
        self.columns_given = len(columns) > 0
        own = picking.as_classes(columns, self.classes) if self.columns_given else self.classes
        self.columns = own
        self._moved = [self.columns.index(c) for c in self.classes]
        self.output = self._wanted = checks.choice("output", output, ("auto", *OUTPUTS))
        self.preprocess = preprocess
        self.queries, self.timeout = 0, 0.0
        self.notes: tuple[str, ...] = ()
        self._alone = OneColumn(self.columns)
        self._recognised = False
        self._handed: tuple[object, tuple[int, ...]] | None = None  # dtype and shape, for errors

    @classmethod
    @abstractmethod
    def fits(cls, model: Any) -> bool:
        """Whether the kind takes this object."""

    @abstractmethod
    def __call__(self, x: Tensor) -> Tensor:
        """Answer (batch, *units.shape) in the data's units with (batch, classes); not counted."""

    @final
    def otherwise(
        self, view: str, output: str, preprocess: Preprocess, layout: str = "auto"
    ) -> Self:
        """Return the same model, asked in another form."""
        given = self.model, self.units, self.classes, view, output, preprocess
        made = type(self)(*given, layout, self.columns if self.columns_given else ())
        made.timeout = self.timeout
        return made

    @final
    def log_probabilities(self, x: Tensor) -> Tensor:
        """Answer samples with log-probabilities, and count them.

        Parameters
        ----------
        x
            (n, *units.shape), float32 in the data's units.

        Returns
        -------
        (n, classes) float32 in the order of `classes`, finite; differentiable in x if the kind is.
        Where the model returns probabilities they are not below log(1e-12).

        Raises
        ------
        Mistake
            The model raised (its exception is the cause), or its answer has another shape, is not
            finite, or is neither probabilities nor logits as said or recognised.
        """
        checks.shape("x", x, (None, *self.units.shape))
        self.queries += len(x)
        log_p, answered = self._finite_rows(x)
        bad = (~answered).nonzero()[:, 0]
        if len(bad):
            got = f"NaN or infinity in {len(bad)} of {len(x)} rows, the first at row {bad[0]}"
            wanted = f"the {self.kind_name} to answer with finite numbers"
            raise checks.Mistake(wanted, got, "mend the model")
        return log_p

    def begin(self, x: Tensor) -> Callable[[], Answers]:
        """Send samples to a model that is far away; returns what waits for its `answers`."""
        return partial(self.answers, x)

    @final
    def answers(self, x: Tensor) -> Answers:
        """Answer samples (n, *units.shape) as far as the model does, and count them.

        A batch on which it raises is asked again in parts, down to single rows; not counted again.
        """
        checks.shape("x", x, (None, *self.units.shape))
        self.queries += len(x)
        return row_by_row.answers(self._finite_rows, x, len(self.classes))

    @final
    def answers_to_real(self, x: Tensor) -> Answers:
        """Answer real rows as `answers` does, uncounted.

        Raises
        ------
        Mistake
            The model has no answer to more than half of them.
        """
        return row_by_row.most(self._finite_rows, x, len(self.classes))

    @final
    def check(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """Ask the model about the first 64 rows without counting, and recognise its output.

        The first 8 of them (of fewer than 16 rows: half) are asked once more without the others.

        Parameters
        ----------
        x
            (n, *units.shape), real rows as stored, n ≥ 1.

        Returns
        -------
        Log-probabilities (min(n, 64), classes).

        Raises
        ------
        Mistake
            There are no rows; the model answers less than half of them; or see `check_alike`.
        """
        checks.shape("x", x, (None, *self.units.shape))
        if not len(x):
            raise checks.Mistake("rows to check the model on", "none", "give at least one")
        rows = self.units.tensor(x[:CHECKED_ROWS])
        few = min(ROWS_ASKED_AGAIN, (len(rows) + 1) // 2)
        with torch.no_grad():
            log_p, error, _ = self.answers_to_real(rows)
            again = row_by_row.answers(self._finite_rows, rows[:few], len(self.classes))
        both = ~(error[:few] | again.error)
        check_alike(log_p[:few][both], again.log_p[both])
        return log_p.numpy()

    @final
    def array(self, x: Tensor) -> NDArray[Any]:
        """Turn (n, *units.shape) into the NumPy array that the model is handed, a copy."""
        array = views.array(x, self.units, self.view, self.layout)
        array = array if self.preprocess is None else self.preprocess(array)
        self._handed = getattr(array, "dtype", "a DataFrame"), array.shape
        return array

    @final
    def tensor(self, x: Tensor, module: nn.Module) -> Tensor:
        """Turn (n, *units.shape) into what a module is handed, a copy, where its weights lie."""
        batch = views.tensor(x, self.units, self.view, self.layout)
        weight = next(module.parameters(), None)
        if weight is not None:
            batch = batch.to(weight.device, weight.dtype if weight.is_floating_point() else None)
        batch = batch if self.preprocess is None else self.preprocess(batch)
        self._handed = batch.dtype, tuple(batch.shape)
        return batch

    @final
    def read(self, answer: Any) -> Any:
        """Pick of what the model returned the part with a column a class, see `picking.picked`."""
        part, words = picking.picked(answer, self.columns, self._wanted)
        if not self._recognised and words and words not in self.notes:
            self.notes = (*self.notes, words)
        return part

    def _finite_rows(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Answer the rows of which the model says something finite, see `row_by_row.Ask`."""
        answered = torch.ones(len(x), dtype=torch.bool)
        if not len(x):
            return torch.empty(0, len(self.classes)), answered
        values, dtype = self._values(x)
        bad = rows_not_finite(values.detach())
        if bad:
            answered[bad] = False
            values = values[answered]
        if len(values):
            check_probabilities(values.detach(), self.output, dtype)
            if not self._recognised:
                self._recognise(values.detach(), dtype)
        values = values if self.columns == self.classes else values[:, self._moved]
        return logarithms(values, self.output), answered

    def _values(self, x: Tensor) -> tuple[Tensor, torch.dtype]:
        """Return what the model answers, in float32 or float64, and the type it was in."""
        try:
            with kept(), within(self.timeout):
                values = self(x)
        except checks.Mistake:
            raise
        except (Exception, SystemExit) as error:
            dtype, shape = self._handed or (x.dtype, tuple(x.shape))
            handed = f"{dtype_name(dtype)} of shape {shape} (input {self.view})"
            wanted = f"the {self.kind_name} to answer {handed}"
            raise checks.Mistake(wanted, said(error), advice(error)) from error
        values = self._alone.widened(values, len(x), self.output, self._recognised)
        check_shape(values, len(x), len(self.classes), self.kind_name)
        return values.to(x.device, torch.promote_types(values.dtype, torch.float32)), values.dtype

    def _recognise(self, values: Tensor, answered: torch.dtype) -> None:
        handed = named(*self._handed or ("data", ()))
        words = [f"The {self.kind_name} is handed {handed}, input {self.view}.", *self._alone.notes]
        if self.output == "auto":
            self.output = recognise(values, tolerance(values, answered))
            words.append(f"Its outputs were recognised as {self.output}.")
        self.notes = (*self.notes, *words)
        self._recognised = True
