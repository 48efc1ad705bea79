"""Generators: the contract, one from elsewhere behind it, and drawn shapes of known class."""

from __future__ import annotations

from genenv.generators.adopting import adopt
from genenv.generators.base import Classes, Generator
from genenv.generators.inversion import Inverted, encoded, invert
from genenv.generators.near import Near
from genenv.generators.onnx_decoder import OnnxDecoder
from genenv.generators.rebuilding import rebuilt
from genenv.generators.rows import MixtureRows
from genenv.generators.shapes import Shapes
from genenv.generators.wrapped import Wrapped, wrap

__all__ = [
    "Classes",
    "Generator",
    "Inverted",
    "MixtureRows",
    "Near",
    "OnnxDecoder",
    "Shapes",
    "Wrapped",
    "adopt",
    "encoded",
    "invert",
    "rebuilt",
    "wrap",
]
