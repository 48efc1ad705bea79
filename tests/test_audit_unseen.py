"""No search sees the audit: what it can reach, and what it asks when verdicts are turned round."""

from __future__ import annotations

import gc
import types

import numpy as np
import pytest
import torch
import toys

from genenv.agents import SEARCHES
from genenv.agents.surrogate import Surrogate
from genenv.campaign import Campaign
from genenv.judge import Judged, Verdict
from genenv.ledger import Ledger
from genenv.noise import Gaussian
from genenv.search import Search, Space
from genenv.tracking import Tracker

SPACE = Space(Gaussian(toys.DIM), toys.CLASSES)
BUDGET = 256
SHARED = (types.ModuleType, type, types.FunctionType, types.BuiltinFunctionType, types.FrameType)
ALONE = ["random", "sobol", "metropolis", "evolution", "cma-es", "gradient", "surrogate"]


def reachable(*roots):
    """Yield all that attributes and items lead to, but for what every program shares."""
    met = set()
    waiting = list(roots)
    while waiting:
        item = waiting.pop()
        if id(item) in met or isinstance(item, SHARED):
            continue
        met.add(id(item))
        yield item
        waiting += gc.get_referents(item)


class Peeking(Search):
    """A planted player: it looks through everything it is given for the judge or a verdict."""

    def __init__(self, space, seed):
        super().__init__(space, seed)
        self.seen = []

    def ask(self, limit):
        rows = min(limit, 64)
        return torch.zeros(rows, toys.DIM), torch.zeros(rows, dtype=torch.int64)

    def tell(self, findings):
        found = [*reachable(self.space, findings)]
        self.seen += [one for one in found if isinstance(one, toys.BallJudge | Judged | Verdict)]


class Reversed(toys.BallJudge):
    """Confirms what the other refuses."""

    def judged(self, *arguments):
        said = super().judged(*arguments)
        turned = {int(Verdict.CONFIRMED): Verdict.INVALID, int(Verdict.INVALID): Verdict.CONFIRMED}
        verdict = np.array([turned.get(int(v), v) for v in said.verdict], np.int8)
        return Judged(verdict, said.p, said.accepted, said.answer)


def search_of(name):
    """A search by its name; the surrogate learns early, so that it climbs within the budget."""
    if SEARCHES[name] is Surrogate:
        return Surrogate(SPACE, 3, first=128, lessons=16, updates=4, chains=16, steps=2)
    return SEARCHES[name](SPACE, 3)


def played(folder, judge, make):
    """Play a search against a judge: (the search, its findings on disk)."""
    made = []

    def kept():
        made.append(make())
        return made[-1]

    ledger = Ledger(folder)
    campaign = Campaign(
        toys.probe(), judge, BUDGET, ledger, Tracker(None), lambda _: None, lambda _: None
    )
    campaign.run("player", 0, kept)
    return made[-1], ledger.read("player", 0)


def test_a_player_that_looks_for_the_judge_in_all_it_is_given_finds_none(tmp_path):
    player, columns = played(tmp_path, toys.BallJudge(2.0), lambda: Peeking(SPACE, 0))
    assert len(columns["verdict"]) == BUDGET
    assert player.seen == []


def test_such_a_player_would_find_a_judge_that_leaks(tmp_path):
    judge = toys.BallJudge(2.0)
    noise = Gaussian(toys.DIM)
    noise.left_behind = {"by mistake": [judge]}
    player, _ = played(tmp_path, judge, lambda: Peeking(Space(noise, toys.CLASSES), 0))
    assert judge in player.seen


@pytest.mark.parametrize("name", ALONE)
def test_what_a_search_asks_does_not_depend_on_the_verdicts(tmp_path, name):
    asked = []
    for judge in (toys.BallJudge(2.0), Reversed(2.0)):
        folder = tmp_path / type(judge).__name__
        asked.append(played(folder, judge, lambda: search_of(name))[1])
    one, other = asked
    assert not np.array_equal(one["verdict"], other["verdict"])
    assert np.array_equal(one["e"], other["e"])
    assert np.array_equal(one["label"], other["label"])
