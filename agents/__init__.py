"""Players: who moves the noise, and agents trained for a seat."""

from __future__ import annotations

from genenv.agents.agent import Agent
from genenv.agents.evolution import CmaEs, Evolution
from genenv.agents.gradient import Gradient
from genenv.agents.policy import Policy
from genenv.agents.presets import PRESETS
from genenv.agents.random import Random
from genenv.agents.training import load, train
from genenv.search import Search

SEARCHES: dict[str, type[Search]] = {
    "random": Random,
    "evolution": Evolution,
    "cma-es": CmaEs,
    "gradient": Gradient,
    "policy": Policy,
}

__all__ = [
    "PRESETS",
    "SEARCHES",
    "Agent",
    "CmaEs",
    "Evolution",
    "Gradient",
    "Policy",
    "Random",
    "load",
    "train",
]
