"""What data are: a codec a kind, which says how samples map and what suits them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genenv import reading
from genenv.codecs.base import Codec
from genenv.codecs.heads import Heads
from genenv.codecs.pictures import Pictures
from genenv.codecs.planes import from_planes, planes
from genenv.codecs.rows import Rows
from genenv.codecs.vectors import Vectors

__all__ = [
    "CODECS",
    "Codec",
    "Heads",
    "Pictures",
    "Rows",
    "Vectors",
    "from_json",
    "from_planes",
    "planes",
    "stored",
    "stored_rows",
]

CODECS: dict[str, type[Codec]] = {
    "image": Pictures,
    "vector": Vectors,
    "table": Rows,
    "heads": Heads,
}


def from_json(plain: dict[str, Any]) -> Codec:
    """Read what a codec's `to_json` wrote; without a kind the number of axes tells it."""
    usual = "image" if len(plain["shape"]) >= 2 else "vector"
    return CODECS[plain.get("kind", usual)].from_json(plain)


def stored(spec: Path) -> Codec:
    """Read the units that a generator's spec.json holds.

    Raises
    ------
    Mistake
        The file is missing or damaged.
    """
    return reading.guarded(spec, lambda: from_json(reading.plain(spec)["units"]))


def stored_rows(spec: Path) -> Rows:
    """Read units as `stored` does; those of anything but a table are a Mistake too."""
    units = stored(spec)
    if not isinstance(units, Rows):
        raise reading.damaged(spec, f"units of {units.kind}s")
    return units
