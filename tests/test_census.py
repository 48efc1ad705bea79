"""Confirmed failures on disk: all are counted, and as many are held as there is room for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genenv import census, failures
from genenv.checks import Mistake
from genenv.failures import Confirmed

LOGS = [("random", 0), ("random", 1), ("evolution", 0)]
ROWS = 30  # of each log
SHARD = 10


def record(search: str, seed: int, index: np.ndarray) -> Confirmed:
    """Failures whose sample is their query; of label 0 and 1 in turn, taken for class 2."""
    rows = len(index)
    output = np.log(np.tile(np.array([[0.1, 0.1, 0.8]], np.float32), (rows, 1)))
    x = np.stack([index, np.full(rows, seed)], 1).astype(np.float32)
    ones = np.ones(rows, np.float32)
    return Confirmed(
        x, np.zeros((rows, 4), np.float32), index % 2, output, ones, ones,
        np.full(rows, search), np.full(rows, seed), index,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Shards as two processes leave them that were stopped in turn: the logs lie mixed."""
    for shard in range(ROWS // SHARD):
        index = np.arange(shard * SHARD, (shard + 1) * SHARD)
        for i, (search, seed) in enumerate([*LOGS, ("another", 0)]):
            record(search, seed, 2 * index + 1).save(tmp_path / f"{4 * shard + i:05d}.npz")
    return tmp_path


def address(found: Confirmed) -> list[tuple[str, int, int]]:
    columns = found.search.tolist(), found.seed.tolist(), found.index.tolist()
    return list(zip(*columns, strict=True))


def test_all_are_held_where_there_is_room_in_order_of_log_and_query(folder: Path) -> None:
    taken = census.take(folder, LOGS, (2,))
    assert taken.held.all()
    assert not [*taken.others()]
    held = taken.load()
    assert held is not None
    assert address(held) == [(*log, 2 * i + 1) for log in LOGS for i in range(ROWS)]
    whole = failures.load(folder)
    assert whole is not None
    by_address = dict(zip(address(whole), whole.x.tolist(), strict=True))
    assert held.x.tolist() == [by_address[each] for each in address(held)]


def test_of_more_the_first_of_each_search_class_and_answer_are_held(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(census, "MOST_HELD", 20)
    monkeypatch.setattr(census, "LEAST_HELD", 1)
    taken = census.take(folder, LOGS, (2,))
    held = taken.load()
    assert held is not None
    assert address(held) == [
        (*log, 2 * i + 1) for log in LOGS for i in range(6)
    ]  # of one kind each
    others = [(log.tolist(), more) for log, more in taken.others()]
    assert sum(len(more) for _, more in others) == 3 * (ROWS - 6)
    for logs, more in others:
        assert [LOGS[i] for i in logs] == [(s, n) for s, n, _ in address(more)]
        assert more.x[:, 0].tolist() == more.index.tolist()
    together = sorted(address(held) + [a for _, more in others for a in address(more)])
    assert together == sorted((*log, 2 * i + 1) for log in LOGS for i in range(ROWS))


def test_a_kind_with_few_is_held_whole_beside_one_with_many() -> None:
    kind = np.array([7] * 50 + [3] * 2)
    held = census._first(kind, 12)
    assert np.flatnonzero(held).tolist() == [*range(10), 50, 51]
    assert census._first(np.arange(9), 4).all()  # one of each, whatever the room


def test_samples_of_any_size_take_as_much_memory() -> None:
    assert census.most_held(64) == census.MOST_HELD
    assert census.most_held(3 * 128 * 128) * 4 * 3 * 128 * 128 <= census.MOST_BYTES
    assert census.most_held(10**9) == census.LEAST_HELD


def test_a_damaged_shard_is_refused_in_a_sentence(folder: Path) -> None:
    path = folder / "00001.npz"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(Mistake, match=r"a whole file .*00001.npz"):
        census.take(folder, LOGS, (2,))


def test_no_failure_is_an_empty_census(tmp_path: Path) -> None:
    taken = census.take(tmp_path, LOGS, (2,))
    assert taken.load() is None
    assert not [*taken.others()]
