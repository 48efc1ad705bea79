"""The report of a stress run: plain values as JSON, one self-contained page, a printed summary."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genenv import checks, files, reading
from genenv.report import nearest, summary, typed
from genenv.report.document import SCHEMA, document
from genenv.report.evidence import Curve, Evidence, Failures

__all__ = ["Curve", "Evidence", "Failures", "Report", "load"]


@dataclass
class Report:
    """What a stress run found; `print` shows its summary.

    Parameters
    ----------
    data
        The content of report.json, see `genenv.report.document`.
    evidence
        What the page shows beside it; None for a report read back from report.json.
    page
        Where the page was last written; None: not yet.

    Raises
    ------
    Mistake
        `data` has other keys, another schema, or values that JSON cannot hold (NaN).
    """

    data: dict[str, Any]
    evidence: Evidence | None = None
    page: Path | None = None

    def __post_init__(self) -> None:
        self.data = document(self.data)

    @property
    def searches(self) -> list[dict[str, Any]]:
        """A row for each search and seed, with the keys of `document.SEARCH_KEYS`."""
        return list(self.data["searches"])

    @property
    def failures(self) -> Failures | None:
        """The confirmed failures; None for a report read back from report.json."""
        return None if self.evidence is None else self.evidence.failures

    @property
    def verdict(self) -> str:
        """The report in one sentence."""
        return summary.verdict(self.data)

    def html(self, path: Path | str) -> Path:
        """Write the page to a file and return its path; it is self-contained and opens offline.

        Raises
        ------
        Mistake
            The report was read back from report.json, which holds no pictures.
        """
        if self.evidence is None:
            raise checks.Mistake(
                "a report with its evidence", "one read from report.json",
                "open the report.html beside it, or run `stress` with --resume",
            )  # fmt: skip
        from genenv.report.page import render  # jinja2 and the figures only when a page is made

        self.page = _write(Path(path).expanduser(), render(document(self.data), self.evidence))
        return self.page

    def save(self, folder: Path | str) -> Path:
        """Write report.json, report.html and what they rest on into a folder: the page's path."""
        content = json.dumps(
            document(self.data), indent=2, ensure_ascii=False, allow_nan=False, sort_keys=False
        )
        _write(Path(folder) / "report.json", content + "\n")
        if self.evidence is not None:
            nearest.save(Path(folder), self.evidence.failures)
        return self.html(Path(folder) / "report.html")

    def __str__(self) -> str:
        there = self.page is not None and self.page.is_file()  # a call without `out` leaves none
        return summary.text(self.data, str(self.page) if there else None)


def load(folder: Path | str) -> Report:
    """Read the report.json of a run's folder.

    Raises
    ------
    Mistake
        There is none, it is not JSON, or another version of genenv wrote it.
    """
    path = Path(folder).expanduser() / "report.json"
    if not path.is_file():
        raise checks.Mistake(f"the file {path}", "none", "give a folder that `stress` finished")
    content = reading.plain(path)
    page = path.with_name("report.html")
    if content.get("schema") == SCHEMA:  # of another one, that is said first
        typed.check(path, typed.ClassifierContent)
    return Report(content, page=page if page.is_file() else None)


def _write(path: Path, text: str) -> Path:
    """Replace a file in one step, so that an interrupted run leaves a whole one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_atomically(path, lambda file: file.write(text.encode()))
    return path
