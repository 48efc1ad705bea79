from __future__ import annotations

import numpy as np
import pytest

from genenv.report import by_class
from genenv.report.document import CLASS_KEYS

NAMES = ("top", "shirt", "shoe")
LABEL = np.repeat([0, 1, 2], 100)
REFUSED = [{"share": 0.1 * c, "low": 0.0, "high": 0.5, "rows": 100} for c in range(3)]


def rows(errors, distinct):
    """Classes of 100 real rows with so many errors, and modes with so many distinct failures."""
    answer = LABEL.copy()
    for c, count in enumerate(errors):
        answer[100 * c : 100 * c + count] = (c + 1) % 3
    modes = [
        {"condition": name, "confirmed": 2 * count, "distinct": count}
        for name, count in zip(NAMES, distinct, strict=True)
    ]
    return by_class.by_class(NAMES, REFUSED, LABEL, answer, modes)


def test_each_class_has_its_refusals_errors_and_failures():
    found = rows([4, 2, 0], [0, 7, 1])
    assert [tuple(row) for row in found] == [CLASS_KEYS] * 3
    assert [row["errors"]["share"] for row in found] == [0.04, 0.02, 0.0]
    assert [row["refused"]["share"] for row in found] == pytest.approx([0.0, 0.1, 0.2])
    assert [(row["confirmed"], row["distinct"]) for row in found] == [(0, 0), (14, 7), (2, 1)]


def test_the_worst_class_is_named_where_real_rows_order_the_classes_alike():
    found = rows([10, 5, 1], [40, 10, 2])
    assert by_class.order(found) == pytest.approx(1.0)
    assert by_class.worst(found)["class"] == "top"
    assert by_class.sentence(found) == ""


@pytest.mark.parametrize(
    ("errors", "distinct", "why"),
    [
        ([40, 20, 1], [1, 3, 90], "rank correlation -1.00"),  # the judge refuses the worst
        ([40, 3, 1], [50, 90, 1], "differently"),  # the second is far behind the first
        ([0, 0, 0], [5, 3, 1], "do not tell the classes apart"),
        ([5, 3, 1], [4, 4, 4], "do not tell the classes apart"),
    ],
)
def test_no_class_is_named_where_the_orders_disagree(errors, distinct, why):
    found = rows(errors, distinct)
    assert by_class.worst(found) is None
    assert why in by_class.sentence(found)


def test_nothing_is_told_where_nothing_was_confirmed_and_a_class_without_rows_is_no_mistake():
    assert by_class.sentence(rows([5, 3, 1], [0, 0, 0])) == ""
    found = by_class.by_class(NAMES, REFUSED, LABEL[:200], LABEL[:200], [])
    assert found[2]["errors"] == {"share": 0.0, "low": 0.0, "high": 1.0, "rows": 0}
