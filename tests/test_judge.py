from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import toys

from genenv import data, judge
from genenv.checks import Mistake
from genenv.codecs import Pictures
from genenv.judge import Audit, Gates, Guide, Neighbours, label_cut, load_guide, make_judge

PASSED, INVALID, AMBIGUOUS, CONFIRMED = range(4)


def confidences(top, classes=3):
    """Probabilities whose largest is column 0, with these values."""
    rest = (1 - torch.tensor(top)) / (classes - 1)
    return torch.stack([torch.tensor(top), *[rest] * (classes - 1)], 1)


def test_label_cut_takes_every_row_when_all_are_right():
    assert label_cut(confidences([0.9, 0.5, 0.7]), torch.zeros(3, dtype=torch.long)) == 0.5


def test_label_cut_stands_above_the_wrong_rows():
    p = confidences([0.99, 0.9, 0.8, 0.7])
    assert label_cut(p, torch.tensor([0, 0, 1, 0])) == pytest.approx(0.9)


def test_label_cut_is_the_least_value_where_the_share_is_not_monotone():
    # one wrong row at rank 51 breaks the 1 % until 100 rows are accepted
    p = confidences(np.linspace(0.99, 0.5, 120).tolist())
    label = torch.zeros(120, dtype=torch.long)
    label[50] = 1
    assert label_cut(p, label) == pytest.approx(0.5)
    label[119] = 1  # now 2 of 120 are wrong, 1 of 119 is not
    assert label_cut(p, label) == pytest.approx(float(p[118, 0]))


def test_label_cut_accepts_all_rows_of_one_value_or_none():
    p = confidences([0.9] * 3 + [0.8] * 3)
    assert label_cut(p, torch.tensor([0, 0, 0, 0, 0, 1])) == pytest.approx(0.9)


def test_oracles_that_are_wrong_when_surest_are_a_mistake():
    with pytest.raises(Mistake, match=r"expected the oracles to be right on 99% .* got a wrong"):
        label_cut(confidences([0.9, 0.8]), torch.tensor([1, 0]))


def test_the_realism_threshold_is_the_percentile():
    assert judge.realism_threshold(torch.arange(201.0)) == pytest.approx(195.0)


def test_neighbours_agree_with_brute_force():
    reference, points = torch.randn(200, 5), torch.randn(40, 5)
    brute = (points[:, None] - reference).norm(dim=2).sort(dim=1)
    near = Neighbours(reference)
    assert torch.equal(near.nearest(points), brute.indices[:, :3])
    assert torch.allclose(near(points), brute.values[:, :3].mean(1), atol=1e-6)


def test_neighbours_in_chunks_are_the_same(monkeypatch):
    reference, points = torch.randn(50, 4), torch.randn(23, 4)
    whole = Neighbours(reference)
    expected = whole(points), whole.nearest(points)
    monkeypatch.setattr("genenv.judge.neighbours.CHUNK", 200)
    assert torch.allclose(whole(points), expected[0], atol=1e-6)
    assert torch.equal(whole.nearest(points), expected[1])
    assert whole(points[:0]).shape == (0,)


def test_neighbours_have_the_gradient_of_the_distance_even_at_a_reference_row():
    near = Neighbours(torch.randn(30, 3, dtype=torch.float64))
    points = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(near, points)
    exact = near.reference[:1].clone().requires_grad_()
    (slope,) = torch.autograd.grad(near(exact).sum(), exact)
    assert slope.isfinite().all()


def test_neighbours_of_fewer_than_three_rows_use_what_there_is():
    near = Neighbours(torch.tensor([[0.0], [2.0]]))
    assert near(torch.tensor([[0.0]])).item() == pytest.approx(1.0, abs=1e-5)


class Stub:
    """An oracle whose probabilities are the sample's first three numbers, features the fourth."""

    kind = "mlp"

    def __call__(self, u):
        return u[:, :3].log()

    def features(self, u):
        return u[:, 3:]

    def predict_proba(self, rows):
        return rows[:, :3]


def sample(p, place):
    return torch.tensor([[*p, place]])


