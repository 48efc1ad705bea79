"""The tab genenv in TensorBoard: failures of a run, and reactions, as pictures that move."""

from __future__ import annotations

from genenv.board.plugin import Board

__all__ = ["Board"]
