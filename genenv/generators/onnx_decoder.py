"""A decoder that is an .onnx file: e and, where it has a second input, the class."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks
from genenv.codecs import Codec
from genenv.onnx_session import TYPES, session


class OnnxDecoder:
    """Decode by onnxruntime on the CPU: (e, label) -> samples (n, *units.shape), an array.

    The first input of floating-point numbers of that length takes e. Another one takes the class:
    an integer a row, (n,) or (n, 1), or one-hot rows of floating-point numbers. Samples may come as
    the data are, with the channels first, (n, c, h, w), or, of one channel, flat. A graph whose
    batch has a fixed length is asked in pieces of it, the last filled up with its last row.

    Parameters
    ----------
    path
        Of the file.
    units, classes
        Of the data, and how many classes.
    base_dim
        Length of e.

    Attributes
    ----------
    takes_label : bool
        Whether it has an input for the class.

    Raises
    ------
    Mistake
        No such file, or inputs that are none of these.
    """

    def __init__(self, path: str | Path, units: Codec, classes: int, base_dim: int) -> None:
        self.path = str(path)
        self.units = units
        self.classes = classes
        self.base_dim = base_dim
        self.session = session(Path(path))
        inputs = self.session.get_inputs()
        self._e = self._latent(inputs, base_dim)
        self._label = next((each for each in inputs if each is not self._e), None)
        self._output = self.session.get_outputs()[0].name
        length = (self._e.shape or [None])[0]
        self._length = length if isinstance(length, int) else 0  # 0: any

    @property
    def takes_label(self) -> bool:
        """Whether it has an input for the class."""
        return self._label is not None

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as the path of its file; a session cannot."""
        return OnnxDecoder, (self.path, self.units, self.classes, self.base_dim)

    def __call__(self, e: Tensor, label: Tensor | None = None) -> NDArray[Any]:
        """(n, base_dim), (n,) class indices, None: of class 0 -> (n, *units.shape)."""
        z = e.numpy()
        own = np.zeros(len(z), np.int64) if label is None else label.numpy()
        if not self._length:
            return self._run(z, own)
        missing = -len(z) % self._length
        z, own = (np.concatenate([rows, np.repeat(rows[-1:], missing, 0)]) for rows in (z, own))
        cuts = range(0, len(z), self._length)
        pieces = [self._run(z[at : at + self._length], own[at : at + self._length]) for at in cuts]
        return np.concatenate(pieces)[: len(e)]

    def _latent(self, inputs: Any, base_dim: int) -> Any:
        """Find the input that takes e."""
        floats = [each for each in inputs if _dtype(each).kind == "f"]
        fit = [each for each in floats if _width(each) in (base_dim, None)]
        exact = [each for each in fit if _width(each) == base_dim]
        found = exact or fit
        others = [each for each in inputs if each is not found[0]] if found else []
        if not found or len(others) > 1 or any(map(self._no_class, others)):
            raise checks.Mistake(
                f"an ONNX decoder with one input for e of base_dim {base_dim}, and perhaps one "
                "for the class",
                ", ".join(f"{each.name}: {each.type} {each.shape}" for each in inputs),
                "export it so, or mend base_dim",
            )
        return found[0]

    def _no_class(self, given: Any) -> bool:
        """Whether an input takes neither integers nor one number a class."""
        return _dtype(given).kind == "f" and _width(given) not in (self.classes, None)

    def _run(self, z: NDArray[Any], label: NDArray[np.int64]) -> NDArray[Any]:
        feed = {self._e.name: z.astype(_dtype(self._e))}
        if self._label is not None:
            feed[self._label.name] = self._class_rows(self._label, label)
        return self._as_stored(self.session.run([self._output], feed)[0])

    def _class_rows(self, given: Any, label: NDArray[np.int64]) -> NDArray[Any]:
        """Return labels as an input takes them."""
        dtype = _dtype(given)
        shape = given.shape
        if dtype.kind == "f":
            return np.eye(self.classes, dtype=dtype)[label]
        return label.astype(dtype).reshape(-1, *[1] * (len(shape) - 1))

    def _as_stored(self, made: NDArray[Any]) -> NDArray[Any]:
        """Bring samples into the shape of the data; another shape is left, and refused later."""
        own, channels = self.units.shape, self.units.channels
        first = (channels, *own[:2])
        if channels and made.shape[1:] == first and first != own:
            return np.moveaxis(made, 1, -1).reshape(-1, *own)
        if channels < 2 and made.ndim == 2 and made.shape[1] == math.prod(own):
            return made.reshape(-1, *own)
        return made


def _dtype(given: Any) -> np.dtype[Any]:
    if given.type not in TYPES:
        raise checks.Mistake(
            "an ONNX decoder whose inputs are numbers", f"{given.name} of {given.type}",
            "export it with inputs of numbers",
        )  # fmt: skip
    return TYPES[given.type]


def _width(given: Any) -> int | None:
    """Return the length of a row of an input; None: any."""
    shape = given.shape or []
    return shape[1] if len(shape) == 2 and isinstance(shape[1], int) else None
