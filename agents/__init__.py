"""Players: who moves the noise."""

from __future__ import annotations

from genenv.agents.evolution import CmaEs, Evolution
from genenv.agents.gradient import Gradient
from genenv.agents.policy import Policy
from genenv.agents.random import Random
from genenv.search import Search

SEARCHES: dict[str, type[Search]] = {
    "random": Random,
    "evolution": Evolution,
    "cma-es": CmaEs,
    "gradient": Gradient,
    "policy": Policy,
}

__all__ = ["SEARCHES", "CmaEs", "Evolution", "Gradient", "Policy", "Random"]
