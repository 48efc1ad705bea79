"""Pictures for TensorBoard, reports and files: grids, scatters, PNG and GIF."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genenv import checks

if TYPE_CHECKING:
    from genenv.codecs import Codec

_LEAST_SIDE = 48  # pixels: smaller pictures are enlarged by an integer factor
_GAP = 4  # pixels between the cells of a grid
_CAPTION = 12  # pixels of height for a caption, of which 11 are letters
_PAPER, _INK = 255, 40  # grey levels of a grid's background and captions
_SCATTER_SIDE = 320  # pixels
_GREYS = 32  # levels of a grey animation: a third of the bytes of 256, and no difference to the eye
_COLOURS = 128  # of a colour animation, one palette for all frames


def still(grid: NDArray[np.uint8]) -> bytes:
    """Encode a picture (height, width, 1 or 3) as a PNG."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(grid[..., 0] if grid.shape[-1] == 1 else grid).save(stream, "PNG")
    return stream.getvalue()


def animation(frames: NDArray[np.uint8], milliseconds: int = 80, most: int = 1_000_000) -> bytes:
    """Encode frames as a GIF that repeats without end.

    Parameters
    ----------
    frames
        (n, height, width, 1 or 3) of uint8; colours that are all grey are written as grey.
    milliseconds
        Time of a frame.
    most
        Bytes of the file: while it has more, every second frame is left out.

    Raises
    ------
    Mistake
        No frame, or another shape.
    """
    if frames.ndim != 4 or frames.shape[-1] not in (1, 3) or not len(frames):
        raise checks.Mistake(
            "frames of shape (n, h, w, 1) or (n, h, w, 3) with n above 0",
            f"shape {frames.shape}",
            "reshape them",
        )
    first, *others = _palette_images(frames)
    stream = io.BytesIO()
    first.save(stream, "GIF", save_all=True, append_images=others, duration=milliseconds, loop=0)
    if len(stream.getvalue()) > most and others:
        return animation(frames[::2], 2 * milliseconds, most)
    return stream.getvalue()


def _palette_images(frames: NDArray[np.uint8]) -> list[Any]:
    """Turn frames into images of few colours, the same ones in each, so that nothing flickers."""
    from PIL import Image

    if frames.shape[-1] == 1 or (frames == frames[..., :1]).all():
        step = 255 / (_GREYS - 1)
        grey = np.rint(np.rint(frames[..., 0] / step) * step).astype(np.uint8)
        return [Image.fromarray(frame) for frame in grey]
    together = Image.fromarray(np.ascontiguousarray(frames.reshape(-1, *frames.shape[2:])))
    palette = together.quantize(_COLOURS, dither=Image.Dither.NONE)
    height = frames.shape[1]
    cuts = [(0, i * height, frames.shape[2], (i + 1) * height) for i in range(len(frames))]
    return [palette.crop(cut) for cut in cuts]


def picture(x: ArrayLike, units: Codec) -> NDArray[np.uint8] | None:
    """Turn samples into pictures to look at.

    Parameters
    ----------
    x
        (n, *units.shape) in the data's units.
    units
        Their map to [-1, 1]; values outside are clipped.

    Returns
    -------
    (n, h, w, 1) grey or (n, h, w, 3) colour, uint8; of other channel counts the first one or
    three are shown. None when the samples are vectors.
    """
    if not units.channels:
        return None
    low, high = np.asarray(units.least, np.float64), np.asarray(units.most, np.float64)
    unit = ((np.asarray(x, np.float64) - low) / (high - low)).clip(0, 1)
    shown: NDArray[np.uint8] = np.rint(255 * unit).astype(np.uint8)
    shown = shown.reshape(len(shown), *units.shape[:2], -1)
    return shown[..., : 3 if shown.shape[-1] >= 3 else 1]


