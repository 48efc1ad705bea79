from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from genenv import objectives
from genenv.codecs import Pictures, Vectors
from genenv.data import toys
from genenv.data.dataset import Dataset, Modes
from genenv.monitoring import Curves, diagnosis, health, indicators
from genenv.noise import Gaussian, Scaled
from genenv.tracking import Tracker
from genenv.training import Trainer, preset

PLANE = Vectors((2,), "float32", (-1.0,), (1.0,))
GREY = Pictures((8, 8), "uint8", (0.0,), (255.0,))
CLASSES = ("a", "b")
HEALTHY = {
    "health/diversity": 0.9,
    "health/diversity/least": 0.8,
    "health/coverage": 0.9,
    "health/critic/accuracy": 0.8,
    "health/critic/recognised": 0.55,
    "health/gradient/generator": 1.0,
    "health/gradient/critic": 1.0,
    "critic/train": 0.5,
    "critic/held_out": 0.4,
    "critic/fake": -0.5,
    "gradient/generator": 1.0,
    "gradient/critic": 1.0,
}


def told(early=None, late=None, points=30, steps=300, modes=None, peak=None, drop=(), **settings):
    """Sentences of a made history: `late` holds in its last third, `early` before."""
    history = []
    for i in range(points):
        changes = late if i >= points * 2 / 3 else early
        point = HEALTHY | (changes or {})
        history.append({"step": (i + 1) * 10} | {k: v for k, v in point.items() if k not in drop})
    weights = {"generator": 100, "critic": 100}
    peaks = {"generator": 1.0, "critic": 1.0} | (peak or {})
    return diagnosis.sentences(diagnosis.History(history, steps, modes, weights, peaks, settings))


def test_a_healthy_history_has_no_problem():
    assert told() == ["no problem was found"]
    assert told(modes=8, late={"health/modes": 8}) == ["no problem was found"]


def test_what_could_not_be_looked_at_is_told():
    unseen = ("critic/held_out", "health/critic/recognised")
    assert told(drop=unseen) == ["no problem was found (no held-out rows for the critic)"]


SICK = [
    ({"health/diversity": 0.3}, "samples collapsed: they differ from each other 0.30 times"),
    ({"health/diversity/least": 0.1}, "a class collapsed: its samples differ .* 0.10 times"),
    ({"health/coverage": 0.1}, "samples miss the data: 10% of the real rows have a sample"),
    ({"health/modes": 6}, "modes were lost: 6 of 8 have samples"),
    (
        {"critic/held_out": -1.5, "health/critic/recognised": 0.97},
        r"the critic overfitted: .* \(97% of them below a training row\)",
    ),
    ({"health/critic/accuracy": 0.999}, "the critic is too strong: .* it tells 99.9% apart"),
    ({"health/clipped": 0.85}, "clipping saturates: 85% of the critic's weights"),
    ({"health/clipped": 0.0}, "clipping does not bind: 0.0% of the critic's weights"),
    ({"gradient/generator": 1e-5}, "the gradient of the generator vanished: 1.0e-06 a weight"),
    ({"gradient/critic": 0.0}, "the gradient of the critic vanished: 0.0e[+]00 a weight"),
    ({"gradient/critic": 90.0}, "the critic exploded: it grew to 90 times its early size"),
    (
        {"health/gradient/generator": 25.0},
        "the generator exploded: it jumped to 25 times its running level",
    ),
]


@pytest.mark.parametrize(("late", "sentence"), SICK)
def test_every_problem_has_one_sentence_with_what_to_try(late, sentence):
    (found,) = told(late=late, modes=8 if "health/modes" in late else None)
    assert re.search(sentence, found), found
    assert "; try " in found
    assert found[0].islower()


IN_USE = {
    "relativistic": {"health/diversity": 0.3},
    "wgan-gp": {"health/diversity/least": 0.1},
    "gan": {"gradient/generator": 0.0},
}


@pytest.mark.parametrize("objective", IN_USE)
def test_what_is_in_use_is_not_advised(objective):
    late = IN_USE[objective]
    (elsewhere,) = told(late=late)
    (here,) = told(late=late, objective=objective, critic_steps=1)
    words = f"objective {objective}"
    assert re.search(rf"{words}(,| or)", elsewhere), elsewhere
    assert words not in here.replace(f"{words}-", "")
    assert "fewer critic_steps" not in here


def test_what_metrics_show_takes_back_that_no_problem_was_found():
    missed = {"recall": 0.004, "recall_real": 0.733, "spread": 0.97}
    notes = ("trained on cpu", "no problem was found (no held-out rows for the critic)")
    kept, found = diagnosis.with_figures(notes, missed, {"objective": "relativistic"})
    assert kept == notes[0]
    assert found.startswith("the samples miss the data: recall is 0.004, 0.733 by real rows")
    assert diagnosis.with_figures(notes, missed | {"recall": 0.7}, {}) == notes


