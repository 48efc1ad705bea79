"""An .onnx file decodes as the function that it was exported from, in a run and after it."""

from __future__ import annotations

import pickle
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from sklearn.datasets import load_digits

import genenv
from genenv.checks import Mistake
from genenv.cli import main
from genenv.cli.running import load_generated, load_generator

pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
from onnx_decoders import DIM, TYPE, decoder

pytestmark = pytest.mark.usefixtures("every_verdict")
X, Y = load_digits(return_X_y=True)
X, Y = X.reshape(-1, 8, 8).astype(np.float32)[::3], Y[::3]
MEANS = np.stack([X[k == Y].mean(0) for k in range(10)])
SPREAD = np.random.default_rng(0).standard_normal((DIM, 64)).astype(np.float32)


def known(e, label):
    """What the file decodes."""
    return np.clip(MEANS[label.numpy()] + (e.numpy() @ SPREAD).reshape(-1, 8, 8), 0, 16)


def write(folder: Path, **other) -> str:
    return decoder(folder / "decoder.onnx", MEANS, SPREAD, **other)


def wrap(path, **other):
    return genenv.wrap_generator(path, X, Y, **({"base_dim": DIM} | other))


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"label": TYPE.FLOAT},
        {"rows": 5},
        {"rows": 1},
        {"shape": (-1, 64)},
        {"shape": (-1, 8, 8)},
    ],
    ids=str,
)  # fmt: skip
def test_a_file_makes_the_samples_of_the_function_that_it_holds(tmp_path, other):
    made = wrap(write(tmp_path, **other))
    wanted, label = wrap(known).sample(13)
    x, own = made.sample(13)
    assert np.allclose(x, wanted, atol=1e-4)
    assert own.tolist() == label.tolist()
    assert not made.differentiable
    assert made.facts()["path"].endswith("decoder.onnx")


def test_channels_first_become_channels_last(tmp_path):
    colour = np.repeat(X[..., None], 3, 3) * np.float32([1, 0.5, 0.25])
    path = write(tmp_path, shape=(-1, 1, 8, 8))
    grey = genenv.wrap_generator(path, X[..., None], Y, base_dim=DIM)
    assert grey.sample(3)[0].shape == (3, 8, 8, 1)
    with pytest.raises(Mistake, match=r"of shape \(\d+, 8, 8, 3\), got shape"):
        genenv.wrap_generator(path, colour, Y, base_dim=DIM)


@pytest.mark.parametrize(
    ("other", "settings", "says"),
    [
        ({}, {"base_dim": 5}, r"one input for e of base_dim 5.* got e: .*; export it so, or mend"),
        ({"extra": ("more",)}, {}, "and perhaps one for the class, got e: .*more"),
        ({"label": None}, {}, r"got .*decoder\.onnx, which takes e alone"),
        ({"shape": (-1, 4, 16)}, {}, r"of shape \(\d+, 8, 8\), got shape"),
        ({"flaw": "Sigmoid"}, {}, "between 0 and 16, got .*give output=.*--decoder-output"),
        ({"flaw": "RandomNormalLike"}, {"output": "tanh"}, "between -1 and 1"),
        ({"flaw": "Log"}, {}, "to be finite, got NaN or infinity in"),
    ],
    ids=str,
)  # fmt: skip
def test_a_file_that_cannot_serve_is_refused_in_one_sentence(tmp_path, other, settings, says):
    with pytest.raises(Mistake, match=says):
        wrap(write(tmp_path, **other), **settings)


def test_a_file_travels_to_another_process(tmp_path):
    made = wrap(write(tmp_path))
    there = pickle.loads(pickle.dumps(made))
    assert there.digest() == made.digest()


def test_no_file_and_what_is_no_graph_are_refused(tmp_path):
    with pytest.raises(Mistake, match=r"an \.onnx file, got no file"):
        wrap(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    with pytest.raises(Mistake, match="an ONNX file that onnxruntime reads"):
        wrap(tmp_path / "bad.onnx")


def test_a_file_of_e_alone_serves_without_classes(tmp_path):
    made = wrap(write(tmp_path, label=None), conditional=False)
    assert made.classes == ()
    assert made.sample(3)[0].shape == (3, 8, 8)


def test_commands_take_a_file_with_base_dim_and_the_range_of_its_answers(tmp_path):
    digits = genenv.data.from_arrays(X, Y)
    path = write(tmp_path)
    assert load_generator(path, digits, DIM).digest() == wrap(path).digest()
    made, rows = load_generated(path, digits, DIM)
    assert rows is None
    assert made.digest() == wrap(path).digest()
    with pytest.raises(Mistake, match="the length of e with a decoder"):
        load_generator(path, digits, None)
    unit = write(tmp_path, flaw="Sigmoid")
    assert load_generator(unit, digits, DIM, "unit").sample(2)[0].max() > 8


def answer(x):
    """A model that says 0 to everything."""
    return np.tile(np.float32([0.91] + [0.01] * 9), (len(x), 1))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of stress whose generator is a file."""
    folder = tmp_path_factory.mktemp("onnx")
    out = folder / "run"
    path = write(folder)
    made = wrap(path)
    x, y = load_digits(return_X_y=True)
    settings = {"search": ["random"], "budget": 64, "anyway": True}
    genenv.stress(answer, made, x.reshape(-1, 8, 8).astype(np.float32), y, **settings, out=out)
    return out, path


@pytest.mark.slow
def test_a_run_remembers_the_file_and_says_what_it_does_not_hold(run, tmp_path):
    out, path = run
    assert genenv.load(out).digest() == wrap(path).digest()
    told = genenv.replay(out, answer).notes
    assert any("decoder.onnx (digest" in t and "is not stored in the run" in t for t in told)
    with pytest.raises(SystemExit) as left:
        main(["sample", str(out), "--out", str(tmp_path / "x.npz"), "--count", "20"])
    assert not left.value.code
    with np.load(tmp_path / "x.npz") as drawn:
        assert np.allclose(drawn["x"], wrap(path).sample(20)[0])


@pytest.mark.slow
def test_a_seat_takes_a_file_a_decoder_or_a_generator(run):
    out, path = run
    for given in (None, path, known, wrap(known)):
        env = gym.make("genenv/LatentProbe-v0", run=out, model=answer, generator=given)
        observation, _ = env.reset(seed=0)
        assert observation[:DIM].any()
        assert np.isfinite(env.step(env.action_space.sample())[1])
        env.close()


def test_another_decoder_and_a_missing_one_are_refused(run, tmp_path):
    out, path = run

    def other(e, label):
        return known(e, label) * np.float32(0.9)

    with pytest.raises(Mistake, match="one that makes other samples, digest"):
        genenv.load(out, generator=other)
    moved = Path(path).rename(tmp_path / "moved.onnx")
    with pytest.raises(Mistake, match=r"decoder\.onnx, which is not stored .* give it again"):
        genenv.load(out)
    assert genenv.load(out, generator=moved).digest() == genenv.load(out, generator=known).digest()
    moved.rename(path)
