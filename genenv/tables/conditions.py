"""Conditions on columns, "age in 60..70 and hours-per-week <= 25", by a closed grammar.

    condition = clause {"and" clause}
    clause    = name "in" value ".." value            both ends belong to it
              | name ["not"] "in" "{" value {"," value} "}"
              | name ("=" | "==" | "!=" | "<" | "<=" | ">" | ">=") value
              | name "is" ["not"] "missing"

Names are bare, whatever they hold, or in backticks; values are bare or in quotes. A comparison is
never true of a missing value. Nothing is evaluated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from genenv import checks
from genenv.tables.column import Column
from genenv.tables.schema import Schema

if TYPE_CHECKING:
    import pandas as pd

Interval = tuple[float, float]  # closed, of codes

QUOTED = r"'[^']*'|\"[^\"]*\""
SET = re.compile(r"(not\s+)?in\s*\{([^{}]*)\}", re.IGNORECASE)
RANGE = re.compile(
    rf"in\s+({QUOTED}|[^\s'\"{{}}]+?)\s*\.\.\s*({QUOTED}|[^\s'\"{{}}]+)", re.IGNORECASE
)
COMPARED = re.compile(rf"(==|!=|<=|>=|=|<|>)\s*({QUOTED}|.+?)(?=\s+and\s|\s*$)", re.IGNORECASE)
MISSING = re.compile(r"is\s+(not\s+)?missing\b", re.IGNORECASE)
AND = re.compile(r"\s+and\s+", re.IGNORECASE)
FORMS = "such as age in 60..70, job in {a, b}, hours <= 25 or job is missing"


@dataclass(frozen=True)
class Allowed:
    """The codes of one column that fulfil a condition."""

    intervals: tuple[Interval, ...]
    """Closed, apart, ascending."""
    missing: bool = False
    """Whether a missing value does."""

    def __and__(self, other: Allowed) -> Allowed:
        pairs = [(max(a, c), min(b, d)) for a, b in self.intervals for c, d in other.intervals]
        kept = sorted((low, high) for low, high in pairs if low <= high)
        return Allowed(tuple(kept), self.missing and other.missing)

    def holds(self, codes: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which codes, (n,), are allowed."""
        inside = [(codes >= low) & (codes <= high) for low, high in self.intervals]
        mask: NDArray[np.bool_] = np.logical_or.reduce([np.isnan(codes) & self.missing, *inside])
        return mask


Condition = dict[str, Allowed]


def parse(text: str, schema: Schema) -> Condition:
    """Read a condition; several clauses on one column hold together.

    Raises
    ------
    Mistake
        A name or value that the schema does not know, or words that are no clause.
    """
    condition: Condition = {}
    rest = text.strip()
    while True:
        column, rest = _name(rest, schema)
        allowed, rest = _clause(rest, column)
        before = condition.get(column.name)
        condition[column.name] = allowed if before is None else before & allowed
        if not rest.strip():
            return condition
        if not (joined := AND.match(rest)):
            raise checks.Mistake("`and` between two clauses", repr(rest.strip()), "write it")
        rest = rest[joined.end() :]


def holds(condition: Condition, schema: Schema, codes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which rows of codes, (n, columns), fulfil a condition: (n,)."""
    masks = [
        allowed.holds(codes[:, schema.names.index(name)]) for name, allowed in condition.items()
    ]
    mask: NDArray[np.bool_] = np.logical_and.reduce([np.ones(len(codes), np.bool_), *masks])
    return mask


def share(frame: pd.DataFrame, where: str, schema: Schema) -> float:
    """Return the share of a frame's rows that fulfil a condition, beside a generator's `mass`."""
    return float(holds(parse(where, schema), schema, schema.encode(frame)).mean())


def _name(rest: str, schema: Schema) -> tuple[Column, str]:
    """Take the longest name that the text begins with."""
    if ticked := re.match(r"`([^`]*)`\s*", rest):
        return schema.column(ticked[1]), rest[ticked.end() :]
    for name in sorted(schema.names, key=len, reverse=True):
        after = rest[len(name) :]
        if rest.startswith(name) and re.match(r"\s|[=!<>]", after):
            return schema.column(name), after.lstrip()
    raise checks.Mistake(
        f"one of the columns {', '.join(schema.names)}", repr(rest), f"write a clause {FORMS}"
    )


def _clause(rest: str, column: Column) -> tuple[Allowed, str]:
    if found := MISSING.match(rest):
        everything = ((-np.inf, np.inf),)
        return (Allowed(everything) if found[1] else Allowed((), True)), rest[found.end() :]
    if found := SET.match(rest):
        codes = sorted({column.code(_bare(each)) for each in found[2].split(",")})
        points = Allowed(tuple((code, code) for code in codes))
        return (_without(points, column) if found[1] else points), rest[found.end() :]
    if found := RANGE.match(rest):
        low, high = column.code(_bare(found[1])), column.code(_bare(found[2]))
        _check_order(column)
        if low > high:
            raise checks.Mistake("a range from low to high", found[0], "swap its ends")
        return Allowed(((low, high),)), rest[found.end() :]
    if found := COMPARED.match(rest):
        return _compared(found[1], column.code(_bare(found[2])), column), rest[found.end() :]
    raise checks.Mistake(f"a clause on column {column.name!r}", repr(rest), f"write one {FORMS}")


def _bare(value: str) -> str:
    value = value.strip()
    return value[1:-1] if re.fullmatch(QUOTED, value) else value


def _compared(operator: str, code: float, column: Column) -> Allowed:
    point = Allowed(((code, code),))
    if operator in ("=", "=="):
        return point
    if operator == "!=":
        return _without(point, column)
    _check_order(column)
    less = operator[0] == "<"
    if len(operator) == 1:  # the end itself does not belong to it
        code = _next(code, column, -1 if less else 1)
    return Allowed(((-np.inf, code),) if less else ((code, np.inf),))


def _without(points: Allowed, column: Column) -> Allowed:
    """Return all codes but some points."""
    allowed = Allowed(((-np.inf, np.inf),))
    for code, _ in points.intervals:
        ends = _next(code, column, -1), _next(code, column, 1)
        allowed = allowed & Allowed(((-np.inf, ends[0]), (ends[1], np.inf)))
    return allowed


def _next(code: float, column: Column, way: int) -> float:
    """Return the neighbouring code; on a grid the value itself may lie between two."""
    if not column.step:
        return float(np.nextafter(code, way * np.inf))
    return code + way * column.step / 2


def _check_order(column: Column) -> None:
    if column.kind in ("categorical", "boolean"):
        raise checks.Mistake(
            f"= or in {{...}} with column {column.name!r}", f"an order of {column.kind} values",
            "list the values",
        )  # fmt: skip
