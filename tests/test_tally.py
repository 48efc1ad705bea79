from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from genenv.campaign import Log
from genenv.codecs import Vectors
from genenv.failures import Confirmed
from genenv.judge import Belief, q_values
from genenv.noise import ball_radius
from genenv.report.document import GRADE_KEYS, MODE_KEYS, SEARCH_KEYS
from genenv.report.near_rows import Untouched
from genenv.report.tally import tally

CLASSES = ("cat", "dog")
REAL = torch.tensor([[0.0, 0], [1, 0], [2, 0], [0, 5], [1, 5], [2, 5]]) / 10
REAL_LABEL = np.array([0, 0, 0, 1, 1, 1])


class Plain:
    """A judge whose features are the samples themselves."""

    belief = Belief(slope=0.5, rows=40, wrong=4)
    units = Vectors((2,), "float32", (-1.0,), (1.0,))

    def features(self, x):
        return torch.tensor(x, dtype=torch.float32)


def log(name, seed, confirmed_at, queries=100):
    verdict = np.zeros(queries, np.int8)
    verdict[np.array(confirmed_at, int) - 1] = 3
    no = np.zeros(queries, np.bool_)
    return Log(name, seed, verdict, no, no, 0.5, name == "random")


def confirmed(rows):
    """Rows of (place on the line, condition, search, seed, query from 1)."""
    place, label, search, seed, query = zip(*rows, strict=True) if rows else ([],) * 5
    label = np.array(label, np.int64)
    m = len(rows)
    output = np.log(np.full((m, 2), 0.2, np.float32))
    output[np.arange(m), 1 - label] = np.log(0.8)
    e = np.zeros((m, 3), np.float32)
    e[:, 0] = ball_radius(3) * (0.999 - 0.5 * (np.arange(m) % 2))
    x = np.stack([np.array(place, np.float32), np.zeros(m, np.float32)], 1)
    return Confirmed(
        x, e, label, output, np.full(m, 1.4, np.float32), np.linspace(0.9, 1, m, dtype=np.float32),
        np.array(search, dtype=str),
        np.array(seed, np.int64), np.array(query, np.int64) - 1,
    )  # fmt: skip


ROWS = [
    (0.00, 0, "random", 0, 10),
    (0.01, 0, "random", 0, 90),  # a repeat: the real rows lie 0.1 apart
    (0.02, 0, "evolution", 0, 1),
    (0.50, 0, "evolution", 0, 2),
    (0.50, 1, "evolution", 1, 3),
]
LOGS = [
    log("random", 0, [10, 90]),
    log("random", 1, []),
    log("evolution", 0, [1, 2]),
    log("evolution", 1, [3]),
]


def made(rows=ROWS, logs=LOGS):
    record = confirmed(rows)
    return tally(logs, record, Plain(), REAL.numpy(), REAL_LABEL, CLASSES)


def test_failures_that_are_not_held_are_counted_with_the_nearest_of_their_pair():
    """All but what is distinct: as many, as heavy and by the same searches as if all were held."""
    more = [(0.01 + i / 1e4, 0, "random", 1, 20 + i) for i in range(7)]
    logs = [LOGS[0], log("random", 1, [row[4] for row in more]), *LOGS[2:]]
    whole = made([*ROWS[:2], *more, *ROWS[2:]], logs)
    stretches = [(np.full(k, 1, np.int16), confirmed(more[i : i + k])) for i, k in ((0, 3), (3, 4))]
    record = confirmed(ROWS)
    held = tally(logs, record, Plain(), REAL.numpy(), REAL_LABEL, CLASSES, stretches)
    assert held.modes(untouched()) == whole.modes(untouched())
    assert held.modes(untouched())[0]["confirmed"] == 10
    assert held.modes(untouched())[0]["mass"] == 9 / 200
    assert held.by_control() == whole.by_control()
    assert len(held.q) == len(whole.q) == 12
    shared = {"confirmed", "confirmed_per_1k", "distinct", "flips", "lift_over_random"}
    for one, two in zip(held.searches({}), whole.searches({}), strict=True):
        if one["seed"] == 0:
            assert {n: one[n] for n in shared} == {n: two[n] for n in shared}
    assert "5 of 12 confirmed failures were looked at" in held.others.note(5)
    assert whole.others.note(12) == ""


def untouched(wrong=()):
    """Forty real rows: twenty near the first place on the line, twenty near the other."""
    place = torch.cat([torch.linspace(0, 0.1, 20), torch.linspace(0.45, 0.55, 20)])
    right = np.ones(40, np.bool_)
    right[list(wrong)] = False
    return Untouched(np.arange(40) + 100, torch.stack([place, 0 * place], 1), right)


def test_searches_are_counted_each_by_itself_and_on_the_union():
    rows = made().searches({"evolution": 77})
    assert [set(row) for row in rows] == [set(SEARCH_KEYS)] * 4
    assert [row["distinct"] for row in rows] == [1, 0, 2, 1]
    assert [row["modes"] for row in rows] == [1, 0, 2, 1]
    assert [row["training_queries"] for row in rows] == [0, 0, 77, 77]


def test_the_lift_is_over_random_on_all_its_seeds():
    rows = made().searches({})
    assert [row["lift_over_random"] for row in rows] == pytest.approx([2.0, 0.0, 2.0, 1.0])


