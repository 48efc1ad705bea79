"""A run that genenv 0.1.0 left: its parts are read, or refused by name, and never called damaged.

tests/older/run_of_0_1_0 is what the last commit of 25 November wrote, installed as 0.1.0, of 600
rows in three classes (fit three.npz --steps 1500 --width 8 --critic-width 8; stress --generator gen
--model fn:model --search random --budget 300), without its pages, events and oracles' weights.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from genenv import cli

LEFT = Path(__file__).parent / "older" / "run_of_0_1_0"
FUNCTION = """import numpy as np

def model(x):
    centres = np.array([[0, 0], [6, 0], [0, 6.0]])
    k = ((np.asarray(x)[:, None] - centres) ** 2).sum(2).argmin(1)
    return np.eye(3)[np.where((k == 2) & (np.asarray(x)[:, 0] > 0), 1, k)]
"""
OTHER_REPORT = "expected a report of schema 2, got 1; read it with the version of genenv that wrote"
THREE = "stress three.npz --model older_fn:model --anyway --search random --budget 64"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(LEFT, tmp_path / "run")
    (tmp_path / "older_fn.py").write_text(FUNCTION)
    y = np.arange(600) % 3
    x = np.array([[0, 0], [6, 0], [0, 6.0]])[y] + np.random.default_rng(0).normal(0, 1, (600, 2))
    np.savez(tmp_path / "three.npz", x=x.astype(np.float32), y=y)
    return tmp_path / "run"


def ended(line: str) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(line.split())
    return int(end.value.code or 0)


def test_its_generator_makes_samples(run: Path) -> None:
    assert ended(f"sample {run} --count 9 --out nine.npz") == 0
    with np.load("nine.npz") as made:
        assert np.isfinite(made["x"]).all()


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("check run --fail-if p_confirmed>0.5 --trust", OTHER_REPORT),
        ("check run --fail-if p_confirmed>0.5 --model older_fn:model", OTHER_REPORT),
        ("compare run run --model older_fn:model older_fn:model", OTHER_REPORT),
        ("rate run --model older_fn:model --rate-budget 64", OTHER_REPORT),
        ("harden run --factory logistic", OTHER_REPORT),
        ("replay run --model older_fn:model", "got those of genenv 0.1, which gave them no p"),
        ("export run --pytest t.py", "got those of genenv 0.1"),
        (f"{THREE} --generator run --starts-from run --search stored", "of genenv 0.1"),
        ("audit run --csv", OTHER_REPORT),
        ("export run --without-rows given", OTHER_REPORT),
        (f"{THREE} --judge run", "got one of genenv 0.1, which kept the guide alone"),
        (f"{THREE} --generator run --out run --resume", "got other settings, of genenv 0.1.0; go"),
    ],
)
def test_what_was_otherwise_then_is_refused_by_name(
    line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(line) == 2
    assert said in capsys.readouterr().err
    assert not Path("given").exists()  # in judge/ lie rows of the data
