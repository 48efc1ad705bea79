"""The seats: environments in which an agent plays one side of the game."""

from genenv.envs.batched import BatchedEnv, Single
from genenv.envs.forger import Forger
from genenv.envs.forger_sequence import ForgerSequence
from genenv.envs.latent_probe import LatentProbe

__all__ = ["BatchedEnv", "Forger", "ForgerSequence", "LatentProbe", "Single"]