def test_without_a_failure_of_random_there_is_no_lift():
    evolution = [row for row in ROWS if row[2] == "evolution"]
    for logs in (LOGS[2:], [log("random", 0, []), *LOGS[2:]]):
        rows = made(evolution, logs).searches({})
        assert {row["lift_over_random"] for row in rows} == {None}


def test_random_counts_are_over_all_seeds():
    assert made().random_counts() == (2, 200)
    assert made([row for row in ROWS if row[2] != "random"], LOGS[2:]).random_counts() == (0, 0)


def test_rates_of_both_events_come_from_the_control_alone():
    failure, confirmed = made().rates()
    flips = sum(row["flips"] for row in made().searches({}) if row["samples_law"])
    assert (failure["event"], failure["estimate"]) == ("failure", flips / 200)
    assert (confirmed["event"], confirmed["estimate"]) == ("confirmed", 2 / 200)
    assert confirmed["low"] < 0.01 < confirmed["high"]
    assert made([row for row in ROWS if row[2] != "random"], LOGS[2:]).rates() == []


def test_which_search_is_the_control_is_its_property_and_not_its_name():
    mine = [(*row[:2], row[2].replace("random", "mine"), *row[3:]) for row in ROWS]
    logs = [replace(log, search=log.search.replace("random", "mine")) for log in LOGS]
    assert made(mine, logs).random_counts() == (2, 200)
    assert made(mine, logs).modes(untouched())[0]["mass"] == 2 / 200
    assert [curve.samples_law for curve in made(mine, logs).curves()] == [True, True, False, False]
    named_so = [replace(log, samples_law=False) for log in LOGS]
    assert made(ROWS, named_so).random_counts() == (0, 0)
    assert made(ROWS, named_so).searches({})[2]["lift_over_random"] is None


def test_modes_are_ranked_by_their_mass_under_the_prior():
    modes = made().modes(untouched())
    assert [set(mode) for mode in modes] == [set(MODE_KEYS)] * 3
    first = {name: modes[0][name] for name in MODE_KEYS[1:-1]}
    assert first == {
        "condition": "cat",
        "prediction": "dog",
        "confirmed": 3,
        "distinct": 1,
        "mass": 2 / 200,
        "mass_low": pytest.approx(0.00275, abs=1e-5),
        "mass_high": pytest.approx(0.03572, abs=1e-5),
        "apart": None,
        "moved": None,
        "enrichment": None,
        "searches": ["evolution", "random"],
    }
    assert [mode["mass"] for mode in modes[1:]] == [None, None]
    assert modes[1]["mass_high"] == pytest.approx(1 - 0.05 ** (1 / 200))
    assert {(m["condition"], m["prediction"]) for m in modes[1:]} == {
        ("cat", "dog"),
        ("dog", "cat"),
    }
    assert sum(mode["confirmed"] for mode in modes) == len(ROWS)


def test_the_headline_counts_failures_up_to_its_q():
    held = made()
    assert held.q == pytest.approx(q_values(held.belief.corrected(held.confirmed.p)))
    grades = held.grades()
    assert tuple(grades) == GRADE_KEYS
    assert grades["confirmed"] == int((held.q <= grades["q"]).sum())
    surer = replace(held, q=np.array([0.2, 0.05, 0.04, 0.06, 0.01]))
    assert surer.grades()["confirmed"] == 3
    raw = replace(surer, belief=Belief()).grades()  # p as it is says far too much
    assert (raw["confirmed"], raw["distinct"]) == (None, None)
    assert grades["distinct"] <= grades["confirmed"]
    assert "40 real rows" in grades["belief"]


def test_a_curve_begins_at_zero_and_ends_with_the_budget():
    curve = made().curves()[0]
    assert (curve.search, curve.seed) == ("random", 0)
    assert curve.queries.tolist() == [0, 10, 90, 100]
    assert curve.confirmed.tolist() == [0, 1, 2, 2]


def test_each_failure_stands_beside_its_nearest_real_row():
    held = made()
    stored = np.arange(12).reshape(6, 2)
    shown = held.failures(REAL, stored, REAL_LABEL)
    assert shown.nearest.tolist() == stored[[0, 0, 0, 2, 2]].tolist()
    assert shown.nearest_distance == pytest.approx([0, 0.01, 0.02, 0.3, 0.3], abs=1e-6)
    assert shown.p.tolist() == sorted(shown.p.tolist())
    assert (np.diff(shown.q) < 0).all()  # the surer, the fewer false ones
    assert shown.query.tolist() == [10, 90, 1, 2, 3]
    assert shown.on_edge.tolist() == [True, False, True, False, True]
    assert shown.prediction.tolist() == [1, 1, 1, 1, 0]


def test_a_tally_of_no_failures_is_empty():
    held = made([], [log("random", 0, [])])
    assert held.modes(untouched()) == []
    assert held.searches({})[0]["distinct"] == 0
    assert len(held.failures(REAL, np.zeros((6, 2)), REAL_LABEL)) == 0


def test_a_mode_that_real_rows_bear_out_is_listed_first():
    place = made().modes(untouched())[0]  # most of random's mass
    assert not place["near"]["borne_out"]
    first = made().modes(untouched(range(20, 30)))[0]
    assert first["near"]["borne_out"]
    assert first["mass"] is None
    assert set(first["near"]["rows"]) <= set(range(120, 140))
