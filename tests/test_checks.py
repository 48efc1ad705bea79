from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from genenv import checks
from genenv.checks import Mistake


def test_a_mistake_is_one_sentence_and_a_value_error():
    with pytest.raises(ValueError, match=r"^expected a cat, got 3; feed it$"):
        raise Mistake("a cat", 3, "feed it")


def test_a_mistake_of_another_process_is_the_same_sentence():
    first = Mistake("a cat", 3, "feed it")
    for other in (pickle.loads(pickle.dumps(first)), Mistake(first)):
        assert type(other) is Mistake
        assert str(other) == str(first)


def test_a_choice_comes_back():
    assert checks.choice("network", "mlp", ["mlp", "dcgan"]) == "mlp"


def test_a_wrong_choice_lists_the_options():
    sentence = "^expected network to be one of mlp, dcgan, got 'mpl'; choose one$"
    with pytest.raises(Mistake, match=sentence):
        checks.choice("network", "mpl", iter(["mlp", "dcgan"]))


@pytest.mark.parametrize("array", [np.zeros((4, 2)), torch.zeros(4, 2)])
def test_a_right_shape_passes(array):
    checks.shape("x", array, (4, 2))
    checks.shape("x", array, (None, 2))


@pytest.mark.parametrize(
    ("expected", "words"),
    [((4, 3), "4, 3"), ((None, 3), "any, 3"), ((4,), "4"), ((4, 2, 1), "4, 2, 1")],
)
def test_a_wrong_shape_is_told(expected, words):
    sentence = rf"^expected x of shape \({words}\), got shape \(4, 2\); reshape it$"
    with pytest.raises(Mistake, match=sentence):
        checks.shape("x", np.zeros((4, 2)), expected)


@pytest.mark.parametrize(
    "array", [np.zeros((3, 2)), np.arange(3), np.array(["a"]), np.zeros((0, 2))]
)
def test_finite_arrays_pass(array):
    checks.finite("x", array)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("shape", [(5,), (5, 2), (5, 2, 3)])
def test_rows_that_are_not_finite_are_counted_and_the_first_is_named(bad, shape):
    x = np.zeros(shape)
    x[2], x[4] = bad, bad
    sentence = "x to be finite, got NaN or infinity in 2 of 5 rows, the first at row 2; clean"
    with pytest.raises(Mistake, match=sentence):
        checks.finite("x", x)


def test_a_positive_number_passes():
    checks.positive("scale", 1e-9)


@pytest.mark.parametrize("value", [0, -1.5, float("nan")])
def test_what_is_not_positive_is_refused(value):
    with pytest.raises(Mistake, match=f"^expected scale above 0, got {value}; give a larger"):
        checks.positive("scale", value)


def test_infinity_is_refused_with_another_cure():
    with pytest.raises(Mistake, match=r"^expected scale to be finite, got inf; give a smaller num"):
        checks.positive("scale", float("inf"))


@pytest.mark.parametrize("value", [1, np.int64(7)])
def test_a_whole_number_comes_back_as_an_int(value):
    assert type(checks.integer("dim", value)) is int
    assert checks.integer("dim", value) == value


@pytest.mark.parametrize("value", [0, -2, 1.0, True, "3", None])
def test_what_is_no_whole_number_above_zero_is_refused(value):
    with pytest.raises(
        Mistake, match=f"^expected dim to be a whole number above 0, got {value!r}; "
    ):
        checks.integer("dim", value)
