"""The judge: folds, promise, gates, verdicts, and a judge that is made, kept and read again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import toys

from genenv import data, judge
from genenv.checks import Mistake
from genenv.judge import (
    Neighbours,
    Verdict,
    controls,
    exits,
    fitting,
    folds,
    members,
    neither,
    proofs,
    realism,
    recipe,
    temper,
    trees,
)
from genenv.judge.folds import Folded
from genenv.judge.oracle import Oracle
from genenv.judge.promise import FLOOR, set_cut
from genenv.judge.trees import Trees
from genenv.judge.variations import GENTLER, vary_images

pytestmark = pytest.mark.usefixtures("able_parts")


def flags(*values):
    return np.array(values, bool)


def test_the_cut_descends_while_contradictions_pass_and_stops_at_the_first_that_fails():
    top = np.linspace(0.999, 0.951, 49)
    right = np.ones(49, bool)
    every = np.ones(49, bool)
    good = set_cut(top, right, every, every)
    assert (good.rule, good.met, good.rows) == ("contradictions", True, 49)
    assert good.tested == pytest.approx(0.951)
    assert good.cut == FLOOR  # no row tells it from a cut of 0.951
    right[30:] = False  # of 35 with 5 wrong 20 % cannot be refuted, and what follows is not tried
    part = set_cut(np.r_[top, np.full(200, 0.95)], np.r_[right, np.ones(200, bool)],
                   np.ones(249, bool), np.r_[every, np.zeros(200, bool)])  # fmt: skip
    assert part.rule != "contradictions"  # it would accept fewer than three quarters


def test_too_few_contradictions_leave_the_promise_to_accepted_rows():
    top = np.full(1000, 0.97)
    right = np.ones(1000, bool)
    contradicts = np.arange(1000) < 24
    found = set_cut(top, right, np.ones(1000, bool), contradicts)
    assert (found.rule, found.rows, found.wrong) == ("accepted", 1000, 0)
    right[:20] = False
    assert set_cut(top, right, np.ones(1000, bool), None).rule == "fallback"


def test_a_cut_is_never_below_the_floor():
    found = set_cut(np.full(500, 0.4), np.ones(500, bool), np.ones(500, bool))
    assert (found.cut, found.tested) == (FLOOR, 0.4)


def test_the_fallback_accepts_three_quarters_and_promises_nothing():
    top = np.linspace(0.99, 0.91, 100)
    found = set_cut(top, np.arange(100) % 2 == 0, np.ones(100, bool))
    assert (found.rule, found.met) == ("fallback", False)
    assert (top >= found.cut).mean() >= 0.75


def test_equal_rows_share_a_fold_and_a_training_row_keeps_its_own():
    x = np.repeat(np.arange(30, dtype=np.float32)[:, None], 2, axis=0)
    label = np.repeat(np.arange(30) % 2, 2)
    made, fold = folds.divide(x, label, 2, seed=0)
    assert (fold[::2] == fold[1::2]).all()
    assert set(fold.tolist()) == {0, 1, 2}
    assert np.array_equal(made.of_rows(x), fold)
    assert np.array_equal(made.of_rows(x.astype(np.float64)), fold)


def test_a_class_with_too_few_rows_for_folds_is_a_mistake():
    with pytest.raises(Mistake, match="3 different rows or more of each class"):
        folds.divide(np.arange(8.0)[:, None], np.array([0] * 6 + [1] * 2), 2, seed=0)


def test_weights_follow_log_loss_and_leave_no_make_alone():
    label = torch.tensor([0, 1] * 50)
    sure = torch.nn.functional.one_hot(label, 2).float() * 0.9 + 0.05
    weight = temper.weights(torch.stack([sure, 1 - sure]), label)
    assert weight[0] > 0.75
    assert weight[1] > 0.1
    assert weight.sum().item() == pytest.approx(1)


def test_the_temperature_undoes_smoothing():
    rng = torch.Generator().manual_seed(0)
    p = torch.tensor([[0.9, 0.1]]).expand(4000, 2)
    label = (torch.rand(4000, generator=rng) > 0.9).long()
    assert temper.fit_temperature(temper.tempered(p, 2.0), label) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("fit", [trees.fit_boosting, trees.fit_forest])
def test_trees_as_arrays_answer_as_scikit_learn_does(fit, monkeypatch):
    from sklearn import ensemble

    kept = []
    for name in ("HistGradientBoostingClassifier", "ExtraTreesClassifier"):
        kind = getattr(ensemble, name)

        def made(*args, kind=kind, **settings):
            kept.append(kind(*args, **settings))
            return kept[-1]

        monkeypatch.setattr(ensemble, name, made)
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(90, 4)).astype(np.float32))
    ours = fit(x, (x[:, 0] > 0).long() + (x[:, 1] > 1).long(), 4, 0)
    p = ours(x).numpy()
    assert np.allclose(p[:, :3], kept[0].predict_proba(x.numpy()), atol=1e-5)
    assert p[:, 3].max() < 1e-6  # a class without rows


def test_leaves_are_found_by_what_nodes_rule_out_as_by_a_walk(monkeypatch):
    rng = np.random.default_rng(0)
    rows = torch.from_numpy(rng.normal(size=(300, 5)).round(1).astype(np.float32))
    made = trees.fit_boosting(rows, torch.from_numpy(rng.integers(0, 3, 300)), 3, 0, 20)
    met = made.threshold.round(1).astype(np.float32)  # by rows
    made = replace(made, threshold=met.astype(np.float64))
    asked = torch.from_numpy(rng.normal(size=(200, 5)).round(1).astype(np.float32))
    asked[7, 2] = torch.nan  # as above every threshold
    p = made(asked)
    assert torch.equal(p[:1], made(asked[:1]))
    at = made._exits(asked.numpy())
    assert np.array_equal(at, made._walked(asked.numpy()))
    assert len(np.unique(at)) > len(made.root)
    monkeypatch.setattr(exits, "LEAVES", 8)
    large = replace(made)
    assert large._exits is None
    assert torch.equal(large(asked), p)
    monkeypatch.setattr(exits, "LEAVES", 64)
    monkeypatch.setattr(exits, "ROOM", 1000)
    assert replace(made)._exits is None


def test_trees_of_which_one_node_leads_back_or_out_are_none():
    rng = np.random.default_rng(0)
    rows = torch.from_numpy(rng.normal(size=(60, 2)).astype(np.float32))
    arrays = trees.fit_boosting(rows, (rows.sum(1) > 0).long(), 2, 0, 3).arrays()
    assert torch.equal(Trees.of_arrays(arrays)(rows), Trees(**arrays)(rows))
    inner = int(np.flatnonzero(arrays["left"] != np.arange(len(arrays["left"])))[1])
    for name, value in (("left", 0), ("right", inner), ("right", 10**6), ("column", -1)):
        other = {field: part.copy() for field, part in arrays.items()}
        other[name][inner] = value
        with pytest.raises(ValueError, match="end in leaves"):
            Trees.of_arrays(other)
    with pytest.raises(Mistake, match="expected rows of 2 columns or more, got 1"):
        Trees.of_arrays(arrays)(rows[:, :1])


@pytest.mark.parametrize("make", ["plain", "pooled", "dense"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 28, 30)])
def test_a_settled_oracle_computes_the_same(make, shape):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        oracle = Oracle(make, shape, 4)
        rows = torch.rand(5, *shape) * 2 - 1
        oracle(rows)  # moves the statistics of the batch norms
        oracle.eval()
        expected = oracle(rows)
    assert torch.allclose(oracle.in_eval()(rows), expected, atol=1e-5)
    assert oracle.features(rows).shape == (5, 64)


def test_variations_and_none_of_these_keep_shape_and_range_and_are_addressed():
    rows = torch.rand(40, 1, 16, 16) * 2 - 1
    label = torch.arange(40) % 4
    draws = []
    for _ in range(2):
        rng = torch.Generator().manual_seed(3)
        draws.append((vary_images(rows.clone(), rng), neither.none_of_these(rows, label, 20, rng)))
    assert torch.equal(draws[0][0], draws[1][0])
    assert torch.equal(draws[0][1], draws[1][1])
    assert draws[0][0].shape == rows.shape
    assert draws[0][0].abs().max() <= 1
    assert 0 < len(draws[0][1]) <= 20


def test_controls_and_proofs_are_of_different_kinds():
    assert not {*controls.OF_IMAGES, *controls.OF_VECTORS} & {*proofs.OF_IMAGES, *proofs.OF_VECTORS}
    rows = torch.rand(50, 1, 8, 8) * 2 - 1
    for made in (controls.make_controls(rows, 0), proofs.make_proofs(rows, 0)):
        for kind in made.values():
            assert kind.shape[1:] == rows.shape[1:]
            assert kind.abs().max() <= 1.001


def test_belief_says_how_often_contradictions_of_such_a_p_are_right():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.5, 0.999, 4000)
    truth = 1 / (1 + (p / (1 - p)) ** -0.5)  # the audit is twice as sure as it ought to be
    found = judge.fit_belief(p, rng.random(4000) < truth)
    assert found.slope == pytest.approx(0.5, abs=0.06)
    assert np.abs(found.corrected(p) - truth).max() < 0.03
    assert "4000 real rows" in found.words


def test_belief_takes_p_as_it_is_of_few_rows_and_never_falls_as_p_rises():
    p = np.linspace(0.5, 0.99, 60)
    few = judge.fit_belief(p[:24], p[:24] > 0)
    assert few == judge.Belief()
    assert few.corrected(p) == pytest.approx(p)
    assert "fewer than 25" in few.words
    worse = judge.fit_belief(p, p < 0.8)
    assert worse.slope == 0.0
    assert worse.corrected(p)[0] == pytest.approx((p < 0.8).mean(), abs=0.02)
    sure = np.full(100, 1 - 1e-6)
    every = judge.fit_belief(sure, sure > 0)  # nothing speaks against p as it is
    assert (every.slope, every.offset) == pytest.approx((1.0, 0.0), abs=0.01)


def test_q_values_are_the_mean_doubt_among_those_as_good():
    q = judge.q_values(np.array([0.9, 1.0, 0.8, 0.9]))
    assert q == pytest.approx([0.2 / 3, 0.0, 0.4 / 4, 0.2 / 3])


def test_neighbours_agree_with_brute_force():
    reference = torch.randn(200, 5)
    points = torch.randn(40, 5)
    brute = (points[:, None] - reference).norm(dim=2).sort(dim=1)
    near = Neighbours(reference)
    assert torch.equal(near.nearest(points), brute.indices[:, :3])
    assert torch.allclose(near(points), brute.values[:, :3].mean(1), atol=1e-6)


def test_neighbours_in_chunks_are_the_same(monkeypatch):
    reference = torch.randn(50, 4)
    points = torch.randn(23, 4)
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


@pytest.fixture(scope="module")
def rings():
    dataset = toys.rings(600)
    split = data.split(dataset, 0)
    steps = []
    made = judge.make_judge(dataset, dataset, split, 0, steps.append)
    return dataset, split, made, sum(steps)


@pytest.mark.slow
def test_most_real_rows_are_confirmed_and_no_wrong_label_is(rings):
    dataset, split, made, _ = rings
    x, label = dataset.pick(split.test)
    ones = np.ones(len(label))
    wrong = (label + 1) % 3
    assert (made.verdicts(x, label, ones, wrong) == Verdict.CONFIRMED).mean() > 0.7
    assert (made.verdicts(x, wrong, ones, label) == Verdict.CONFIRMED).mean() < 0.05
    judged = made.judged(x, wrong, ones, label)
    assert judged.model_answer.mean() > 0.7
    third = made.judged(x, wrong, ones, (label + 2) % 3)
    assert third.other_label.mean() > 0.7
    assert not third.model_answer.any()
    assert (made.verdicts(x + 40, label, ones, wrong) != Verdict.CONFIRMED).all()


@pytest.mark.slow
def test_the_first_verdict_that_applies_is_given(rings):
    dataset, split, made, _ = rings
    x, label = dataset.pick(split.test[:3])
    severity = np.array([0.0, np.nan, -2.0])
    found = made.verdicts(x, label, severity, label)
    assert found.tolist() == [Verdict.PASSED, Verdict.ERROR, Verdict.PASSED]
    assert (made.judged(x, label, severity, label).p == -1).all()


def test_a_training_row_is_judged_as_out_of_fold(rings):
    dataset, split, made, _ = rings
    x, _, _ = judge.judge_rows(dataset, dataset, split)
    assert np.allclose(made.probability(x), made.record.p, atol=1e-5)
    assert (made.probability(x).sum(1) <= 1 + 1e-5).all()


def test_no_rows_get_no_answers(rings):
    dataset, _, made, _ = rings
    nothing = dataset.x[:0]
    assert made.probability(nothing).shape == (0, 3)
    assert made.realistic(nothing).shape == (0,)
    assert made.features(nothing).shape == (0, 64)
    assert made.verdicts(nothing, [], [], []).shape == (0,)


def test_a_query_is_judged_by_its_address_whatever_its_batch(rings):
    dataset, split, made, _ = rings
    x, label = dataset.pick(split.test)
    index = np.arange(len(x))
    fold = made.of_query("random", 3, index)
    assert np.array_equal(fold[4:9], made.of_query("random", 3, index[4:9]))
    ones = np.ones(len(x))
    whole = made.judged(x, label, ones, label, fold)
    part = made.judged(x[4:9], label[4:9], ones[4:9], label[4:9], fold[4:9])
    assert np.array_equal(whole.verdict[4:9], part.verdict)
    assert np.allclose(whole.p[4:9], part.p, atol=1e-5)


def test_guide_and_audit_share_no_network_and_the_guide_can_be_climbed(rings):
    dataset, split, made, _ = rings
    ours = {id(o) for o in made.guide.oracles}
    assert not ours & {id(m) for members in made.audit.members.values() for m in members}
    assert len(made.guide.oracles) <= 2
    u = dataset.units.encode(dataset.units.tensor(dataset.x[split.test[:4]])) + 0.7
    u.requires_grad_()
    log_p, distance, _ = made.guide.look(u, torch.zeros(4, dtype=torch.long))
    for term in (log_p, distance):
        (slope,) = torch.autograd.grad(term.sum(), u, retain_graph=True)
        assert slope.isfinite().all()
        assert slope.abs().sum() > 0


@pytest.mark.slow
def test_the_promise_is_set_by_the_answers_of_a_model(rings):
    dataset, split, made, _ = rings
    label = made.record.label
    x, own, _ = judge.judge_rows(dataset, dataset, split)
    assert np.array_equal(own, label)
    test = dataset.pick(split.test)
    wrong = judge.beside_model(made, x, (label + 1) % 3, 0, test)
    assert wrong.promise.rule == "contradictions"
    assert wrong.quality["promise"]["rule"] == "contradictions"
    assert wrong.quality["contradictions"]["model_accuracy"]["share"] == 0.0
    assert wrong.quality["gates"]["audit"]["cut"] == wrong.audit.cut
    assert wrong.quality["belief"]["rows"] > 0
    unknown = judge.beside_model(made, x, None, 0, test)
    assert unknown.promise == made.promise
    assert unknown.quality == made.quality
    with pytest.raises(Mistake, match="the rows that the judge was made of"):
        judge.beside_model(made, x + 1, None, 0)


def test_a_judge_read_back_answers_the_same(rings, tmp_path):
    dataset, split, made, _ = rings
    made = replace(made, audit=replace(made.audit, variation=GENTLER[0]))
    judge.save(made, tmp_path)
    again = judge.load(tmp_path)
    assert again.audit.variation == GENTLER[0]
    x, label = dataset.pick(split.test)
    assert np.allclose(again.probability(x), made.probability(x), atol=1e-6)
    assert np.array_equal(again.realistic(x), made.realistic(x))
    assert (again.promise, again.belief) == (made.promise, made.belief)
    assert again.quality == made.quality
    u = dataset.units.encode(dataset.units.tensor(x))
    ours, theirs = (g.look(u, torch.from_numpy(label)) for g in (made.guide, again.guide))
    assert torch.allclose(ours[0], theirs[0], atol=1e-5)
    assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors", ".json", ".npz"}


def test_an_older_or_damaged_judge_is_named(rings, tmp_path):
    with pytest.raises(Mistake, match=r"expected a judge in .* got no judge.json"):
        judge.load(tmp_path)
    (tmp_path / "guide.json").write_text("{}")
    with pytest.raises(Mistake, match=r"genenv 0\.1"):
        judge.load(tmp_path)
    judge.save(rings[2], tmp_path)
    (tmp_path / "audit.safetensors").write_bytes(b"cut off")
    with pytest.raises(Mistake, match="expected a whole judge"):
        judge.load(tmp_path)


def test_the_figures_are_those_of_the_test_rows(rings):
    dataset, split, made, _ = rings
    x, label = dataset.pick(split.test)
    quality = made.quality
    found = made.verdicts(x, label, np.ones(len(x)), label)
    assert quality["real_rejected"]["joint"]["share"] == pytest.approx((found != 3).mean())
    assert quality["test_rows"] == len(split.test)
    assert quality["untouched"]
    assert {*quality["controls"]} == {*controls.OF_VECTORS}
    assert not any(row["decides"] for row in quality["controls"].values())  # of two columns
    assert min(quality["oracle_accuracy"].values()) > 0.6


def test_high_effort_learns_longer_until_the_loss_is_flat(rings, monkeypatch):
    dataset, split, *_ = rings
    u = torch.from_numpy(dataset.x[split.train])
    label = torch.from_numpy(dataset.label[split.train])
    _, fold = folds.divide(dataset.x[split.train], label.numpy(), 3, 0)
    lessons = recipe.lessons(len(u), dataset.units, "high")
    assert [one.epochs / lessons[0].epochs for one in lessons] == [1, 2, 4, 8]
    losses = iter([0.5, 0.3, 0.299, 0.1])
    asked = []
    monkeypatch.setattr(members, "train_members", lambda *a: asked.append(a[1]) or Known())
    monkeypatch.setattr(members.temper, "log_loss", lambda *_: next(losses))
    _, lesson = members.flattest(Folded(u, label, fold, 3), lessons, 0, None)
    assert asked == list(lessons[:3])  # the third saved less than a fiftieth
    assert lesson == lessons[2]


class Known:
    """An audit of which only the loss is asked."""

    temperature = 1.0

    def by_make(self, rows, _):
        return {"one": torch.full((len(rows), 4), 0.25)}

    def mixed(self, by_make):
        return by_make["one"]


@pytest.mark.parametrize(
    ("far", "sure", "refused"),
    [
        (0.96, 0.5, True),  # few are realistic, and none of them is taken for a class
        (0.90, 0.5, False),  # realism alone lets a tenth pass, whatever the label gate says
        (0.96, 0.95, False),  # of the few that pass, all are taken for a class
        (0.995, 0.95, True),
    ],
)
def test_gates_are_wide_enough_where_realism_alone_refuses_the_proofs(rings, far, sure, refused):
    gate = realism.Gate("distance", 1.0, 0.0, 1.0, kept=True)
    audit = rings[2].audit.with_gates((gate,), FLOOR)
    distance = torch.where(torch.arange(1000) < 1000 * far, 2.0, 0.5)
    looked = judge.Looked(torch.tensor([[sure, 0.0, 0.0]]).expand(1000, 3), {"distance": distance})
    assert fitting._refused(audit, looked) is refused


def test_progress_adds_up_to_the_announced_steps(rings):
    dataset, split, _, steps = rings
    assert steps == pytest.approx(judge.judge_steps(dataset, split), rel=0.05)


def test_questions_of_another_shape_or_class_are_mistakes(rings):
    dataset, split, made, _ = rings
    x, label = dataset.pick(split.test)
    with pytest.raises(Mistake, match="expected x of shape"):
        made.probability(x[:, :1])
    with pytest.raises(Mistake, match="expected label of class indices 0 to 2"):
        made.verdicts(x, label + 1, label, label)
    with pytest.raises(Mistake, match="expected x to be finite"):
        made.realistic(x * np.nan)


@pytest.mark.slow
@pytest.mark.usefixtures("small_members")
def test_images_are_judged_from_arrays_alone_and_twice_alike():
    x, y = _bars(90)
    one, two = (judge.fit(x, y, seed=1, effort="quick") for _ in range(2))
    assert np.array_equal(one.probability(x), two.probability(x))
    assert one.probability(x).shape == (90, 2)
    assert not one.quality["untouched"]


def _bars(count):
    """Upright and lying bars, 8x8, uint8."""
    rng = np.random.default_rng(0)
    x = np.zeros((count, 8, 8), np.uint8)
    y = np.arange(count) % 2
    for i, place in enumerate(rng.integers(1, 7, count)):
        if y[i]:
            x[i, place] = 200 + i % 50
        else:
            x[i, :, place] = 200 + i % 50
    return x, y