def scatter(x: ArrayLike, units: Codec) -> NDArray[np.uint8]:
    """Draw the first two columns of vectors (n, d) as dots: one (h, w, 1) uint8 picture.

    The frame is the data's range and a tenth beyond; one column is drawn along the horizontal, a
    constant one lies in the middle.
    """
    rows = np.asarray(x, np.float64)[:, :2]
    ends = (np.asarray(units.least, np.float64), np.asarray(units.most, np.float64))
    low, high = (np.broadcast_to(end, units.shape)[:2] for end in ends)
    span = np.where(high > low, high - low, 1.0)
    rows = np.where(high > low, (rows - low) / span, rows - low + 0.5)
    rows = rows[np.isfinite(rows).all(axis=1)]
    across = rows[:, 0]
    up = rows[:, 1] if rows.shape[1] > 1 else np.full(len(rows), 0.5)
    counts, _, _ = np.histogram2d(1 - up, across, _SCATTER_SIDE, [[-0.1, 1.1], [-0.1, 1.1]])
    dots = sum(np.roll(counts, shift, axis) for shift, axis in ((0, 0), (1, 0), (1, 1), (-1, 0)))
    sheet: NDArray[np.uint8] = (_PAPER - np.minimum(dots * 90, _PAPER - _INK)).astype(np.uint8)
    return sheet[..., None]


def overview(
    x: ArrayLike, units: Codec, columns: int = 10, captions: Sequence[str] | None = None
) -> NDArray[np.uint8]:
    """Draw samples (n, *units.shape) as one picture: a grid of images, or a scatter of vectors."""
    pictures = picture(x, units)
    return scatter(x, units) if pictures is None else grid(pictures, columns, captions)


def grid(
    images: NDArray[np.uint8], columns: int, captions: Sequence[str] | None = None
) -> NDArray[np.uint8]:
    """Lay pictures out in rows.

    Parameters
    ----------
    images
        (n, h, w) or (n, h, w, c) of uint8 with c 1 or 3; pictures with a side under 48 pixels are
        enlarged by an integer factor, so that every pixel stays a square.
    columns
        Pictures in a row.
    captions
        One short text a picture, drawn under it; None: no captions.

    Returns
    -------
    (height, width, 3) uint8.

    Raises
    ------
    Mistake
        No picture, another shape, or another number of captions than pictures.
    """
    from PIL import Image, ImageDraw, ImageFont

    images = images[..., None] if images.ndim == 3 else images
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or not len(images):
        raise checks.Mistake(
            "pictures of shape (n, h, w), (n, h, w, 1) or (n, h, w, 3) with n above 0",
            f"shape {images.shape}",
            "reshape them",
        )
    if captions is not None and len(captions) != len(images):
        raise checks.Mistake(
            f"{len(images)} captions", len(captions), "give one a picture, or None"
        )
    factor = -(-_LEAST_SIDE // min(images.shape[1:3]))
    images = images.repeat(factor, axis=1).repeat(factor, axis=2)
    height, width = images.shape[1:3]
    font = ImageFont.load_default(_CAPTION - 1)
    cell_width = max([width, *(int(font.getlength(text)) + 1 for text in captions or ())])
    cell_height = height + (_CAPTION + 2 if captions is not None else 0)
    columns = max(1, min(columns, len(images)))
    rows = -(-len(images) // columns)
    size = columns * (cell_width + _GAP) + _GAP, rows * (cell_height + _GAP) + _GAP
    sheet = Image.new("RGB", size, (_PAPER,) * 3)
    pen = ImageDraw.Draw(sheet)
    for i, image in enumerate(images):
        left = _GAP + (i % columns) * (cell_width + _GAP)
        top = _GAP + (i // columns) * (cell_height + _GAP)
        colour = np.broadcast_to(image, (*image.shape[:2], 3))
        sheet.paste(Image.fromarray(np.ascontiguousarray(colour)), (left, top))
        if captions is not None:
            pen.text((left, top + height), captions[i], (_INK,) * 3, font)
    return np.asarray(sheet)
