"""genenv: generative environments for machine learning.

Importing this package registers the environments with Gymnasium and imports neither torch nor
scikit-learn; the public names below are loaded at their first use.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

if sys.argv[:1] == ["-m"] and sys.path[:1] == [os.getcwd()]:
    # Python put it there for `python -m genenv`; a queue.py that lies about is not Python's own.
    del sys.path[0]

if sys.argv[:1] == ["-m"] or (sys.argv and os.path.basename(sys.argv[0]) == "genenv"):  # noqa: SIM102
    # Ctrl-C ends the command quietly while it is imported; `cli.main` then takes it over.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

from gymnasium.envs.registration import register

if TYPE_CHECKING:
    from genenv.api import fit as fit
    from genenv.api import load as load
    from genenv.api import react as react
    from genenv.api import replay as replay
    from genenv.api import stress as stress
    from genenv.generators import wrap as wrap_generator

__version__ = "0.2.0"
__all__ = ["ENVIRONMENTS", "fit", "load", "react", "replay", "stress", "wrap_generator"]

_SUBMODULES = frozenset(
    (
        "agents",
        "api",
        "board",
        "campaign",
        "checks",
        "classifier",
        "cli",
        "corruptions",
        "criteria",
        "data",
        "downstream",
        "drawing",
        "envs",
        "failures",
        "files",
        "fitting",
        "generators",
        "judge",
        "ladder",
        "learners",
        "learning_task",
        "memory",
        "metrics",
        "naming",
        "networks",
        "noise",
        "objectives",
        "probe",
        "progress",
        "rate",
        "reacting",
        "reading",
        "reactions",
        "report",
        "runs",
        "sampling",
        "search",
        "seeding",
        "settings",
        "stacked",
        "stressing",
        "table_fitting",
        "tables",
        "testing",
        "tracking",
        "training",
    )
)

# id -> (the single environment, the batch)
ENVIRONMENTS = {
    "genenv/LatentProbe-v0": (
        "genenv.envs.latent_probe:single",
        "genenv.envs.latent_probe:LatentProbe",
    ),
    "genenv/Forger-v0": ("genenv.envs.forger:single", "genenv.envs.forger:Forger"),
    "genenv/ForgerSequence-v0": (
        "genenv.envs.forger_sequence:single",
        "genenv.envs.forger_sequence:ForgerSequence",
    ),
    "genenv/Detective-v0": ("genenv.envs.detective:single", "genenv.envs.detective:Detective"),
    "genenv/TrainingGame-v0": (
        "genenv.envs.training_game:single",
        "genenv.envs.training_game:TrainingGame",
    ),
    "genenv/Curriculum-v0": ("genenv.envs.curriculum:single", "genenv.envs.curriculum:Curriculum"),
    "genenv/Disturbance-v0": (
        "genenv.envs.disturbance:single",
        "genenv.envs.disturbance:Disturbance",
    ),
    "genenv/Walk1D-v0": ("genenv.envs.walk1d:single", "genenv.envs.walk1d:Walk1D"),
    "genenv/Crosswalk-v0": ("genenv.envs.crosswalk:single", "genenv.envs.crosswalk:Crosswalk"),
}

for _id, (_single, _batch) in ENVIRONMENTS.items():
    register(_id, entry_point=_single, vector_entry_point=_batch)


def __getattr__(name: str) -> Any:
    if name in ("fit", "load", "react", "replay", "stress"):
        return getattr(importlib.import_module("genenv.api"), name)
    if name == "wrap_generator":
        return importlib.import_module("genenv.generators").wrap
    if name in _SUBMODULES:
        return importlib.import_module(f"genenv.{name}")
    raise AttributeError(f"module 'genenv' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
