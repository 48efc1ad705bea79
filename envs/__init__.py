"""The seats: environments in which an agent plays one side of the game."""

from genenv.envs.batched import BatchedEnv
from genenv.envs.forger import Forger
from genenv.envs.forger_sequence import ForgerSequence
from genenv.envs.latent_probe import LatentProbe
from genenv.envs.single import Single

__all__ = ["BatchedEnv", "Forger", "ForgerSequence", "LatentProbe", "Single"]
