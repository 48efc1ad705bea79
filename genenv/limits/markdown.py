"""Results as a Markdown table, for a pull request."""

from __future__ import annotations

import re
from pathlib import Path

from genenv import files
from genenv.limits.checking import Checked
from genenv.report.numerals import count, interval, percent

HEAD = ("outcome", "figure", "share", "95 % interval", "of", "fails if")


def write(checked: Checked, path: Path) -> None:
    """Write the summary of a check."""
    files.write_atomically(path, lambda file: file.write(text(checked).encode()))


def text(checked: Checked) -> str:
    """Return it; names from the data are escaped."""
    head = f"**genenv check: {checked.outcome.name.lower()}**, {_escaped(checked.name)}"
    if checked.undecided:
        return f"{head}\n\n{_escaped(checked.undecided)}\n"
    lines = [_row(HEAD), _row(["---"] * len(HEAD))]
    for one in checked.results:
        figure = one.figure
        cells = (
            one.outcome.name.lower(),
            figure.name,
            percent(figure.estimate),
            interval(figure.low, figure.high),
            f"{count(figure.rows)} {figure.unit}",
            one.limit.text,
        )
        lines.append(_row([_escaped(cell) for cell in cells]))
    return "\n".join([head, "", *lines, ""])


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(cell: str) -> str:
    """Escape what Markdown and the HTML in it would read as a mark."""
    line = " ".join(cell.split())
    return re.sub(r"([\\`*_{}\[\]<>#|@~])", r"\\\1", line)
