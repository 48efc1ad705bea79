"""Rows that are the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from genenv.data import doubles, from_arrays, split

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(150, 3)).astype(np.float32), np.arange(150) % 3


def test_the_first_of_the_same_rows_is_found_and_shared_ones_are_counted() -> None:
    x = np.array([[1, 2], [3, 4], [1, 2], [3, 5]])
    assert doubles.firsts(x).tolist() == [0, 1, 0, 3]
    assert doubles.shared(x, x[1:3]) == 2
    assert doubles.told(X, None) == ()
    again, both = doubles.told(np.concatenate([X, X[:9]]), X[:5])
    assert again.startswith("9 of 159 rows are the same as an earlier one")
    assert both.startswith("5 of 5 held-out rows are rows of the data too")


def test_oversampled_rows_stay_in_one_part() -> None:
    dataset = from_arrays(np.repeat(X, 3, axis=0), np.repeat(Y, 3))
    parts = split(dataset, seed=0)
    kept = [set(np.asarray(getattr(parts, n)) // 3) for n in ("train", "guide", "audit", "test")]
    for i, rows in enumerate(kept):
        assert all(not rows & others for others in kept[i + 1 :])


def test_rows_without_doubles_are_split_as_before() -> None:
    dataset = from_arrays(np.repeat(X, 3, axis=0) + RNG.normal(size=(450, 3)), np.repeat(Y, 3))
    parts = split(dataset, seed=0)
    assert [len(v) for v in (parts.train, parts.guide, parts.audit)] == [200, 63, 100]
    assert len(split(replace(dataset, label=None, classes=()), seed=0).test) == len(parts.test)
