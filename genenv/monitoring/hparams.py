"""A training in TensorBoard's HParams table: its settings, and the curves that are its results."""

from __future__ import annotations

from typing import Any

from genenv import networks
from genenv.codecs import Codec
from genenv.training.config import FREE_ON_RESUME, TrainingConfig
from genenv.training.game import critic_of
from genenv.training.machine import pick_device, pick_threads

METRICS = ("health/diversity", "health/coverage", "health/critic/accuracy", "samples_per_second")

FIRST = ("objective", "network", "lr", "seed")  # what trainings are compared by


def settings(config: TrainingConfig, units: Codec) -> dict[str, Any]:
    """Return the settings that decide a training, with what `auto` and None stand for."""
    free = FREE_ON_RESUME | {"metrics_every"}
    fields = {name: value for name, value in config.plain().items() if name not in free}
    fields = {name: fields[name] for name in FIRST} | fields | _chosen(config, units)
    codes = () if config.coded else ("categorical", "continuous", "information")
    return {k: v for k, v in fields.items() if k not in codes}


def resolved(config: TrainingConfig, units: Codec, parameters: int) -> dict[str, Any]:
    """Return what the settings that were left to a rule came to on this machine.

    Parameters
    ----------
    config, units
        Of the training.
    parameters
        Of generator and critic.
    """
    threads = pick_threads(config.threads, parameters, units.family == "image")
    device = str(pick_device(config.device))
    return _chosen(config, units) | {"device": device, "threads": threads}


def _chosen(config: TrainingConfig, units: Codec) -> dict[str, Any]:
    """Choose network, norm and penalty: the data and the objective decide."""
    network, norm = critic_of(config, units)
    penalty = getattr(config.game(), "penalty", None)
    return {"network": networks.name_of(network), "critic_norm": norm, "penalty": penalty}
