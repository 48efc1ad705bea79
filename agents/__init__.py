"""Players: who moves the noise, and agents trained for a seat."""

from __future__ import annotations

from genenv.agents.agent import Agent
from genenv.agents.cma_es import CmaEs
from genenv.agents.evolution import Evolution
from genenv.agents.gradient import Gradient
from genenv.agents.policy import Policy
from genenv.agents.presets import PRESETS
from genenv.agents.random import Random
from genenv.agents.searches import SEARCHES, Entrant, entrants
from genenv.agents.training import load, train

__all__ = [
    "PRESETS",
    "SEARCHES",
    "Agent",
    "CmaEs",
    "Entrant",
    "Evolution",
    "Gradient",
    "Policy",
    "Random",
    "entrants",
    "load",
    "train",
]
