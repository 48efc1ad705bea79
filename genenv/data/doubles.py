"""Rows that are the same, byte for byte: in one data set, and in two."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray


def digests(x: NDArray[Any]) -> list[bytes]:
    """Return a digest of each row of (n, ...), of its numbers as they are stored."""
    rows = np.ascontiguousarray(x).reshape(len(x), -1)
    return [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in rows]


def firsts(x: NDArray[Any]) -> NDArray[np.int64]:
    """Return for each row of (n, ...) the number of the first row that is the same."""
    seen: dict[bytes, int] = {}
    return np.array([seen.setdefault(d, i) for i, d in enumerate(digests(x))], np.int64)


def shared(x: NDArray[Any], other: NDArray[Any]) -> int:
    """Count the rows of `other` that are rows of `x` too."""
    own = set(digests(x))
    return sum(digest in own for digest in digests(other))


def told(x: NDArray[Any], held_out: NDArray[Any] | None) -> tuple[str, ...]:
    """Say how many rows occur again in the data, and how many held-out ones are among them."""
    first = firsts(x)
    again, sentences = int((first != np.arange(len(first))).sum()), []
    if again:
        sentences.append(
            f"{again:,} of {len(x):,} rows are the same as an earlier one; the same rows stay in "
            "one part of a split."
        )
    both = 0 if held_out is None else shared(x, held_out)
    if held_out is not None and both:
        sentences.append(
            f"{both:,} of {len(held_out):,} held-out rows are rows of the data too: the judge has "
            "not only unseen rows."
        )
    return tuple(sentences)
