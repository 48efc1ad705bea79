"""Words for what a message names: a dtype, a list of classes."""

from __future__ import annotations

from collections.abc import Iterable


def dtype_name(dtype: object) -> str:
    """Name a dtype of NumPy or torch."""
    return str(dtype).removeprefix("torch.")


def listed(classes: Iterable[object]) -> str:
    """List the first dozen classes, texts in quotes, for 0 and '0' are not the same."""
    words = [repr(c) for c in classes]
    return ", ".join(words if len(words) <= 12 else [*words[:12], f"… ({len(words)})"])
