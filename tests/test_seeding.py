from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from scipy import stats

from genenv import seeding
from genenv.checks import Mistake
from genenv.seeding import fold, fold_rows, global_seed, normals, numpy_generator, uniforms


def test_philox_gives_the_known_answers_of_random123():
    def block(key):
        return [f"{word:08x}" for word in seeding._philox(np.array([key], np.uint64), 1)[0, 0]]

    assert block(0) == ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]


def test_philox_agrees_with_numbers_worked_out_without_vectors():
    def plain(key, counter):
        c = [counter, 0, 0, 0]
        k = [key & 0xFFFFFFFF, key >> 32]
        for _ in range(10):
            a = 0xD2511F53 * c[0]
            b = 0xCD9E8D57 * c[2]
            c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
            k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
        return c

    keys = fold_rows(np.arange(5), "philox")
    words = seeding._philox(keys, 3)
    expected = [[plain(int(key), counter) for counter in range(3)] for key in keys]
    assert words.tolist() == expected


def test_addresses_never_change():
    assert fold(0) == 782707917412398518
    assert fold(5, 2, 7) == 8671206813591853838
    assert fold(1, "noise", 2) == 736410398197642165


@pytest.mark.parametrize("seed", [0, 1, -1, 2**40, 2**63 - 1, 2**64 + 5])
def test_fold_is_a_row_of_fold_rows(seed):
    rows = np.arange(-3, 30)
    keys = fold_rows(seed, "a", rows, 4)
    assert [fold(seed, "a", int(row), 4) for row in rows] == keys.tolist()
    assert (keys < 2**63).all()


def test_seeds_can_be_rows_too():
    assert fold_rows(np.arange(4), "a").tolist() == [fold(seed, "a") for seed in range(4)]


def test_numpy_integers_fold_like_pythons():
    assert fold(np.int64(5), np.int32(2)) == fold(5, 2)


def test_every_part_of_a_path_and_its_order_count():
    paths = [(0,), (1,), (0, 0), (0, 1), (1, 0), (0, "a"), (0, "b"), (0, "a", "b"), (0, "b", "a")]
    assert len({fold(*path) for path in paths}) == len(paths)


def test_seed_and_part_do_not_change_places():
    assert fold(3, 8) != fold(8, 3)
    assert fold(3, 3) != fold(8, 8)


def test_keys_do_not_collide():
    keys = fold_rows(np.arange(300)[:, None].repeat(300, 1).ravel(), np.tile(np.arange(300), 300))
    assert len(np.unique(keys)) == 90_000


def test_uniforms_follow_their_law_and_never_reach_the_ends():
    u = uniforms(fold_rows(0, np.arange(5_000)), 9)
    assert u.shape == (5_000, 9)
    assert u.min() > 0
    assert u.max() < 1
    assert stats.kstest(u.ravel(), "uniform").pvalue > 1e-3


def test_normals_follow_their_law():
    e = normals(fold_rows(1, np.arange(5_000)), 9)
    assert e.dtype == np.float32
    assert stats.kstest(e.ravel(), "norm").pvalue > 1e-3
    assert stats.kstest(np.square(e.astype(float)).sum(1), stats.chi2(9).cdf).pvalue > 1e-3


def test_the_extreme_words_stay_finite(monkeypatch):
    for word in (0, 0xFFFFFFFF):
        monkeypatch.setattr(
            seeding, "_philox", lambda keys, n, w=word: np.full((len(keys), n, 4), w, np.uint64)
        )
        e = normals(np.zeros(1, np.uint64), 1)
        assert 8 < abs(e[0, 0]) < 8.5


@pytest.mark.parametrize("path", ["neighbours in address", "neighbours in seed"])
def test_neighbouring_keys_are_independent(path):
    row = np.arange(20_001)
    keys = fold_rows(0, "noise", row) if path == "neighbours in address" else fold_rows(row, "x")
    e = normals(keys, 4).astype(float)
    across = np.corrcoef(e[:-1].T, e[1:].T)
    assert np.abs(across - np.eye(8)).max() < 0.03
    signs = (e[:-1, 0] > 0) * 2 + (e[1:, 0] > 0)
    assert stats.chisquare(np.bincount(signs[::2].astype(int), minlength=4)).pvalue > 1e-3


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 64])
def test_more_numbers_of_a_key_begin_with_the_same_ones(count):
    keys = fold_rows(2, np.arange(3))
    assert np.array_equal(uniforms(keys, count), uniforms(keys, 70)[:, :count])


def test_a_row_is_the_same_in_any_batch():
    keys = fold_rows(2, np.arange(100))
    whole = normals(keys, 13)
    for start, count in [(0, 1), (99, 1), (3, 17), (50, 50)]:
        assert np.array_equal(normals(keys[start : start + count], 13), whole[start:][:count])


def test_no_rows_give_no_numbers():
    assert uniforms(fold_rows(0, np.arange(0)), 3).shape == (0, 3)


def test_generators_are_made_from_their_address():
    assert numpy_generator(1, "a").random() == numpy_generator(1, "a").random()
    assert numpy_generator(1, "a").random() != numpy_generator(1, "b").random()
    draws = [torch.rand(1, generator=seeding.torch_generator(1, p)).item() for p in "aab"]
    assert draws[0] == draws[1] != draws[2]


def draw():
    return random.random(), np.random.random(), torch.rand(1).item()


def test_global_seed_seeds_all_three_states():
    with global_seed(fold(0, "sb3")):
        first = draw()
    with global_seed(fold(0, "sb3")):
        again = draw()
    with global_seed(fold(1, "sb3")):
        other = draw()
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))


def states():
    return random.getstate(), np.random.get_state(), torch.get_rng_state()


def same(left, right):
    return (
        left[0] == right[0]
        and np.array_equal(left[1][1], right[1][1])
        and left[1][2] == right[1][2]
        and torch.equal(left[2], right[2])
    )


def test_global_seed_restores_all_three_states():
    before = states()
    with global_seed(3):
        draw()
        assert not same(before, states())
    assert same(before, states())


def test_global_seed_restores_all_three_states_after_an_exception():
    before = states()
    with pytest.raises(ZeroDivisionError), global_seed(3):
        random.seed(draw()[0] / 0)
    assert same(before, states())


def test_global_seed_restores_all_three_states_after_a_seed_that_is_refused():
    before = states()
    with pytest.raises((TypeError, ValueError)), global_seed(-(2**70)):
        pass
    assert same(before, states())


def test_a_seed_that_is_no_whole_number_is_refused():
    with pytest.raises(Mistake, match=r"seeds that are whole numbers, got 1.5"):
        seeding.fold(1.5)