@pytest.mark.parametrize("changes", [changes for changes, _ in SICK])
def test_no_alarm_is_raised_by_what_the_first_two_thirds_showed(changes):
    early = {k: v for k, v in changes.items() if not k.startswith("gradient/")}
    late = {k: 0.5 for k in changes if k == "health/clipped"}
    late |= {k: 8 for k in changes if k == "health/modes"}
    assert told(early=early, late=late, modes=8 if late else None) == ["no problem was found"]


def test_an_explosion_at_any_time_is_told():
    (found,) = told(peak={"critic": 5e4})
    assert "the critic exploded: it jumped to 50,000 times" in found


def test_collapsed_samples_are_not_said_to_miss_the_data_too():
    found = told(late={"health/diversity": 0.1, "health/coverage": 0.0})
    assert [sentence.split(":")[0] for sentence in found] == ["samples collapsed"]


def test_a_critic_that_tells_nothing_apart_is_not_said_to_overfit():
    chance = {"critic/train": 1e-4, "critic/held_out": -1e-4, "critic/fake": 0.5e-4}
    assert told(late=chance) == ["no problem was found"]


def test_nothing_is_judged_before_half_of_the_run_or_by_few_points():
    late = {"health/diversity": 0.0}
    assert told(late=late, steps=601) == ["health is judged from half of the steps on"]
    assert told(points=0) == ["health is judged from half of the steps on"]
    (found,) = told(late=late, points=6, steps=60)
    assert found.startswith("health was not judged: the last third has not 3 points")


def test_above_is_the_share_of_pairs_and_half_of_the_ties():
    score = torch.tensor
    assert indicators.above(score([2.0, 3.0]), score([0.0, 1.0])).item() == 1
    assert indicators.above(score([0.0, 1.0]), score([2.0, 3.0])).item() == 0
    assert indicators.above(score([1.0]), score([1.0, 1.0])).item() == 0.5
    assert indicators.above(score([1.0, 4.0]), score([0.0, 2.0, 4.0])).item() == pytest.approx(
        3.5 / 6
    )


def test_what_a_critic_of_packs_scores_is_whole_packs():
    train, run = game(pack=4)
    curves = watched(train, run, held_out=(train[0][:18], train[1][:18]))
    on_train, on_held = curves.health._scores(curves.health._train, curves.health._held)
    assert (len(on_train), len(on_held)) == (15, 4)


def test_the_share_of_weights_at_the_bound_leaves_out_batch_norm():
    net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[0.1, -0.1, 0.05], [0.0, 0.1, 0.02]]))
        net[0].bias.copy_(torch.tensor([0.1, 0.0]))
    assert indicators.at_bound(net, 0.1).item() == pytest.approx(4 / 8)


def test_reference_rows_are_distinct_and_of_all_classes_alike():
    label = np.array([0] * 50 + [1] * 5 + [2] * 20)
    rows = indicators.reference_rows(label, 75, 15, seed=1)
    assert np.bincount(label[rows]).tolist() == [5, 5, 5]
    assert len(np.unique(rows)) == 15
    assert np.bincount(label[indicators.reference_rows(label, 75, 25, 1)]).tolist() == [10, 5, 10]
    assert sorted(indicators.reference_rows(label, 75, 99, 1)) == list(range(75))
    assert (
        indicators.reference_rows(None, 75, 9, 1) == indicators.reference_rows(None, 75, 9, 1)
    ).all()


def reference(real, label=None, classes=1, made=None):
    label = torch.zeros(len(real), dtype=torch.int64) if label is None else label
    return indicators.Reference(real, label, label if made is None else made, classes)


def test_variety_of_real_rows_is_one_and_of_equal_samples_none():
    real = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
    other = torch.randn(200, 3, generator=torch.Generator().manual_seed(1))
    found = reference(real).compare(other)
    assert found["health/diversity"].item() == pytest.approx(1, abs=0.05)
    assert found["health/coverage"].item() == pytest.approx(1 - 2**-5, abs=0.04)
    found = reference(real).compare(0.5 * other)
    assert found["health/diversity"].item() == pytest.approx(0.5, abs=0.03)
    found = reference(real).compare(other[:1].expand(200, 3))
    assert found["health/diversity"].item() == 0
    assert found["health/coverage"].item() < 0.05


