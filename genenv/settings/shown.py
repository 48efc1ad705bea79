"""How `--help` shows the options that commands share."""

from __future__ import annotations

from typing import Annotated, Any

import tyro


def shown(metavar: str, default: str | None = None, constructor: Any = None) -> Any:
    """How `--help` shows an option.

    Parameters
    ----------
    metavar
        The name of its value.
    default
        In words; None: the value itself.
    constructor
        The type to read where the option takes more in Python; None: its own.
    """
    hint = None if default is None else f"(default: {default})"
    return tyro.conf.arg(metavar=metavar, help_behavior_hint=hint, constructor=constructor)


Source = Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="DATA")]
Left = Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
Number = Annotated[int, shown("N")]
Share = Annotated[float, shown("X")]
Name = Annotated[str, shown("NAME")]
Updates = Annotated[int | None, shown("N", "the preset's")]
Threads = Annotated[int, shown("N", "0, by rule")]
Pixels = Annotated[int | None, shown("N", "as they are")]
Whole = Annotated[int | None, shown("N", "the preset's")]
Real = Annotated[float | None, shown("X", "the preset's")]
Switch = Annotated[bool, tyro.conf.FlagCreatePairsOff]
InPlace = tyro.conf.arg(name="")
"""Of settings that are a dataclass: their options stand beside the command's own."""
