"""Files of tests that genenv writes, run by pytest inside of a test: no process starts for them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

OFF = [word for name in ("cacheprovider", "faulthandler", "xdist") for word in ("-p", f"no:{name}")]


class Ends:
    """How often the tests of a file passed or failed."""

    def __init__(self) -> None:
        self.counted: Counter[tuple[str, str]] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.counted[report.outcome, Path(report.fspath).name] += 1


def ends(*files: Path) -> Counter[tuple[str, str]]:
    """Run files; returns (passed or failed, file) -> how often."""
    seen = Ends()
    pytest.main(["-q", *OFF, *map(str, files)], plugins=[seen])
    return seen.counted
