"""The tutorials, block by block as a reader runs them; the judge's networks learn for less long."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.example import Example
from sybil.parsers.myst import CodeBlockParser

from genenv import cli

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted((DOCS / "tutorials").glob("*.md")) + sorted((DOCS / "explanations").glob("*.md"))
DECIDED = (0, 1, 3)  # what small budgets find is up to them; 2 is a mistake of the page


def shell(example: Example) -> None:
    """Run the commands of a block, but for those that name what no page makes."""
    for line in example.parsed.splitlines():
        words = shlex.split(line, comments=True)
        if not words or "DATA.npz" in words:
            continue
        assert words[0] == "genenv", line
        with pytest.raises(SystemExit) as left:
            cli.main(words[1:])
        assert left.value.code in DECIDED, line


def python(example: Example) -> None:
    """Run a block; one that begins with the name of a file is written to it, too."""
    first = example.parsed.splitlines()[0]
    if first.startswith("# ") and first.endswith(".py"):
        Path(first[2:]).write_text(example.parsed)
    PythonEvaluator()(example)


SYBIL = Sybil(parsers=[CodeBlockParser("python", python), CodeBlockParser("bash", shell)])


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if "```python" in page.read_text()], ids=lambda path: path.stem
)
def test_a_page_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for example in SYBIL.parse(page).examples():
        example.evaluate()
