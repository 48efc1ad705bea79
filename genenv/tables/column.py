"""One column of a table: its kind, what values it can take, and how they become numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks

if TYPE_CHECKING:
    import pandas as pd

DISCRETE = ("ordered", "categorical", "boolean", "constant")
KINDS = ("continuous", "integer", "date", *DISCRETE)
REST = "(rest)"  # stands for the rare categories of a column with many


@dataclass(frozen=True)
class Column:
    """What a column holds; its codes are float64, NaN where a value is missing.

    A discrete column's code is the index into `values`; a number's is itself; a date's counts
    `unit` since 1970.
    """

    name: str
    """As the table has it."""
    kind: str
    """One of KINDS."""
    dtype: str
    """As pandas names it."""
    missing: bool = False
    """Whether values may be missing."""
    values: tuple[Any, ...] = ()
    """The categories of a discrete column, in order."""
    rest: bool = False
    """Whether the last category stands for all that are rarer."""
    low: float | None = None
    """The least code of a number or date."""
    high: float | None = None
    """The largest code of a number or date."""
    decimals: int | None = None
    """Digits after the point, 0 for integers and dates; None: as float64 has them."""
    unit: str = ""
    """Of dates: D, s or us."""
    layout: str = ""
    """Of dates that are written as text, as strftime has it."""

    def __post_init__(self) -> None:
        checks.choice(f"the kind of column {self.name!r}", self.kind, KINDS)
        if self.discrete and not self.values:
            raise checks.Mistake(f"values of column {self.name!r}", "none", "list its categories")
        if not self.discrete and (self.low is None or self.high is None):
            raise checks.Mistake(f"low and high of column {self.name!r}", "none", "give both")

    @property
    def discrete(self) -> bool:
        """Whether its values are a list."""
        return self.kind in DISCRETE

    @property
    def step(self) -> float:
        """Distance of neighbouring codes; 0: there are codes between any two."""
        if self.discrete:
            return 1.0
        return 0.0 if self.decimals is None else 10.0**-self.decimals

    @property
    def words(self) -> str:
        """What it holds, in one line."""
        if self.discrete:
            said = f"{len(self.values)} values" if len(self.values) > 1 else f"{self.values[0]}"
        else:
            ends = self.decode(np.array([self.low, self.high], float))
            said = f"{ends.iloc[0]} to {ends.iloc[1]}"
        return f"{self.name}: {self.kind}, {said}{', or missing' if self.missing else ''}"

    def encode(self, series: pd.Series) -> NDArray[np.float64]:
        """Return the codes of a column of a frame, (n,).

        Raises
        ------
        Mistake
            It holds a category, a missing value or a text that the schema does not know, or an
            infinite number.
        """
        codes = self._categories(series) if self.discrete else self._numbers(series)
        if not self.missing and np.isnan(codes).any():
            raise checks.Mistake(
                f"no missing value in column {self.name!r}",
                f"one at row {int(np.isnan(codes).argmax())}",
                "impute it, or infer the schema from these rows",
            )
        if np.isinf(codes).any():
            raise checks.Mistake(
                f"finite numbers in column {self.name!r}",
                f"infinity at row {int(np.isinf(codes).argmax())}",
                "mend the value",
            )
        return codes

    def decode(self, codes: NDArray[np.float64]) -> pd.Series:
        """Return the column of a frame that `encode` maps to these codes."""
        import pandas as pd

        known = ~np.isnan(codes)
        if self.kind == "date":
            return pd.Series(self._dates(codes, known), name=self.name)
        if not self.discrete:
            return self._decoded_numbers(codes)
        indices = np.where(known, codes, -1).astype(np.int64)
        if self.dtype == "category":
            ordered = self.kind == "ordered"
            cells = pd.Categorical.from_codes(indices, list(self.values), ordered=ordered)
            return pd.Series(cells, name=self.name)
        picked = np.array([*self.values, None], object)[indices]
        return pd.Series(picked, name=self.name, dtype=self.dtype)

    def code(self, value: Any) -> float:
        """Return the code of one value, written as text or as the column has it.

        Raises
        ------
        Mistake
            It is no value of this column.
        """
        if self.discrete:
            names = {str(each): index for index, each in enumerate(self.values)}
            checks.choice(f"a value of column {self.name!r}", str(value), names)
            return float(names[str(value)])
        try:
            if self.kind == "date":
                return float(np.array(str(value), f"datetime64[{self.unit}]").astype(np.int64))
            return float(value)
        except ValueError as error:
            what = "a date such as 2026-01-31" if self.kind == "date" else "a number"
            raise checks.Mistake(
                f"{what} for column {self.name!r}", repr(value), "write one"
            ) from error

    def to_json(self) -> dict[str, Any]:
        """Return plain values by name."""
        return asdict(self) | {"values": list(self.values)}

    def _categories(self, series: pd.Series) -> NDArray[np.float64]:
        index = {value: float(i) for i, value in enumerate(self.values)}
        other = index.get(REST, np.nan) if self.rest else np.nan
        plain = series.astype(object)
        missing = series.isna().to_numpy()
        codes = np.array([index.get(value, other) for value in plain], np.float64)
        unseen = np.isnan(codes) & ~missing
        if unseen.any():
            row = int(unseen.argmax())
            raise checks.Mistake(
                f"a category of column {self.name!r} that the schema knows",
                f"{plain.iloc[row]!r} at row {row}",
                "add it to the schema, or drop the row",
            )
        return np.where(missing, np.nan, codes)

    def _numbers(self, series: pd.Series) -> NDArray[np.float64]:
        import pandas as pd

        try:
            if self.kind != "date":
                return np.array(pd.to_numeric(series).astype("float64"), np.float64)
            dates = pd.to_datetime(series, format=self.layout or None)
        except (ValueError, TypeError) as error:
            raise checks.Mistake(
                f"a column {self.name!r} of kind {self.kind}", str(error)[:100], "mend the values"
            ) from error
        counted = dates.to_numpy().astype(f"datetime64[{self.unit}]")
        return np.where(np.isnat(counted), np.nan, counted.astype(np.int64).astype(np.float64))

    def _decoded_numbers(self, codes: NDArray[np.float64]) -> pd.Series:
        import pandas as pd

        if self.dtype.startswith(("int", "uint")):
            return pd.Series(np.rint(codes).astype(self.dtype), name=self.name)
        if self.dtype == "object" and self.kind == "integer":
            whole = [code if np.isnan(code) else int(code) for code in codes]
            return pd.Series(whole, name=self.name, dtype="object")
        return pd.Series(codes, name=self.name).astype(self.dtype)

    def _dates(self, codes: NDArray[np.float64], known: NDArray[np.bool_]) -> Any:
        import pandas as pd

        counted = np.where(known, codes, 0).astype(np.int64).astype(f"datetime64[{self.unit}]")
        counted[~known] = np.datetime64("NaT")
        fine = "s" if self.unit == "D" else self.unit
        dates = pd.Series(counted.astype(f"datetime64[{fine}]"))
        if self.layout:
            return dates.dt.strftime(self.layout).astype(self.dtype)
        return dates.astype(self.dtype)
