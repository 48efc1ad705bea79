"""The report of a run of a regressor: plain values as JSON, a page, a printed summary."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from genenv import checks, files
from genenv.failures import Confirmed
from genenv.regression import summary
from genenv.regression.judging import ValueJudge
from genenv.report import Report


@dataclass
class ValueReport(Report):
    """What a stress run of a regressor found; `print` shows its summary.

    Parameters
    ----------
    data
        The content of report.json.
    found
        The confirmed failures: rows `x`, and `output`, the model's answer, the mean of the guide's
        oracles and its half-width, in standard deviations of the target. None: there is none.
    judge
        Of the run: `judge.value` gives these in the target's unit. None: read back from JSON.
    """

    found: Confirmed | None = None
    judge: ValueJudge | None = None

    def __post_init__(self) -> None:
        """Check nothing: the keys are those of `RegressStress`."""

    @property
    def verdict(self) -> str:
        """The report in one sentence."""
        return summary.verdict(self.data)

    def html(self, path: Path | str) -> Path:
        """Write the page to a file and return its path.

        Raises
        ------
        Mistake
            The report was read back from report.json.
        """
        if self.judge is None:
            raise checks.Mistake(
                "a report with its judge", "one read from report.json",
                "open the report.html beside it, or run `stress` with --resume",
            )  # fmt: skip
        from genenv.regression.page import render  # jinja2 only when a page is made

        self.page = Path(path).expanduser()
        text = render(self.data, self.found, self.judge)
        self.page.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomically(self.page, lambda file: file.write(text.encode()))
        return self.page

    def save(self, folder: Path | str) -> Path:
        """Write report.json and report.html into a folder and return the page's path."""
        content = json.dumps(self.data, indent=2, ensure_ascii=False, allow_nan=False)
        path = Path(folder) / "report.json"
        files.write_atomically(path, lambda file: file.write(f"{content}\n".encode()))
        return self.html(Path(folder) / "report.html")

    def __str__(self) -> str:
        there = self.page is not None and self.page.is_file()
        return summary.text(self.data, str(self.page) if there else None)
