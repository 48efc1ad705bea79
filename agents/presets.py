"""Settings that a measurement found good, by the id of the environment."""

from __future__ import annotations

from genenv import checks
from genenv.agents.algorithms import Ppo, Preset

LATENT_PROBE = Ppo(learning_rate=2e-3, hidden=(128, 128), arguments={"horizon": 6, "stride": 1.2})
DISTURBANCE = Ppo(
    total_steps=210_000,
    envs=32,
    steps=30,
    batch=480,
    learning_rate=1e-3,
    lr_floor=0.1,
    gamma=1.0,
    hidden=(32, 32),
    log_std=-2.0,
    arguments={"bonus": 0.2, "shaping": 0.2, "scale": 20.0},
)

PRESETS: dict[str, Preset] = {
    "genenv/Disturbance-v0": DISTURBANCE,
    "genenv/LatentProbe-v0": LATENT_PROBE,
}


def preset(env_id: str) -> Preset:
    """Return the settings for an environment.

    Raises
    ------
    Mistake
        The id is unknown, or has no preset.
    """
    return PRESETS[checks.choice("an environment with a preset", env_id, PRESETS)]