def test_a_class_without_variety_is_seen_among_others():
    label = torch.arange(120) % 3
    real = torch.randn(120, 4, generator=torch.Generator().manual_seed(0)) + 9 * label[:, None]
    made = torch.where((label == 1)[:, None], real[1], real)
    found = reference(real, label, 3).compare(made)
    assert found["health/diversity/least"].item() == 0
    assert found["health/diversity"].item() == pytest.approx(2 / 3)


def test_classes_too_small_to_judge_are_judged_together():
    real = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    found = reference(real, torch.arange(6), 6).compare(real)
    assert found["health/diversity"].item() == pytest.approx(1)


def test_data_that_are_all_alike_have_no_diversity():
    found = reference(torch.ones(9, 2)).compare(torch.ones(9, 2))
    assert found.keys() == {"health/coverage"}
    assert found["health/coverage"].item() == 1


def test_modes_are_covered_within_three_sigma_of_the_nearest():
    modes = Modes(np.array([[0.0, 0.0], [1.0, 0.0], [5.0, 5.0]]), sigma=0.1)
    centres = indicators.Centres(modes, torch.device("cpu"))
    assert centres.covered(torch.tensor([[0.0, 0.29], [0.1, 0.0], [1.0, 0.31]])).item() == 1
    assert centres.covered(torch.tensor([[0.0, 0.0], [5.2, 5.2]])).item() == 2


def game(units=GREY, conditional=True, rows=60, noise=None, objective="relativistic", **changes):
    rng = np.random.default_rng(0)
    label = np.arange(rows, dtype=np.int64) % 2
    x = rng.uniform(units.low[0], units.high[0], (rows, *units.shape)).astype(units.dtype)
    settings = {"width": 8, "critic_width": 8, "batch": 8, "latent": 3, "device": "cpu"}
    config = replace(preset(objective, units), **settings | {"steps": 20} | changes)
    train = x, label if conditional else None
    return train, Trainer(
        Dataset("rows", *train, CLASSES if conditional else (), units), config, noise
    )


def watched(train, run, **more):
    curves = Curves(Tracker(None), train, **more)
    curves.begin(run.game, run.config)
    return curves


def steps(run, curves, until, every=1):
    game = run.game
    while run.done < until:
        run.step()
        if run.done % every == 0:
            curves.write(run.done, run._terms, game, run.config.rate(run.done))


def test_watching_health_does_not_change_a_training():
    train, alone = game(network="dcgan", objective="gan")
    while alone.done < 6:
        alone.step()
    train, run = game(network="dcgan", objective="gan")
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    curves = watched(train, run, held_out=train)
    steps(run, curves, 6)
    assert torch.equal(torch.rand(3), expected)
    for name, module in alone.game.modules.items():
        for key, value in module.state_dict().items():
            assert torch.equal(value, run.game.modules[name].state_dict()[key]), key


@pytest.mark.parametrize("conditional", [True, False])
@pytest.mark.parametrize("pack", [1, 4])
def test_signals_never_wait_for_the_device(monkeypatch, conditional, pack):
    train, run = game(conditional=conditional, pack=pack)
    curves = watched(train, run, held_out=train)
    run.step()
    real, fake, label = run.game.batch
    on_real = run.game.critic(real, label)
    on_fake = run.game.critic(fake, label)

    def wait(*_, **__):
        raise AssertionError("the host waits")

    for name in ("item", "tolist", "cpu", "numpy", "nonzero", "__bool__", "__float__", "__int__"):
        monkeypatch.setattr(torch.Tensor, name, wait)
    found = curves.health.signals(run.game.average, on_real, on_fake)
    monkeypatch.undo()
    assert {tuple(value.shape) for value in found.values()} == {()}
    assert all(value.dtype == torch.float32 for value in found.values())
    assert "health/critic/recognised" in found


def test_few_held_out_rows_are_not_asked_about():
    train, run = game()
    assert watched(train, run).health._held is None
    assert watched(train, run, held_out=(train[0][:15], train[1][:15])).health._held is None
    assert watched(train, run, held_out=(train[0][:16], train[1][:16])).health._held is not None


def test_held_out_rows_are_taken_in_turn():
    rows = health._Rows(torch.arange(150), None)
    turns = [rows.turn(i, pack=4).x.tolist() for i in range(3)]
    assert turns == [list(range(64)), list(range(64, 128)), list(range(64))]
    assert health._Rows(torch.arange(30), None).turn(5, pack=4).x.tolist() == list(range(28))


@pytest.mark.slow
def test_a_resumed_training_tells_the_same():
    train, run = game()
    straight = watched(train, run)
    steps(run, straight, 20)
    train, run = game()
    first = watched(train, run)
    steps(run, first, 11)
    plain = json.loads(json.dumps(first.health.to_json()))
    again = watched(train, run)
    again.health.restore(plain)
    steps(run, again, 20)
    assert again.health.to_json() == straight.health.to_json()
    assert again.health.sentences() == straight.health.sentences()
    again.health.restore(None)  # a checkpoint without a history
    assert again.health.to_json() == straight.health.to_json()


