"""Training: settings, the game, the loop, checkpoints."""

from genenv.training.config import TrainingConfig
from genenv.training.once import train
from genenv.training.presets import preset, shrinking, shrunk, stated
from genenv.training.trainer import Trainer, TrainingDiverged

__all__ = [
    "Trainer",
    "TrainingConfig",
    "TrainingDiverged",
    "preset",
    "shrinking",
    "shrunk",
    "stated",
    "train",
]
