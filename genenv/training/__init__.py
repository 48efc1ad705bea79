"""Training: settings, the loop, checkpoints."""

from genenv.training.config import TrainingConfig, preset
from genenv.training.trainer import Trainer, TrainingDiverged, train

__all__ = ["Trainer", "TrainingConfig", "TrainingDiverged", "preset", "train"]
