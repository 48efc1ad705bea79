"""What docs/generators.md shows runs, with fewer steps, and makes what it says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from genenv import generators, report

PAGE = (Path(__file__).parents[2] / "docs" / "generators.md").read_text()
START, *EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
NAMES = ("vae", "flow", "onnx", "simulator")


def test_the_page_has_the_four_examples():
    assert len(EXAMPLES) == len(NAMES)


@pytest.mark.parametrize("block", EXAMPLES, ids=NAMES)
def test_an_example_of_the_page_runs(block, request, tmp_path, monkeypatch):
    if "onnx" in request.node.callspec.id:
        pytest.importorskip("onnx", reason="onnx is not installed")
        pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    monkeypatch.chdir(tmp_path)
    small = re.sub(r"range\([23]000\)", "range(60)", block).replace("2_000", "128")
    space: dict[str, object] = {}
    exec(START + small, space)
    made = space["generator"]
    assert isinstance(made, generators.Wrapped)
    assert not made.notes  # labels matter
    x, label = made.sample(20)
    assert len(np.unique(x, axis=0)) == 20
    assert label.max() < len(made.classes)
    if "report" in space:
        assert isinstance(space["report"], report.Report)
        assert {row["queries"] for row in space["report"].searches} == {128}
    if "content" in space:
        assert {row["way"] for row in space["content"]["helps"]} == {"add", "replace"}
