"""Records in columns: arrays of one length, a row a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, Self, final

import numpy as np


@dataclass(frozen=True)
class Columns:
    """Columns (n, ...) of one length; one that may be None is so in all rows."""

    def __post_init__(self) -> None:
        lengths = {len(column) for column in vars(self).values() if column is not None}
        assert len(lengths) == 1, f"columns of different lengths: {lengths}"

    @final
    def __len__(self) -> int:
        return len(next(iter(self._kept().values())))

    @final
    def rows(self, index: Any) -> Self:
        """Pick rows by slice, mask or index."""
        return type(self)(**{name: column[index] for name, column in self._kept().items()})

    @final
    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """Join records in order, one or more."""
        names = parts[0]._kept()
        return cls(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in names})

    @final
    def save(self, path: Path | IO[bytes]) -> None:
        """Write one .npz file."""
        np.savez(path, **self._kept())

    def _kept(self) -> dict[str, Any]:
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: column for name, column in columns.items() if column is not None}
