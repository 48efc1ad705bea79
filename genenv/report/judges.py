"""What a judge is worth, in words and as one self-contained page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from genenv import files
from genenv.codecs import Codec
from genenv.doubtful import DOUBT, Doubtful
from genenv.judge.variations import FULL
from genenv.report.figures import png
from genenv.report.numerals import count, interval, interval_of, percent, plural
from genenv.report.template import template
from genenv.tracking import picture

PICTURED = 48  # doubtful rows on the page; the list has them all
VALUES = 12  # numbers shown of a row that is no picture

FIGURES = {
    "left out": ("real_rejected", "joint"),
    "refused as unreal": ("real_rejected", "realism"),
    "class cannot be told": ("real_rejected", "unsure"),
    "taken for another class": ("real_rejected", "other"),
    "wrong among accepted": ("wrong_among_accepted",),
    "right, whatever it accepts": ("accuracy",),
}


def figures(quality: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the shares that the light stands on, by their words."""
    found = {}
    for words, path in FIGURES.items():
        row: Any = quality
        for key in path:
            row = row[key]
        found[words] = row
    return found


def promise(quality: dict[str, Any]) -> str:
    """Say what the cut promises, and that this is about real rows alone."""
    said = quality["promise"]
    tested = f", tested on {plural(said['rows'], 'row')} ({said['wrong']} wrong)"
    return (
        f"On real rows it promises {said['words']}{tested if said['met'] else ''}. That is no "
        "promise about generated samples."
    )


def doubted(content: dict[str, Any]) -> str:
    """Say how many rows it doubts."""
    found = content["doubtful"]
    if not found:
        return "It doubts the label of no real row."
    return f"It finds the label of {plural(found, 'real row')} less likely than not."


def summary(content: dict[str, Any]) -> str:
    """Write light, figures, controls and promise as lines of text."""
    light, quality = content["light"], content["judge"]
    advice = f" ({light['advice']})" if light["advice"] else ""
    lines = [
        *content["told"],
        f"judge: {light['light']}: {light['figure']}{advice}",
        f"of {count(quality['test_rows'])} untouched real rows:",
        *(_line(words, row) for words, row in figures(quality).items()),
        f"  {'calibration error':<28}{quality['calibration']['error']:.3f}",
        "controls accepted as any class:",
        *(
            f"{_line(kind, row['accepted'])}, limit {percent(row['limit'])}"
            for kind, row in quality["controls"].items()
        ),
        promise(quality),
        *_varied(quality),
        doubted(content),
    ]
    return "\n".join(lines)


def _varied(quality: dict[str, Any]) -> list[str]:
    """Say how far images were varied; []: no images, or made before this was chosen."""
    words = quality["members"].get("variation")
    if words is None:
        return []
    chosen = "since that saved loss on unseen rows"
    if words == FULL.words:
        chosen = "since less saved no loss on unseen rows beyond chance"
    return [f"Its networks learned images varied by {words}, {chosen}."]


def _line(words: str, row: dict[str, Any]) -> str:
    return f"  {words:<28}{percent(row['share'])} {interval(row['low'], row['high'])}"


def write_page(content: dict[str, Any], rows: Doubtful, units: Codec, path: Path) -> None:
    """Write the page.

    Parameters
    ----------
    content
        Of quality.json.
    rows, units
        What the judge doubts, and the map of its samples.
    path
        Of the file.
    """
    filters: dict[str, Callable[..., str]] = {
        "count": count,
        "percent": percent,
        "interval": interval_of,
    }
    classes = content["data"]["classes"]
    text = template("judge.html", filters).render(
        content=content,
        quality=content["judge"],
        figures=figures(content["judge"]),
        promise=promise(content["judge"]),
        varied=_varied(content["judge"]),
        by_class=list(zip(classes, content["judge"]["real_rejected_by_class"], strict=True)),
        doubted=doubted(content),
        doubt=DOUBT,
        rows=list(_pictured(rows, units)),
    )
    files.write_atomically(path, lambda file: file.write(text.encode()))


def _pictured(rows: Doubtful, units: Codec) -> Iterator[dict[str, Any]]:
    """Make what the page shows of the most doubtful rows."""
    for i in range(min(len(rows), PICTURED)):
        image = picture(rows.x[i : i + 1], units)
        yield {
            "data": rows.data[i],
            "row": int(rows.row[i]),
            "label": rows.label[i],
            "p": float(rows.p[i]),
            "likeliest": rows.likeliest[i],
            "picture": None if image is None else png(image[0]),
            "values": _values(rows.x[i]) if image is None else "",
        }


def _values(x: Any) -> str:
    """Write the first numbers of a row that is no picture."""
    flat = np.asarray(x, np.float64).reshape(-1)
    shown = [f"{value:.4g}" for value in flat[:VALUES]]
    return ", ".join([*shown, "…"] if len(flat) > VALUES else shown)
