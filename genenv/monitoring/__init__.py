"""What a training is watched with: curves, pictures, indicators of its health, a diagnosis."""

from genenv.monitoring.curves import Curves

__all__ = ["Curves"]
