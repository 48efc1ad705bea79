"""What the judge's members learn from: never the fold that they judge, and rows that vary."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import toys

from genenv import data, judge
from genenv.judge import crossfit, teaching
from genenv.judge.audit import NONE, Audit, Looked
from genenv.judge.folds import COUNT, GUIDE_FOLD
from genenv.judge.layout import seen
from genenv.judge.oracle import Oracle
from genenv.judge.realism import Gate, accepts
from genenv.judge.variations import vary_columns

ROWS = torch.linspace(-0.9, 0.9, 120).view(60, 2)
LABEL = torch.arange(60) % 3


@pytest.fixture(scope="module")
def taught():
    """The rows that each member learned from, in order, and those of each fold."""
    dataset = toys.rings(150)
    lessons = []
    fit = crossfit.fit_member

    def spy(make, lesson, rows, label, *more):
        lessons.append({row.numpy().tobytes() for row in rows})
        return fit(make, lesson, rows, label, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crossfit, "fit_member", spy)
        split = data.split(dataset, 0)
        made = judge.make_judge(dataset, dataset, split, 0)
    x, _, _ = judge.judge_rows(dataset, dataset, split)
    rows = seen(x, dataset.units)
    folds = [{row.numpy().tobytes() for row in rows[made.record.fold == f]} for f in range(COUNT)]
    return lessons, folds, len(made.guide.oracles)


@pytest.mark.slow
def test_every_member_of_the_audit_learns_all_folds_but_one(taught):
    lessons, folds, guides = taught
    left_out = [[f for f in range(COUNT) if not rows & folds[f]] for rows in lessons[:-guides]]
    assert {len(found) for found in left_out} == {1}
    assert {found[0] for found in left_out} == set(range(COUNT))
    for rows, found in zip(lessons, left_out, strict=False):
        assert rows == set.union(*(folds[f] for f in range(COUNT) if f != found[0]))


@pytest.mark.slow
def test_the_guide_never_learns_the_fold_that_sets_its_gates(taught):
    lessons, folds, guides = taught
    for rows in lessons[-guides:]:
        assert not rows & folds[GUIDE_FOLD]
        assert rows == set.union(*(folds[f] for f in range(COUNT) if f != GUIDE_FOLD))


def test_an_oracle_learns_varied_rows_and_a_quarter_of_none_of_these(monkeypatch):
    forward = Oracle.forward
    entropy = torch.nn.functional.cross_entropy
    shown = []
    named = []

    def look(network, rows):
        shown.append(rows)
        return forward(network, rows)

    def loss(logits, target, **more):
        named.append(target)
        return entropy(logits, target, **more)

    monkeypatch.setattr(teaching, "vary_columns", lambda rows, *_: rows * 0 + 0.5)
    monkeypatch.setattr(Oracle, "forward", look)
    monkeypatch.setattr(teaching.functional, "cross_entropy", loss)
    teaching.teach("dense", ROWS, LABEL, 3, epochs=1, seed=0)
    assert all((rows == 0.5).all() for rows in shown)
    added = [int((target == 3).sum()) for target in named]
    assert 0 < min(added) <= max(added) <= 15
    assert [len(target) for target in named] == [60 + count for count in added]


def test_columns_are_jittered_by_up_to_the_spread():
    varied = vary_columns(torch.zeros(2000, 3), 0.5, torch.Generator().manual_seed(0))
    assert 0.2 < float(varied.std()) < 0.35  # √(1/3) of the largest, 0.29
    assert float(varied[:, 0].abs().max()) < 2.5


def test_the_cut_itself_is_accepted_and_less_is_not():
    audit = Audit({}, {}, {}, 1.0, {}, [], cut=0.75)
    p = torch.tensor([[0.75, 0.25], [0.7499, 0.2501], [0.2, 0.8]])
    assert audit.accepted(Looked(p, {})).tolist() == [0, NONE, 1]


def test_only_gates_that_were_kept_refuse():
    gates = Gate("near", 1.0, 0.0, 1.0, kept=True), Gate("far", 1.0, 0.0, 0.0, kept=False)
    values = {"near": torch.tensor([1.0, 1.1, 0.0]), "far": torch.tensor([9.0, 0.0, 9.0])}
    assert accepts(gates, values).tolist() == [True, False, True]
    assert np.array_equal(accepts((), values), [True] * 3)
