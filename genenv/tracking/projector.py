"""Files of TensorBoard's Projector: points, their columns and their pictures.

They lie in RUN/projector/TAG, and RUN/projector_config.pbtxt names them; event files hold nothing
of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from genenv import checks, files
from genenv.tracking.pictures import still

CONFIG = "projector_config.pbtxt"  # the name that TensorBoard looks for
SIDE = 8192  # pixels of a sheet of sprites, the largest texture that browsers surely take


def write(
    run: Path,
    tag: str,
    points: NDArray[Any],
    columns: Mapping[str, Sequence[Any]],
    sprites: NDArray[np.uint8] | None,
) -> None:
    """Write one embedding; a former one of this tag is replaced, others stay.

    Parameters
    ----------
    run
        The run's folder.
    tag
        Name in the projector's list.
    points
        (n, d), n and d at least 2.
    columns
        What is known of the points, n values a column; tabs and line breaks become spaces.
    sprites
        (n, h, w), (n, h, w, 1) or (n, h, w, 3), shown in place of dots; None: dots.

    Raises
    ------
    Mistake
        Other shapes, points that are not finite, or columns of another length.
    """
    checks.shape("points", points, (None, None))
    count = len(points)
    if min(points.shape) < 2:
        raise checks.Mistake(
            "at least 2 points of 2 numbers", f"shape {points.shape}", "leave the embedding out"
        )
    checks.finite("points", points)
    for name, column in columns.items():
        if len(column) != count:
            raise checks.Mistake(f"{count} values of {name}", len(column), "give one a point")
    place = run / "projector" / quote(tag, safe="")
    place.mkdir(parents=True, exist_ok=True)
    info: dict[str, Any] = {"tensor_name": tag, "tensor_shape": points.shape}

    def put(name: str, data: bytes) -> str:
        files.write_atomically(place / name, lambda file: file.write(data))
        return (place / name).relative_to(run).as_posix()

    rows = ("\t".join(f"{number:.6g}" for number in row) for row in points.tolist())
    info["tensor_path"] = put("tensors.tsv", "\n".join(rows).encode())
    if columns:
        info["metadata_path"] = put("metadata.tsv", _table(columns).encode())
    if sprites is not None:
        sheet, side = _sheet(sprites, count)
        info["sprite"] = {
            "image_path": put("sprites.png", still(sheet)),
            "single_image_dim": (side, side),
        }
    _enter(run / CONFIG, info)


def _enter(path: Path, info: dict[str, Any]) -> None:
    """Name an embedding in the configuration, in place of a former one."""
    from google.protobuf import text_format
    from tensorboard.plugins.projector.projector_config_pb2 import EmbeddingInfo, ProjectorConfig

    config = ProjectorConfig()
    if path.is_file():
        try:
            text_format.Parse(path.read_text(), config)
        except text_format.ParseError as error:
            raise checks.Mistake(
                f"{path} to be a projector's configuration", f"{error}", "delete it"
            ) from error
    others = [e for e in config.embeddings if e.tensor_name != info["tensor_name"]]
    config = ProjectorConfig(embeddings=[*others, EmbeddingInfo(**info)])
    data = text_format.MessageToString(config).encode()
    files.write_atomically(path, lambda file: file.write(data))


def _table(columns: Mapping[str, Sequence[Any]]) -> str:
    """Lay columns out as rows below their names; the format has no header for a single column."""
    header = [list(columns)] if len(columns) > 1 else []
    rows = [*header, *zip(*columns.values(), strict=True)]
    return "".join("\t".join(" ".join(str(v).split()) or "-" for v in row) + "\n" for row in rows)


def _sheet(sprites: NDArray[np.uint8], count: int) -> tuple[NDArray[np.uint8], int]:
    """Lay sprites out as a square of squares, as the projector cuts them: picture, side of one.

    Pictures that would exceed the largest texture are thinned out.
    """
    sprites = sprites[..., None] if sprites.ndim == 3 else sprites
    if sprites.ndim != 4 or len(sprites) != count or sprites.shape[-1] not in (1, 3):
        raise checks.Mistake(
            f"sprites of shape ({count}, h, w), ({count}, h, w, 1) or ({count}, h, w, 3)",
            f"shape {sprites.shape}",
            "give a picture a point, or None",
        )
    across = math.ceil(math.sqrt(count))
    step = -(-max(sprites.shape[1:3]) * across // SIDE)
    sprites = sprites[:, ::step, ::step]
    height, width, channels = sprites.shape[1:]
    side = max(height, width)
    cells = np.zeros((across**2, side, side, channels), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    cells[:count, top : top + height, left : left + width] = sprites
    rows = cells.reshape(across, across, side, side, channels).swapaxes(1, 2)
    return rows.reshape(across * side, across * side, channels), side
