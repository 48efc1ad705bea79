"""TensorBoard logs of a run, read back without TensorBoard, and the pictures that go into them.

docs/tensorboard.md lists every tag that the commands write.
"""

from genenv.tracking.hparams import Setting, plain
from genenv.tracking.layout import Bands, Chart, Lines, exactly
from genenv.tracking.pictures import animation, grid, overview, picture, scatter, still
from genenv.tracking.reading import Scalars, frame, read, read_all
from genenv.tracking.sprites import framed
from genenv.tracking.tracker import Tracker

__all__ = [
    "Bands",
    "Chart",
    "Lines",
    "Scalars",
    "Setting",
    "Tracker",
    "animation",
    "exactly",
    "frame",
    "framed",
    "grid",
    "overview",
    "picture",
    "plain",
    "read",
    "read_all",
    "scatter",
    "still",
]
