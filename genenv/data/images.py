"""Folders of images: one folder a class, or no classes."""

from __future__ import annotations

import unicodedata
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
MOST_PIXELS = 2**26  # of a file: 256 MB in colour, before it is resized
ORIENTATION = 0x0112  # the tag of EXIF
BACKGROUND = "white"  # on which transparent images are laid
UNSORTED = ""  # in the place of a class's name: no folder is called so
# pillow's; it would hand a file that looks like PostScript to another program
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_GREY = ("1", "L", "LA")  # pillow's modes
_COLOUR = ("P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV")


def image_folder(
    folder: Path,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    background: str = BACKGROUND,
) -> Dataset:
    """Load FOLDER/CLASS/IMAGE, the names of the folders are the classes; or FOLDER/IMAGE.

    Parameters
    ----------
    folder
        Its folders hold PNG, JPEG or other files that pillow reads, eight bits a channel, at any
        depth, as torchvision's ImageFolder reads them. Where it has no folders it holds these files
        itself, and there are no labels.
    size
        Pixels, a side or (height, width), to which images are resized; None: all are of one size.
    channels
        1 (grey) or 3 (colour); None: grey where every image is grey.
    background
        Colour on which transparent images are laid, by its name or as "#rrggbb".

    Returns
    -------
    uint8 samples (n, h, w), or (n, h, w, 3) in colour, turned upright as EXIF says; notes count
    what was changed or left out.

    Raises
    ------
    Mistake
        When no images are found, one cannot be read, sizes differ and `size` is None, or a name of
        a class is not UTF-8.
    """
    if channels not in (None, 1, 3):
        raise checks.Mistake("channels 1 or 3", channels, "choose one")
    names, left_out = _listing(folder)
    paths = [path for files in names.values() for path in files]
    pictures, notes = _read(paths, size, channels, _colour(background))
    label = [name for name, files in names.items() for _ in files]
    flat = UNSORTED in names
    data = from_arrays(pictures, None if flat else label, folder.resolve().name)
    if flat:
        notes = (*notes, "the images lie in no class folders: there are no labels")
    notes += tuple(f"{count} {words}" for words, count in left_out.items() if count)
    return replace(data, notes=notes + data.notes)


def _listing(folder: Path) -> tuple[dict[str, list[Path]], Counter[str]]:
    """Images of each class in the order of their names, and what is left out, counted."""
    inside = sorted(path for path in folder.iterdir() if not _is_hidden(path))
    classes = [path for path in inside if path.is_dir()]
    left_out = Counter[str]()
    loose, others = _images([path for path in inside if not path.is_dir()])
    left_out.update(others)
    if not classes:
        if loose:
            return {UNSORTED: loose}, left_out
        raise checks.Mistake(
            "a folder of idx files, of class folders with images, or of images",
            f"{folder}, {'which holds none of them' if inside else 'which is empty'}",
            "sort the images into one folder a class, or leave them loose for no labels",
        )
    left_out["images beside the class folders were left out"] += len(loose)
    names: dict[str, list[Path]] = {}
    for path in classes:
        name = _class_name(path)
        if name in names:
            raise checks.Mistake(
                "one folder a class", f"two whose names read {name!r}", "move them together"
            )
        below = [p for p in sorted(path.rglob("*")) if not _is_hidden(p, path) and not p.is_dir()]
        names[name], others = _images(below)
        left_out.update(others)
        if not names[name]:
            raise checks.Mistake(
                f"images ({', '.join(SUFFIXES)}) in every class folder",
                f"none in {path}",
                f"give {path} itself if it holds the class folders, else remove it",
            )
    return names, left_out


def _is_hidden(path: Path, below: Path | None = None) -> bool:
    """Whether a path, or a folder of it, is what systems leave: .DS_Store, __MACOSX."""
    parts = (path.name,) if below is None else path.relative_to(below).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _class_name(path: Path) -> str:
    """Return the name of a class folder, composed: é is one letter on every system."""
    try:
        path.name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise checks.Mistake(
            "class folders with names in UTF-8", repr(path.name), "rename the folder"
        ) from error
    return unicodedata.normalize("NFC", path.name)


def _images(files: list[Path]) -> tuple[list[Path], Counter[str]]:
    """Pick images, and count the files that are none and the links that lead nowhere."""
    there = [f for f in files if f.is_file()]
    images = [f for f in there if f.suffix.lower() in SUFFIXES]
    return images, Counter(
        {
            "files that are no images were left out": len(there) - len(images),
            "links that lead to no file were left out": len(files) - len(there),
        }
    )


def _colour(name: str) -> tuple[int, int, int]:
    from PIL import ImageColor

    try:
        return ImageColor.getrgb(name)[:3]
    except ValueError as error:
        raise checks.Mistake("a background by name or as #rrggbb", repr(name), "mend it") from error


def _read(
    paths: list[Path],
    size: int | tuple[int, int] | None,
    channels: int | None,
    background: tuple[int, int, int],
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    pictures = []
    modes = Counter[str]()
    changed = Counter[str]()
    sizes: dict[tuple[int, int], Path] = {}  # each size with the first file that has it
    target = (size, size) if isinstance(size, int) else size
    for path in paths:
        picture, changes = _opened(path, background)
        changed.update(changes)
        modes[picture.mode] += 1
        sizes.setdefault((picture.height, picture.width), path)
        _check_size(sizes, target)
        pictures.append(_fitted(picture, target))
    colour = channels == 3 or (channels is None and bool(modes["RGB"]))
    arrays = [np.asarray(picture.convert("RGB" if colour else "L")) for picture in pictures]
    said = tuple(f"{count} {words}" for words, count in changed.items())
    return np.stack(arrays), said + _notes(modes, colour, target, sizes)


def _opened(path: Path, background: tuple[int, int, int]) -> tuple[Any, list[str]]:
    """Read one image, upright and opaque, grey or in colour, and say what was changed."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path, formats=FORMATS) as file:
            if file.width * file.height > MOST_PIXELS:
                raise ValueError(f"{file.width} x {file.height} pixels")
            frames = getattr(file, "n_frames", 1)
            turned = file.getexif().get(ORIENTATION, 1) != 1
            picture = ImageOps.exif_transpose(file)
            picture.load()
    except Exception as error:  # of two dozen kinds, as the format has it
        raise checks.Mistake(
            "an image", f"{path}, which cannot be read ({error})", "replace or remove it"
        ) from error
    mode = _mode(picture, path)
    changes = []
    if turned:
        changes.append("images were turned upright, as EXIF says")
    if frames > 1:
        changes.append("images have several frames, of which the first was taken")
    if "A" in picture.mode or "transparency" in picture.info:
        opaque = Image.new("RGBA", picture.size, (*background, 255))
        clear = picture.convert("RGBA")
        if clear.getchannel("A").tobytes().strip(b"\xff"):
            changes.append("transparent images were laid on the background")
            picture = Image.alpha_composite(opaque, clear)
    return picture.convert("RGB").convert(mode), changes


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
    sides, path = next(iter(sizes.items())) if target is None else (target, None)
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
