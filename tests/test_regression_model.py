"""A model of values behind its contract: what each kind is handed, and what of it is an answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression

from genenv import checks, data
from genenv.regression.model import ValueModel

CENTRE, SCALE = 10.0, 4.0
X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
TRUTH = X @ np.array([1.0, 2.0, 3.0], np.float32)
UNITS = data.from_arrays(X, None).units


def model(given, units=UNITS, **settings):
    return ValueModel(given, units, CENTRE, SCALE, **settings)


def linear():
    net = torch.nn.Linear(3, 1, bias=False)
    net.weight.data = torch.tensor([[1.0, 2.0, 3.0]])
    return net


@pytest.mark.parametrize(
    "given",
    [
        linear(),
        LinearRegression().fit(X, TRUTH),
        lambda x: x @ np.array([1.0, 2.0, 3.0]),
        lambda x: (x @ np.array([1.0, 2.0, 3.0]))[:, None],
        lambda x: torch.from_numpy(x) @ torch.tensor([1.0, 2.0, 3.0]),
        lambda x: (x @ np.array([1.0, 2.0, 3.0])).tolist(),
    ],
)
def test_every_kind_answers_with_the_same_values_and_is_counted(given):
    asked = model(given)
    assert np.allclose(asked.to_real(X), TRUTH, atol=1e-4)
    assert asked.queries == 0  # real rows are not counted
    said = asked.answers(torch.from_numpy(X))
    assert np.allclose(said.log_p[:, 0].numpy() * SCALE + CENTRE, TRUTH, atol=1e-4)
    assert asked.queries == len(X)


def test_a_module_is_handed_pictures_in_the_unit_interval_with_channels_first():
    pictures = np.random.default_rng(1).integers(0, 256, (30, 8, 8), np.uint8)
    units = data.from_arrays(pictures, None).units
    seen = []

    class Ink(torch.nn.Module):
        def forward(self, batch):
            seen.append(batch)
            return batch.mean((1, 2, 3))

    value = model(Ink(), units).to_real(pictures)
    assert tuple(seen[0].shape) == (30, 1, 8, 8)
    assert np.allclose(value, pictures.mean((1, 2)) / 255, atol=1e-5)


def test_rows_without_an_answer_are_errors_and_the_others_are_answered():
    def picky(x):
        if (x[:, 0] > 1.5).any():
            raise ValueError("too large")
        return np.where(x[:, 1] > 1.0, np.nan, 0.0)

    said = model(picky).answers(torch.from_numpy(X))
    assert said.error.tolist() == ((X[:, 0] > 1.5) | (X[:, 1] > 1.0)).tolist()
    assert "too large" in said.trouble or "NaN" in said.trouble


def test_a_model_that_draws_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(checks.Mistake, match="answers the same row alike"):
        model(lambda x: rng.normal(size=len(x))).to_real(X)


@pytest.mark.parametrize("given", [LinearRegression, object(), "linear"])
def test_what_is_no_model_is_refused(given):
    with pytest.raises(checks.Mistake, match="a fitted estimator"):
        model(given)
