"""Modes beside a reference, on draws from the generator's law."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import toys
from test_tally import CLASSES, LOGS, ROWS, made, untouched

from genenv.campaign import Campaign
from genenv.ledger import Ledger
from genenv.report.document import ENRICHMENT_KEYS
from genenv.report.enrichment import Beside, beside, enriched, words
from genenv.search import Space
from genenv.tracking import Tracker


def others(places: list[float], label: int) -> Beside:
    """The reference's failures at these places on the line, of one label."""
    samples = torch.tensor([[place, 0.0] for place in places]).reshape(-1, 2)
    return Beside(200, samples, np.full(len(places), label * len(CLASSES) + 1 - label))


def test_a_mode_that_the_model_alone_has_is_its_own_and_comes_first():
    rows = [(0.0, 0, "random", 0, query) for query in range(1, 21)] + ROWS[2:]
    logs = [LOGS[0], *LOGS[1:]]
    held = made(rows, logs)
    found = enriched(held, others([0.01], 0))
    first = int(held.counted.mode[0])
    assert set(found[first]) == set(ENRICHMENT_KEYS)
    assert (found[first]["model"], found[first]["reference"]) == (20, 1)
    assert found[first]["alarm"]
    assert found[first]["low"] == pytest.approx(4.0, abs=0.6)
    assert found[first]["ratio"] == 20.5 / 1.5
    assert held.modes(untouched(), None, found)[0]["id"] == first
    assert words(found[first]).startswith("20 of 200 draws, the reference 1: 13.7 times, at least")


def test_a_mode_that_both_have_raises_no_alarm():
    rows = [(0.0, 0, "random", 0, query) for query in range(1, 11)]
    held = made(rows, LOGS)
    (row,) = enriched(held, others([0.0] * 9, 0)).values()
    assert not row["alarm"]
    assert row["low"] < 1
    assert "at least" not in words(row)


def test_failures_of_another_pair_count_for_no_mode():
    held = made([(0.0, 0, "random", 0, 1)], LOGS)
    (row,) = enriched(held, others([0.0] * 5, 1)).values()
    assert row["reference"] == 0


def test_what_searches_chose_is_not_compared():
    rows = [(0.0, 0, "evolution", 0, query) for query in range(1, 31)]
    (row,) = enriched(made(rows, LOGS), others([], 0)).values()
    assert (row["model"], row["alarm"], row["low"]) == (0, False, 0.0)


def test_without_draws_there_is_nothing_to_compare():
    assert enriched(made(), Beside(0, torch.zeros(0, 1), np.zeros(0, np.int64))) == {}
    assert words(None) == ""


def test_a_reference_is_asked_the_controls_own_draws_and_judged_alike(tmp_path: Any):
    from genenv.agents import SEARCHES

    probe = toys.probe(1.5, 9.0)
    judge = toys.BallJudge(9.0)
    ledger = Ledger(tmp_path)
    space = Space(probe.generator.noise, toys.CLASSES)
    campaign = Campaign(probe, judge, 2000, ledger, Tracker(None), lambda _: None, print)
    logs = [campaign.run(n, 0, lambda n=n: SEARCHES[n](space, 0)) for n in ("random", "evolution")]
    same, better = (beside(toys.Threshold(beta), probe, judge, ledger, logs) for beta in (1.5, 2.5))
    confirmed = int((logs[0].verdict == 3).sum())
    assert (same.draws, len(same.group)) == (2000, confirmed)
    assert 0 < len(better.group) < 0.3 * confirmed
    assert same.group.max() < toys.CLASSES**2
