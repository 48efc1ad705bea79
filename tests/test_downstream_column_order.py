"""Columns that are other classes than they are read as, also where they cost little accuracy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from genenv.checks import Mistake
from genenv.codecs import Vectors
from genenv.downstream import handing, wrap
from genenv.downstream.column_order import reordered

ROWS = [200] * 8 + [20, 20]  # of each class; the last two are rare
LABEL = np.repeat(np.arange(10), ROWS)
RARE = np.array([0, 1, 2, 3, 4, 5, 6, 7, 9, 8])
UNITS = Vectors((1,), "float32", (4.0,), (3.0,))
CLASSES = tuple("abcdefghij")


def answers(moved: NDArray[np.int64], x: Any) -> NDArray[np.float64]:
    """Probabilities of a model whose columns lie elsewhere."""
    made: NDArray[np.float64] = np.eye(10)[moved[np.asarray(x)[:, 0].astype(int)]] * 0.9 + 0.01
    return made


def test_two_rare_classes_that_are_exchanged_start_no_search() -> None:
    model = wrap(lambda x: answers(RARE, x), UNITS, CLASSES)
    x = LABEL[:, None].astype(np.float32)
    found = handing.look(model, x, LABEL)
    assert found.accuracy > 0.97  # which alone would let it pass
    with pytest.raises(Mistake, match=r"its column 8 is 'j', not 'i'\): right on 100"):
        handing.require(found, anyway=False)
    assert handing.look(model, x, LABEL, tries=False).better is None


def test_a_class_that_is_taken_for_another_is_a_failure_and_no_exchange() -> None:
    planted = np.where(LABEL == 8, 9, LABEL)
    assert reordered(planted, LABEL, CLASSES) is None


@pytest.mark.parametrize("pairs", [2, 50])
def test_classes_that_a_model_cannot_tell_apart_are_not_exchanged(pairs: int) -> None:
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(2 * pairs), 20)
    for _ in range(20):
        guess = np.where(rng.random(len(label)) < 0.5, label, label ^ 1)
        found = reordered(guess, label, tuple(range(2 * pairs)))
        assert found is None or not found.certain


def test_rows_without_an_answer_say_nothing_of_the_order() -> None:
    guess = np.where(LABEL < 8, -1, RARE[LABEL])
    found = reordered(guess, LABEL, CLASSES)
    assert found is not None
    assert found.certain
    assert found.right == 40 / len(LABEL)
    assert reordered(np.full(len(LABEL), -1), LABEL, CLASSES) is None


def test_three_classes_that_go_round_are_exchanged() -> None:
    found = reordered((LABEL + 1) % 10, LABEL, CLASSES)
    assert found is not None
    assert found.certain
    assert found.right == 1
