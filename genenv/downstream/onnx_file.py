"""ONNX files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks
from genenv.codecs import Codec
from genenv.downstream.answers import numbers
from genenv.downstream.base import Downstream
from genenv.importing import is_onnx
from genenv.onnx_session import TYPES, session

ROWS = "seq(map("  # skl2onnx's probabilities, a mapping from class to number each


class Onnx(Downstream):
    """An .onnx file whose inputs have the batch first, run by onnxruntime on the CPU.

    Rows are cast to the type of its input; one of integers is handed the data's own units. Of its
    outputs the one with a number a class is read, an array or rows of mappings. Vectors may go into
    as many inputs as there are columns. Where the batch axis has a fixed length, batches are cut
    into pieces of it, the last filled up with its last row.
    """

    kind_name = "ONNX model"
    usual_view = "unit"

    def __init__(
        self,
        model: Any,
        units: Codec,
        classes: tuple[int | str, ...],
        input: str = "auto",
        *args: Any,
        **kw: Any,
    ) -> None:
        super().__init__(model, units, classes, input, *args, **kw)
        self.session = session(Path(model))
        inputs = self.session.get_inputs()
        self._casts = [_cast(each) for each in inputs]
        self._inputs = [each.name for each in inputs]
        if len(inputs) > 1 and (units.channels or len(inputs) != units.size):
            each = "" if units.channels else f", or one for each of {units.size} columns"
            raise checks.Mistake(f"an ONNX model with one input{each}", len(inputs), "export it so")
        outputs = self.session.get_outputs()
        self._outputs = _of_numbers(outputs)
        if len(outputs) > len(self._outputs) == 1:
            self.notes = (f"Of the ONNX model's outputs, {self._outputs[0]!r} is read.",)
        if input == "auto" and self._casts[0].kind in "iu":
            self.view = "stored"
        shape = list(inputs[0].shape or [])
        if self.layout == "auto" and self.view in ("unit", "stored"):
            self.layout = _layout(shape, units.channels)
        length = shape[0] if shape else None
        self._length = length if isinstance(length, int) else 0  # 0: any
        if self._length:
            self.notes = (*self.notes, f"The ONNX model is asked in pieces of {length}, its batch.")

    @classmethod
    def fits(cls, model: Any) -> bool:
        """Take paths that end in .onnx."""
        return is_onnx(model)

    def __call__(self, x: Tensor) -> Tensor:
        """Answer with the output of the graph."""
        batch = self.array(x)
        return self._in_pieces(batch) if self._length else self._run(batch)

    def _run(self, batch: NDArray[Any]) -> Tensor:
        columns = [batch] if len(self._inputs) == 1 else np.split(batch, batch.shape[1], 1)
        feed = {
            name: _as(column, dtype)
            for name, column, dtype in zip(self._inputs, columns, self._casts, strict=True)
        }
        first = feed[self._inputs[0]]
        self._handed = first.dtype, first.shape
        if not self._recognised and (cut := _cut_off(batch, first.dtype)) not in self.notes:
            self.notes = (*self.notes, *([cut] if cut else []))
        made = self.session.run(self._outputs, feed)
        return numbers(self.read(dict(zip(self._outputs, made, strict=True))))

    def _in_pieces(self, batch: NDArray[Any]) -> Tensor:
        filler = np.repeat(batch[-1:], -len(batch) % self._length, axis=0)
        filled = np.concatenate([batch, filler])
        pieces = np.split(filled, len(filled) // self._length)
        return torch.cat([self._run(piece) for piece in pieces])[: len(batch)]


def _layout(shape: list[Any], channels: int) -> str:
    """Tell from the shape of an input where the axes of images lie; auto: channels first."""
    if not channels:
        return "auto"
    if len(shape) == 4:
        return "last" if shape[3] == channels != shape[1] else "auto"
    return {2: "flat", 3: "plain" if channels == 1 else "auto"}.get(len(shape), "auto")


def _cast(given: Any) -> np.dtype[Any]:
    """Return the type that an input takes."""
    if given.type not in TYPES:
        raise checks.Mistake(
            "an ONNX model whose inputs are numbers",
            f"{given.name} of {given.type}",
            "export it with inputs of floating-point numbers",
        )
    return TYPES[given.type]


def _as(batch: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Cast a batch; whole numbers are rounded and kept within their limits."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        batch = np.rint(batch).clip(limits.min, limits.max)
    return batch.astype(dtype, copy=False)


def _cut_off(batch: NDArray[Any], dtype: np.dtype[Any]) -> str:
    """Say that a type of whole numbers does not hold a batch; "" where it does."""
    if dtype.kind not in "iu":
        return ""
    limits = np.iinfo(dtype)
    low, high = batch.min(), batch.max()
    if low >= limits.min and high <= limits.max:
        return ""
    return (
        f"The ONNX model takes {dtype}, {limits.min} to {limits.max}: of values from {low:g} to "
        f"{high:g} it is handed what is cut off there (--mean and --std move them)."
    )


def _of_numbers(outputs: Any) -> list[str]:
    """Names of the outputs that may hold numbers of classes."""
    fit = [
        out.name
        for out in outputs
        if out.type.startswith(ROWS) or TYPES.get(out.type, np.dtype(bool)).kind == "f"
    ]
    if not fit:
        raise checks.Mistake(
            "an ONNX model with an output of floating-point numbers",
            ", ".join(f"{out.name}: {out.type}" for out in outputs),
            "export probabilities or logits",
        )
    return fit
