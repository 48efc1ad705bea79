"""What data are: a codec a kind, which says how samples map and what suits them."""

from __future__ import annotations

from typing import Any

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
