from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
import toys

from genenv import campaign, failures
from genenv.agents import SEARCHES
from genenv.campaign import Campaign, Log
from genenv.checks import Mistake
from genenv.codecs import Vectors
from genenv.judge import Verdict
from genenv.ledger import Ledger
from genenv.noise import Gaussian
from genenv.search import Search, Space
from genenv.tracking import Tracker

pytestmark = pytest.mark.slow

SPACE = Space(Gaussian(toys.DIM), toys.CLASSES)
BUDGET = 700
RESUMABLE = ["random", "evolution", "cma-es", "gradient"]


class Crash(toys.Threshold):
    """Raises before the query that goes beyond a number of them."""

    def __init__(self, after, error):
        super().__init__(1.0)
        self.after = after
        self.error = error

    def log_probabilities(self, x):
        if self.queries + len(x) > self.after:
            raise self.error
        return super().log_probabilities(x)


class Game:
    """A campaign on the half-space, with what it tells and how far it goes."""

    def __init__(self, run, budget=BUDGET, model=None):
        self.probe = toys.probe()
        self.probe.model = model or self.probe.model
        self.notes = []
        self.done = []
        self.ledger = Ledger(run)
        self.campaign = Campaign(
            self.probe, toys.BallJudge(2.0), budget, self.ledger, Tracker(None),
            self.done.append, self.notes.append,
        )  # fmt: skip

    def run(self, name, seed=0, make=None):
        return self.campaign.run(name, seed, make or (lambda: SEARCHES[name](SPACE, seed)))


def same(one, two):
    assert one.keys() == two.keys()
    for name, column in one.items():
        assert np.array_equal(column, two[name]), name


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(campaign, "SHARD", 200)


def test_every_query_is_a_row_on_disk(tmp_path):
    game = Game(tmp_path)
    log = game.run("random")
    columns = game.ledger.read("random", 0)
    wanted = {"e", "label", "output", "severity", "verdict", "p", "search", "seed", "index"}
    assert wanted <= columns.keys()
    assert columns["index"].tolist() == list(range(BUDGET))
    assert np.array_equal(columns["verdict"], log.verdict)
    assert len(list((tmp_path / "findings").glob("*.npz"))) > 1
    assert not list((tmp_path / "findings").glob("*.tmp"))
    assert game.probe.model.queries == sum(game.done) == BUDGET
    again = toys.probe()(torch.from_numpy(columns["e"]), torch.from_numpy(columns["label"]))
    assert np.allclose(again.severity, columns["severity"], atol=1e-6)


def test_failures_are_the_confirmed_rows_with_their_samples_in_the_datas_dtype(tmp_path):
    game = Game(tmp_path)
    units = Vectors((toys.DIM + toys.CLASSES,), "int16", (-10.0,), (10.0,))
    game.probe.units = units
    log = game.run("random")
    columns = game.ledger.read("random", 0)
    stored = failures.load(tmp_path / "failures")
    rows = columns["verdict"] == Verdict.CONFIRMED
    assert len(stored) == rows.sum() == len(log.confirmed_at) > 0
    for name in ("e", "label", "output", "severity", "search", "seed", "index"):
        assert np.array_equal(getattr(stored, name), columns[name][rows]), name
    assert stored.x.dtype == np.int16
    generator = toys.LinearGenerator()
    u = generator.from_base(torch.from_numpy(stored.e), torch.from_numpy(stored.label))
    assert np.array_equal(stored.x, units.store(units.decode(u)))


@pytest.mark.parametrize("error", [RuntimeError("down"), KeyboardInterrupt()])
@pytest.mark.parametrize("name", RESUMABLE)
def test_a_resumed_campaign_equals_an_unbroken_one_bit_for_bit(tmp_path, name, error):
    unbroken = Game(tmp_path / "whole")
    whole = unbroken.run(name)
    broken = Game(tmp_path / "broken", model=Crash(400, error))
    with pytest.raises(type(error)):
        broken.run(name)
    kept = broken.ledger.read(name, 0)
    assert 0 < len(kept["index"]) <= 400
    resumed = Game(tmp_path / "broken")
    log = resumed.run(name)
    assert not resumed.notes
    assert resumed.probe.model.queries == BUDGET - len(kept["index"])
    assert sum(resumed.done) == BUDGET
    assert np.array_equal(log.verdict, whole.verdict)
    same(unbroken.ledger.read(name, 0), resumed.ledger.read(name, 0))
    one, two = (failures.load(tmp_path / run / "failures") for run in ("whole", "broken"))
    same(vars(one), vars(two))


