from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from genenv import reading
from genenv.columns import Columns
from genenv.wording import shortened


@dataclass(frozen=True)
class Record(Columns):
    e: NDArray[np.float32]
    label: NDArray[np.int64]
    gradient: NDArray[np.float32] | None = None


RECORD = Record(np.arange(6, dtype=np.float32).reshape(3, 2), np.array([4, 5, 6]))


def test_rows_are_picked_from_every_column_and_a_missing_one_stays_missing():
    picked = RECORD.rows(np.array([True, False, True]))
    assert len(RECORD) == 3
    assert picked.e.tolist() == [[0, 1], [4, 5]]
    assert picked.label.tolist() == [4, 6]
    assert picked.gradient is None


def test_records_are_joined_in_order():
    whole = Record.concatenate([RECORD.rows(slice(1, 3)), RECORD.rows(slice(0, 1))])
    assert whole.label.tolist() == [5, 6, 4]


def test_a_record_is_written_without_the_columns_that_it_has_not(tmp_path):
    RECORD.save(tmp_path / "record.npz")
    again = Record(**reading.arrays(tmp_path / "record.npz"))
    assert again.e.dtype == np.float32
    np.testing.assert_array_equal(again.label, RECORD.label)
    assert again.gradient is None


def test_columns_of_different_lengths_are_no_record():
    with pytest.raises(AssertionError, match="lengths"):
        Record(RECORD.e, RECORD.label[:2])


def test_a_long_name_is_cut_to_the_letters_that_fit():
    assert shortened("seven", 5) == "seven"
    assert shortened("seventy", 5) == "seve…"
