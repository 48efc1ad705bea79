"""Metropolis chains, stored failures, Sobol points and quality diversity beyond their contract."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest
import torch
import toys
from scipy.stats import kstest

from genenv import factors
from genenv.agents.chains import Chains
from genenv.agents.illumination import CmaMae, CmaMe, Measures
from genenv.agents.metropolis import Metropolis
from genenv.agents.random import starts
from genenv.agents.sobol import Sobol
from genenv.agents.stored import Stored
from genenv.checks import Mistake
from genenv.codecs import Pictures, Vectors
from genenv.noise import Gaussian
from genenv.search import Space
from genenv.starting import in_turn

SPACE = Space(Gaussian(toys.DIM), toys.CLASSES, toys.LinearGenerator())


def played(search, probe, budget):
    """Findings of a game to the end of the budget, a batch each."""
    parts = []
    while budget:
        parts.append(probe(*search.ask(budget)))
        search.tell(parts[-1])
        budget -= len(parts[-1])
    return parts


def scored(findings, score, success):
    n = len(findings)
    return dataclasses.replace(
        findings,
        score=np.full(n, score, np.float32),
        severity=np.full(n, 1.0 if success else -1.0, np.float32),
        accepted=np.ones(n, np.bool_),
    )


def test_chains_on_a_level_score_keep_the_generators_law():
    search = Metropolis(SPACE, 3, patience=1000)
    probe = toys.probe()
    seen = []
    for turn in range(60):
        findings = scored(probe(*search.ask(64)), 0.0, success=False)
        search.tell(findings)
        if turn % 10 == 9:  # β 0.3: after ten moves 0.6 of the start is left
            seen.append(findings.e)
    assert kstest(np.concatenate(seen)[:, 0], "norm").pvalue > 0.01


def test_chains_lean_to_where_the_score_is_high():
    search = Metropolis(SPACE, 0, temperature=0.5, stay=999)
    probe = toys.probe(2.0, radius=4.0)
    late = np.concatenate([part.e for part in played(search, probe, 4000)][-20:])
    assert late.sum(1).mean() / toys.DIM**0.5 > 1.0  # 0 without a score


def test_a_chain_starts_afresh_after_its_stay_and_after_its_patience():
    search = Metropolis(SPACE, 0, chains=4, stay=3, patience=5)
    probe = toys.probe()
    begun = []
    for turn in range(9):
        search.tell(scored(probe(*search.ask(4)), 0.0, success=turn == 1))
        begun.append(search.chains.begun)
    assert begun == [4, 4, 4, 4, 8, 8, 8, 8, 8]
    search.tell(scored(probe(*search.ask(4)), 0.0, success=False))
    assert search.chains.begun == 12


def test_a_query_without_an_answer_is_never_moved_to():
    search = Metropolis(SPACE, 0, chains=4)
    probe = toys.probe()
    search.tell(scored(probe(*search.ask(4)), 0.0, success=False))
    before = search.chains.e.clone()
    search.tell(scored(probe(*search.ask(4)), np.nan, success=False))
    assert torch.equal(search.chains.e, before)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"step": 1.5}, "a step of at most 1"),
        ({"step": 0.0}, "step"),
        ({"temperature": 0.0}, "temperature"),
        ({"chains": 0}, "chains"),
        ({"stay": 0}, "stay"),
    ],
)
def test_settings_outside_their_limits_are_refused(setting, sentence):
    with pytest.raises(Mistake, match=sentence):
        Metropolis(SPACE, 0, **setting)


def failing(rows):
    e, label = starts(SPACE, 9, np.arange(rows))
    return SPACE.noise.project(e), label


def test_stored_failures_are_asked_first_and_as_they_are():
    e, label = failing(10)
    search = Stored(SPACE, 0, (e, label))
    parts = played(search, toys.probe(), 200)
    first = np.concatenate([part.e for part in parts])[:10]
    assert np.array_equal(first, e.numpy())
    assert np.array_equal(np.concatenate([part.label for part in parts])[:10], label)


def test_chains_start_from_stored_failures_that_failed_again_before_the_others():
    e, label = failing(8)
    search = Stored(SPACE, 0, (e, label), chains=3)
    probe = toys.probe()
    findings = scored(probe(*search.ask(100)), 0.0, success=False)
    severity = np.where(np.isin(np.arange(8), (2, 5)), 1.0, -1.0).astype(np.float32)
    search.tell(dataclasses.replace(findings, severity=severity))
    begun = search.ask(3)[0]
    assert torch.allclose(begun, e[[2, 5, 0]], atol=1e-6)


def test_no_stored_failure_or_one_of_another_space_is_refused():
    with pytest.raises(Mistake, match="stored failures to start from, got none"):
        Stored(SPACE, 0, (torch.zeros(0, toys.DIM), torch.zeros(0, dtype=torch.int64)))
    with pytest.raises(Mistake, match="e of stored failures"):
        Stored(SPACE, 0, (torch.zeros(3, 9), torch.zeros(3, dtype=torch.int64)))


def test_groups_take_turns():
    assert in_turn(np.array([5, 5, 5, 2, 2, 9])).tolist() == [0, 3, 5, 1, 4, 2]


def test_sobol_points_fill_the_space_better_than_chance():
    e, label = Sobol(SPACE, 0).ask(256)
    assert abs(e.mean()) < 0.01  # chance: 0.03
    assert np.bincount(label, minlength=3).tolist() == pytest.approx([85, 85, 86], abs=1)
    assert not Sobol.samples_law


@pytest.mark.slow
@pytest.mark.parametrize("kind", [CmaMe, CmaMae])
def test_archives_hold_failures_that_look_unlike_and_beat_chance(kind):
    search = kind(SPACE, 0)
    parts = played(search, toys.probe(2.8, radius=4.0), 4000)
    assert sum(part.success.sum() for part in parts) > 8 * 4000 * 0.0026
    assert min(len(archive) for archive in search.archives) > 15


def test_without_pyribs_or_a_generator_one_sentence_says_what_to_do(monkeypatch):
    with pytest.raises(Mistake, match="a space with its generator"):
        CmaMe(Space(SPACE.noise, 3), 0)
    monkeypatch.setitem(sys.modules, "ribs.archives", None)
    with pytest.raises(Mistake, match=r"expected pyribs, got none installed; .*genenv\[qd\]"):
        CmaMe(SPACE, 0)


def test_measures_have_mean_0_and_deviation_1_and_constant_ones_are_refused():
    measures = Measures(SPACE.generator, 3)
    place = measures(*starts(SPACE, 5, np.arange(2000)))
    assert np.allclose(place.mean(0), 0, atol=0.1)
    assert np.allclose(place.std(0), 1, atol=0.1)
    own = [measures(torch.zeros(1, toys.DIM), torch.tensor([label])) for label in range(3)]
    assert (
        np.abs(np.diff(np.concatenate(own), axis=0)).max() < 0.2
    )  # the class itself is no measure

    class Constant(toys.LinearGenerator):
        def from_base(self, e, label):
            return 0 * super().from_base(e, label)

    with pytest.raises(Mistake, match="samples that differ in what they look like"):
        Measures(Constant(), 3)


def test_factors_of_pictures_are_ink_width_height_and_slant():
    units = Pictures((9, 9), "uint8", (0.0,), (255.0,))
    x = torch.zeros(4, 9, 9, dtype=torch.uint8)
    x[0, 2:7, 4] = 255  # an upright stroke
    x[1, 4, 2:7] = 255  # a lying one
    x[2, torch.arange(2, 7), torch.arange(6, 1, -1)] = 255  # one that leans to the right
    x[3] = 255 - x[0]
    ink, width, height, slant = factors.factors(x, units).T
    assert ink.tolist() == pytest.approx([5 / 81] * 4)
    spread = 2**0.5 / 9
    assert width.tolist() == pytest.approx([0, spread, spread, 0])
    assert height.tolist() == pytest.approx([spread, 0, spread, spread])
    assert slant.tolist() == pytest.approx([0, 0, 1, 0])
    assert factors.names(units) == ("ink", "width", "height", "slant")


def test_factors_of_all_else_are_its_columns():
    units = Vectors((3,), "float32", (-1.0,) * 3, (1.0,) * 3)
    assert factors.names(units) == ("x[0]", "x[1]", "x[2]")
    assert factors.factors(torch.ones(2, 3), units).shape == (2, 3)


def test_chains_are_a_pure_function_of_what_they_are_told():
    def make():
        return Chains(
            SPACE, 1, lambda i: starts(SPACE, 1, i), chains=8, step=0.3, temperature=0.1, stay=2,
            patience=4,
        )  # fmt: skip

    one, two = (np.concatenate([p.e for p in played(make(), toys.probe(), 100)]) for _ in "ab")
    assert np.array_equal(one, two)
