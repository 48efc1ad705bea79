"""What kind a column is, told from its values."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from genenv import checks
from genenv.tables.column import REST, Column

if TYPE_CHECKING:
    import pandas as pd

MOST_CATEGORIES = 100  # of a column of text; rarer ones share a rest
MOST_DECIMALS = 6  # more are a number without a grid
FEW_ROWS = 20  # below, all-distinct values are no sign of an identifier
LARGEST = 2.0**53  # integers beyond are not exact in float64
LAYOUTS = {
    r"\d{4}-\d{2}-\d{2}": "%Y-%m-%d",
    r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}": "%Y-%m-%d %H:%M:%S",
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}": "%Y-%m-%dT%H:%M:%S",
    r"\d{1,2}\.\d{1,2}\.\d{4}": "%d.%m.%Y",
    r"\d{1,2}/\d{1,2}/\d{4}": "",  # day or month first: cannot be told
}


def infer_column(series: pd.Series, kind: str | None = None) -> Column:
    """Tell what a column holds.

    Parameters
    ----------
    series
        The column.
    kind
        One of KINDS, where the user knows better; None: told from the values.

    Raises
    ------
    Mistake
        All values are missing, types are mixed, a number is infinite, dates have two formats, or
        the column looks like an identifier.
    """
    import pandas as pd

    name, known = str(series.name), series.dropna()
    base: dict[str, Any] = {
        "name": name, "dtype": str(series.dtype), "missing": len(known) < len(series)
    }  # fmt: skip
    if not len(known):
        raise _refused(name, "values", "none but missing ones", drop=True)
    strange = isinstance(series.dtype, (pd.PeriodDtype, pd.IntervalDtype))
    strange = strange or series.dtype.kind in "mc"
    odd = known if strange else known[~known.map(lambda v: isinstance(v, Hashable))]
    if len(odd):
        got = f"{odd.iloc[0]!r} of {series.dtype}"
        raise _refused(name, "numbers, texts, truth values or dates", got, drop=True)
    if kind is None and known.nunique() == 1:
        return Column(kind="constant", values=(_plain(known.iloc[0]),), **base)
    if isinstance(series.dtype, pd.CategoricalDtype):
        usual = "ordered" if series.dtype.ordered else "categorical"
        values = tuple(_plain(v) for v in series.cat.categories)
        return Column(kind=kind or usual, values=values, **base)
    if known.map(type).isin([bool, np.bool_]).all():
        return Column(kind=kind or "boolean", values=(False, True), **base)
    if kind in ("categorical", "ordered", "boolean", "constant"):
        return _listed(known, kind, base)
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return _dated(known, "", base)
    if pd.api.types.is_numeric_dtype(series.dtype):
        return _numeric(known, kind, base)
    return _from_text(known, kind, base)


def _refused(name: str, expected: str, got: str, drop: bool = False) -> checks.Mistake:
    do = f"leave it out (--drop {name})" if drop else "mend the values"
    return checks.Mistake(f"{expected} in column {name!r}", got, do)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _numeric(known: pd.Series, kind: str | None, base: dict[str, Any]) -> Column:
    x = known.to_numpy(np.float64)
    if np.isinf(x).any():
        row = known.index[int(np.isinf(x).argmax())]
        raise _refused(base["name"], "finite numbers", f"infinity at row {row}")
    if np.abs(x).max() > LARGEST:
        raise _refused(base["name"], "numbers up to 2^53", f"{np.abs(x).max():.3g}", drop=True)
    decimals = _decimals(x)
    whole = decimals == 0
    if kind is None and whole and len(x) > FEW_ROWS and known.is_unique:
        raise _identifier(base["name"], "integers", "integer")
    usual = "integer" if whole else "continuous"
    if kind == "integer" and not whole:
        raise _refused(base["name"], "integers", f"{decimals or 'many'} decimals")
    low, high = float(x.min()), float(x.max())
    return Column(kind=kind or usual, low=low, high=high, decimals=decimals, **base)


def _decimals(x: Any) -> int | None:
    fits = (d for d in range(MOST_DECIMALS + 1) if np.array_equal(np.round(x, d), x))
    return next(fits, None)


def _identifier(name: str, what: str, kind: str) -> checks.Mistake:
    return checks.Mistake(
        "no identifier among the columns", f"{name!r}, {what} that are all distinct",
        f"leave it out (--drop {name}), or say what it is (--kinds {name}={kind})",
    )  # fmt: skip


def _from_text(known: pd.Series, kind: str | None, base: dict[str, Any]) -> Column:
    """Tell numbers, dates and categories apart among objects and texts."""
    import pandas as pd

    name = base["name"]
    numbers = pd.to_numeric(known, errors="coerce")
    share = float(numbers.notna().mean())
    if share == 1 and not known.map(lambda v: isinstance(v, str)).any():
        return _numeric(numbers, kind, base)
    text = known.map(lambda v: isinstance(v, str))
    odd = numbers.isna() if share >= 0.9 else text != (text.mean() > 0.5)
    if odd.any():
        at = odd.idxmax()
        raise _refused(name, "one type", f"{known.loc[at]!r} at row {at} among others")
    if (layout := _layout(known)) is not None and kind in (None, "date"):
        return _dated(pd.to_datetime(known, format=layout), layout, base)
    if kind is not None:
        raise _refused(name, f"values of kind {kind}", repr(known.iloc[0]))
    if len(known) > FEW_ROWS and known.is_unique:
        raise _identifier(name, "texts", "categorical")
    return _listed(known, "categorical", base)


def _layout(known: pd.Series) -> str | None:
    """Return how dates are written; None: these are none."""
    found = {p: bool(known.str.fullmatch(p).all()) for p in LAYOUTS}
    used = [layout for pattern, layout in LAYOUTS.items() if found[pattern]]
    if used and not used[0]:
        raise _refused(
            str(known.name), "dates such as 2026-01-31", f"{known.iloc[0]!r}, day or month first"
        )
    either = known.str.fullmatch("|".join(LAYOUTS))
    if not used and bool(either.all()):
        first = next(p for p in LAYOUTS if re.fullmatch(p, known.iloc[0]))
        other = known[~known.str.fullmatch(first)].iloc[0]
        raise _refused(str(known.name), "dates in one format", f"{known.iloc[0]!r} and {other!r}")
    return used[0] if used else None


def _dated(dates: pd.Series, layout: str, base: dict[str, Any]) -> Column:
    if getattr(dates.dtype, "tz", None) is not None:
        raise _refused(base["name"], "dates without a time zone", str(dates.dtype))
    fine = dates.to_numpy().astype("datetime64[us]")
    unit = next(
        u for u in ("D", "s", "us") if np.array_equal(fine.astype(f"datetime64[{u}]"), fine)
    )
    counted = fine.astype(f"datetime64[{unit}]").astype(np.int64).astype(np.float64)
    return Column(
        kind="date", low=counted.min(), high=counted.max(), decimals=0, unit=unit, layout=layout,
        **base,
    )  # fmt: skip


def _listed(known: pd.Series, kind: str, base: dict[str, Any]) -> Column:
    """List the categories, the most frequent ones where there are many."""
    counts = known.value_counts()
    if len(counts) <= MOST_CATEGORIES:
        values = tuple(sorted((_plain(v) for v in counts.index), key=_order))
        return Column(kind=kind, values=values, **base)
    if not known.map(lambda v: isinstance(v, str)).all():
        raise _refused(
            base["name"], f"up to {MOST_CATEGORIES} categories", f"{len(counts):,}", True
        )
    kept = sorted(v for v in counts.index[: MOST_CATEGORIES - 1] if v != REST)
    return Column(kind=kind, values=(*kept, REST), rest=True, **base)


def _order(value: Any) -> tuple[str, Any]:
    return (type(value).__name__, value)
