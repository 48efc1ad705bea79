"""A call's arguments as settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

Config = TypeVar("Config")


def given(config: type[Config], arguments: Mapping[str, Any]) -> Config:
    """Make settings of the arguments that bear their names.

    Parameters
    ----------
    config
        A dataclass of settings.
    arguments
        The `locals()` of a call, all settings among them; lists become tuples.
    """
    found = {field.name: arguments[field.name] for field in fields(config)}  # type: ignore[arg-type]
    return config(**{name: _frozen(value) for name, value in found.items()})


def _frozen(value: Any) -> Any:
    several = isinstance(value, Iterable) and not isinstance(value, str | type)
    return tuple(value) if several else value
