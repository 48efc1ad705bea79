"""The command `check`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from genenv.settings.shown import Left, shown


@dataclass(frozen=True)
class Check:
    """Hold a finished run against limits: exit 0 pass, 1 fail, 3 investigate."""

    run: Left
    """A folder that stress left."""
    fail_if: Annotated[
        tuple[str, ...], tyro.conf.UseAppendAction, shown("LIMIT", "give at least one")
    ] = ()
    """What fails it: "p_confirmed > 0.002", "p_failure > 1%", "accuracy < 0.95", "accuracy(class) <
    0.9" (each of them), "accuracy(class: 7) < 0.9"; may be repeated."""
    junit: Annotated[Path | None, shown("FILE", "none")] = None
    """JUnit XML to write, for a build server."""
    markdown: Annotated[Path | None, shown("FILE", "none")] = None
    """A Markdown summary to write, for a pull request."""

    def __call__(self, _line: str) -> int:
        """Read the report, and say what becomes of each limit."""
        from genenv import limits, report
        from genenv.limits import junit, markdown

        held = [limits.parse(text) for text in self.fail_if]
        found = limits.checked(report.load(self.run).data, held)
        print(found)
        if self.junit is not None:
            junit.write(found, self.junit)
        if self.markdown is not None:
            markdown.write(found, self.markdown)
        return int(found.outcome)