SURE, UNSURE, OTHER = (0.9, 0.05, 0.05), (0.5, 0.4, 0.1), (0.05, 0.9, 0.05)
REAL = sample(SURE, 0.0)


@pytest.mark.parametrize(
    ("p", "place", "severity", "verdict", "other"),
    [
        (SURE, 0.0, 0.1, CONFIRMED, False),
        (SURE, 0.0, 0.0, PASSED, False),
        (SURE, 5.0, -1.0, PASSED, False),
        (SURE, 5.0, 0.1, INVALID, False),
        (UNSURE, 5.0, 0.1, INVALID, False),
        (OTHER, 5.0, 0.1, INVALID, False),  # an unrealistic one is no other class either
        (UNSURE, 0.0, 0.1, AMBIGUOUS, False),
        (OTHER, 0.0, 0.1, AMBIGUOUS, True),
    ],
)
def test_the_first_verdict_that_applies_is_given(p, place, severity, verdict, other):
    audit = Audit(REAL, Stub(), [Stub()], Gates(threshold=1.0, cut=0.8))
    got = audit.verdicts(sample(p, place), torch.tensor([0]), torch.tensor([severity]))
    assert (got[0].tolist(), got[1].tolist()) == ([verdict], [other])
    assert got[0].dtype == np.int8


def test_verdicts_of_a_batch_are_those_of_its_rows():
    audit = Audit(REAL, Stub(), [Stub()], Gates(1.0, 0.8))
    u = torch.cat([sample(p, x) for p in (SURE, UNSURE, OTHER) for x in (0.0, 5.0)])
    label, severity = torch.zeros(6, dtype=torch.long), torch.tensor([1.0, 1, -1, 1, 1, 1])
    verdict, other = audit.verdicts(u, label, severity)
    assert verdict.tolist() == [CONFIRMED, INVALID, PASSED, INVALID, AMBIGUOUS, INVALID]
    assert other.tolist() == [False, False, False, False, True, False]


def test_the_guide_accepts_where_both_gates_do_and_its_figures_say_why():
    guide = Guide(REAL, [Stub()], Gates(threshold=1.0, cut=0.8))
    u = torch.cat([sample(SURE, 0.0), sample(SURE, 5.0), sample(UNSURE, 0.0), sample(OTHER, 0.0)])
    log_p, distance, accepted = guide.look(u, torch.zeros(4, dtype=torch.long))
    assert accepted.tolist() == [True, False, False, False]
    assert torch.allclose(log_p.exp(), u[:, 0])
    assert distance[1].item() == pytest.approx(4.0)
    assert distance[2].item() == pytest.approx(torch.tensor(UNSURE).sub(u[0, :3]).norm() - 1)


def test_the_guide_can_be_climbed():
    guide = Guide(REAL, [Stub()], Gates(1.0, 0.8))
    u = sample(UNSURE, 5.0).requires_grad_()
    log_p, distance, _ = guide.look(u, torch.zeros(1, dtype=torch.long))
    up = torch.autograd.grad(log_p.sum(), u, retain_graph=True)[0]
    away = torch.autograd.grad(distance.sum(), u)[0]
    assert up[0, 0] > 0
    assert away[0, 3] > 0


@pytest.fixture(scope="module")
def rings():
    dataset = toys.rings(900)
    return dataset, data.split(dataset, 0)


@pytest.fixture(scope="module")
def made(rings):
    steps = []
    return make_judge(rings[0], rings[0], rings[1], 0, steps.append), sum(steps)


def test_both_copies_accept_most_real_rows_and_refuse_what_is_neither_real_nor_so_labelled(
    rings, made
):
    (dataset, split), (both, _) = rings, made
    u = dataset.units.encode(dataset.units.tensor(dataset.x[split.test]))
    label = torch.from_numpy(dataset.label[split.test])
    flipped = torch.ones(len(label))
    assert both.guide.look(u, label)[2].float().mean() > 0.8
    assert (both.audit.verdicts(u, label, flipped)[0] == CONFIRMED).mean() > 0.8
    wrong = (label + 1) % 3
    assert both.guide.look(u, wrong)[2].float().mean() < 0.05
    verdict, other = both.audit.verdicts(u, wrong, flipped)
    assert (verdict == CONFIRMED).mean() < 0.05
    assert other.mean() > 0.8
    assert (both.audit.verdicts(4 * u, label, flipped)[0] != CONFIRMED).all()


