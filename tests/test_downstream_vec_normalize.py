"""The normalisation of a policy's training, taken from its algorithm or from its file."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import struct
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


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def saved(mean: bytes, var: bytes, epsilon: bytes = b"G>Ey\x8e\xe20\x8c:") -> bytes:
    """A file of VecNormalize whose mean and var are these opcodes."""
    rms = b"cx\nRunningMeanStd\n)\x81}(" + text("mean") + mean + text("var") + var + b"ub"
    fields = text("norm_obs") + b"\x88" + text("obs_rms") + rms
    fields += text("epsilon") + epsilon + text("clip_obs") + b"K\x0a"
    return b"\x80\x03cx\nVecNormalize\n)\x81}(" + fields + b"ub."


def opcodes(value: Any, protocol: int = 3) -> bytes:
    return pickle.dumps(value, protocol)[2:-1]


ONES = opcodes(np.ones(2))
BLANK = b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tC\x01btR"
POINTERS = (  # bytes as a field of objects, in a dtype whose flags deny that it has any
    b"cnumpy\ndtype\n(X\x02\0\0\0V8K\x00K\x01tR(K\x03X\x01\0\0\0|N(X\x01\0\0\0at}X\x01\0\0\0a("
    b"cnumpy\ndtype\n(X\x02\0\0\0O8K\x00K\x01tRK\x00tsK\x08K\x01K\x00tb"
)
CLAIMED = b"(K\x01(J\xff\xff\xff\x7ft" + opcodes(np.dtype("f8")) + b"\x89C\x0812345678tb"
UNFOLDING = b"](" + 10 * b"K\x01" + b"eq\x00" + b"".join(
    b"0](" + 10 * (b"h" + bytes([k])) + b"eq" + bytes([k + 1]) for k in range(12)
)  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (saved(BLANK + b"(K\x01(K\x01t" + POINTERS + b"\x89C\x08AAAAAAAAtb", ONES), "of kind V8"),
        (saved(opcodes(np.array([None, 1])), ONES), "of kind O8"),
        (saved(BLANK + CLAIMED, ONES), r"shape \(2147483647,\) in 8 bytes"),
        (saved(b"cnumpy\nndarray\n((I68719476736\nttR", ONES), "no attribute 'array'"),
        (saved(UNFOLDING, ONES), "a list in place of numbers"),
        (saved(opcodes("1.0"), ONES), "a str in place of numbers"),
        (b"\x80\x02Nr\xff\xff\xff\x7f.", "a memo of 2,147,483,647"),
        (b"Np-1\n.", "a memo of -1"),
        (b"\x80\x02)" + 200_000 * b"\x85" + b".", "more than 100,000 opcodes"),
        (b"\x80\x02\x82\x01.", "an extension code"),
        (b"P1\n.", "persistent id"),
        (b"\x80\x04\x8d" + struct.pack("<Q", 2**40) + b"a.", "only 2 remain"),
        (b"(S'stolen'\niposix\nmkdir\n.", "no attribute 'norm_obs'"),
        (b"cposix\nmkdir\n(S'stolen'\ntR.", "no attribute 'norm_obs'"),
        (b"(cposix\nmkdir\nS'stolen'\no.", "no attribute 'norm_obs'"),
        (pickle.dumps(Burglar(), 5), "no attribute 'norm_obs'"),
    ],
)
def test_what_a_hostile_file_claims_is_neither_followed_nor_paid_for(
    content: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.pkl").write_bytes(content)
    with pytest.raises(Mistake, match=f"a file of VecNormalize in .*{said}"):
        vec_normalize.read(tmp_path / "bad.pkl")
    assert not (tmp_path / "stolen").exists()


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_arrays_of_every_protocol_order_and_kind_are_read(protocol: int, tmp_path: Path) -> None:
    env = normalised()
    env.obs_rms.mean = np.asfortranarray(np.arange(64.0).reshape(8, 8)).astype(">f4")
    env.obs_rms.var, env.epsilon = np.full((8, 8), 3), np.float64(1)
    (tmp_path / "seen.pkl").write_bytes(pickle.dumps(env, protocol))
    found = vec_normalize.read(tmp_path / "seen.pkl")
    assert np.array_equal(found.mean, env.obs_rms.mean)
    assert (found.spread == 2).all()


@pytest.mark.parametrize(
    "content",
    [
        saved(opcodes(np.array([np.nan, 1.0])), ONES),
        saved(ONES, opcodes(np.array([-5.0, 1.0]))),
        saved(ONES, opcodes(np.zeros(2)), epsilon=b"K\x00"),
    ],
)
def test_a_normalisation_that_makes_no_numbers_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "seen.pkl").write_bytes(content)
    with pytest.raises(Mistake, match=r"expected finite .* of a VecNormalize"):
        vec_normalize.read(tmp_path / "seen.pkl")


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
