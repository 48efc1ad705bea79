"""Settings that work untouched, by objective and kind of data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from genenv import checks, naming
from genenv.codecs import Codec
from genenv.objectives import OBJECTIVES
from genenv.training.aim import Aim, is_own
from genenv.training.config import TrainingConfig

PLAIN: dict[str, dict[str, Any]] = {  # without a penalty or a bound on the critic
    "vector": {"lr": 2e-3, "batch": 256, "steps": 20_000},
    "small": {"betas": (0.5, 0.999)},
    "image": {},
}
USUAL = "relativistic"  # whose settings an objective of a user's own starts from
# objective -> kind of data -> what differs from TrainingConfig's defaults
PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "relativistic": {
        "vector": {"penalty": 0.1, "lr": 2e-3, "batch": 256, "steps": 25_000},
        "small": {
            "penalty": 2.0,
            "critic_width": 192,
            "instance_noise": 0.3,
            "batch": 192,
            "steps": 2000,
        },
        "image": {  # of the others none that was asked gains by the deeper pair
            "network": "deep-dcgan",
            "width": 64,
            "penalty": 1.0,
            "penalty_every": 5,
            "steps": 6000,
        },
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
POINTS = 12  # of the curves of the shortest training


def preset(objective: Aim, units: Codec) -> TrainingConfig:
    """Return the settings of an objective for a kind of data.

    Parameters
    ----------
    objective
        Name in OBJECTIVES; one of the user's own has the settings of USUAL, but for its penalty.
    units
        Of the data.

    Raises
    ------
    Mistake
        An unknown objective.
    """
    return _of_kind(objective, units.family, units.width)


def _of_kind(objective: Aim, kind: str, size: int) -> TrainingConfig:
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
    settings = shape[kind] | optimizer | _by_objective(objective)[kind]
    return TrainingConfig(objective=objective, **settings)


def _by_objective(objective: Aim) -> dict[str, dict[str, Any]]:
    if isinstance(objective, str) and not is_own(objective):
        return PRESETS[checks.choice("objective", objective, OBJECTIVES)]
    usual = {
        kind: {name: value for name, value in settings.items() if name != "penalty"}
        for kind, settings in PRESETS[USUAL].items()
    }
    return usual | {"image": {}}  # pair and steps of images were chosen with the penalties


def stated(config: TrainingConfig) -> tuple[str, ...]:
    """Say which preset an objective of the user's own goes by; () for genenv's."""
    if not is_own(config.objective):
        return ()
    own = naming.spelled(config.objective)
    but = "without penalty, and of images the plain pair's"
    return (f"objective {own}: settings left out are the preset's of {USUAL}, {but}",)


def configured(objective: Aim, units: Codec, changes: dict[str, Any]) -> TrainingConfig:
    """Return the preset of an objective on a kind of data, with what the user changed.

    Parameters
    ----------
    objective, units
        See `preset`.
    changes
        Fields of TrainingConfig and their values; a network of auto is the preset's.
    """
    coded = bool(changes.get("categorical") or changes.get("continuous"))
    free = changes.get("network", "auto") == "auto"
    if free:
        changes = {name: value for name, value in changes.items() if name != "network"}
    if coded and free and units.coded_family == "small":  # fully connected networks learn them
        usual = replace(_of_kind(objective, "small", units.width), network="mlp")
        changes = changes | {"network": "mlp"}
    else:
        usual = preset(objective, units)
    return _logged(replace(usual, **changes), changes)


def _logged(config: TrainingConfig, changes: dict[str, Any]) -> TrainingConfig:
    """Log a short training more often, unless it was said how often: health needs a few points."""
    if "log_every" in changes:
        return config
    often = min(config.log_every, max(config.steps // POINTS, 1))
    every = config.penalty_every  # so that the points have it
    return replace(config, log_every=often // every * every or often)


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
