"""The Python front door: fit, load, stress and replay on arrays."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import genenv
from genenv import api, calling, data, importing, runs
from genenv.checks import Mistake

DIGITS = data.load("digits").at(np.arange(600))
X = DIGITS.x
Y = np.asarray(DIGITS.label)


pytestmark = pytest.mark.usefixtures("every_verdict")


def constant(x: np.ndarray) -> np.ndarray:
    return np.full((len(x), 10), 0.1)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("api") / "fitted"
    genenv.fit(X, Y, steps=30, metrics=True, out=folder)
    return folder


@pytest.mark.slow
def test_a_generator_comes_back_from_its_folder_and_draws_the_same(fitted: Path) -> None:
    one, two = (genenv.load(fitted).sample(5, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one[0], two[0])
    assert one[0].shape == (5, 8, 8)


@pytest.mark.slow
def test_a_tilde_is_the_home_folder_in_every_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    genenv.fit(X[:300], Y[:300], steps=20, out="~/run")
    assert (tmp_path / "run/config.json").is_file()
    assert genenv.load("~/run").sample(2, seed=0)[0].shape == (2, 8, 8)
    (tmp_path / "mine.py").write_text("number = 5\n")
    assert importing.import_object("~/mine.py:number") == 5
    with calling.place("~/other") as folder:
        assert folder == tmp_path / "other"
    with pytest.raises(Mistake, match=f"got {tmp_path}/none"):
        genenv.replay("~/none")


@pytest.mark.slow
def test_metrics_are_measured_on_a_stratified_fifth(fitted: Path) -> None:
    metrics = json.loads((fitted / "metrics.json").read_text())
    shares = {
        "agreement", "gan_train_svm", "real_train_svm", "gan_train_network", "real_train_network",
        "agreement_real", "precision", "recall", "coverage",
        "precision_real", "recall_real", "coverage_real",
    }  # fmt: skip
    others = {"frechet", "kernel", "density", "sliced", "spread", "spread_least"}
    others |= {f"{name}_real" for name in others} | {"spread_by_class", "spread_samples"}
    others |= {"samples", "features", "features_sha256", "variance_of_features"}
    others |= {f"{n}_samples" for n in ("agreement", "gan_train_svm", "gan_train_network")}
    assert set(metrics) == shares | others
    assert metrics["agreement_samples"] == metrics["gan_train_svm_samples"] == 200
    assert all(0 <= metrics[name] <= 1 for name in shares)
    assert (metrics["samples"], metrics["features"]) == (120, "classifier")
    assert list(metrics["spread_by_class"]) == [str(digit) for digit in range(10)]
    assert metrics["spread_least"] == min(metrics["spread_by_class"].values())
    train = runs.recorded_rows(fitted, "train")
    rest = np.setdiff1d(np.arange(len(X)), train)
    assert len(rest) == len(X) // 5
    share = np.bincount(Y[rest], minlength=10) / np.bincount(Y)
    assert np.abs(share - 0.2).max() < 0.02


@pytest.mark.slow
def test_without_metrics_every_row_is_learned_and_none_is_measured(tmp_path: Path) -> None:
    genenv.fit(X[:300], Y[:300], steps=20, out=tmp_path / "run")
    assert json.loads((tmp_path / "run/config.json").read_text())["train"] is None
    assert not (tmp_path / "run" / "metrics.json").exists()


def test_a_fit_that_is_done_resumes_to_the_same_generator(fitted: Path) -> None:
    before = (fitted / "generator" / "generator.safetensors").read_bytes()
    genenv.fit(X, Y, steps=30, metrics=True, out=fitted, resume=True)
    assert (fitted / "generator" / "generator.safetensors").read_bytes() == before


@pytest.mark.slow
def test_stress_without_out_leaves_nothing(
    fitted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    report = genenv.stress(
        constant,
        genenv.load(fitted),
        X,
        Y,
        search=["random"],
        budget=64,
        train_queries=1,
        anyway=True,
    )
    assert report.searches[0]["queries"] == 64
    assert report.data["model"]["name"] == "function"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda _: genenv.fit(X, Y[:-1]), "expected labels of shape"),
        (lambda _: genenv.fit(X, objective="chess"), "expected objective to be one of gan"),
        (lambda _: genenv.fit(X, Y, metrics=True), "expected out with metrics"),
        (lambda _: genenv.fit(X, Y, batch=2000, steps=2), "a batch of at most 600 rows"),
        (
            lambda _: genenv.fit(X, Y, features="pixels", metrics=True, out="never"),
            "expected features to be own, samples",
        ),
        (lambda _: genenv.fit(X, Y, steps=0), "expected steps to be a whole number above 0, got 0"),
        (lambda _: genenv.load("nowhere"), "got none in nowhere; give a folder that `fit` left"),
        (lambda _: api.replay("nowhere"), "expected a folder that `stress` left, got nowhere"),
        (lambda run: api.replay(run), "expected a folder that `stress` left"),
        (lambda run: genenv.fit(X, Y, steps=30, out=run), "add --resume to go on with it"),
        (
            lambda run: genenv.fit(X, Y, steps=31, metrics=True, out=run, resume=True),
            "training.steps = 31 where it has 30",
        ),
    ],
)
def test_every_mistake_is_one_sentence(
    fitted: Path, call: Callable[[Path], object], sentence: str
) -> None:
    with pytest.raises(Mistake, match=sentence):
        call(fitted)
    assert not Path("never").exists()


def test_what_a_replay_expects_is_one_of_two() -> None:
    nothing = np.zeros(0, np.bool_)
    with pytest.raises(Mistake, match="expected expect to be one of fail, pass, got 'maybe'"):
        api.Replayed(0, nothing, nothing, np.zeros(0, np.int64), (), nothing, nothing).unexpected(
            "maybe"
        )


def test_what_was_done_otherwise_than_asked_is_told() -> None:
    generator = genenv.fit(X[:40], steps=2, precision="tf32", device="cpu")
    assert "in float32, for TF32 is CUDA's alone" in generator.notes[0]
    assert "the preset's batch of 192 was cut to 40: there are few rows" in generator.notes
