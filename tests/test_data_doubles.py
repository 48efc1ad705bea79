"""Rows that are the same, and rows that nearly are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from genenv.data import doubles, from_arrays, hold_out, near, split

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 3)).astype(np.float32)
Y = np.arange(150) % 3


def test_the_first_of_the_same_rows_is_found_and_shared_ones_are_counted() -> None:
    x = np.array([[1, 2], [3, 4], [1, 2], [3, 5]])
    assert doubles.firsts(x).tolist() == [0, 1, 0, 3]
    assert near.groups(x).tolist() == [0, 1, 0, 3]
    assert near.notes(X, None) == ()
    again, both = near.notes(np.concatenate([X, X[:9]]), X[:5])
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


def pictures(count: int, seed: int = 0) -> np.ndarray:
    """uint8 (count, 8, 8) that vary in ten ways."""
    rng = np.random.default_rng(seed)
    ways = np.random.default_rng(9).normal(size=(10, 64))
    return (rng.normal(size=(count, 10)) @ ways * 15 + 128).clip(0, 255).astype(np.uint8)


def noisy(x: np.ndarray, levels: float = 1.0) -> np.ndarray:
    change = np.random.default_rng(1).normal(0, levels, x.shape)
    return np.rint(x + change.reshape(x.shape)).clip(0, 255).astype(np.uint8).reshape(x.shape)


PICTURES = pictures(300).reshape(-1, 8, 8)


def test_figures_count_a_picture_that_came_three_times_once() -> None:
    y = np.arange(300) % 3
    alone = split(from_arrays(PICTURES, y), seed=0)
    thrice = split(from_arrays(np.repeat(PICTURES, 3, axis=0), np.repeat(y, 3)), seed=0)
    for part in ("guide", "audit", "calibration", "test"):
        rows = getattr(thrice, part)
        assert len(set(rows // 3)) == len(rows)
        assert len(rows) < 2 * len(getattr(alone, part))
    assert len(thrice.train) > 2 * len(alone.train)  # the model learns what it was given


def test_a_picture_of_two_labels_counts_under_both() -> None:
    x = np.concatenate([PICTURES, PICTURES[:1], PICTURES[:1]])
    once = near.counted_once(x, np.array([*np.zeros(300, int), 0, 1]))
    assert np.flatnonzero(~once).tolist() == [300]
    assert near.counted_once(np.zeros((9, 3)), None).all()  # nine cases that are alike


def test_copies_with_noise_are_found_and_nothing_else() -> None:
    group = near.groups(np.concatenate([PICTURES, noisy(PICTURES[:40])]))
    assert group[:300].tolist() == list(range(300))
    assert group[300:].tolist() == list(range(40))
    shifted = np.concatenate([PICTURES, np.roll(PICTURES[:40], 1, axis=2)])
    assert near.groups(shifted).tolist() == list(range(340))


def test_rows_that_came_three_times_with_noise_are_found() -> None:
    thrice = np.concatenate([PICTURES, noisy(PICTURES), noisy(PICTURES, 2)])
    assert near.groups(thrice).tolist() == 3 * list(range(300))


def test_vectors_of_many_columns_have_copies_too_whatever_their_units() -> None:
    x = PICTURES.reshape(300, 64) * np.logspace(-3, 3, 64)
    group = near.groups(np.concatenate([x, 1.0001 * x[:40]]))
    assert group.tolist() == [*range(300), *range(40)]


def test_smooth_data_of_few_dimensions_have_none() -> None:
    rng = np.random.default_rng(0)
    line = rng.uniform(size=(5000, 1)) * np.arange(1, 21)
    assert near.groups(line).tolist() == list(range(5000))
    assert near.groups(rng.normal(size=(5000, 2))).tolist() == list(range(5000))


def test_near_copies_stay_in_one_part_and_are_told() -> None:
    y = np.arange(300) % 3
    x = np.concatenate([PICTURES, noisy(PICTURES[:60])])
    parts = split(from_arrays(x, np.concatenate([y, y[:60]])), seed=0)
    where = {int(row): name for name, rows in vars(parts).items() if name != "shares_rows"
             for row in rows}  # fmt: skip
    assert all(where[i] == where[300 + i] for i in range(60))
    assert near.notes(x, None)[0].startswith("60 of 360 rows are nearly the same as an earlier one")
    (both,) = near.notes(PICTURES, noisy(PICTURES[:50]))
    assert both == "50 of 50 held-out rows are nearly the same as rows of the data."


def test_near_copies_are_not_held_out_from_their_likes() -> None:
    x = np.concatenate([PICTURES, noisy(PICTURES)])
    train, (apart, _) = hold_out(from_arrays(x), seed=0)
    assert 0 < len(apart) == 600 - len(train)
    both = near.groups(np.concatenate([x[train], apart]))
    assert (both[len(train) :] >= len(train)).all()
