"""Where data come from: a name, a folder or a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from genenv import checks
from genenv.data.arrays import from_arrays
from genenv.data.dataset import Dataset
from genenv.data.digits import digits
from genenv.data.idx import idx_folder, is_idx_folder
from genenv.data.images import BACKGROUND, image_folder
from genenv.data.loans import loans
from genenv.data.npz import npz_file
from genenv.data.stacked_digits import PREFIX, stacked, stacked_digits
from genenv.data.table import TableOptions, table_file
from genenv.data.toys import grid, ring
from genenv.settings import places
from genenv.tables import frames

Source = str | Path | Dataset | Any  # a name, a path, a data set, samples, or (samples, labels)

DATA: dict[str, Callable[[], Dataset]] = {
    "digits": digits,
    "loans": loans,
    "ring": ring,
    "grid": grid,
    "stacked-digits": stacked_digits,
}


def load(
    source: str | Path,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    background: str = BACKGROUND,
    class_names: Sequence[str] = (),
    columns: TableOptions | None = None,
    one_class: bool = False,
) -> Dataset:
    """Load data by name or path.

    Parameters
    ----------
    source
        A name in DATA (./digits for a folder of that name), a folder of idx files or of class
        folders with images, an .npz file with x and perhaps y, or a table, .csv or .parquet.
        stacked-digits:PATH stacks the digits there, see `stacked_digits`.
    size
        Pixels, a side or (height, width), to which a folder's images are resized; None: as is.
    channels
        1 or 3, to which a folder's images are turned; None: as they are.
    background
        Colour on which transparent images of a folder are laid.
    class_names
        Of the classes of idx and .npz files, in the order of their sorted labels; (): the labels.
    columns
        What is known of a table's columns, its target above all; None: nothing.
    one_class
        Of an .npz file, see `from_arrays`.

    Raises
    ------
    Mistake
        When there is nothing there, or something that cannot be read.
    """
    if str(source).startswith(PREFIX):
        return stacked(load(str(source).removeprefix(PREFIX), size, channels, background))
    path = Path(source).expanduser()
    if path.is_dir() and str(source) not in DATA and not is_idx_folder(path):
        found = image_folder(path, size, channels, background)
    else:
        _check_no_folder(source, size, channels, background)
        found = _of_name(source, path, columns, one_class)
    return found.named(class_names) if class_names else found


def _check_no_folder(
    source: str | Path, size: int | tuple[int, int] | None, channels: int | None, background: str
) -> None:
    """Raise a Mistake where something was said that only a folder of images has."""
    if (size, channels, background) != (None, None, BACKGROUND):
        raise checks.Mistake(
            "size, channels and background with a folder of images only", str(source),
            "leave them out",
        )  # fmt: skip


def _of_name(
    source: str | Path, path: Path, columns: TableOptions | None, one_class: bool
) -> Dataset:
    if columns is not None and path.suffix not in frames.SUFFIXES:
        raise checks.Mistake(
            "target, kinds, drop and schema with a table (.csv, .parquet) only", str(source),
            "leave them out",
        )  # fmt: skip
    if str(source) in DATA:
        return DATA[str(source)]()
    places.data(str(source))
    return idx_folder(path) if path.is_dir() else _file(path, columns, one_class)


def find(source: Source) -> Dataset:
    """Take a data set as it is, make one from arrays, or load it by name or path.

    Parameters
    ----------
    source
        A `Dataset`; what `load` takes; samples (n, ...); or a tuple of samples and labels (n,).

    Raises
    ------
    Mistake
        None of these, or what `load` and `from_arrays` refuse.
    """
    if isinstance(source, Dataset):
        return source
    if isinstance(source, str | Path):
        return load(source)
    if isinstance(source, tuple) and len(source) == 2:
        return from_arrays(*source)
    if not hasattr(source, "__array__") and not isinstance(source, list):
        expected = "data: a name, a path, a Dataset, an array, or a tuple (x, y)"
        raise checks.Mistake(expected, repr(source), "give one of these")
    return from_arrays(source)


def _file(path: Path, columns: TableOptions | None, one_class: bool) -> Dataset:
    if path.suffix in frames.SUFFIXES:
        return table_file(path, columns or TableOptions())
    if path.suffix == ".npz":
        return npz_file(path, one_class)
    raise checks.Mistake(
        "a folder of idx files or of class folders, or an .npz file",
        f"the file {path}",
        "give the folder it lies in, or save it as .npz with x and y",
    )
