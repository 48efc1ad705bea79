"""Continuous codes beside labels: such a generator goes wherever one without codes goes."""

from __future__ import annotations

import json
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import genenv
from genenv import cli, data
from genenv.checks import Mistake
from genenv.noise import Gaussian, Product, Uniform

DIGITS = data.load("digits").at(np.arange(600))
X = DIGITS.x
Y = np.asarray(DIGITS.label)


pytestmark = pytest.mark.usefixtures("every_verdict")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("codes") / "fitted"
    genenv.fit(X, Y, continuous=2, steps=6, metrics=True, out=folder)
    return folder


@pytest.mark.slow
def test_labels_choose_the_class_and_codes_are_noise_that_recognition_reads(fitted: Path) -> None:
    generator = genenv.load(fitted)
    assert generator.classes == tuple(range(10))
    assert isinstance(generator.noise, Product)
    assert [type(part) for part in generator.noise.parts] == [Uniform, Gaussian]
    x, label = generator.sample(6, label=3)
    assert label is not None
    assert set(label.tolist()) == {3}
    assert generator.recognition is not None
    assert generator.recognition.recognise(x)[1].shape == (6, 2)
    assert (fitted / "traversals.png").is_file()
    figures = json.loads((fitted / "metrics.json").read_text())
    assert {"agreement", "gan_train_svm"} <= set(figures)
    assert "purity" not in figures  # of categorical codes alone


@pytest.mark.slow
def test_a_labelled_generator_with_codes_is_searched_and_played(
    fitted: Path, tmp_path: Path
) -> None:
    model = lambda x: np.full((len(x), 10), 0.1)  # noqa: E731
    generator = genenv.load(fitted)
    out = tmp_path / "stressed"
    report = genenv.stress(None, generator, X, Y, search=["random"], budget=64, out=out)
    assert report.searches[0]["queries"] == 64
    env = gymnasium.make("genenv/LatentProbe-v0", run=out)
    seen, _ = env.reset(seed=0)
    base_dim = generator.noise.base_dim
    assert env.action_space.shape == (base_dim,)  # an action moves the codes, too
    stepped, *_ = env.step(np.ones(base_dim, np.float32))
    assert (stepped[:2] != seen[:2]).all()
    assert genenv.stress(model, generator, X, Y, search=["random"], budget=64, anyway=True).searches


def test_categorical_codes_stand_for_classes_and_a_search_says_what_it_lacks() -> None:
    generator = genenv.fit(X, Y, categorical=(10,), continuous=2, steps=2)
    assert generator.classes == ()
    with pytest.raises(Mistake, match="with labels, and without categorical codes"):
        genenv.stress(None, generator, X, Y)


@pytest.mark.slow
def test_the_command_keeps_labels_beside_continuous_codes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for line in (
        "fit digits --continuous 2 --steps 2 --no-metrics --out coded",
        "sample coded --label 3 --count 4 --out drawn",
    ):
        with pytest.raises(SystemExit) as left:
            cli.main(line.split())
        assert not left.value.code
    with np.load(tmp_path / "drawn.npz") as file:
        assert file["y"].tolist() == [3] * 4
