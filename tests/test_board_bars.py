"""Rows of tables, drawn as bars."""

from __future__ import annotations

import numpy as np

from genenv.board import bars
from genenv.codecs import Vectors

TABLE = Vectors((3,), "float64", (0.0, -1.0, 5.0), (10.0, 1.0, 5.0))


def test_a_row_of_a_table_is_a_bar_a_column_over_its_range():
    x = np.array([10.0, -1.0, 5.0])
    start = np.array([0.0, -1.0, 5.0])
    blue = (bars.small(x, start, TABLE) == bars.BAR).all(2)
    full, empty, constant = (blue[top].sum() for top in (5, 37, 69))
    assert full > 90
    assert empty <= 1
    assert full // 2 - 3 < constant < full // 2 + 3
    assert not np.array_equal(bars.small(start, start, TABLE), bars.small(x, start, TABLE))
    assert bars.large(x, start, TABLE).shape == (3 * bars.LINE, 272, 3)


def test_a_missing_value_has_no_bar_and_is_called_so():
    x = np.array([np.nan, 0.0, 5.0])
    start = np.array([2.0, 0.0, 5.0])
    sheet = bars.large(x, start, TABLE)[: bars.LINE]
    assert not (sheet == bars.BAR).all(2).any()
    assert (sheet == bars.MARK).all(2).any()  # where it was
