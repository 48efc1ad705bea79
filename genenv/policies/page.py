"""The page of a run of a policy: the disturbance over time, and the failing episode as a film."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from genenv import files
from genenv.drawing import inline, style
from genenv.drawing.numbers import Numbers
from genenv.policies import summary
from genenv.policies.episodes import Episodes, Walk
from genenv.policies.ways import Failures
from genenv.report import often
from genenv.report.numerals import number, percent, plural
from genenv.report.template import template

SHOWN = 12  # modes with a picture
FRAMES = 6  # of a film
TALL = 160  # pixels of a frame
LINES = len(inline.SERIES)  # channels that have a line of their own


def write(content: Mapping[str, Any], moved: Failures, episodes: Episodes, path: Path) -> None:
    """Write the page.

    Parameters
    ----------
    content
        Of report.json.
    moved
        The likeliest failure that is known of each mode, in order.
    episodes
        That play an example of each mode again.
    path
        Of the file.
    """
    shown = []
    for row, mode in enumerate(content["modes"][:SHOWN]):
        walk = episodes.walk(moved.e[row], int(moved.start[row]), FRAMES)
        title = f"Mode {mode['id']}: disturbance and distance from the failure, step by step"
        shown.append({"mode": mode, "figure": _figure(walk, title), "film": _film(walk)})
    filters: dict[str, Callable[..., str]] = {
        **often.FILTERS, "number": number, "percent": percent, "plural": plural,
    }  # fmt: skip
    made = template("policy.html", filters)
    text = made.render(
        content=content, light=content["trust"]["model"], shown=shown,
        **often.shown(content, summary.verdict(content)),
    )  # fmt: skip
    files.write_atomically(path, lambda file: file.write(text.encode()))


def amended(content: Mapping[str, Any]) -> dict[str, str]:
    """Write what rates change on it, see `often.amended`."""
    return often.amended(content, summary.verdict(content))


def _figure(walk: Walk, title: str) -> str:
    with inline.styled(title):
        figure = style.blank(6.4, 2.6)
        above, below = figure.subplots(2, 1, sharex=True)
        for i, code in enumerate(walk.codes.T[:LINES]):
            above.step(np.arange(len(code)), code, where="post", color=inline.SERIES[i], lw=1)
        above.axhline(0, color=inline.VARIABLES["line"], lw=0.5)
        above.set_ylabel("code e")
        below.plot(walk.miss, color=inline.VARIABLES["accent"], lw=1.2)
        below.set_ylabel("miss")
        below.set_xlabel("step")
        return inline.svg(figure, title, _steps(walk))


def _steps(walk: Walk) -> Numbers:
    """Tell what is drawn of a walk, and its other channels."""
    codes = [f"code {i}" for i in range(walk.codes.shape[1])]
    rows = [
        (step, *map(float, code), float(miss))
        for step, (code, miss) in enumerate(zip(walk.codes, walk.miss, strict=False))
    ]
    return Numbers(("step", *codes, "miss"), rows)


def _film(walk: Walk) -> list[str]:
    return [_png(frame) for frame in walk.frames]


def _png(frame: Any) -> str:
    image = Image.fromarray(frame)
    small = image.resize((max(round(TALL * image.width / image.height), 1), TALL))
    stream = io.BytesIO()
    small.save(stream, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
