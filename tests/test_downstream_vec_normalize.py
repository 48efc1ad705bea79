"""The normalisation of a policy's training, taken from its algorithm or from its file."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from genenv import bundled, recorded
from genenv.checks import Mistake
from genenv.codecs import Pictures
from genenv.downstream import preprocessing, vec_normalize, wrap

UNITS = Pictures((8, 8), "uint8", (0.0,), (255.0,))
CLASSES = ("a", "b", "c")
X = np.random.default_rng(0).integers(0, 256, (9, 8, 8), np.uint8)


class Seen(gymnasium.Env):  # type: ignore[misc]
    observation_space = gymnasium.spaces.Box(0, 255, (8, 8), np.uint8)
    action_space = gymnasium.spaces.Discrete(3)


def normalised() -> VecNormalize:
    env = VecNormalize(DummyVecEnv([Seen]), norm_reward=False)
    env.obs_rms.mean = np.full((8, 8), 100.0)
    env.obs_rms.var = np.full((8, 8), 400.0)
    return env


@pytest.mark.parametrize("of_the_file", [False, True])
def test_a_policy_keeps_the_normalisation_of_its_training(
    of_the_file: bool, tmp_path: Path
) -> None:
    env = normalised()
    settings = {"net_arch": [], "normalize_images": False}
    model = PPO("MlpPolicy", env, policy_kwargs=settings, device="cpu")
    env.save(str(tmp_path / "seen.pkl"))
    before = preprocessing(preprocess=str(tmp_path / "seen.pkl")) if of_the_file else None
    asked = [wrap(model, UNITS, CLASSES, preprocess=before)]
    asked += [wrap(model.policy, UNITS, CLASSES, preprocess=before)] * of_the_file
    x = torch.from_numpy(X[:4]).float()
    with torch.no_grad():
        wanted = model.policy.get_distribution((x - 100) / 20).distribution.logits
        for each in asked:
            assert torch.allclose(each(x), wanted, atol=1e-4)


def test_what_vecnormalize_saved_does_to_arrays_what_it_does(tmp_path: Path) -> None:
    env = normalised()
    env.save(str(tmp_path / "seen.pkl"))
    before = vec_normalize.read(tmp_path / "seen.pkl")
    np.testing.assert_allclose(before(X[:5]), env.normalize_obs(X[:5]), atol=1e-5)
    mean = np.arange(3.0)[:, None, None] * np.ones((3, 2, 2))
    first = vec_normalize.VecNormalize(mean, np.ones((3, 2, 2)), 10.0)
    assert first(np.zeros((1, 2, 2, 3)))[0, 0, 0].tolist() == [0, -1, -2]  # handed channels last
    with pytest.raises(Mistake, match=r"of observations of shape \(9,\), got \(8, 8\)"):
        before(np.zeros((2, 9)))


class Burglar:
    def __reduce__(self) -> Any:
        return os.mkdir, ("stolen",)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Burglar()),
        pickle.dumps({"obs_rms": Burglar()}),
        pickle.dumps(np.zeros(3)),
        b"",
        b"no pickle",
        pickle.dumps(normalised)[:-5],
    ],
)
def test_a_file_that_vecnormalize_did_not_save_is_refused_and_runs_nothing(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.pkl").write_bytes(content)
    with pytest.raises(Mistake, match="a file of VecNormalize in"):
        preprocessing(preprocess=str(tmp_path / "bad.pkl"))
    assert not (tmp_path / "stolen").exists()


def test_a_normalisation_of_rewards_alone_is_none_of_observations(tmp_path: Path) -> None:
    env = normalised()
    env.norm_obs = False
    env.save(str(tmp_path / "seen.pkl"))
    with pytest.raises(Mistake, match="got one of rewards alone"):
        vec_normalize.read(tmp_path / "seen.pkl")


def test_a_run_that_names_such_a_file_needs_no_trust_to_read_its_numbers(tmp_path: Path) -> None:
    normalised().save(str(tmp_path / "seen.pkl"))
    shutil.copytree(bundled.FOLDER / "generator", tmp_path / "generator")
    (tmp_path / "model").mkdir()
    said = json.dumps({"preprocess": str(tmp_path / "seen.pkl")})
    (tmp_path / "model" / "model.json").write_text(said)
    again = recorded.load_model(tmp_path, lambda x: np.full((len(x), 10), 0.1))
    assert isinstance(again.preprocess, vec_normalize.VecNormalize)
