"""A policy under test: disturbances of its world, the players that look for failures, the page."""

from __future__ import annotations

from genenv.policies import summary
from genenv.policies.replayed import Replayed, is_run, replay
from genenv.policies.study import PolicyStress

__all__ = ["PolicyStress", "Replayed", "is_run", "replay", "summary"]
