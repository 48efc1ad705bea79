"""A call's arguments as settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar, get_type_hints

from genenv.settings import values

Config = TypeVar("Config")


def given(config: type[Config], arguments: Mapping[str, Any]) -> Config:
    """Make settings of the arguments that bear their names.

    Parameters
    ----------
    config
        A dataclass of settings.
    arguments
        The `locals()` of a call, all settings among them; see `values.plain`.

    Raises
    ------
    Mistake
        A setting is of another type, or cannot be.
    """
    hints = get_type_hints(config)
    names = [field.name for field in fields(config)]  # type: ignore[arg-type]
    return config(**{n: values.plain(n, arguments[n], hints[n]) for n in names})
