"""Which part of what a model returns holds a number a class, and in which order of classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genenv import checks
from genenv.downstream.wording import listed

Classes = tuple[int | str, ...]
WORDS = {  # in names of parts: the first that one has is taken, by the output that is wanted
    "auto": ("prob", "logit", "score"),
    "probabilities": ("prob",),
    "logits": ("logit", "score"),
}


def picked(answer: Any, classes: Classes, output: str = "auto") -> tuple[Any, str]:
    """Pick what holds a column a class.

    Parameters
    ----------
    answer
        What a model returned: an array or a tensor (n, k); an object with one in `.logits`; a table
        whose columns bear the names of the classes; a mapping, a tuple or a list of such parts, of
        which those of another shape are passed over; a list of rows, each an array (k,), a mapping
        from classes to numbers, or a list of mappings with `label` and `score`.
    classes
        k names in the order of the columns.
    output
        `probabilities`, `logits` or `auto`: which of several such parts is taken, by its name.

    Returns
    -------
    The part, and a sentence on which it is, "" where there was no choice.
    """
    answer = _dense(getattr(answer, "logits", answer))
    if hasattr(answer, "columns"):
        return _by_name(answer, classes), ""
    if isinstance(answer, Mapping):
        return _of_mapping(answer, classes, output)
    if isinstance(answer, list | tuple) and len(answer):
        return _of_sequence(answer, classes, output)
    return answer, ""


def order(names: Iterable[Any], classes: Classes) -> list[int] | None:
    """Return where each class stands among names, also those of another type; None: not all do."""
    own = list(names)
    if len(own) == len(classes) and all(c in own for c in classes):
        return [own.index(c) for c in classes]
    words = [str(name) for name in own]
    if sorted(words) != sorted(map(str, classes)):
        return None
    return [words.index(str(c)) for c in classes]


def as_classes(names: Iterable[Any], classes: Classes) -> Classes:
    """Return the data's classes in the order in which a user named them.

    Raises
    ------
    Mistake
        They are not named each once.
    """
    given = list(names)
    found = order(given, classes)
    if found is None:
        raise checks.Mistake(
            f"classes that are the data's, {listed(classes)}, in the order of the model's columns",
            listed(given),
            "name each once",
        )
    return tuple(c for _, c in sorted(zip(found, classes, strict=True)))


def _by_name(frame: Any, classes: Classes) -> Any:
    found = order(frame.columns, classes)
    return frame if found is None else np.asarray(frame)[:, found]


def _of_mapping(answer: Mapping[Any, Any], classes: Classes, output: str) -> tuple[Any, str]:
    found = order(answer, classes)
    if found is None:
        return _part(answer, classes, output) or (answer, "")
    columns = list(answer.values())
    return _stacked([columns[i] for i in found], 1), ""


def _of_sequence(answer: Any, classes: Classes, output: str) -> tuple[Any, str]:
    first = answer[0]
    if isinstance(first, Mapping):
        return _of_rows(answer, classes), ""
    if isinstance(first, list | tuple) and len(first) and isinstance(first[0], Mapping):
        rows = [{each.get("label"): each.get("score") for each in row} for row in answer]
        return _of_rows(rows, classes), ""
    if getattr(first, "ndim", 0) == 1 and getattr(first, "shape", ()) == (len(classes),):
        return _stacked(answer, 0), ""
    if getattr(first, "ndim", 0) > 0:
        return _part(dict(enumerate(answer)), classes, output) or (answer, "")
    return answer, ""


def _dense(answer: Any) -> Any:
    """Fill in what a sparse tensor or a sparse matrix of SciPy leaves out."""
    if isinstance(answer, Tensor):
        return answer.to_dense() if answer.layout != torch.strided else answer
    return answer.toarray() if hasattr(answer, "toarray") else answer


def _of_rows(rows: Any, classes: Classes) -> Any:
    """Turn rows {class: number} into an array; a class that a row leaves out has 0."""
    names = list({name: None for row in rows for name in row})
    names.sort(key=None if all(isinstance(name, int) for name in names) else str)
    found = order(names, classes)
    if found is None and len(names) != len(classes):
        return rows
    wanted = names if found is None else [names[i] for i in found]
    return np.array([[row.get(name, 0.0) for name in wanted] for row in rows], np.float64)


def _part(parts: Mapping[Any, Any], classes: Classes, output: str) -> tuple[Any, str] | None:
    """Take of several parts one that has a column a class, or the only one; None: there is none."""
    fit = [name for name, part in parts.items() if _width(part) == len(classes)]
    if not fit and len(parts) == 1:
        return next(iter(parts.values())), ""
    if not fit:
        return None
    best = [n for word in WORDS[output] for n in fit if word in str(n).lower()]
    name = (best or fit)[0]
    part = parts[name]
    rows = isinstance(part, list)  # of mappings, as skl2onnx writes probabilities
    return (_of_rows(part, classes) if rows else part), _told(name, parts)


def _told(name: Any, parts: Mapping[Any, Any]) -> str:
    return f"Of the parts {listed(parts)} that it returns, {name!r} is read." * (len(parts) > 1)


def _width(part: Any) -> int | None:
    if isinstance(part, list) and part and isinstance(part[0], Mapping):
        return len({name for row in part for name in row})
    shape: tuple[int, ...] = tuple(getattr(part, "shape", ()))
    return shape[1] if len(shape) == 2 else None


def _stacked(arrays: Any, axis: int) -> Any:
    if isinstance(arrays[0], Tensor):
        return torch.stack(tuple(arrays), axis)
    return np.stack([np.asarray(array) for array in arrays], axis)
