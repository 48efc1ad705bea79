"""The command `envs`."""

from __future__ import annotations

from dataclasses import dataclass

from genenv import ENVIRONMENTS


@dataclass(frozen=True)
class Envs:
    """List the environments, for `gymnasium.make`, with their spaces."""

    def __call__(self, _line: str) -> int:
        """Print each id with what its agent does, and the spaces that it has by default."""
        from importlib import import_module

        import gymnasium

        for name, (_, batch) in ENVIRONMENTS.items():
            module, kind = batch.split(":")
            doc = getattr(import_module(module), kind).__doc__ or ""
            env = gymnasium.make(name)
            print(f"{name}  {doc.strip().splitlines()[0]}")
            print(f"    observation {env.observation_space}\n    action      {env.action_space}")
            env.close()
        return 0