def test_the_printed_rates_are_those_of_the_test_rows(rings, made):
    (dataset, split), (both, _) = rings, made
    u = dataset.units.encode(dataset.units.tensor(dataset.x[split.test]))
    label = torch.from_numpy(dataset.label[split.test])
    verdict, _ = both.audit.verdicts(u, label, torch.ones(len(label)))
    rejected = both.quality["real_rejected"]
    assert rejected["joint"]["share"] == pytest.approx((verdict != CONFIRMED).mean())
    assert rejected["realism"]["share"] == pytest.approx((verdict == INVALID).mean())
    for share in [*rejected.values(), *both.quality["guide_real_rejected"].values()]:
        assert share["rows"] == len(split.test)
        assert 0 <= share["low"] <= share["share"] <= share["high"] <= 1
        assert share["low"] < share["high"]
    joint = both.quality["guide_real_rejected"]["joint"]["share"]
    assert joint == pytest.approx(1 - both.guide.look(u, label)[2].float().mean().item())
    assert json.loads(json.dumps(both.quality)) == both.quality


def test_vectors_are_judged_by_oracles_of_four_kinds(made):
    both, _ = made
    assert [network.kind for network in both.guide.networks] == ["mlp", "rbf"]
    accuracy = both.quality["oracle_accuracy"]
    assert list(accuracy) == ["guide mlp", "guide rbf", "audit network", "audit svm", "audit trees"]
    assert min(accuracy.values()) > 0.9


def test_images_are_guided_by_a_convolutional_network():
    assert Pictures((8, 8), "uint8", (0.0,), (16.0,)).oracles == ("cnn", "mlp")


def test_progress_adds_up_to_the_announced_steps(rings, made):
    assert made[1] == judge.judge_steps(rings[1])


def test_a_guide_read_back_answers_the_same(rings, made, tmp_path):
    (dataset, split), (both, _) = rings, made
    both.guide.save(tmp_path / "judge", dataset.x[split.train])
    again = load_guide(tmp_path / "judge", dataset.units)
    u, label = torch.rand(50, 2) * 2 - 1, torch.arange(50) % 3
    for ours, theirs in zip(both.guide.look(u, label), again.look(u, label), strict=True):
        assert torch.equal(ours, theirs)
        assert not theirs.requires_grad
    assert again.gates == both.guide.gates


def test_guide_and_audit_learn_from_disjoint_rows(rings, monkeypatch):
    dataset, split = rings
    seen = {}

    def note(kind, x, *_):
        seen[kind, len(x)] = {tuple(row) for row in x.tolist()}
        return Stub()

    monkeypatch.setattr("genenv.judge.making.fit_classifier", note)
    monkeypatch.setattr("genenv.judge.making.calibrate", lambda *_: Gates(1.0, 0.5))
    monkeypatch.setattr("genenv.judge.making.measure", lambda *_: {})
    monkeypatch.setattr(Audit, "features", lambda _, u: u)
    make_judge(dataset, dataset, split, 0)
    (guide,) = {frozenset(rows) for (_, n), rows in seen.items() if n == len(split.guide)}
    (audit,) = {frozenset(rows) for (_, n), rows in seen.items() if n == len(split.audit)}
    real = {tuple(row) for row in dataset.x[split.train].tolist()}
    assert guide
    assert audit
    assert not guide & audit
    assert not (guide | audit) & real


def test_a_judge_is_a_function_of_its_seed(rings, monkeypatch):
    monkeypatch.setattr("genenv.classifier.LEAST_STEPS", 30)
    dataset, split = rings
    one, two, other = (make_judge(dataset, dataset, split, seed) for seed in (5, 5, 6))
    assert one.quality == two.quality
    assert one.guide.gates == two.guide.gates
    assert one.guide.gates != other.guide.gates


def test_a_share_of_no_rows_is_unknown():
    assert judge.rate(0, 0) == {"share": 0.0, "low": 0.0, "high": 1.0, "rows": 0}