def test_a_history_stays_short_and_covers_the_run():
    train, run = game()
    kept = watched(train, run).health
    for step in range(1, 1001):
        kept.note(step, {"gradient/generator": 1.0, "gradient/critic": 2.0, "lr": 0.1})
    points = kept.to_json()["points"]
    assert health.KEPT / 2 <= len(points) <= health.KEPT
    assert points[0]["step"] == 1
    assert points[-1]["step"] > 990
    assert set(points[0]) <= {"step", *diagnosis.USED}
    assert len({b["step"] - a["step"] for a, b in pairwise(points)}) <= 2


def test_gradients_are_told_against_their_own_level():
    train, run = game()
    kept = watched(train, run).health
    for step in range(5):
        found = kept.note(step, {"gradient/generator": 2.0, "gradient/critic": 0.0})
        assert found["health/gradient/generator"] == pytest.approx(1)
    found = kept.note(6, {"gradient/generator": 200.0, "gradient/critic": 0.0})
    assert found["health/gradient/generator"] == pytest.approx(100)
    assert found["health/gradient/critic"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("train", "held", "fake", "share"),
    [(1, 0.5, 0, 0.5), (1, -1, 0, 2), (0, 1, 0, 0), (1, -9, 0, 5)],
)
def test_overfitting_is_in_units_of_the_gap(train, held, fake, share):
    rows, run = game()
    values = {"critic/train": train, "critic/held_out": held, "critic/fake": fake}
    values |= {"gradient/generator": 1.0, "gradient/critic": 1.0}
    assert watched(rows, run).health.note(1, values)["health/critic/overfitting"] == share


def test_clipping_is_measured_where_an_objective_clips():
    for name in objectives.OBJECTIVES:
        train, run = game(objective=name)
        curves = watched(train, run)
        run.step()
        scores = torch.zeros(8)
        found = curves.health.signals(run.game.average, scores, scores)
        assert ("health/clipped" in found) == (name == "wgan")


def digits(rows, seed, objective="relativistic", noise=None, clip=None, **changes):
    """Train on digits for a moment; return the problems."""
    from genenv.data import hold_out, load

    dataset = load("digits")
    own, held_out = hold_out(dataset, 0)
    train = dataset.pick(np.random.default_rng(seed).permutation(own)[:rows])
    settings = {"width": 128, "critic_width": 128, "steps": 300, "batch": 30, "threads": 1}
    config = replace(
        preset(objective, dataset.units), seed=seed, device="cpu", **settings | changes
    )
    run = Trainer(Dataset("rows", *train, dataset.classes, dataset.units), config, noise)
    if clip is not None:
        run.game.objective.clip = clip
    curves = watched(train, run, held_out=held_out)
    steps(run, curves, config.steps, every=5)
    return [sentence.split(":")[0] for sentence in curves.health.sentences()]


@pytest.mark.slow
def test_a_good_training_raises_no_alarm():
    assert digits(1200, seed=0) == ["no problem was found"]


@pytest.mark.slow
def test_thirty_rows_are_learned_by_heart():
    assert "the critic overfitted" in digits(30, seed=0, steps=600, lr=2e-3)


IGNORED = {"noise": Scaled(Gaussian(32), 1e-6)}
STRONG = {"objective": "minimax", "critic_steps": 10, "critic_width": 256, "lr": 3e-3}
WIDE, NARROW = ({"objective": "wgan", "clip": clip} for clip in (10.0, 1e-4))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sick", "problem"),
    [
        (IGNORED, "samples collapsed"),
        ({"lr": 1.0}, "samples collapsed"),
        (STRONG, "the critic is too strong"),
        (WIDE, "clipping does not bind"),
        (NARROW, "the gradient of the generator vanished"),
    ],
)
def test_a_sick_training_is_told_its_problem(sick, problem):
    assert problem in digits(1200, seed=0, steps=60, **sick)


@pytest.mark.slow
def test_a_ring_that_drops_modes_is_told():
    dataset = toys.ring(2000)
    config = replace(preset("gan", dataset.units), steps=300, width=32, device="cpu", threads=1)
    train = dataset.x, None
    run = Trainer(Dataset("rows", *train, (), dataset.units), config)
    curves = watched(train, run, modes=dataset.modes)
    steps(run, curves, 300, every=20)
    assert any(s.startswith("modes were lost") for s in curves.health.sentences())
