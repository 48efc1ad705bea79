"""A model that raises, or answers NaN, on some rows: these are errors, and the campaign goes on."""

from __future__ import annotations

import dataclasses
import signal
import time

import numpy as np
import pytest
import torch
import toys

from genenv import campaign, downstream, failures, probe, rechecking, unanswered
from genenv.agents import SEARCHES
from genenv.campaign import Campaign
from genenv.checks import Mistake
from genenv.downstream import Downstream
from genenv.judge import Verdict
from genenv.ledger import Ledger
from genenv.noise import Gaussian
from genenv.search import Space
from genenv.settings import StressConfig
from genenv.tracking import Tracker
from genenv.unanswered import first_of_too_many

SPACE = Space(Gaussian(toys.DIM), toys.CLASSES)
BUDGET = 700
BAD = 1.5  # of the first number of a row, above which the models here do not answer


class Fragile:
    """The half-space's answers; on bad rows it raises, or answers NaN, as long as it is ill."""

    def __init__(self, how: str, edge: float = BAD) -> None:
        self.how = how
        self.edge = edge
        self.ill = True
        self.sizes: list[int] = []

    def __call__(self, x: np.ndarray) -> np.ndarray:
        self.sizes.append(len(x))
        bad = (x[:, 0] > self.edge) & self.ill
        if self.how == "raises" and bad.any():
            raise ValueError("a negative root")
        margin = 1.0 - x[:, : toys.DIM].sum(1, keepdims=True) * toys.DIM**-0.5
        answer = x[:, toys.DIM :] * margin
        answer[bad] = np.nan
        return answer


