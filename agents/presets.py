"""Settings that a measurement found good, by the id of the environment."""

from __future__ import annotations

from genenv import checks
from genenv.agents.algorithms import Ppo, SequencePpo
from genenv.agents.off_policy import Sac
from genenv.agents.preset import Preset

LATENT_PROBE = Ppo(learning_rate=2e-3, hidden=(128, 128), arguments={"horizon": 6, "stride": 1.2})
LATENT_PROBE_SAC = Sac(
    learning_rate=1e-3, hidden=(128, 128), arguments={"horizon": 6, "stride": 1.2}
)
FORGER = Ppo(  # episodes of one step: discount and λ are without effect
    total_steps=4_505_600,
    envs=1024,
    steps=1,
    batch=512,
    epochs=4,
    learning_rate=2e-3,
    lr_floor=0.05,
    hidden=(128, 128, 128),
    activation="relu",
    log_std=-2.5,
    arguments={"batch": 512, "replay": 4096},
)
FORGER_SEQUENCE = SequencePpo(
    total_steps=64_000,  # at most: `held_out_rise` ends it earlier
    envs=64,
    steps=20,
    batch=640,
    epochs=2,
    learning_rate=4e-4,
    gamma=1.0,
    gae_lambda=1.0,
    ent_coef=-0.1,  # sharpens: praise alone wanders
    hidden=(),
    warm_up=1_280,
    arguments={"critic_steps": 2, "replay": 8192},
)

DETECTIVE = Ppo(
    total_steps=200_000,
    learning_rate=2e-3,
    lr_floor=0.05,
    steps=8,
    epochs=4,
    gamma=1.0,
    hidden=(128, 128),
    activation="relu",
    ent_coef=0.05,  # with less it says so at once, before it has learned what looks are for
)
DISTURBANCE = Ppo(
    total_steps=420_000,
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

TRAINING_GAME = Ppo(
    total_steps=15_360,
    envs=32,
    steps=12,
    batch=96,
    learning_rate=1e-3,
    lr_floor=0.1,
    gamma=1.0,
    log_std=-0.7,
)
CURRICULUM = Ppo(
    total_steps=15_360,
    steps=10,
    batch=320,
    epochs=8,
    learning_rate=1e-3,
    lr_floor=0.1,
    gamma=1.0,
    log_std=-0.7,
)

WALK1D = Ppo(
    total_steps=150_000,
    envs=32,
    steps=30,
    batch=240,
    learning_rate=1e-3,
    lr_floor=0.1,
    gamma=1.0,
    hidden=(32, 32),
    log_std=-2.0,
)
CROSSWALK = Ppo(
    total_steps=400_000,
    envs=32,
    steps=50,
    batch=400,
    learning_rate=1e-3,
    lr_floor=0.1,
    gamma=1.0,
    reward_scale=1e-3,  # a miss costs 150,000: beside its gradient the policy has none
    log_std=-1.0,
)

PRESETS: dict[str, Preset] = {
    "genenv/LatentProbe-v0": LATENT_PROBE,
    "genenv/Forger-v0": FORGER,
    "genenv/ForgerSequence-v0": FORGER_SEQUENCE,
    "genenv/Detective-v0": DETECTIVE,
    "genenv/TrainingGame-v0": TRAINING_GAME,
    "genenv/Curriculum-v0": CURRICULUM,
    "genenv/Disturbance-v0": DISTURBANCE,
    "genenv/Walk1D-v0": WALK1D,
    "genenv/Crosswalk-v0": CROSSWALK,
}


def preset(env_id: str) -> Preset:
    """Return the settings for an environment.

    Raises
    ------
    Mistake
        The id is unknown, or has no preset.
    """
    return PRESETS[checks.choice("an environment with a preset", env_id, PRESETS)]
