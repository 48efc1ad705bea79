"""What scripts print of figures that are already there; measuring takes their minutes."""

import importlib.util
import json
import re
import runpy
import sys
from pathlib import Path

import pytest
import torch

SCRIPTS = Path(__file__).parent.parent / "scripts"


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Run a script in an empty folder, in this process: what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(SCRIPTS))
    threads = torch.get_num_threads()

    def ran(name, *words):
        monkeypatch.setattr(sys, "argv", [name, *words])
        runpy.run_path(str(SCRIPTS / name), run_name="__main__")
        return capsys.readouterr().out

    yield ran
    torch.set_num_threads(threads)


@pytest.mark.slow
def test_frechet_distances_of_different_features_are_not_averaged(tmp_path, run):
    figures = dict.fromkeys(("gan_train", "agreement", "precision", "recall", "real_train"), 0.5)
    named = {"objective": "gan", "network": "mlp", "norm": "none", "steps": 9}
    rows = [
        {**figures, **named, "seed": seed, "frechet": 10.0 + seed, "frechet_real": 1.0 + seed}
        for seed in (0, 1)
    ]
    path = tmp_path / "objectives.json"
    path.write_text(json.dumps(rows))
    words = ["digits", "--objectives", "gan", "--seeds", "0", "1", "--out", str(path)]
    assert "| 10.00 (1.00) / 11.00 (2.00) |" in run("objectives.py", *words)


def test_figures_of_the_house_are_counted_by_grammar():
    spec = importlib.util.spec_from_file_location("house", SCRIPTS / "house.py")
    house = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(house)
    text = "a, b = 1, 2\nc, d = pair\nx = (1, 2)\ne = 1 if a else 2\n\ndef f():\n    return 3\n"
    assert house.counted(text) == {
        "files": 1, "lines": 7, "statements": 6, "packed": 1, "ternaries": 1,
    }  # fmt: skip
    assert list(house.functions("m.py", text)) == [(2, "m.py:6 f")]


HELPED = sorted(p.name for p in SCRIPTS.glob("*.py") if "argparse" in p.read_text())


@pytest.mark.parametrize("name", HELPED)
def test_a_script_says_what_it_does(name, run, capsys):
    with pytest.raises(SystemExit) as left:
        run(name, "--help")
    assert left.value.code == 0
    assert "usage: " in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("name", ["crosswalk_searches.py", "walk1d_searches.py"])
def test_a_search_of_one_episode_finds_a_failure_in_the_seat(name, run):
    said = run(name, "--steps", "20000", "--seeds", "0", "--players", "knots")
    knots = next(line for line in said.splitlines() if "knots" in line)
    assert "1 of 1" in knots


@pytest.mark.slow
def test_the_searches_of_the_walk_find_no_less_than_is_possible(run):
    said = run("walk1d_searches.py", "--steps", "60000", "--seeds", "0", "--edges", "10")
    found = [float(energy) for energy in re.findall(r"1 of 1 \| ([\d.]+) ", said)]
    assert len(found) == 2
    assert all(100 / 60 <= energy < 2.5 for energy in found)


@pytest.mark.slow
def test_the_table_of_a_seat_is_in_one_order_and_keeps_its_agents(run):
    words = ["genenv/Walk1D-v0", "--seeds", "0", "1", "--steps", "960", "--episodes", "3"]
    said = run("seats.py", *words, "--out", "seats.json")
    names = re.findall(r"^\| ([\w ]+?) \| -?\d", said, flags=re.MULTILINE)
    constant = "best of 16 constants"
    assert names == ["random", constant, "its open loop", "equal pushes", "agent"]
    assert run("seats.py", *words, "--out", "seats.json") == said


def returns(said):
    """The first figure of each row of a table of players."""
    rows = re.findall(r"^\| (.+?) \| (-?[\d.]+) \[", said, flags=re.MULTILINE)
    return {name: float(figure) for name, figure in rows}


@pytest.mark.slow
def test_on_the_dial_who_knows_the_law_and_where_to_look_is_ahead(run):
    words = ["--seeds", "--searched", "64", "--blocks", "2"]
    found = returns(run("detective_dial.py", *words))
    at_once = found["verdict on the free look"]
    assert found['best constant action: "real" at once'] == 0
    wise = [paid for name, paid in found.items() if name.startswith(("by hand", "greedy"))]
    assert len(wise) == 3
    assert min(wise) > at_once + 0.1


@pytest.mark.slow
def test_players_of_the_detective_are_judged_on_the_same_coins(run):
    words = ["--searched", "16", "--blocks", "2", "--no-agent", "--batches", "2", "--seeds", "0"]
    said = run("detective.py", *words)
    found = returns(said)
    assert found["best constant action, `real`"] == 0
    assert {"fixed plan, searched", "greedy by expected worth"} < set(found)
    assert run("detective.py", *words) == said


@pytest.mark.slow
def test_the_table_of_a_family_keeps_what_was_played_and_pays_a_stop_nothing(run):
    words = ["genenv/Curriculum-v0", "--seeds", "0", "--steps", "320", "--fresh", "2"]
    words += ["--generations", "0", "--headroom", "1", "1", "--others", "1", "--searched", "2"]
    said = run("families.py", *words)
    kept = json.loads(Path("families.json").read_text())
    assert kept["searched constant, numbers"][-1] == 0  # the moment to stop: at once
    assert returns(said)["best searched constant"] == 0
    assert "agent, seed 0, replayed open loop" in returns(said)
    table = said[said.index("| player") :]
    assert run("families.py", *words).endswith(table)


@pytest.mark.slow
def test_a_forger_that_hardly_learned_stands_beside_chance(run):
    said = run("forger.py", "--seeds", "0", "--steps", "1024")
    assert re.search(r"^\| 0 \| 1,024 \| \d+ \| [0-8] \| [\d.]+ \|", said, flags=re.MULTILINE)
    chance = re.search(r"uniform actions \| \| \| ([\d.]+) ", said)
    assert chance
    assert float(chance[1]) >= 4  # of 8 modes