class Soft(torch.nn.Module):
    """The same, differentiable, NaN on bad rows."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        margin = 1.0 - x[:, : toys.DIM].sum(1, keepdim=True) * toys.DIM**-0.5
        return x[:, toys.DIM :] * margin * torch.where(x[:, :1] > BAD, torch.nan, 1.0)


def wrapped(model: object) -> Downstream:
    return downstream.wrap(model, toys.LinearGenerator().units, (0, 1, 2), "raw", "logits")


class Game:
    def __init__(self, run, model, budget=BUDGET):
        self.probe = toys.probe()
        self.probe.model = wrapped(model)
        self.ledger = Ledger(run)
        self.campaign = Campaign(
            self.probe, toys.BallJudge(2.0), budget, self.ledger, Tracker(None),
            lambda _: None, pytest.fail,
        )  # fmt: skip

    def run(self, name="random"):
        return self.campaign.run(name, 0, lambda: SEARCHES[name](SPACE, 0))


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(campaign, "SHARD", 200)


@pytest.mark.parametrize("how", ["raises", "nan"])
def test_only_the_bad_rows_are_errors_and_the_others_keep_their_answers(how):
    x = torch.randn(40, toys.DIM + toys.CLASSES, generator=torch.Generator().manual_seed(0))
    model = wrapped(Fragile(how))
    found = model.answers(x)
    bad = x[:, 0] > BAD
    assert 0 < bad.sum() < 20
    assert torch.equal(found.error, bad)
    healthy = Fragile(how)
    healthy.ill = False
    right = wrapped(healthy).log_probabilities(x)
    assert torch.allclose(found.log_p[~bad], right[~bad], atol=1e-6)
    assert torch.allclose(found.log_p[bad].exp(), torch.tensor(1 / 3))
    assert (found.guess[bad] == -1).all()
    assert model.queries == 40  # what is asked again is not counted again
    assert ("a negative root" in found.trouble) == (how == "raises")


def test_a_batch_that_raises_is_asked_again_in_parts_down_to_the_bad_row():
    x = torch.zeros(64, toys.DIM + toys.CLASSES)
    x[37, 0] = 2.0
    model = Fragile("raises")
    assert wrapped(model).answers(x).error.nonzero().tolist() == [[37]]
    assert 1 in model.sizes
    assert len(model.sizes) == 13  # two a halving, of six


@pytest.mark.parametrize("how", ["raises", "nan"])
def test_an_error_is_a_row_with_an_address_and_no_flip(tmp_path, how):
    game = Game(tmp_path, Fragile(how))
    tally = game.run().tally()
    columns = game.ledger.read("random", 0)
    stored = unanswered.load(tmp_path / "errors")
    bad = columns["e"][:, 0] > BAD
    assert np.array_equal(columns["verdict"] == Verdict.ERROR, bad)
    assert tally["queries"] == BUDGET
    assert tally["errors"] == len(stored) == bad.sum() > 0
    assert tally["flips"] == (columns["severity"] > 0).sum() > 0
    assert np.isfinite(columns["severity"]).all()
    assert np.isfinite(columns["output"]).all()
    assert np.array_equal(stored.index, columns["index"][bad])
    assert np.allclose(stored.x[:, : toys.DIM], stored.e)
    assert failures.ask(wrapped(Fragile(how)), stored.x).error.all()


def test_a_search_by_gradient_is_told_no_slope_of_an_error():
    e = torch.randn(50, toys.DIM, generator=torch.Generator().manual_seed(0))
    game = toys.probe()
    game.model = downstream.wrap(Soft(), toys.LinearGenerator().units, (0, 1, 2), "raw", "logits")
    found = game(e, torch.zeros(50, dtype=torch.long), gradient=True)
    bad = e[:, 0].numpy() > BAD
    assert np.array_equal(found.error, bad)
    assert bad.any()
    assert not found.gradient[bad].any()
    assert np.isfinite(found.gradient).all()
    assert np.abs(found.gradient[~bad]).sum(1).all()
    assert (found.severity[bad] == probe.NO_ANSWER).all()
    none = game(e[bad], torch.zeros(int(bad.sum()), dtype=torch.long), gradient=True)
    assert none.error.all()
    assert not none.gradient.any()


@pytest.mark.parametrize("name", ["random", "evolution"])
def test_a_resumed_campaign_with_errors_equals_an_unbroken_one(tmp_path, name):
    whole = Game(tmp_path / "whole", Fragile("raises"))
    log = whole.run(name)
    broken = Fragile("raises")
    game = Game(tmp_path / "broken", broken)

    def dying(x):
        if game.probe.model.queries > 400:
            raise KeyboardInterrupt
        return broken(x)

    game.probe.model = wrapped(dying)
    with pytest.raises(KeyboardInterrupt):
        game.run(name)
    resumed = Game(tmp_path / "broken", Fragile("raises"))
    assert 0 < len(resumed.ledger.read(name, 0)["index"]) < BUDGET
    assert np.array_equal(resumed.run(name).verdict, log.verdict)
    one, two = (run.ledger.read(name, 0) for run in (whole, resumed))
    assert all(np.array_equal(one[column], two[column]) for column in one)


@pytest.mark.slow
def test_a_model_that_stops_answering_ends_the_campaign_and_is_asked_again(tmp_path):
    model = Fragile("raises")
    model.ill = False
    game = Game(tmp_path, model, budget=3000)
    calls = []

    def failing(x):
        calls.append(len(x))
        model.ill = sum(calls) > 1400
        model.edge = -1e9
        return model(x)

    game.probe.model = wrapped(failing)
    with pytest.raises(Mistake, match="of the last 1,000 queries without an answer, to"):
        game.run()
    kept = game.ledger.read("random", 0)
    errors = kept["verdict"] == Verdict.ERROR
    assert errors.sum() > 500
    assert len(unanswered.load(tmp_path / "errors")) == errors.sum()
    healthy = Fragile("raises")
    healthy.ill = False
    again = Game(tmp_path, healthy, 3000)
    fresh = Game(tmp_path / "fresh", healthy, 3000)
    log = again.run()
    assert again.probe.model.queries == 3000 - (np.argmax(errors) // 256) * 256  # from that ask on
    assert np.array_equal(log.verdict, fresh.run().verdict)
    assert log.tally()["errors"] == 0
    assert unanswered.load(tmp_path / "errors") is None
    one, two = (run.ledger.read("random", 0) for run in (again, fresh))
    assert np.array_equal(one["index"], two["index"])
    assert np.array_equal(one["e"], two["e"])
    stored = failures.load(tmp_path / "failures")
    assert len(stored) == len(log.confirmed_at)
    assert len(np.unique(stored.index)) == len(stored)


@pytest.mark.parametrize(
    ("error", "queries", "first"),
    [
        ([False] * 600 + [True] * 500, 9000, None),
        ([False] * 600 + [True] * 501, 9000, 600),
        ([True] * 400 + [False] * 900, 9000, None),  # they lie too far back
        ([True] * 33 + [False] * 31, 64, 0),
        ([True] * 32, 64, None),
    ],
)
def test_above_half_of_the_last_thousand_are_too_many(error, queries, first):
    assert first_of_too_many(np.array(error), queries) == first


def test_real_rows_may_go_without_an_answer_but_not_most_of_them():
    x = np.random.default_rng(0).normal(size=(60, 7)).astype(np.float32)
    model = wrapped(Fragile("raises"))
    assert np.isfinite(model.check(x)).all()
    for how in ("raises", "nan"):
        with pytest.raises(Mistake):
            wrapped(Fragile(how, edge=-0.5)).check(x)
    dead = Fragile("raises", edge=-1e9)
    with pytest.raises(Mistake, match="a negative root"):
        wrapped(dead).answers_to_real(torch.from_numpy(np.tile(x, (20, 1))))
    assert len(dead.sizes) < 40  # a model that never answers is not asked 1,200 times


def test_what_does_not_fail_again_is_moved_aside_and_comes_back(tmp_path):
    game = Game(tmp_path, Fragile("nan"))
    log = game.run()
    kept = tmp_path / "failures"
    aside = tmp_path / "unrepeated" / "failures"
    before = failures.load(kept)

    def settled(holds):
        lost = rechecking.recheck(kept, aside, failures.read, holds)
        rechecking.enter(tmp_path / "findings", kept, aside)
        said = game.ledger.read("random", 0, ("verdict",))["verdict"]
        assert (said == Verdict.CONFIRMED).sum() == len(log.confirmed_at) - lost
        changed = said != log.verdict
        assert set(said[changed]) <= {Verdict.PASSED}
        return lost

    assert settled(lambda rows: np.ones(len(rows), np.bool_)) == 0
    assert not aside.exists()
    assert settled(lambda rows: rows.index % 2 == 0) == (before.index % 2 == 1).sum() > 0
    assert (failures.load(kept).index % 2 == 0).all()
    assert (failures.load(aside).index % 2 == 1).all()
    assert settled(lambda rows: np.ones(len(rows), np.bool_)) == 0
    assert failures.load(aside) is None
    after = failures.load(kept)
    for field in dataclasses.fields(before):
        assert np.array_equal(getattr(before, field.name), getattr(after, field.name))
    assert len(after) == len(log.confirmed_at)


def test_a_process_that_ended_between_the_two_folders_loses_and_doubles_nothing(tmp_path):
    game = Game(tmp_path, Fragile("nan"))
    game.run()
    kept = tmp_path / "failures"
    aside = tmp_path / "unrepeated" / "failures"
    before = failures.load(kept)
    aside.mkdir(parents=True)
    shard = min(kept.glob("*.npz"))
    (aside / shard.name).write_bytes(shard.read_bytes())  # written, and not yet taken away here
    assert rechecking.recheck(kept, aside, failures.read, lambda rows: rows.severity > 0) == 0
    assert np.array_equal(failures.load(kept).index, before.index)


class Hanging:
    """The half-space's answers; a bad row keeps the whole batch waiting."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        while (x[:, 0] > BAD).any():
            time.sleep(0.01)
        return x[:, toys.DIM :]


def test_a_row_on_which_the_model_hangs_is_an_error():
    x = torch.zeros(16, toys.DIM + toys.CLASSES)
    x[5, 0] = 2.0
    model = wrapped(Hanging())
    model.timeout = 0.05
    found = model.answers(x)
    assert found.error.nonzero().tolist() == [[5]]
    assert "no answer within 0.05 s" in found.trouble
    assert model.otherwise("raw", "logits", None).timeout == 0.05
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_timeout_below_zero_is_a_mistake():
    with pytest.raises(Mistake, match="expected query_timeout of 0 or more, got -1"):
        StressConfig(query_timeout=-1)