def test_a_finished_search_is_read_from_disk_alone(tmp_path):
    first = Game(tmp_path).run("evolution")
    again = Game(tmp_path)
    assert np.array_equal(again.run("evolution").verdict, first.verdict)
    assert again.probe.model.queries == 0


class Curve(Tracker):
    """Keeps the points of the curve of confirmed failures."""

    def __init__(self):
        super().__init__(None)
        self.points = {}

    def scalars(self, values, step):
        for name, value in values.items():
            if name.startswith("confirmed/"):
                self.points[step] = value


def test_a_shard_that_a_killed_process_was_writing_is_none(tmp_path):
    whole = Game(tmp_path / "whole").run("random")
    with pytest.raises(KeyboardInterrupt):
        Game(tmp_path / "killed", model=Crash(400, KeyboardInterrupt())).run("random")
    kept = failures.load(tmp_path / "killed" / "failures")
    for folder in ("findings", "failures"):
        (tmp_path / "killed" / folder / ".part-00009.npz").write_bytes(b"PK")
    same(vars(failures.load(tmp_path / "killed" / "failures")), vars(kept))
    log = Game(tmp_path / "killed").run("random")
    assert np.array_equal(log.verdict, whole.verdict)


@pytest.mark.parametrize("after", [BUDGET, 350])
def test_a_curve_goes_on_over_shards_and_over_an_interruption(tmp_path, monkeypatch, after):
    monkeypatch.setattr(campaign, "POINT", 50)
    curve = Curve()
    whole = Game(tmp_path / "whole").run("evolution")
    if after < BUDGET:
        with pytest.raises(KeyboardInterrupt):
            Game(tmp_path / "run", model=Crash(after, KeyboardInterrupt())).run("evolution")
    game = Game(tmp_path / "run")
    game.campaign = dataclasses.replace(game.campaign, tracker=curve)
    game.run("evolution")
    confirmed = np.cumsum(whole.verdict == Verdict.CONFIRMED)
    assert confirmed[-1] > 10
    assert max(curve.points) == BUDGET
    assert len(curve.points) > 4
    assert curve.points == {step: confirmed[step - 1] for step in curve.points}


def test_searches_and_seeds_have_their_own_rows(tmp_path):
    game = Game(tmp_path)
    logs = {
        (name, seed): game.run(name, seed) for name in ("random", "evolution") for seed in (0, 1)
    }
    for (name, seed), log in logs.items():
        columns = game.ledger.read(name, seed)
        assert np.array_equal(columns["verdict"], log.verdict)
        assert columns["index"].tolist() == list(range(BUDGET))
    assert game.ledger.read("random", 2) is None


def test_a_search_that_asks_otherwise_than_recorded_starts_over_and_says_so(tmp_path):
    Game(tmp_path).run("random")
    game = Game(tmp_path)
    game.run("evolution")
    log = game.run("random", make=lambda: SEARCHES["random"](SPACE, 99))
    assert game.notes == ["random (seed 0) asks otherwise here than its record; it starts over"]
    fresh = Game(tmp_path / "fresh").run("random", make=lambda: SEARCHES["random"](SPACE, 99))
    assert np.array_equal(log.verdict, fresh.verdict)
    assert len(game.ledger.read("random", 0)["index"]) == BUDGET
    stored = failures.load(tmp_path / "failures")
    assert (stored.search == "random").sum() == len(log.confirmed_at)
    assert len(game.ledger.read("evolution", 0)["index"]) == BUDGET  # others are untouched


class Relabelled(SEARCHES["random"]):
    def ask(self, limit):
        e, label = super().ask(limit)
        return e, (label + 1) % toys.CLASSES


class Narrow(SEARCHES["random"]):
    def ask(self, limit):
        return super().ask(min(limit, 250))


@pytest.mark.parametrize("kind", [Relabelled, Narrow])
def test_other_labels_and_other_batches_are_other_questions(tmp_path, kind):
    with pytest.raises(RuntimeError):
        Game(tmp_path, model=Crash(300, RuntimeError())).run("random")
    game = Game(tmp_path)
    game.run("random", make=lambda: kind(SPACE, 0))
    columns = game.ledger.read("random", 0)
    assert columns["index"].tolist() == list(range(BUDGET))
    assert len(game.notes) == 1


