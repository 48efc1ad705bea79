"""What rows of a table are told apart by: a number a column, and one a named state or a gap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from genenv.codecs.places import Place


def traits(places: Sequence[Place], x: Tensor) -> Tensor:
    """Return the traits (n, traits) of rows (n, size), see `names`."""
    parts = [x.new_empty((len(x), 0), dtype=torch.float64)]
    for place in places:
        own = x[:, place.x]
        if place.states:
            parts.append(functional.one_hot(own.round().long(), place.states).double())
            continue
        parts.append(own.double()[:, None])
        if place.flagged:
            parts.append(x[:, place.x + 1].double()[:, None])
    return torch.cat(parts, 1)


def names(places: Sequence[Place]) -> tuple[str, ...]:
    """Name the traits: a column that is a number, "job is sales", "score is missing"."""
    found: list[str] = []
    for place in places:
        name = place.column.name
        if place.states:
            found += [f"{name} is {value}" for value in place.column.values]
            found += [f"{name} is missing"] * (place.states - len(place.column.values))
            continue
        found += [name] + [f"{name} is missing"] * place.flagged
    return tuple(found)


def step(places: Sequence[Place], trait: int, above: bool, at: float) -> str:
    """Write a step of a rule, a trait above or at most a threshold, as a condition.

    See `tables.conditions`: "age <= 44.5", "job != sales", "score is not missing".
    """
    place = next(p for p in places if trait < p.u + p.wide)
    column, nth = place.column, trait - place.u
    if nth == (len(column.values) if place.states else 1):
        return f"{column.name} is {'' if above else 'not '}missing"
    if place.states:
        return f"{column.name} {'=' if above else '!='} {column.values[nth]}"
    if column.discrete:
        values = column.values
        held = values[int(at) + 1 :] if above else values[: int(at) + 1]
        return f"{column.name} in {{{', '.join(map(str, held))}}}"
    sign = ">" if above else "<="
    if column.kind == "date":
        day = np.array([at // 1]).astype(np.int64).astype(f"datetime64[{column.unit}]")[0]
        return f"{column.name} {sign} {day}"
    return f"{column.name} {sign} {at:.6g}"
