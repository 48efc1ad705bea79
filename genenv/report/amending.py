"""Parts of a page that are written anew when more is known: between two comments of a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genenv import files
from genenv.report import apart, enrichment, law, moved, numerals, rates, summary, verdicts
from genenv.report.template import template

PARTS = {
    "trust": "_lights.html",
    "verdict": "_verdict.html",
    "probability": "_probability.html",
    "rates": "_rates.html",
    "worth": "_worth.html",
}


def filters() -> dict[str, Callable[..., Any]]:
    """Name what templates of a stress page write numbers by."""
    writers = (numerals.count, numerals.number, numerals.percent, numerals.seconds)
    found: dict[str, Callable[..., Any]] = {write.__name__: write for write in writers}
    return found | {
        "interval": numerals.interval_of,
        "figure": rates.figure,
        "counted": rates.counted,
        "rule": apart.words,
        "beside": enrichment.words,
        "moved": moved.words,
    }


def shown(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what those parts show of the content of report.json."""
    plain = dict(data)
    return {
        "data": plain,
        "trust": plain["trust"],
        "verdict": summary.verdict(plain),
        "undecided": summary.undecided(plain),
        "worth": verdicts.worth(plain),
        "rate_sentences": rates.sentences(plain),
        "law": law.law(plain),
    }


def parts_of(data: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    """Write parts of a stress page, names in PARTS, of the content of report.json."""
    seen = shown(data)
    return {name: template(PARTS[name], filters()).render(**seen).strip() for name in names}


def amend(page: Path, parts: Mapping[str, str]) -> None:
    """Write parts of a page anew; a page of an older version, without their comments, stays.

    Parameters
    ----------
    page
        Where the page is; nothing is done where there is none.
    parts
        Markup by the name in the comments.
    """
    if not page.is_file():
        return
    html = page.read_text(encoding="utf-8", errors="surrogateescape")  # others' bytes stay
    for name, made in parts.items():
        between = re.compile(rf"<!-- {name} -->.*?<!-- end of {name} -->", re.DOTALL)
        html = between.sub(lambda _, made=made: made, html)  # type: ignore[misc]
    files.write_atomically(page, lambda file: file.write(html.encode(errors="surrogateescape")))
