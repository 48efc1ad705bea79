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


def advice(error: BaseException) -> str:
    """Say what may mend a model that raised: another input, where it speaks of its own."""
    if speaks_of_input(error):
        return "mend it, or choose input raw, unit, flat or stored, or a layout"
    return "mend it: this is what it raised itself"


def speaks_of_input(error: BaseException | None) -> bool:
    """Whether a model that raised says something of what it was handed."""
    words = ("shape", "dtype", "size", "dimension", "dim", "type", "features", "channels", "input")
    speaks = isinstance(error, RuntimeError | ValueError | TypeError | IndexError)
    return speaks and any(word in str(error).lower() for word in words)


def named(dtype: object, shape: tuple[int, ...]) -> str:
    """Write what a model is handed: its type, and the shape of n rows."""
    return f"{dtype_name(dtype)} of shape ({', '.join(('n', *map(str, shape[1:])))})"
