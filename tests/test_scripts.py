"""What scripts print of figures that are already there; measuring takes their minutes."""

import importlib.util
import json
import runpy
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent.parent / "scripts"


@pytest.mark.slow
def test_frechet_distances_of_different_features_are_not_averaged(tmp_path, monkeypatch, capsys):
    figures = dict.fromkeys(("gan_train", "agreement", "precision", "recall", "real_train"), 0.5)
    named = {"objective": "gan", "network": "mlp", "norm": "none", "steps": 9}
    rows = [
        {**figures, **named, "seed": seed, "frechet": 10.0 + seed, "frechet_real": 1.0 + seed}
        for seed in (0, 1)
    ]
    path = tmp_path / "objectives.json"
    path.write_text(json.dumps(rows))
    words = ["digits", "--objectives", "gan", "--seeds", "0", "1", "--out", str(path)]
    monkeypatch.setattr(sys, "argv", ["objectives.py", *words])
    runpy.run_path(str(SCRIPTS / "objectives.py"), run_name="__main__")
    assert "| 10.00 (1.00) / 11.00 (2.00) |" in capsys.readouterr().out


def test_figures_of_the_house_are_counted_by_grammar():
    spec = importlib.util.spec_from_file_location("house", SCRIPTS / "house.py")
    house = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(house)
    text = "a, b = 1, 2\nc, d = pair\nx = (1, 2)\ne = 1 if a else 2\n\ndef f():\n    return 3\n"
    assert house.counted(text) == {
        "files": 1, "lines": 7, "statements": 6, "packed": 1, "ternaries": 1,
    }  # fmt: skip
    assert list(house.functions("m.py", text)) == [(2, "m.py:6 f")]
