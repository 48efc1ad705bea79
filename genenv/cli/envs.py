"""The command `envs`."""

from __future__ import annotations

from dataclasses import dataclass

from genenv import ENVIRONMENTS


@dataclass(frozen=True)
class Envs:
    """List the environments, for `gymnasium.make`."""

    def __call__(self, _line: str) -> int:
        """Print an id a line with what its agent does."""
        from importlib import import_module

        for name, (_, batch) in ENVIRONMENTS.items():
            module, kind = batch.split(":")
            doc = getattr(import_module(module), kind).__doc__ or ""
            print(f"{name}  {doc.strip().splitlines()[0]}")
        return 0
