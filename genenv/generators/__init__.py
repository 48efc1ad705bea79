"""Generators: the contract that everything asks for, and one from elsewhere behind it."""

from __future__ import annotations

from genenv.generators.base import Classes, Generator, adopt
from genenv.generators.wrapped import Wrapped, wrap

__all__ = ["Classes", "Generator", "Wrapped", "adopt", "wrap"]