@pytest.mark.parametrize("budget", [BUDGET - 300, BUDGET + 300])
def test_a_record_of_another_budget_is_never_counted_twice(tmp_path, budget):
    Game(tmp_path).run("random")
    game = Game(tmp_path, budget=budget)
    log = game.run("random")
    assert len(log.verdict) == budget
    assert game.ledger.read("random", 0)["index"].tolist() == list(range(budget))


def test_a_record_with_a_gap_starts_over(tmp_path):
    Game(tmp_path).run("random")
    (tmp_path / "findings" / "00000.npz").unlink()
    game = Game(tmp_path)
    assert len(game.run("random").verdict) == BUDGET
    assert game.notes


def test_failures_of_a_shard_that_was_never_finished_are_not_kept(tmp_path):
    game = Game(tmp_path)
    game.run("random")
    stale = tmp_path / "failures" / f"{game.ledger.next:05d}.npz"
    next((tmp_path / "failures").glob("*.npz")).rename(stale)
    safe = Game(tmp_path, model=toys.Threshold(beta=50.0))
    safe.run("random", seed=1)
    assert not stale.exists()


def test_a_shard_that_is_cut_off_is_a_mistake(tmp_path):
    Game(tmp_path).run("random")
    shard = tmp_path / "findings" / "00001.npz"
    shard.write_bytes(shard.read_bytes()[:500])
    with pytest.raises(Mistake, match=r"expected a whole file .*00001\.npz, got BadZipFile"):
        Game(tmp_path).run("random")


class Fixed(Search):
    """Asks what it is given."""

    def __init__(self, e, label):
        super().__init__(SPACE, 0)
        self.question = (e, label)
        self.seen = []

    def ask(self, limit):  # noqa: ARG002
        return self.question

    def tell(self, findings):
        self.seen.append(findings)


@pytest.mark.parametrize(
    ("e", "label", "sentence"),
    [
        ((0, 4), (0,), "expected odd to propose 1 to 10 queries, got 0; mend its `ask`"),
        ((11, 4), (11,), "expected odd to propose 1 to 10 queries, got 11; mend its `ask`"),
        ((5, 3), (5,), r"expected e of odd of shape \(any, 4\), got shape \(5, 3\)"),
        ((5, 4), (4,), r"expected label of odd of shape \(5\), got shape \(4,\)"),
    ],
)
def test_a_search_that_proposes_what_it_may_not_is_a_mistake(tmp_path, e, label, sentence):
    odd = Fixed(torch.zeros(e), torch.zeros(label, dtype=torch.long))
    with pytest.raises(Mistake, match=sentence):
        Game(tmp_path, budget=10).run("odd", make=lambda: odd)


def test_a_search_is_told_no_more_than_disk_can_tell_again(tmp_path):
    search = Fixed(torch.zeros(5, 4), torch.zeros(5, dtype=torch.long))
    Game(tmp_path, budget=5).run("fixed", make=lambda: search)
    assert search.seen[0].x is None


def test_a_budget_is_a_whole_number_above_zero(tmp_path):
    with pytest.raises(Mistake, match="expected budget to be a whole number above 0, got 0"):
        Game(tmp_path, budget=0)


def test_a_tally_counts_verdicts_and_says_when_failures_came():
    verdict = np.array([0, 1, 2, 3, 2] + [3] * 9 + [0] * 6, np.int8)
    other = np.zeros(20, np.bool_)
    other[4] = True
    model = np.zeros(20, np.bool_)
    model[2] = True
    assert Log("random", 7, verdict, model, other, 1.234).tally() == {
        "name": "random",
        "seed": 7,
        "samples_law": False,
        "queries": 20,
        "flips": 13,
        "realistic": 12,
        "ambiguous": 2,
        "model_answer": 1,
        "other_label": 1,
        "invalid": 1,
        "errors": 0,
        "confirmed": 10,
        "first_confirmed_at": 4,
        "tenth_confirmed_at": 14,
        "confirmed_per_1k": 500.0,
        "seconds": 1.23,
    }


def test_a_tally_without_failures_has_no_first():
    no = np.zeros(5, np.bool_)
    tally = Log("random", 0, np.zeros(5, np.int8), no, no, 0.0).tally()
    assert tally["first_confirmed_at"] is tally["tenth_confirmed_at"] is None
    assert tally["confirmed"] == tally["confirmed_per_1k"] == 0
