"""Settings that work untouched, by objective and kind of data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from genenv import checks
from genenv.codecs import Codec
from genenv.objectives import OBJECTIVES
from genenv.training.config import TrainingConfig

PLAIN: dict[str, dict[str, Any]] = {  # without a penalty or a bound on the critic
    "vector": {"lr": 2e-3, "batch": 256, "steps": 20_000},
    "small": {"betas": (0.5, 0.999)},
    "image": {},
}
# objective -> kind of data -> what differs from TrainingConfig's defaults
PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "relativistic": {
        "vector": {"penalty": 0.1, "lr": 2e-3, "batch": 256, "steps": 25_000},
        "small": {"penalty": 2.0, "critic_width": 128, "batch": 256, "steps": 2000},
        "image": {"penalty": 1.0},
    },
    "gan": PLAIN,
    "minimax": PLAIN,
    "lsgan": PLAIN,
    "hinge": {
        "vector": {"lr": 2e-3, "batch": 256, "critic_steps": 2, "steps": 20_000},
        "small": {"betas": (0.0, 0.9)},
        "image": {"critic_steps": 2},
    },
    "wgan": {
        "vector": {"lr": 5e-4, "critic_steps": 5, "steps": 10_000},
        "small": {"lr": 5e-4, "critic_steps": 5},
        "image": {"lr": 5e-5, "critic_steps": 5},
    },
    "wgan-gp": {
        "vector": {
            "penalty": 0.1,
            "critic_steps": 2,
            "betas": (0.0, 0.9),
            "lr": 2e-3,
            "batch": 256,
            "steps": 15_000,
        },
        "small": {"penalty": 10.0, "critic_steps": 2, "betas": (0.0, 0.9)},
        "image": {"penalty": 10.0, "critic_steps": 2, "betas": (0.0, 0.9)},
    },
}


def preset(objective: str, units: Codec) -> TrainingConfig:
    """Return the settings of an objective for a kind of data.

    Parameters
    ----------
    objective
        Name in OBJECTIVES.
    units
        Of the data.

    Raises
    ------
    Mistake
        An unknown objective.
    """
    return _of_kind(objective, units.family, units.width)


def _of_kind(objective: str, kind: str, size: int) -> TrainingConfig:
    checks.choice("objective", objective, OBJECTIVES)
    shape: dict[str, dict[str, Any]] = {
        "vector": {
            "latent": max(2, min(size, 32)),
            "width": 128,
            "critic_width": 64,
            "batch": 128,
        },
        "small": {},
        "image": {"latent": 64, "width": 32, "critic_width": 32, "steps": 8000},
    }
    optimizer = {"optimizer": "rmsprop"} if objective == "wgan" else {}
    return TrainingConfig(
        objective=objective, **(shape[kind] | optimizer | PRESETS[objective][kind])
    )


def configured(objective: str, units: Codec, changes: dict[str, Any]) -> TrainingConfig:
    """Return the preset of an objective on a kind of data, with what the user changed.

    Parameters
    ----------
    objective, units
        See `preset`.
    changes
        Fields of TrainingConfig and their values.
    """
    coded = bool(changes.get("categorical") or changes.get("continuous"))
    free = changes.get("network", "auto") == "auto"
    if coded and free and units.coded_family == "small":  # fully connected networks learn them
        usual = replace(_of_kind(objective, "small", units.width), network="mlp")
        return replace(usual, **(changes | {"network": "mlp"}))
    return replace(preset(objective, units), **changes)


def shrunk(config: TrainingConfig, units: Codec, rows: int) -> TrainingConfig:
    """Shrink a preset's batch to the rows that there are; a batch that the user chose stays.

    Parameters
    ----------
    config
        Of these data.
    units
        Of the data.
    rows
        To learn from.
    """
    chosen = config.batch != preset(config.objective, units).batch
    if chosen or config.batch <= rows:
        return config
    return replace(config, batch=max(rows // config.pack, 1) * config.pack)


def shrinking(before: TrainingConfig, after: TrainingConfig) -> tuple[str, ...]:
    """Say so where `shrunk` made a batch smaller; () where it did not."""
    if before.batch == after.batch:
        return ()
    return (f"the preset's batch of {before.batch} was cut to {after.batch}: there are few rows",)
