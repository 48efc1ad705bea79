"""What is said of data beside their name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from genenv.settings.shown import Pixels, shown


@dataclass(frozen=True)
class LoadingConfig:
    """How images of a folder are read, and what classes are called."""

    size: Pixels = None
    """Pixels a side to which a folder's images are resized."""
    channels: Pixels = None
    """1 (grey) or 3 (colour) to which a folder's images are turned."""
    background: Annotated[str, shown("COLOUR")] = "white"
    """On which a folder's transparent images are laid: a name or #rrggbb."""
    class_names: Annotated[tuple[str, ...], shown("NAME [NAME ...]", "the labels")] = ()
    """Of the classes of idx and .npz files, in the order of their sorted labels."""
