"""Numbers of a pickle, of which nothing is run.

A pickle may call whatever it can name, and NumPy's own classes are no safe thing to let it name:
the state of a dtype says which bytes are pointers. So every class that it names becomes an empty
shell, and NumPy's arrays, dtypes and scalars are rebuilt here from plain kinds of numbers alone.
Opcodes are counted before any is followed, since ten bytes could claim gigabytes of memo.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.reading.guards import content

MOST = 2**26  # bytes of a file
MOST_OPCODES = 100_000  # a few hundred are what objects with a dozen arrays take
KINDS = frozenset({"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"})
ORDERS = frozenset("<>|=")
MEMO = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})


def unpickled(path: Path) -> Any:
    """Return what a pickle holds: builtins, `Shell` objects and, of NumPy's, `Numbers`.

    Raises
    ------
    Mistake
        It is no plain file, or holds more than `MOST` bytes.
    Exception
        Whatever a ruined pickle leads to; the caller says what was expected of the file.
    """
    data = content(path, MOST)
    _count(data)
    return _Inert(io.BytesIO(data)).load()


class Shell:
    """Stands for an object of a class that is not looked up; its state are its attributes."""

    def __init__(self, *_: Any) -> None: ...

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            vars(self).update(state)


class Numbers:
    """An array or scalar of NumPy's, rebuilt from bytes of a plain kind; `array` holds it."""

    array: NDArray[Any]

    def __init__(self, *_: Any) -> None: ...

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, fortran, data = state
        self.array = _rebuilt(data, kind, shape, "F" if fortran is True else "C")


class _Buffered(Numbers):
    """An array as protocol 5 writes it."""

    def __init__(self, data: Any, kind: Any, shape: Any, order: Any) -> None:
        self.array = _rebuilt(data, kind, shape, order)


class _Scalar(Numbers):
    def __init__(self, kind: Any, data: Any) -> None:
        self.array = _rebuilt(data, kind, (), "C")


class _Kind:
    """A dtype: one of `KINDS`, and the order of its bytes."""

    def __init__(self, name: Any, *_: Any) -> None:
        if name not in KINDS:
            raise ValueError(f"an array of kind {name}")
        self.dtype = np.dtype(name)

    def __setstate__(self, state: Any) -> None:
        order = state[1]
        if order not in ORDERS:
            raise ValueError(f"bytes in the order {order}")
        self.dtype = self.dtype.newbyteorder(order)


class _Inert(pickle.Unpickler):
    """Rebuilds arrays, and puts shells in the place of all else."""

    def find_class(self, module: str, name: str) -> Any:
        """Look nothing up."""
        return REBUILT.get((module.replace("numpy.core", "numpy._core"), name), Shell)


REBUILT: dict[tuple[str, str], type] = {
    ("numpy", "ndarray"): Numbers,
    ("numpy", "dtype"): _Kind,
    ("numpy._core.multiarray", "_reconstruct"): Numbers,
    ("numpy._core.multiarray", "scalar"): _Scalar,
    ("numpy._core.numeric", "_frombuffer"): _Buffered,
}


def _count(data: bytes) -> None:
    """Raise a ValueError of a pickle that is long, claims much memo or names by a code."""
    for count, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        if count >= MOST_OPCODES:
            raise ValueError(f"more than {MOST_OPCODES:,} opcodes")
        if opcode.name.startswith("EXT"):  # its cache would not ask `find_class`
            raise ValueError("an extension code")
        if opcode.name in MEMO and int(argument or 0) not in range(MOST_OPCODES):
            raise ValueError(f"a memo of {argument:,} objects")


def _rebuilt(data: Any, kind: Any, shape: Any, order: Any) -> NDArray[Any]:
    """View bytes as an array: a copy of each could be asked for thousands of times."""
    if not isinstance(kind, _Kind) or not isinstance(data, bytes | bytearray):
        raise ValueError("an array that is not made of bytes")
    sizes = tuple(shape)
    if len(sizes) > 32 or not all(type(size) is int and size >= 0 for size in sizes):
        raise ValueError("an array of no shape")
    if math.prod(sizes) * kind.dtype.itemsize != len(data):
        raise ValueError(f"an array of shape {sizes} in {len(data):,} bytes")
    return np.frombuffer(data, kind.dtype).reshape(sizes, order="F" if order == "F" else "C")
