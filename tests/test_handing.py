"""A model that is handed something else than it was trained on is recognised, or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.svm import SVC, OneClassSVM
from torch import nn

from genenv.checks import Mistake
from genenv.codecs import Pictures
from genenv.downstream import Normalise, handing, wrap
from genenv.downstream.handing import Handed

UNITS = Pictures((8, 8), "uint8", (0.0,), (255.0,))
CLASSES = ("a", "b", "c")
RNG = np.random.default_rng(0)
LABEL = np.arange(90) % 3
LEVELS = np.array([0.1, 0.3, 0.75])  # of the upper half of the pixels; the lower one is grey
LEVEL = np.where(np.arange(8)[:, None] < 4, LEVELS[LABEL][:, None, None], 0.5)
X = (255 * (LEVEL + RNG.uniform(-0.03, 0.03, (90, 8, 8)))).astype(np.uint8)
X[:, 7, :2] = 0, 255
PROTOTYPES = np.stack([X[c == LABEL].mean(0) for c in range(3)]).reshape(3, -1) / 255


class Nearest(nn.Module):
    """Minus the squared distance of what it expects from the mean of each class."""

    def __init__(self, change: Callable[[Any], Any] = lambda u: u, after: Any = None) -> None:
        super().__init__()
        self.after = after
        self.register_buffer("means", change(torch.from_numpy(PROTOTYPES)).float())

    def forward(self, x: torch.Tensor) -> Any:
        out = -(torch.cdist(x.flatten(1), self.means.to(x)) ** 2)
        return out if self.after is None else self.after(out)


def looked(model: Any, **settings: Any) -> Handed:
    asked = handing.resolved(wrap(model, UNITS, CLASSES, **settings), X, LABEL)
    return handing.look(asked, X, LABEL)


def test_a_model_that_is_right_is_asked_once_and_uncounted() -> None:
    model = wrap(Nearest(), UNITS, CLASSES)
    found = handing.look(model, X, LABEL)
    assert (found.accuracy, found.rows, found.better) == (1.0, 90, None)
    assert found.handed.startswith("float32 of shape (n, 1, 8, 8) from 0")
    assert model.queries == 0
    handing.require(found, anyway=False, oracles=1.0)


def test_stored_units_are_taken_where_the_model_is_right_more_often_on_them() -> None:
    model = handing.resolved(wrap(Nearest(lambda u: 255 * u), UNITS, CLASSES), X, LABEL)
    assert model.view == "stored"
    assert model.notes[0].startswith(
        "Asked in the usual form it is right on 33.3%; with --input st"
    )
    assert handing.resolved(wrap(Nearest(), UNITS, CLASSES), X, LABEL).view == "unit"


def picky(shape: tuple[int, ...], scale: float = 1.0) -> Callable[[Any], Any]:
    """A function that raises on any other shape, right on rows of [0, 1] times a scale."""

    def answer(x: Any) -> Any:
        if tuple(x.shape[1:]) != shape:
            raise ValueError(f"expected rows of shape {shape}, got {tuple(x.shape[1:])}")
        return Nearest(lambda u: scale * u)(torch.as_tensor(x).float()).numpy()

    return answer


@pytest.mark.parametrize(
    ("shape", "scale", "flags"),
    [
        ((8, 8, 1), 255, "--input raw --layout last"),
        ((1, 8, 8), 255, "--input raw --layout first"),
        ((8, 8, 1), 1, "--input unit --layout last"),
        ((64,), 255, "--input raw --layout flat"),
    ],
)
def test_a_model_that_raises_is_asked_in_the_form_in_which_it_is_right(
    shape: tuple[int, ...], scale: float, flags: str
) -> None:
    model = handing.resolved(wrap(picky(shape, scale), UNITS, CLASSES), X, LABEL)
    assert handing.look(model, X, LABEL).accuracy == 1.0
    assert model.notes[0].startswith(f"Asked in the usual form it fails; with {flags} it is right")


def test_a_layout_that_was_given_stays() -> None:
    asked = wrap(picky((8, 8, 1)), UNITS, CLASSES, layout="plain")
    assert handing.resolved(asked, X, LABEL) is asked


def test_a_model_that_raises_for_another_reason_is_not_asked_on() -> None:
    calls = []

    def busy(x: Any) -> Any:
        calls.append(len(x))
        raise ConnectionError("HTTP 429, out of quota")

    model = handing.resolved(wrap(busy, UNITS, CLASSES), X, LABEL)
    assert len(calls) == 1
    with pytest.raises(Mistake, match="got ConnectionError: HTTP 429, out of quota; mend it: this"):
        model.check(X)


MEAN = X.reshape(90, -1).mean(0) / 255


@pytest.mark.parametrize(
    ("model", "cure"),
    [
        (Nearest(lambda u: 2 * u - 1), "--input unit --mean 0.5"),
        (Nearest(lambda u: 1 - u), "swaps dark and light"),
        (Nearest(lambda u: (u - 0.1307) / 0.3081), "--input unit --mean 0.1307 --std 0.3081"),
        (Nearest(lambda u: u.reshape(-1, 8, 8).mT.reshape(3, -1)), "swaps height and width"),
        (Nearest(lambda u: u - torch.from_numpy(MEAN)), "subtracts each column's mean"),
        (Nearest(after=lambda z: -z), "let it return the negative of what it returns now"),
        (Nearest(after=lambda z: z.roll(1, 1)), "its column 0 is 'c', not 'a'"),
    ],
)
def test_another_form_that_is_right_is_named_and_nothing_starts(model: Any, cure: str) -> None:
    found = looked(model)
    assert found.accuracy < 0.7
    assert found.better is not None
    assert found.better > 0.95
    assert cure in found.cure
    with pytest.raises(Mistake, match=r"handed what it was trained on.*or go on with --anyway"):
        handing.require(found, anyway=False)
    handing.require(found, anyway=True)


def test_the_cure_is_one() -> None:
    scaled = wrap(
        Nearest(lambda u: 2 * u - 1), UNITS, CLASSES, "unit", "auto", Normalise([0.5], [0.5])
    )
    assert handing.look(scaled, X, LABEL).accuracy == 1.0


FLAT = X.reshape(90, -1)


def test_pair_columns_do_not_pass_for_classes() -> None:
    ovo = SVC(decision_function_shape="ovo").fit(FLAT, np.array(CLASSES)[LABEL])
    with pytest.raises(Mistake, match=r'scores favour the class that it predicts.*="ovr"'):
        looked(ovo)
    ovo.decision_function_shape = "ovr"
    assert looked(ovo).accuracy > 0.95


def test_a_detector_of_outliers_is_no_classifier() -> None:
    two = LABEL < 2
    model = wrap(OneClassSVM().fit(FLAT[two]), UNITS, ("a", "b"))
    with pytest.raises(Mistake, match="OneClassSVM, which predicts -1, 1; take a classifier"):
        handing.look(model, X[two], LABEL[two])


def test_the_columns_of_a_table_are_read_by_name() -> None:
    def named(x: np.ndarray) -> pd.DataFrame:
        p = Nearest()(torch.from_numpy(x / 255)).softmax(1).numpy()
        return pd.DataFrame(p[:, [2, 0, 1]], columns=["c", "a", "b"])

    assert looked(named).accuracy == 1.0


def test_an_estimator_that_learned_names_gets_them() -> None:
    frame = pd.DataFrame(FLAT, columns=[f"p{i}" for i in range(64)])
    model = SVC().fit(frame, np.array(CLASSES)[LABEL])
    assert looked(model).accuracy > 0.95


@pytest.mark.parametrize(
    "after",
    [
        lambda z: z.bfloat16().softmax(1),
        lambda z: (100 * z.softmax(1)).round() / 100,
        lambda z: (1000 * z.softmax(1)).round() / 1000,
    ],
)
def test_probabilities_may_be_coarse(after: Callable[[Any], Any]) -> None:
    model = wrap(Nearest(after=after), UNITS, CLASSES)
    assert handing.look(model, X, LABEL).accuracy > 0.95
    assert model.output == "probabilities"


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_a_function_may_answer_in_half_precision(half: torch.dtype) -> None:
    weight = torch.randn(64, 10, generator=torch.Generator().manual_seed(0))

    def answer(x: Any) -> torch.Tensor:
        z = torch.as_tensor(np.asarray(x, np.float32)).reshape(len(x), -1) @ weight / 20
        return z.softmax(1).to(half)

    model = wrap(answer, UNITS, tuple(range(10)))
    assert not model.answers(torch.from_numpy(np.asarray(X, np.float32)))[1].any()


def test_scores_that_merely_lie_within_0_and_1_are_still_refused() -> None:
    with pytest.raises(Mistake, match="choose output probabilities or logits"):
        looked(Nearest(after=lambda z: z.sigmoid()))


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 3)
        self.linear.bias.data = torch.tensor([-5.0, 0.0, 5.0])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x.flatten(1))


def test_frozen_torchscript_is_asked() -> None:
    frozen = torch.jit.freeze(torch.jit.trace(Plain().eval(), torch.zeros(2, 1, 8, 8)))
    assert wrap(frozen, UNITS, CLASSES).check(X).shape == (64, 3)


@pytest.mark.parametrize(
    ("mean", "std", "sentence"),
    [
        ([0.5], [0.5, 0.5], "as many means as deviations, got 1 and 2"),
        ([0.5], [0.0], "std above 0"),
        ([0.5, 0.5], [1.0, 1.0], "one mean, or one for each of 1, got 2"),
    ],
)
def test_a_normalisation_that_does_not_fit_is_refused(
    mean: list[float], std: list[float], sentence: str
) -> None:
    with pytest.raises(Mistake, match=sentence):
        Normalise(mean, std)(torch.zeros(2, 1, 8, 8))


def test_percentages_are_named() -> None:
    with pytest.raises(Mistake, match="rows that sum to 100, percentages; divide them by 100"):
        looked(lambda x: 100 * Nearest()(torch.from_numpy(x / 255)).softmax(1).numpy())


def test_the_forward_of_a_module_stands_for_the_module() -> None:
    assert looked(Nearest().forward).accuracy == 1.0


def test_a_model_that_overwrites_its_input_is_described_by_what_it_was_handed() -> None:
    def overwriting(x: Any) -> Any:
        out = Nearest()(torch.from_numpy(x / 255)).numpy()
        x[:] = 0
        return out

    found = looked(overwriting)
    assert found.accuracy == 1.0
    assert "from 0 to 0" not in found.handed


def test_a_booster_is_told_how_to_be_wrapped() -> None:
    booster = type("Booster", (), {"predict": None, "__module__": "xgboost.core"})()
    with pytest.raises(Mistake, match=r"booster.predict\(xgboost.DMatrix\("):
        looked(booster)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lstm_actor": object()}, "answers one observation at a time, got ActorCriticPolicy"),
        ({"observation_space": "dict"}, "observations are one array, got a dict of image, speed"),
    ],
)
def test_policies_that_cannot_be_asked_a_row_are_named(
    change: dict[str, Any], sentence: str
) -> None:
    from gymnasium import spaces
    from stable_baselines3.common.policies import ActorCriticPolicy

    seen = spaces.Box(0, 255, (8, 8), np.uint8)
    model = ActorCriticPolicy(seen, spaces.Discrete(3), lambda _: 1e-3, normalize_images=False)
    if "observation_space" in change:
        change = {
            "observation_space": spaces.Dict({"image": seen, "speed": spaces.Box(0, 1, (1,))})
        }
    for name, value in change.items():
        setattr(model, name, value)
    with pytest.raises(Mistake, match=sentence):
        wrap(model, UNITS, CLASSES)
