"""Runs without classes side by side: policies in one world, regressors on one table."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from inner import ends

from genenv import checks, cli
from genenv.comparing.replayed import compare, summary, write_page
from genenv.finished import opened
from genenv.policies import PolicyStress, known
from genenv.settings import PolicyConfig

pytestmark = pytest.mark.slow

CART = PolicyConfig(
    env="CartPole-v1", channels=("observation=0.05",), horizon=40, search=("random",), budget=64,
    starts=2, failure="terminated",
)  # fmt: skip


def falls(observation):
    """Push CartPole to the left, always."""
    return np.zeros(len(observation), np.int64)


def holds(observation):
    """Push under the pole."""
    return (observation[:, 2] + 0.3 * observation[:, 3] > 0).astype(np.int64)


@pytest.fixture(scope="module")
def carts(tmp_path_factory):
    """Folders of a run of each policy."""
    found = []
    for policy in (falls, holds):
        found.append(tmp_path_factory.mktemp("cart") / "run")
        PolicyStress(CART, policy, False, found[-1]).run()
    return found


def test_a_better_policy_passes_the_failures_of_the_first_and_fails_less_often(carts, tmp_path):
    content = compare([opened(run) for run in carts], (falls, holds), False)
    other = content["others"][0]
    assert content["first"]["confirmed"] == len(other["went"]) > 50
    assert other["stayed"] == []
    event = other["events"][0]
    assert (event["pairs"], event["second"]) == (64, 0.0)
    assert event["high"] < 0
    assert "fewer" in summary(content)
    write_page(content, [opened(run) for run in carts], tmp_path / "compare.html")
    page = (tmp_path / "compare.html").read_text()
    assert "energy of all codes" in page
    assert f"went: {len(other['went'])}" in page


def test_a_policy_beside_itself_changes_nothing(carts):
    """The control: the same runs say that nothing went."""
    other = compare([opened(carts[0])] * 2, (falls, falls), False)["others"][0]
    assert other["went"] == other["came"] == []
    assert [row["difference"] for row in other["events"]] == [0.0, 0.0]


def test_runs_in_other_worlds_and_one_alone_are_refused(carts, tmp_path):
    short = PolicyConfig(**{**vars(CART), "horizon": 20})
    PolicyStress(short, falls, False, tmp_path / "short").run()
    with pytest.raises(checks.Mistake, match="differ in their model alone"):
        compare([opened(carts[0]), opened(tmp_path / "short")], (falls, falls), False)
    with pytest.raises(checks.Mistake, match="two runs or more"):
        compare([opened(carts[0])], (falls,), False)


@pytest.fixture(scope="module")
def stones(tmp_path_factory):
    """A table, two models of its price, and a run of each."""
    pd = pytest.importorskip("pandas")
    place = tmp_path_factory.mktemp("stones")
    rng = np.random.default_rng(5)
    size, depth = rng.normal(size=(2, 600)).round(3)
    price = (500 + 100 * size + rng.normal(size=600)).round(2)
    pd.DataFrame({"size": size, "depth": depth, "price": price}).to_csv(place / "stones.csv")
    (place / "stone_prices.py").write_text(
        "def right(f): return 500 + 100 * f['size']\n"
        "def wrong(f): return right(f) - 150 * (f['size'] > 1)\n"
    )
    for name in ("wrong", "right"):
        line = [
            "stress", str(place / "stones.csv"), "--target", "price", "--drop", "Unnamed: 0",
            "--model", f"{place / 'stone_prices.py'}:{name}", "--search", "random",
            "--budget", "200", "--out", str(place / name),
        ]  # fmt: skip
        assert said(line) in (0, 3)
    return place


def said(arguments):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    return end.value.code


def test_a_mended_regressor_is_compared_from_the_command_line(stones, capsys):
    runs = [str(stones / "wrong"), str(stones / "right")]
    assert said(["compare", *runs, "--out", str(stones / "beside")]) == 2
    assert "--trust" in capsys.readouterr().err
    models = [f"{stones / 'stone_prices.py'}:{name}" for name in ("wrong", "right")]
    assert said(["compare", *runs, "--model", *models, "--out", str(stones / "beside")]) == 0
    assert "passes" in capsys.readouterr().out
    content = json.loads((stones / "beside" / "compare.json").read_text())
    page = (stones / "beside" / "compare.html").read_text()
    assert "oracles" in page
    assert '<th scope="col">depth</th>' in page
    other = content["others"][0]
    assert len(other["went"]) == content["first"]["confirmed"] > 10
    confirmed = next(row for row in other["events"] if row["event"] == "confirmed")
    assert confirmed["pairs"] == 200
    assert confirmed["high"] < 0


def test_exported_failures_of_a_regressor_fail_until_it_is_mended(stones):
    file = stones / "test_known_stone_prices.py"
    line = ["export", str(stones / "wrong"), "--pytest", str(file), "--count", "7"]
    assert said(line) == 0
    mended = file.with_name("test_mended.py")
    text = file.read_text()
    assert "stone_prices.py:wrong" in text
    mended.write_text(text.replace("stone_prices.py:wrong", "stone_prices.py:right"))
    shutil.copy(file.with_suffix(".npz"), mended.with_suffix(".npz"))
    assert ends(file, mended) == {("failed", file.name): 7, ("passed", mended.name): 7}


def test_known_failures_of_a_policy_are_the_likeliest_and_pass_a_better_one(carts, tmp_path):
    file = tmp_path / "test_known_cart.py"
    line = ["export", str(carts[0]), "--pytest", str(file), "--count", "5", "--model", "cart:holds"]
    assert said(line) == 0
    assert "policies import known" in file.read_text()
    assert "env='CartPole-v1'" in file.read_text()
    found = known.load(file.with_suffix(".npz"), "CartPole-v1")
    assert len(found) == 5
    assert found.failing(falls).all()
    assert not found.failing(holds).any()
    with pytest.raises(checks.Mistake, match="disturbances of Acrobot-v1"):
        known.load(file.with_suffix(".npz"), "Acrobot-v1")


def test_an_export_without_a_model_or_with_pictures_is_refused(carts, stones, capsys, tmp_path):
    assert said(["export", str(stones / "wrong"), "--png", str(tmp_path)]) == 2
    assert "--pytest alone" in capsys.readouterr().err
    assert said(["export", str(carts[1]), "--pytest", str(tmp_path / "test_a.py")]) == 2
    assert "failures" in capsys.readouterr().err
