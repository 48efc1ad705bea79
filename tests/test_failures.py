from __future__ import annotations

import dataclasses
import weakref

import numpy as np
import pytest
import torch
import toys

from genenv import counting, failures
from genenv.checks import Mistake
from genenv.codecs import Vectors
from genenv.counting import Counter, clusters, distinct, spacing
from genenv.failures import Confirmed, load, picked, replay, replay_all

RANDOM = torch.Generator().manual_seed(0)


def line(*places):
    return torch.tensor([[float(place), 0.0] for place in places])


def groups(*ids):
    return np.array(ids, np.int64)


def test_packing_keeps_a_row_unless_a_kept_one_is_near():
    # 0 is kept; 0.9 falls to 0; 1.5 is kept, for 0.9 was not; 2.4 falls to 1.5; 3 is kept
    keep = distinct(line(0, 0.9, 1.5, 2.4, 3), groups(0, 0, 0, 0, 0), 1.0)
    assert keep.tolist() == [True, False, True, False, True]


def test_packing_goes_in_order_of_query():
    assert distinct(line(0.9, 0, 1.5), groups(0, 0, 0), 1.0).tolist() == [True, False, False]


def test_packing_stays_inside_its_group():
    assert distinct(line(0, 0.1, 0.2, 0.3), groups(0, 1, 0, 1), 1.0).tolist() == [
        True, True, False, False,
    ]  # fmt: skip


def test_repeats_are_one_failure_even_at_radius_zero():
    assert distinct(line(1, 1, 2), groups(0, 0, 0), 0.0).tolist() == [True, False, True]


def test_packed_rows_are_apart_and_cover_the_rest():
    points = torch.randn(300, 3, generator=RANDOM)
    keep = distinct(points, np.zeros(300, np.int64), 0.8)
    kept = points[torch.from_numpy(keep)]
    apart = torch.cdist(kept, kept) + 9 * torch.eye(len(kept))
    assert apart.min() > 0.8
    assert torch.cdist(points, kept).amin(1).max() <= 0.8


def test_clusters_are_cut_at_the_average_distance_and_numbered_by_appearance():
    points = line(10, 0, 0.5, 10.5, 30)
    assert clusters(points, groups(0, 0, 0, 0, 0), 2.0).tolist() == [0, 1, 1, 0, 2]
    assert clusters(points, groups(0, 0, 0, 0, 0), 100.0).tolist() == [0] * 5


def test_a_chain_of_near_points_is_not_one_cluster():
    points = torch.tensor([[0.0], [1.0], [2.1], [3.1]])  # each near the next, the pairs 2.1 apart
    assert clusters(points, np.zeros(4, np.int64), 1.2).tolist() == [0, 0, 1, 1]


def test_clusters_do_not_cross_groups_and_single_rows_count():
    assert clusters(line(0, 0.1, 0.2), groups(5, 3, 5), 1.0).tolist() == [0, 1, 0]


def test_spacing_agrees_with_brute_force(monkeypatch):
    monkeypatch.setattr(failures, "BATCH", 16)
    points = torch.randn(101, 4, generator=RANDOM)
    label = torch.arange(101) % 3
    nearest = [
        min(float((a - b).norm()) for j, b in enumerate(points) if j != i and label[i] == label[j])
        for i, a in enumerate(points)
    ]
    assert spacing(points, label) == pytest.approx(float(np.median(nearest)), rel=1e-4)


def test_spacing_of_many_rows_is_that_of_some_among_all(monkeypatch):
    monkeypatch.setattr(counting, "SPACED", 3)
    points = line(0, 1, 10, 100, 20, 200)  # 0, 10 and 20 are asked: 1, 9 and 10 to the next
    assert spacing(points, torch.zeros(6, dtype=torch.long)) == pytest.approx(9.0)


def test_spacing_leaves_out_a_row_alone_in_its_class():
    assert spacing(line(0, 1, 50), torch.tensor([0, 0, 1])) == 1.0
    with pytest.raises(Mistake, match="expected two real rows of some class, got one of each"):
        spacing(line(0, 1), torch.tensor([0, 1]))


def test_the_counter_measures_on_real_rows_and_gives_every_failure_a_mode():
    real = torch.arange(20.0)[:, None] * torch.tensor([[1.0, 0.0]])
    counter = Counter(real, 3 * real, torch.zeros(20, dtype=torch.long))
    assert (counter.radius, counter.cut) == (1.0, 6.0)
    samples = line(0, 0.4, 1.8, 9, 9.3)
    counted = counter.count(samples, 3 * samples, groups(0, 0, 0, 0, 0))
    assert counted.distinct.tolist() == [True, False, True, True, False]
    assert counted.mode.tolist() == [0, 0, 0, 1, 1]  # 0 and 1.8 lie 5.4 apart in features
    apart = counter.count(samples, 3 * samples, groups(0, 0, 7, 0, 0))
    assert apart.mode.tolist() == [0, 0, 1, 2, 2]
    none = counter.count(samples[:0], samples[:0], groups())
    assert (len(none.distinct), len(none.mode)) == (0, 0)


class Stored(toys.Threshold):
    """The half-space's model with the units that a record is read by."""

    units = Vectors((toys.DIM + toys.CLASSES,), "float32", (-10.0,), (10.0,))


def record(count=6, beta=1.0, start=0):
    e = torch.randn(count, toys.DIM, generator=RANDOM) + 3  # all fail
    label = torch.arange(count) % toys.CLASSES
    found = toys.probe(beta)(e, label)
    return Confirmed(
        found.x, found.e, found.label, found.output, found.severity,
        np.full(count, 0.95, np.float32),
        np.full(count, "random"), np.zeros(count, np.int64), np.arange(start, start + count),
    )  # fmt: skip


