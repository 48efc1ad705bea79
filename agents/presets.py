"""Settings that a measurement found good, by the id of the environment."""

from __future__ import annotations

from genenv import checks
from genenv.agents.algorithms import Ppo, Preset

LATENT_PROBE = Ppo(learning_rate=2e-3, hidden=(128, 128), arguments={"horizon": 6, "stride": 1.2})

DETECTIVE = Ppo(
    total_steps=400_000,
    learning_rate=1e-3,
    lr_floor=0.1,
    steps=32,
    batch=512,
    epochs=4,
    gamma=1.0,
    hidden=(128, 128),
    activation="relu",
    ent_coef=0.01,
)

PRESETS: dict[str, Preset] = {
    "genenv/Detective-v0": DETECTIVE,
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
