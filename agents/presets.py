"""Settings that a measurement found good, by the id of the environment."""

from __future__ import annotations

from genenv import checks
from genenv.agents.algorithms import Ppo, Preset

LATENT_PROBE = Ppo(learning_rate=2e-3, hidden=(128, 128), arguments={"horizon": 6, "stride": 1.2})

TRAINING_GAME = Ppo(
    total_steps=12_800,
    envs=32,
    steps=20,
    batch=160,
    learning_rate=3e-3,
    lr_floor=0.2,
    gamma=1.0,
    log_std=-0.7,
    arguments={"reward": "log-quality"},
)
CURRICULUM = Ppo(
    total_steps=25_600,
    steps=10,
    batch=160,
    learning_rate=3e-3,
    lr_floor=0.2,
    gamma=1.0,
    log_std=-0.7,
)

PRESETS: dict[str, Preset] = {
    "genenv/LatentProbe-v0": LATENT_PROBE,
    "genenv/Curriculum-v0": CURRICULUM,
    "genenv/TrainingGame-v0": TRAINING_GAME,
}


def preset(env_id: str) -> Preset:
    """Return the settings for an environment.

    Raises
    ------
    Mistake
        The id is unknown, or has no preset.
    """
    return PRESETS[checks.choice("an environment with a preset", env_id, PRESETS)]