def test_the_same_model_fails_the_same_on_replay(monkeypatch):
    monkeypatch.setattr(failures, "BATCH", 4)
    again = replay(Stored(), record())
    assert again.failing.all()
    assert again.same.all()


def test_a_mended_model_does_not_fail_and_a_changed_one_fails_otherwise():
    mended = replay(Stored(beta=100.0), record())
    assert not mended.failing.any()
    assert not mended.same.any()
    kept = record()
    shifted = dataclasses.replace(kept, output=np.log(0.9 * np.exp(kept.output)))
    changed = replay(Stored(), shifted)
    assert changed.failing.all()
    assert not changed.same.any()


def test_replaying_nothing_gives_nothing():
    class Empty(Stored):
        def log_probabilities(self, x):
            assert not len(x)
            return torch.empty(0, toys.CLASSES)

    assert len(replay(Empty(), record().rows(slice(0))).failing) == 0


def test_shards_are_joined_in_order(tmp_path):
    first = record(3)
    second = record(2, start=3)
    second.save(tmp_path / "00007.npz")
    first.save(tmp_path / "00002.npz")
    both = load(tmp_path)
    assert both.index.tolist() == [0, 1, 2, 3, 4]
    assert np.array_equal(both.x, np.concatenate([first.x, second.x]))
    assert both.prediction.shape == (5,)
    assert both.rows(both.index > 2).index.tolist() == [3, 4]


@pytest.fixture
def held(tmp_path, monkeypatch):
    """Six shards of four failures; for each reading, how many were in memory then."""
    for number in range(6):
        record(4, start=4 * number).save(tmp_path / f"{number:05d}.npz")
    read, alive, counts = failures.read, [], []

    def counted(path):
        counts.append(sum(shard() is not None for shard in alive))
        found = read(path)
        alive.append(weakref.ref(found.x))
        return found

    monkeypatch.setattr(failures, "read", counted)
    return counts


def test_reading_all_stored_failures_holds_all(held, tmp_path):
    load(tmp_path)
    assert held == [0, 1, 2, 3, 4, 5]


def test_stored_failures_are_replayed_a_shard_at_a_time(held, tmp_path):
    again = replay_all(Stored(), tmp_path)
    assert max(held) <= 1
    whole = load(tmp_path)
    assert again.failing.all()
    assert np.array_equal(again.before, whole.prediction)
    assert np.array_equal(again.label, whole.label)


def test_some_stored_failures_are_read_without_the_others(held, tmp_path):
    rows = np.array([21, 2, 9, 3])
    found = picked(tmp_path, rows)
    assert max(held) <= 1
    assert found.index.tolist() == rows.tolist()
    assert np.array_equal(found.x, load(tmp_path).x[rows])


def test_no_shards_are_no_record(tmp_path):
    assert load(tmp_path) is None
    assert replay_all(Stored(), tmp_path) is None
    assert load(tmp_path / "absent") is None


@pytest.mark.parametrize("spoil", ["cut", "empty", "other", "text"])
def test_a_shard_that_is_cut_off_is_a_mistake(tmp_path, spoil):
    path = tmp_path / "00000.npz"
    record().save(path)
    content = path.read_bytes()
    if spoil == "other":
        np.savez(path, x=np.zeros(3))
    else:
        path.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "text": b"PK"}[spoil])
    with pytest.raises(Mistake, match=r"expected a whole file .*00000\.npz, got"):
        load(tmp_path)


def one_by_one(points, group, radius):
    """Pack greedily, every row against all others of its group."""
    keep = np.zeros(len(points), np.bool_)
    for g in np.unique(group):
        rows = np.flatnonzero(group == g)
        own = points[rows]
        free = torch.ones(len(rows), dtype=torch.bool)
        for i, row in enumerate(rows):
            if free[i]:
                keep[row] = True
                free &= (own - own[i]).norm(dim=1) > radius
    return keep


@pytest.mark.parametrize("kind", ["spread", "in steps", "repeated"])
def test_packing_by_blocks_keeps_the_very_rows_that_packing_one_by_one_keeps(kind, monkeypatch):
    monkeypatch.setattr(counting, "BLOCK", 32)
    points = 10 * torch.randn(500, 6, generator=RANDOM)
    points = points.round() if kind == "in steps" else points
    points = points[torch.arange(500) // 3] if kind == "repeated" else points
    group = np.arange(500) % 3
    apart = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    exact = float((points[0] - points[9]).norm())  # a distance that occurs
    for radius in (0.0, exact, float(apart.quantile(0.1))):
        keep = distinct(points, group, radius)
        assert np.array_equal(keep, one_by_one(points, group, radius))
        assert keep.sum() > 0


def test_beyond_what_is_packed_and_linked_counts_are_lower_bounds_and_said_to_be(monkeypatch):
    real = torch.arange(20.0)[:, None] * torch.tensor([[1.0, 0.0]])
    counter = Counter(real, 3 * real, torch.zeros(20, dtype=torch.long))
    samples = 2.0 * torch.arange(60)[:, None] * torch.tensor([[1.0, 0.0]])
    whole = counter.count(samples, 10 * samples, groups(*[0] * 60))
    assert whole.note == ""
    assert (whole.distinct.sum(), whole.mode.max() + 1) == (60, 60)
    monkeypatch.setattr(counting, "MOST_PACKED", 50)
    monkeypatch.setattr(counting, "MOST_LINKED", 20)
    counted = counter.count(samples, 10 * samples, groups(*[0] * 60))
    assert counted.distinct.tolist() == [True] * 50 + [False] * 10
    assert counted.mode.max() + 1 == 20
    assert "the first 50 of a class and answer alone (10 lie beyond)" in counted.note
    assert "modes on 20 distinct failures" in counted.note
