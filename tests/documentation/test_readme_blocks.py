"""The Python of the README runs, with smaller settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_readme import blocks


@pytest.mark.slow
@pytest.mark.parametrize("block", blocks("README.md", "python"))
def test_python_blocks_of_the_readme_run(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    small = block.replace("steps=3000", "steps=30").replace("budget=20_000", "budget=300")
    space: dict[str, object] = {}
    exec(small, space)
    if "report" in space:
        assert (tmp_path / "stress.html").stat().st_size > 10_000
