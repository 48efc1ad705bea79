"""ONNX files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks
from genenv.downstream.answers import numbers
from genenv.downstream.base import Downstream
from genenv.importing import is_onnx
from genenv.wording import said

FLOATS = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
}


class Onnx(Downstream):
    """An .onnx file with one input whose first axis is the batch, run by onnxruntime on the CPU.

    Of several outputs the first of floating-point numbers is read. Where the batch axis has a fixed
    length, batches are cut into pieces of it, the last filled up with its last row.
    """

    kind_name = "ONNX model"
    usual_view = "unit"

    def __init__(self, model: Any, *args: Any, **kw: Any) -> None:
        super().__init__(model, *args, **kw)
        self.session = _session(Path(model))
        inputs, outputs = self.session.get_inputs(), self.session.get_outputs()
        if len(inputs) != 1:
            raise checks.Mistake("an ONNX model with one input", len(inputs), "export it so")
        floats = [out.name for out in outputs if out.type in FLOATS]
        if not floats:
            got = ", ".join(f"{out.name}: {out.type}" for out in outputs)
            raise checks.Mistake(
                "an ONNX model with an output of floating-point numbers",
                got,
                "export probabilities or logits (skl2onnx: zipmap=False)",
            )
        self._input, self._output = inputs[0].name, floats[0]
        self._cast = FLOATS.get(inputs[0].type)
        length = (inputs[0].shape or [None])[0]
        self._length = length if isinstance(length, int) else 0  # 0: any
        if len(outputs) > 1:
            self.told = (f"Of the ONNX model's outputs, {floats[0]!r} is read.",)
        if self._length:
            self.told = (*self.told, f"The ONNX model is asked in pieces of {length}, its batch.")

    @classmethod
    def fits(cls, model: Any) -> bool:
        """Take paths that end in .onnx."""
        return is_onnx(model)

    def __call__(self, x: Tensor) -> Tensor:
        """Answer with the output of the graph."""
        batch = self.array(x)
        if self._cast and batch.dtype.kind == "f":
            batch = batch.astype(self._cast, copy=False)
        return numbers(self._in_pieces(batch) if self._length else self._run(batch))

    def _run(self, batch: NDArray[Any]) -> Any:
        return self.session.run([self._output], {self._input: batch})[0]

    def _in_pieces(self, batch: NDArray[Any]) -> NDArray[Any]:
        filler = np.repeat(batch[-1:], -len(batch) % self._length, axis=0)
        filled = np.concatenate([batch, filler])
        pieces = np.split(filled, len(filled) // self._length)
        return np.concatenate([self._run(piece) for piece in pieces])[: len(batch)]


def _session(path: Path) -> Any:
    """Open an .onnx file, with as many threads as torch has."""
    try:
        import onnxruntime
    except ImportError as error:
        raise checks.Mistake(
            "onnxruntime, which runs .onnx files", "none installed", "pip install genenv[onnx]"
        ) from error
    if not path.is_file():
        raise checks.Mistake("an .onnx file", f"no file {path}", "mend the path")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise checks.Mistake(
            "an ONNX file that onnxruntime reads", said(error), "export it again"
        ) from error
