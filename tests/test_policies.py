"""A policy under test: the known answer of Walk1D, controls that must fail, and bad input."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

from genenv import checks, cli, limits, policies
from genenv.policies import PolicyStress
from genenv.policies.asking import PolicyProbe, drawn
from genenv.policies.episodes import Episodes, undisturbed
from genenv.policies.ways import Control
from genenv.settings import PolicyConfig

WALK = PolicyConfig(
    env="genenv/Walk1D-v0", budget=600, starts=2, search=("random", "evolution"), rate=True,
    rate_budget=500,
)  # fmt: skip
LEAST = 100 / 60  # energy of a failure: edge² / 60, in 30 equal steps
TEN = 0.108736  # P(|x| >= 10) within 30 steps, by quadrature

pytestmark = pytest.mark.usefixtures("able_parts")


def falls(observation):
    """Push CartPole to the left, always."""
    return np.zeros(len(observation), np.int64)


def raises(_observation):
    raise RuntimeError("out of quota")


class RaisesLater:
    """Answers the trial that comes before the first episode."""

    asked = 0

    def __call__(self, observation):
        self.asked += 1
        return falls(observation) if self.asked < 4 else raises(observation)


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policy") / "walk"
    return folder, PolicyStress(WALK, None, False, folder).run()


@pytest.mark.slow
def test_the_walk_fails_as_often_as_is_known_and_in_two_ways(walked):
    folder, content = walked
    assert json.loads((folder / "report.json").read_text()) == content
    row = content["failure_probabilities"][0]
    assert row["low"] <= TEN <= row["high"]
    assert len(content["failure_probabilities"]) == 2  # often enough, so nothing is climbed to
    assert 0 < content["rate"]["queries"] <= 500
    assert len(content["modes"]) == 2  # over the left edge and over the right one
    assert content["trust"]["model"]["light"] == "good"
    for mode in content["modes"]:
        assert LEAST <= mode["least_energy"] < mode["least_found"]
    with np.load(folder / "likeliest.npz") as kept:
        played = Episodes(WALK, None, False).play(kept["e"], kept["label"])
    assert played.failed.all()
    assert played.energy.min() < 1.5 * LEAST
    text = (folder / "report.html").read_text()
    assert text.count("<svg") == 2
    assert "data:image/png" in text


@pytest.mark.slow
def test_modes_have_their_mass_under_the_law_and_together_that_of_failures(walked):
    _, content = walked
    row = next(r for r in content["failure_probabilities"] if r["event"] == "confirmed")
    masses = [mode["mass"] for mode in content["modes"]]
    assert sum(masses) == pytest.approx(row["estimate"])
    assert all(m["mass_low"] < TEN / 2 < m["mass_high"] for m in content["modes"])


def test_a_mode_that_the_control_never_met_has_a_bound_and_no_mass():
    bounded = Control(frozenset({"random"}), 300).mass(0)
    assert bounded["mass"] is None
    assert bounded["mass_high"] == pytest.approx(1 - 0.05 ** (1 / 300))
    assert Control(frozenset(), 0).mass(0)["mass_high"] is None


@pytest.mark.parametrize(
    ("limit", "code"),
    [("p_failure > 0.01", 1), ("p_failure > 0.9", 0), ("accuracy < 0.9", 2)],
)
def test_a_limit_is_held_against_a_policy_s_run(walked, limit, code, capsys):
    folder, _ = walked
    with pytest.raises(SystemExit) as left:
        cli.main(["check", str(folder), "--fail-if", limit])
    assert left.value.code == code
    if code == 2:
        assert "a policy has no classes" in capsys.readouterr().err


def test_an_episode_depends_on_its_own_codes_alone():
    episodes = Episodes(WALK, None, False)
    e, start = drawn(episodes, 70, 0)  # more than a batch
    whole = episodes.play(e, start)
    for rows in ([3], [69, 5]):
        part = episodes.play(e[rows], start[rows])
        assert np.array_equal(part.severity, whole.severity[rows])
        assert np.array_equal(part.path, whole.path[rows])
    assert (whole.failed == (whole.severity > 0)).all()


def test_energy_counts_the_codes_up_to_the_end_of_the_episode():
    episodes = Episodes(WALK, None, False)
    e = np.zeros((1, episodes.base_dim), np.float32)
    e[:, :12] = 1.0  # ten steps of one standard deviation reach the edge
    played = episodes.play(e, np.zeros(1, np.int64))
    assert played.failed[0]
    assert played.steps[0] == 10
    assert played.energy[0] == pytest.approx(5.0)


def test_a_failure_beyond_the_plausible_energy_is_refused_and_scores_less():
    probe = PolicyProbe(Episodes(WALK, None, False))
    dim = probe.generator.noise.base_dim
    least = torch.full(
        (1, dim), (2 * probe.budget / dim) ** 0.5
    )  # on the edge of what is plausible
    found = probe(torch.cat([0.99 * least, 2 * least]), torch.zeros(2, dtype=torch.int64))
    assert (found.severity > 0).all()
    assert found.accepted.tolist() == [True, False]
    lost = np.minimum(found.severity, 1) - found.score
    assert lost.tolist() == pytest.approx(
        [0, 2 * 3], abs=1e-4
    )  # twice the energy beyond, in shares


@pytest.mark.slow
def test_a_disturbance_of_strength_nought_never_fails_a_policy_that_stands(tmp_path):
    never = replace(WALK, channels=("action=0",))
    content = PolicyStress(never, None, False, tmp_path / "never").run()
    assert content["modes"] == []
    assert content["failure_probabilities"][0]["estimate"] == 0
    assert "fails in 0" in policies.summary.verdict(content)


@pytest.mark.slow
def test_a_policy_that_fails_undisturbed_leaves_the_run_undecided(tmp_path, monkeypatch):
    monkeypatch.setattr("genenv.policies.likeliest.STEPS", 10)
    config = PolicyConfig(env="CartPole-v1", horizon=20, budget=64, starts=2, search=("random",))
    study = PolicyStress(config, falls, False, tmp_path / "falls")
    assert undisturbed(study.episodes).failed.all()
    content = study.run()
    assert content["trust"]["model"]["light"] == "bad"
    assert limits.checked(content, limits.parsed(("p_failure < 0.5",))).outcome == 3
    assert "Undecided" in policies.summary.verdict(content)
    assert content["failure_probabilities"] == []
    assert "Nothing is said of it" in (tmp_path / "falls" / "report.html").read_text()


def test_failures_replay_and_a_calmer_world_mends_them(walked):
    folder, content = walked
    found = policies.replay(folder)
    assert len(found.failing) == sum(row["confirmed"] for row in content["searches"])
    assert not len(found.unexpected("fail"))
    assert len(found.unexpected("pass")) == len(found.failing)


def test_a_replayed_failure_of_a_policy_is_told_by_seed_energy_and_steps(walked, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(["replay", str(walked[0]), "--expect", "pass"])
    assert left.value.code == 1
    told = re.findall(
        r"row (\d+): seed (\d+), energy ([\d.]+), fails in (\d+) steps", capsys.readouterr().out
    )
    e, start = policies.replayed.stored(walked[0])
    played = Episodes(WALK, None, False).play(e[:20], start[:20])
    for at, (row, seed, energy, steps) in enumerate(told):
        assert (int(row), int(seed)) == (at, WALK.seed + start[at])
        assert float(energy) == pytest.approx(played.energy[at], rel=1e-3)
        assert int(steps) == played.steps[at]
    assert len(told) == min(len(e), 20)


def test_pictures_are_not_to_be_had_of_a_policy(walked, capsys, tmp_path):
    with pytest.raises(SystemExit) as left:
        cli.main(["replay", str(walked[0]), "--png", str(tmp_path)])
    assert left.value.code == 2
    assert "pictures of a classifier's failures alone" in capsys.readouterr().err


@pytest.mark.slow
def test_a_resumed_run_has_the_same_report(walked, tmp_path):
    content = walked[1]
    again = PolicyStress(WALK, None, False, tmp_path / "again")
    again.run()
    for shard in sorted((again.folder / "findings").glob("*.npz"))[1:]:
        shard.unlink()
        (again.folder / "failures" / shard.name).unlink(missing_ok=True)
    resumed = PolicyStress(WALK, None, False, again.folder).run(resume=True)
    for report in (content, resumed):
        report.pop("timings", None)
        for row in report["searches"]:
            row.pop("seconds", None)
    assert resumed == content


@pytest.mark.parametrize("policy", [raises, RaisesLater()])
def test_a_policy_that_raises_is_told_in_one_sentence(policy, tmp_path):
    config = PolicyConfig(env="CartPole-v1", budget=64, horizon=5)
    with pytest.raises(checks.Mistake, match="out of quota"):
        PolicyStress(config, policy, False, tmp_path / "raises").run()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--env NoSuchWorld-v0", "NoSuchWorld-v0"),
        ("--env CartPole-v1 --policy missing.zip", "missing.zip"),
        ("--env CartPole-v1 --channels observation=much", "observation=much"),
        ("--env CartPole-v1 --channels wind=1", "wind"),
        ("--env CartPole-v1 --search gradient", "gradient"),
        ("--env CartPole-v1 --budget 3", "64"),
        ("--env CartPole-v1 --starts 0", "starts"),
        ("--env CartPole-v1 --arguments [1]", "JSON object"),
    ],
)
def test_what_cannot_be_is_one_sentence(words, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        cli.main(["stress", *words.split(), "--out", "run"])
    assert left.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.slow
def test_a_zip_is_read_only_with_trust(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    PPO("MlpPolicy", "CartPole-v1", n_steps=8, batch_size=8, device="cpu").save("policy.zip")
    words = ["stress", "--env", "CartPole-v1", "--policy", "policy.zip", "--horizon", "5"]
    words += ["--budget", "64", "--starts", "1", "--search", "random", "--out"]
    with pytest.raises(SystemExit) as left:
        cli.main([*words, "untrusted"])
    assert left.value.code == 2
    with pytest.raises(SystemExit) as left:
        cli.main([*words, "trusted", "--trust"])
    assert left.value.code == 0
    assert "policy.zip in CartPole-v1" in capsys.readouterr().out
    with pytest.raises(SystemExit) as left:
        cli.main(["replay", "trusted"])
    assert left.value.code == 2  # the folder names a zip, which its reader has not trusted


def test_a_run_s_folder_imports_nothing_without_trust(walked, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    plain = json.loads((walked[0] / "config.json").read_text())
    for change in ({"model": "os:system"}, {"policy": plain["policy"] | {"env": "theirs:Env-v0"}}):
        (folder / "config.json").write_text(json.dumps(plain | change))
        with pytest.raises(checks.Mistake, match="trust"):
            policies.replay(folder)
