"""Folders of images: one folder a class, or no classes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks
from genenv.data.arrays import LEAST_SIDE, MOST_SIDE, from_arrays
from genenv.data.dataset import Dataset

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
UNSORTED = ""  # in the place of a class's name: no folder is called so
# pillow's; it would hand a file that looks like PostScript to another program
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_GREY = ("1", "L", "LA")  # pillow's modes
_COLOUR = ("P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV")


def image_folder(
    folder: Path, size: int | tuple[int, int] | None = None, channels: int | None = None
) -> Dataset:
    """Load FOLDER/CLASS/IMAGE, the names of the folders are the classes; or FOLDER/IMAGE.

    Parameters
    ----------
    folder
        Its folders hold PNG, JPEG or other files that pillow reads, eight bits a channel. Where it
        has no folders it holds these files itself, and there are no labels.
    size
        Pixels, a side or (height, width), to which images are resized; None: all are of one size.
    channels
        1 (grey) or 3 (colour); None: grey where every image is grey.

    Returns
    -------
    uint8 samples (n, h, w), or (n, h, w, 3) in colour.

    Raises
    ------
    Mistake
        When no images are found, one cannot be read, or sizes differ and `size` is None.
    """
    if channels not in (None, 1, 3):
        raise checks.Mistake("channels 1 or 3", channels, "choose one")
    names, ignored = _listing(folder)
    paths = [path for files in names.values() for path in files]
    pictures, notes = _read(paths, size, channels)
    label = [name for name, files in names.items() for _ in files]
    flat = UNSORTED in names
    data = from_arrays(pictures, None if flat else label, folder.resolve().name)
    if flat:
        notes = (*notes, "the images lie in no class folders: there are no labels")
    if ignored:
        notes = (*notes, f"{ignored} files that are no images were left out")
    return replace(data, notes=notes + data.notes)


def _listing(folder: Path) -> tuple[dict[str, list[Path]], int]:
    """Images of each class in the order of their names, and how many files are no images."""
    visible = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    classes = [path for path in visible if path.is_dir()]
    if not classes:
        loose, others = _images(folder)
        if loose:
            return {UNSORTED: loose}, others
        raise checks.Mistake(
            "a folder of idx files, of class folders with images, or of images",
            f"{folder}, {'which holds none of them' if visible else 'which is empty'}",
            "sort the images into one folder a class, or leave them loose for no labels",
        )
    names, ignored = {}, 0
    for path in classes:
        names[path.name], others = _images(path)
        ignored += others
        if not names[path.name]:
            raise checks.Mistake(
                f"images ({', '.join(SUFFIXES)}) in every class folder",
                f"none in {path}",
                f"give {path} itself if it holds the class folders, else remove it",
            )
    return names, ignored


def _images(folder: Path) -> tuple[list[Path], int]:
    """Images of a folder in the order of their names, and how many files are none."""
    files = sorted(f for f in folder.iterdir() if f.is_file() and not f.name.startswith("."))
    images = [f for f in files if f.suffix.lower() in SUFFIXES]
    return images, len(files) - len(images)


def _read(
    paths: list[Path], size: int | tuple[int, int] | None, channels: int | None
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    from PIL import Image

    pictures, modes = [], Counter[str]()
    sizes: dict[tuple[int, int], Path] = {}  # each size with the first file that has it
    target = (size, size) if isinstance(size, int) else size
    for path in paths:
        try:
            with Image.open(path, formats=FORMATS) as file:
                picture = file.copy()
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise checks.Mistake(
                "an image", f"{path}, which cannot be read ({error})", "replace or remove it"
            ) from error
        mode = _mode(picture, path)
        modes[mode] += 1
        sizes.setdefault((picture.height, picture.width), path)
        _check_size(sizes, target)
        pictures.append(_fitted(picture.convert(mode), target))
    colour = channels == 3 or (channels is None and bool(modes["RGB"]))
    arrays = [np.asarray(picture.convert("RGB" if colour else "L")) for picture in pictures]
    return np.stack(arrays), _notes(modes, colour, target, sizes)


def _mode(picture: Any, path: Path) -> str:
    if picture.mode not in _GREY + _COLOUR:
        raise checks.Mistake(
            "images of eight bits a channel",
            f"{path} in pillow's mode {picture.mode}",
            "convert it to eight bits",
        )
    return "L" if picture.mode in _GREY else "RGB"


def _check_size(sizes: dict[tuple[int, int], Path], target: tuple[int, int] | None) -> None:
    advice = "give a size to which all are resized, such as 32"
    if target is None and len(sizes) > 1:
        ((h, w), first), ((other_h, other_w), second) = sizes.items()
        raise checks.Mistake(
            "images of one size",
            f"{first} of {h} x {w} and {second} of {other_h} x {other_w} pixels",
            advice,
        )
    (sides, path) = next(iter(sizes.items())) if target is None else (target, None)
    if not all(LEAST_SIDE <= side <= MOST_SIDE for side in sides):
        raise checks.Mistake(
            f"images of {LEAST_SIDE} to {MOST_SIDE} pixels a side",
            f"{sides[0]} x {sides[1]}" + (f" in {path}" if path else ""),
            advice,
        )


def _fitted(picture: Any, target: tuple[int, int] | None) -> Any:
    from PIL import Image

    if target is None or picture.size == target[::-1]:
        return picture
    return picture.resize(target[::-1], Image.Resampling.LANCZOS)


def _notes(
    modes: Counter[str],
    colour: bool,
    target: tuple[int, int] | None,
    sizes: dict[tuple[int, int], Path],
) -> tuple[str, ...]:
    notes = []
    if changed := modes["L" if colour else "RGB"]:
        turned = "grey images were turned to colour" if colour else "colour images to grey"
        notes.append(f"{changed} {turned}")
    if target and set(sizes) != {target}:
        notes.append(f"images were resized to {target[0]} x {target[1]} pixels")
    return tuple(notes)
