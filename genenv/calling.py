"""What the calls of the front door do alike: take data, and find a folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from genenv import checks, data, regression
from genenv.regression import Valued


def unmasked(x: Any, y: Any, target: str | None) -> tuple[Any, Any, str | None]:
    """Return x, y and target, a masked array as a frame; anything else as it is."""
    if target is not None or y is None or not data.is_masked(x):
        return x, y, target
    return data.framed(x, y), None, data.LABEL


def datasets(
    x: Any, y: ArrayLike | None, target: str | None, held_out: Any
) -> tuple[data.Dataset, data.Dataset | None]:
    """Return what was given as data sets, and the rows that were held out; see `stress`."""
    x, y, target, held_out = _unmasked(x, y, target, held_out)
    if target is None:
        dataset = data.from_arrays(x, y)
        if held_out is None:
            return dataset, None
        unseen, label = held_out
        return dataset, data.from_arrays(unseen, label, "held-out arrays")
    if not hasattr(x, "columns") or y is not None:
        got = type(x).__name__ + (" and y" if y is not None else "")
        raise checks.Mistake("a DataFrame alone with target", got, "leave out target, or y")
    dataset = data.from_frame(x, data.TableOptions(target))
    if held_out is None:
        return dataset, None
    options = data.TableOptions(schema=dataset.units.schema)  # type: ignore[attr-defined]
    return dataset, data.from_frame(held_out, options, "held-out frame", dataset.units)  # type: ignore[arg-type]


def valued(
    x: Any, y: Any, target: str | None, held_out: Any
) -> tuple[Valued, Valued | None] | None:
    """Return what was given as rows with values, and those held out; None: it has classes."""
    x, y, target, held_out = _unmasked(x, y, target, held_out)
    if target is not None and hasattr(x, "columns") and y is None:
        options = data.TableOptions(target)
        if not regression.are_column(x, options):
            return None
        made = regression.of_frame(x, options)
        if held_out is None:
            return made, None
        return made, regression.of_frame(held_out, options, "held-out frame", made.dataset)
    if y is None or target is not None or not regression.are_values(y):
        return None
    if held_out is None:
        return regression.of_arrays(x, y), None
    unseen, value = held_out
    return regression.of_arrays(x, y), regression.of_arrays(unseen, value, "held-out arrays")


@contextmanager
def place(out: str | Path | None) -> Iterator[Path]:
    """Yield the run's folder; of None one that is gone afterwards."""
    if out is not None:
        yield Path(out).expanduser()
        return
    with tempfile.TemporaryDirectory(prefix="genenv-") as folder:
        yield Path(folder)


def _unmasked(
    x: Any, y: Any, target: str | None, held_out: Any
) -> tuple[Any, Any, str | None, Any]:
    frame, label, name = unmasked(x, y, target)
    other = data.framed(*held_out) if name != target and held_out is not None else held_out
    return frame, label, name, other
