"""Data sets from arrays: what every source passes through, and where bad data is refused."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks
from genenv.codecs import Codec, Pictures, Vectors
from genenv.data.dataset import Dataset

LEAST_SIDE, MOST_SIDE = 8, 64  # pixels of an image
MOST_VALUE = 1e18  # float32 must hold its square
SLIGHT = 1e-6  # of a mean, below which float32 cannot tell a spread
COARSE = 128  # steps of float32 in a standard deviation, below which they show in samples
BRIGHT = 128  # uint8 images that reach it span 0 to 255, darker ones 0 to their maximum


def from_arrays(x: Any, y: Any = None, name: str = "arrays", one_class: bool = False) -> Dataset:
    """Make a data set from samples and labels.

    Parameters
    ----------
    x
        Images (n, h, w) or (n, h, w, c) of 8 to 64 pixels a side, or vectors (n, columns);
        integer, float or bool numbers, as an array or anything NumPy makes one of.
    y
        Labels (n,): integers, strings, bools or whole floats. None, or one class: there are none.
    name
        What reports call the data.
    one_class
        Labels of one class are labels, too, as beside data of more.

    Returns
    -------
    Samples in their own dtype (bools as uint8). uint8 images span 0 to 255, other images their
    minimum to maximum; each column of vectors is centred on its mean, in standard deviations.

    Raises
    ------
    Mistake
        On NaN, objects that are no numbers, shapes that are neither images nor vectors, images
        with the channels first, values that never vary, or labels that do not match the rows.
    """
    array, notes = _samples(x)
    units, more = _units(array)
    label, classes = _labels(y, len(array))
    if len(classes) == 1 and not one_class:  # a generator learns such rows without labels
        more += (f"there is one class, {classes[0]!r}: it is learned without labels",)
        label = None
        classes = ()
    return Dataset(name, array, label, classes, units, notes=notes + more)


def _plain(value: Any) -> NDArray[Any]:
    """Turn tensors, lists and frames into an array of native byte order."""
    if np.ma.is_masked(value):
        raise checks.Mistake(
            "samples without masked values, whose numbers mean nothing",
            f"{int(np.ma.getmaskarray(value).sum())} masked",
            "fill them, or give a DataFrame with NaN there and `target`",
        )
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise checks.Mistake(
            "an array with rows of one shape",
            f"{type(value).__name__} with rows of different shapes",
            "give every row the same shape",
        ) from error
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _of_objects(x: Any, array: NDArray[Any]) -> NDArray[np.float64]:
    """Read objects that are plain numbers or truth values, as frames of mixed columns hold them."""
    odd = [i for i, v in enumerate(array.flat) if not isinstance(v, numbers.Real | np.bool_)]
    if odd:
        raise _no_numbers(x, array, odd[0])
    return array.astype(np.float64)


def _no_numbers(x: Any, array: NDArray[Any], at: int) -> checks.Mistake:
    """Name the element of an array, counted row by row, that is no number; of frames its column."""
    got, do = f"dtype {array.dtype}", "turn the samples into numbers"
    if hasattr(x, "columns") and array.ndim == 2:
        got = f"{array.flat[at]!r} in column {str(x.columns[at % array.shape[1]])!r}"
        do += ", or give the frame with its label among the columns, named by `target`"
    return checks.Mistake("samples of integers, floats or bools", got, do)


def _samples(x: Any) -> tuple[NDArray[Any], tuple[str, ...]]:
    array = _plain(x)
    notes: tuple[str, ...] = ()
    if array.dtype.kind == "O":
        array = _of_objects(x, array)
        notes = ("objects that are numbers were stored as float64",)
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
        notes = ("bools were stored as uint8",)
    if array.dtype.kind not in "uif":
        raise _no_numbers(x, array, 0)
    if array.dtype.itemsize > 8:
        array = array.astype(np.float64)
        notes = ("long doubles were stored as float64",)
    _check_shape(array)
    checks.finite("samples", array)
    return array, notes


def _check_shape(array: NDArray[Any]) -> None:
    if array.ndim < 2 or array.ndim > 4 or array.size == 0:
        raise checks.Mistake(
            "samples of shape (n, columns), (n, h, w) or (n, h, w, c)",
            f"shape {array.shape}",
            "reshape them, rows first",
        )
    if array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] not in (1, 3):
        raise checks.Mistake(
            "images with the channels last, (n, h, w, c)",
            f"shape {array.shape}",
            "move the axis: np.moveaxis(x, 1, -1)",
        )
    sides = array.shape[1:3]
    if array.ndim > 2 and not all(LEAST_SIDE <= side <= MOST_SIDE for side in sides):
        raise checks.Mistake(
            f"images of {LEAST_SIDE} to {MOST_SIDE} pixels a side",
            f"{sides[0]} x {sides[1]}",
            "resize them, or flatten the rows to vectors: x.reshape(len(x), -1)",
        )


def _units(array: NDArray[Any]) -> tuple[Codec, tuple[str, ...]]:
    shape = array.shape[1:]
    image = array.ndim > 2
    axes = None if image else 0
    low, high = np.atleast_1d(array.min(axes)), np.atleast_1d(array.max(axes))
    if max(abs(float(low.min())), abs(float(high.max()))) > MOST_VALUE:
        raise checks.Mistake(
            f"samples within ±{MOST_VALUE:.0e}", f"{low.min():.3g} to {high.max():.3g}", "rescale"
        )
    constant = np.nonzero(low == high)[0]
    if len(constant) == len(low):
        raise checks.Mistake(
            "samples that vary", f"the value {low[0]} everywhere", "check how they were read"
        )
    notes: tuple[str, ...] = ()
    if len(constant):
        notes = (
            f"{len(constant)} of {len(low)} columns never vary, the first is column {constant[0]}: "
            "samples repeat their value",
        )
    if image and array.dtype == np.uint8:
        if high[0] < BRIGHT:
            notes = (f"uint8 images span 0 to {high[0]}, their maximum, instead of 255",)
        low = np.array([0])
        high = high if high[0] < BRIGHT else np.array([255])
    ends = _numbers(low), _numbers(high)
    if image:
        return Pictures(tuple(shape), array.dtype.name, *ends), notes
    mean, spread = array.mean(0, dtype=np.float64), array.std(0, dtype=np.float64)
    spread = np.where(low == high, 0.0, np.maximum(spread, SLIGHT * np.abs(mean)))
    mean = np.where(low == high, low, mean)
    standard = _numbers(mean - spread), _numbers(mean + spread)
    notes += _coarse(array, low, high)
    return Vectors(tuple(shape), array.dtype.name, *standard, ends), notes


def _coarse(array: NDArray[Any], low: NDArray[Any], high: NDArray[Any]) -> tuple[str, ...]:
    """Say so where columns (n, d) from low to high (d,) lose what float32 cannot tell apart."""
    if np.can_cast(array.dtype, np.float32):
        return ()
    size = np.maximum(np.abs(low.astype(np.float64)), np.abs(high.astype(np.float64)))
    step = np.spacing(size.astype(np.float32)).astype(np.float64)
    fine = (low != high) & (array != array.astype(np.float32)).any(0)
    coarse = np.nonzero(fine & (array.std(0, dtype=np.float64) < COARSE * step))[0]
    if not len(coarse):
        return ()
    return (
        f"{len(coarse)} of {len(low)} columns vary little for how large they are, the first is "
        f"column {coarse[0]}: in float32 it has steps of {step[coarse[0]]:g}, which samples keep; "
        "subtract its mean",
    )


def _numbers(values: NDArray[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _labels(y: Any, rows: int) -> tuple[NDArray[np.int64] | None, tuple[int | str, ...]]:
    if y is None:
        return None, ()
    array = _plain(y)
    if array.shape != (rows,):
        raise checks.Mistake(
            f"labels of shape ({rows},), one a sample",
            f"shape {array.shape}",
            "give one label a row (y.argmax(1) for one-hot rows, y.ravel() for a column)",
        )
    classes, label = np.unique(_named(array), return_inverse=True)
    return label.astype(np.int64), tuple(classes.tolist())


def _named(array: NDArray[Any]) -> NDArray[Any]:
    """Labels as integers or strings."""
    if array.dtype.kind == "O" and all(isinstance(value, str) for value in array):
        return array.astype(str)
    if array.dtype.kind == "O" and all(isinstance(value, int) for value in array):
        return array.astype(np.int64)
    checks.finite("labels", array) if array.dtype.kind == "f" else None
    if array.dtype.kind == "b" or (array.dtype.kind == "f" and (array == np.rint(array)).all()):
        return array.astype(np.int64)
    if array.dtype.kind not in "uiUS":
        raise checks.Mistake(
            "labels that are integers or strings",
            f"{array[0]!r} of dtype {array.dtype}",
            "give the class of each row (numbers to predict are no classes)",
        )
    return array.astype(str) if array.dtype.kind == "S" else array
