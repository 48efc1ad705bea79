from __future__ import annotations

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from genenv import bundled, data, networks, wrap_generator
from genenv.checks import Mistake
from genenv.noise import Gaussian, Mixture
from genenv.reactions import frames, lessons, measures, mixing, noises, order
from genenv.reactions.layout import own_folder
from genenv.reactions.meeting import Answers, alike, curves, half_margins
from genenv.reactions.noises import STRENGTHS, SampleBatch
from genenv.sampling import driven_by
from genenv.tracking import animation

CERTAIN = np.log(np.array([[0.98, 0.01, 0.01], [0.2, 0.7, 0.1]]))


@pytest.fixture(scope="module")
def generator():
    return networks.load(bundled.FOLDER / "generator")


@pytest.fixture(scope="module")
def batch(generator):
    digits = data.load("digits")
    return SampleBatch(generator, (digits.x[:30], digits.label[:30]), 40, seed=3)


def test_figures_of_two_answers_are_known():
    found = measures.figures(CERTAIN, np.array([0, 0]), np.array([True, False]))
    assert found["agreement"] == 0.5
    assert found["accepted"] == 0.5
    assert found["accuracy_accepted"] == 1.0
    assert found["confidence"] == pytest.approx((0.98 + 0.7) / 2)
    expected = np.log(0.98 / 0.01), np.log(0.2 / 0.7)
    assert found["margin"] == pytest.approx(np.mean(expected))
    assert found["entropy"] == pytest.approx(-(np.exp(CERTAIN) * CERTAIN).sum() / 2)
    assert found["calibration_error"] == pytest.approx((0.02 + 0.7) / 2)


def test_nothing_accepted_has_no_accuracy():
    found = measures.figures(CERTAIN, np.array([0, 0]), np.zeros(2, bool))
    assert found["accuracy_accepted"] is None


def test_certain_and_right_is_calibrated():
    assert measures.calibration_error(np.ones(5), np.ones(5, bool)) == 0
    assert measures.calibration_error(np.full(4, 0.75), np.array([1, 1, 1, 0], bool)) == 0


@pytest.mark.parametrize(
    ("margin", "expected"),
    [
        ([4.0, 3.0, 1.0], 1.5),
        ([4.0, 2.0, 0.0], 1.0),
        ([4.0, 3.9, 3.0], None),
        ([-1.0, -2.0, -3.0], None),
    ],
)
def test_the_strength_of_half_the_margin_is_interpolated(margin, expected):
    assert measures.half_margin(np.arange(3.0), np.array(margin)) == expected


def test_agreement_between_learners_is_the_mean_over_pairs():
    a = np.array([0, 1])
    b = np.array([0, 0])
    c = np.array([0, 1])
    assert measures.between([a, b, c]) == pytest.approx((0.5 + 1.0 + 0.5) / 3)
    assert measures.between([a]) is None


def test_at_strength_0_every_noise_is_the_identity(generator, batch):
    plain, label = generator.sample(40, seed=3)
    for name in noises.names(generator.units, generator.noise):
        x, own = batch.at(name, 0)
        if name.startswith("real:"):
            assert np.array_equal(x, batch.real[0])
            assert np.array_equal(own, batch.real[1])
        else:
            assert np.array_equal(own, label)
            assert np.allclose(x, plain, atol=1e-4)


def test_every_noise_moves_samples_farther_with_strength(generator, batch):
    for name in noises.names(generator.units, generator.noise):
        start = batch.at(name, 0)[0].astype(float)
        moved = [np.abs(batch.at(name, s)[0] - start).mean() for s in STRENGTHS]
        assert moved[0] == 0
        assert moved[5] > moved[2] > 0, name


def test_the_first_thousand_real_rows_meet_noise(generator):
    digits = data.load("digits")
    batch = SampleBatch(generator, (digits.x, digits.label), 40, seed=3)
    x, label = batch.at("real:blur", 0)
    assert np.array_equal(x, digits.x[:1000])
    assert np.array_equal(label, digits.label[:1000])
    assert len(batch.real[0]) == len(digits)


def test_the_same_lot_is_the_same_at_any_time(generator):
    digits = data.load("digits")
    again = SampleBatch(generator, (digits.x[:30], digits.label[:30]), 40, seed=3)
    for name in ("latent:student-t", "sample:impulse", "real:rotate"):
        one = again.at(name, 2.5)[0]
        two = again.at(name, 2.5)[0]
        assert np.array_equal(one, two)


def test_known_latents_of_the_laws(generator):
    e = torch.randn(6, generator.noise.base_dim)
    label = torch.arange(6)
    z = generator.noise.from_base(e)
    stretched, _ = noises.Temperature(generator).change(e, label, 5)
    assert torch.allclose(stretched, 2 * z)
    shrunk, _ = noises.Truncation(generator).change(e, label, 5)
    assert torch.allclose(shrunk, 0.1 * z)
    _, mixed = noises.Classes(generator).change(e, label, 5)
    assert torch.allclose(mixed[0, :2], torch.tensor([0.5, 0.5]))
    assert mixed.sum(1).tolist() == pytest.approx([1] * 6)
    other, _ = noises.OtherLaw(generator, "uniform").change(e, label, 5)
    assert other.abs().max() <= 1


def test_a_generator_of_residuals_is_a_noise(generator, batch):
    digits = data.load("digits")
    own = SampleBatch(generator, (digits.x[:5], digits.label[:5]), 5, seed=0, residuals=generator)
    start = own.at("real:learned", 0)[0]
    assert np.array_equal(start, digits.x[:5])
    assert not np.array_equal(own.at("real:learned", 3)[0], start)
    with pytest.raises(Mistake, match="expected corruption to be one of"):
        batch.at("real:learned", 3)


class Rows(networks.Generator):
    """A generator that makes given rows in turn; `drawn_from` decides its units."""

    def __init__(self, rows, drawn_from, classes=()):
        super().__init__(Gaussian(4), data.from_arrays(drawn_from).units, classes, {})
        self.register_buffer("u", self.units.encode(torch.from_numpy(rows)))

    def forward(self, z, _=None):
        return self.u[torch.arange(len(z)) % len(self.u)]


@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_learned_noise_has_the_scale_and_the_zero_of_its_residuals(generator, scale):
    digits = data.load("digits")
    real = digits.x[:200], digits.label[:200]
    rows = (scale * np.random.default_rng(0).exponential(2, (200, 8, 8))).astype(np.float32)
    batch = SampleBatch(generator, real, 5, 0, Rows(rows, rows))
    expected = np.clip(real[0] + 0.6 * rows, 0, 16)
    assert np.allclose(batch.at("real:learned", 3)[0], expected, atol=1e-4)
    nothing = Rows(np.zeros((1, 8, 8), np.float32), rows + 5)  # 0 is far outside of these units
    batch = SampleBatch(generator, real, 5, 0, nothing)
    assert np.allclose(batch.at("real:learned", 5)[0], real[0], atol=1e-4)


def test_an_unknown_noise_is_a_mistake(batch):
    with pytest.raises(Mistake, match="source of a noise to be one of latent, sample, real"):
        batch.at("blur", 1)
    with pytest.raises(Mistake, match="expected latent noise to be one of temperature"):
        batch.at("latent:blur", 1)


def answers(noise=("latent:temperature", "real:blur")):
    """Two learners of two classes: the first is right below strength 3, the second always."""
    label = np.array([0, 1, 0, 1])
    right = np.log(np.eye(2)[label] * 0.98 + 0.01)
    wrong = np.log(np.eye(2)[1 - label] * 0.98 + 0.01)
    first = np.stack([right if s < 3 else wrong for s in STRENGTHS])
    second = np.stack([right] * len(STRENGTHS))
    log_p = np.stack([first, second]).astype(np.float32)
    accepted = np.ones((len(STRENGTHS), 4), bool)
    return Answers(
        noise,
        ("a", "b"),
        {"generated": label, "met": label, "real": label},
        dict.fromkeys(noise, accepted),
        dict.fromkeys(noise, log_p),
        np.stack([right, right]).astype(np.float32),
    )


def test_answers_survive_the_disk(tmp_path):
    own = answers()
    own.save(tmp_path / "answers.npz")
    again = Answers.load(tmp_path / "answers.npz")
    assert (again.noises, again.learners) == (own.noises, own.learners)
    assert np.array_equal(again.log_p["real:blur"], own.log_p["real:blur"])
    assert np.array_equal(again.accepted["real:blur"], own.accepted["real:blur"])
    assert np.array_equal(again.real, own.real)


def test_curves_follow_the_answers():
    rows = curves(answers(), seed=7)
    assert len(rows) == 2 * 2 * len(STRENGTHS)
    own = [r["agreement"] for r in rows if (r["learner"], r["noise"]) == ("a", "real:blur")]
    assert own == [1, 1, 1, 0, 0, 0]
    halves = {(r["noise"], r["learner"]): r["half_margin_strength"] for r in half_margins(rows)}
    assert halves["real:blur", "a"] == pytest.approx(2.25)
    assert halves["real:blur", "b"] is None
    between = [r["between"] for r in alike(answers(), 7) if r["noise"] == "real:blur"]
    assert between == [1, 1, 1, 0, 0, 0]


def many(classes, learners, shape):
    """Answers of learners to images of many classes, wrong from strength 3 on, and their batch."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (4, *shape), np.uint8)
    own = Rows(x, x, tuple(f"class number {c}" for c in range(classes)))
    batch = SampleBatch(own, (x, np.zeros(4, np.int64)), 4, seed=0)
    logits = rng.normal(size=(learners, len(STRENGTHS), 4, classes))
    logits[:, :3, np.arange(4), batch.label] += 6
    logits[:, 3:, np.arange(4), (batch.label + 1) % classes] += 6
    log_p = np.log(np.exp(logits) / np.exp(logits).sum(3, keepdims=True)).astype(np.float32)
    names = tuple(f"package.module:learner_{i}" for i in range(learners))
    labels = {"generated": batch.label, "met": batch.met[1], "real": batch.real[1]}
    accepted = {"sample:blur": np.ones((len(STRENGTHS), 4), bool)}
    said = {"sample:blur": log_p}
    return Answers(("sample:blur",), names, labels, accepted, said, log_p[:, 0]), batch


@pytest.mark.parametrize("classes", [2, 10, 300])
@pytest.mark.parametrize("shape", [(8, 8), (9, 40, 3)])
def test_frames_hold_any_number_of_classes(classes, shape):
    own, batch = many(classes, 2, shape)
    drawn = frames.path_frames(own, "sample:blur", batch)
    assert drawn.shape[0] == len(STRENGTHS)
    ten, batch = many(10, 2, shape)
    assert drawn.shape[1] <= frames.path_frames(ten, "sample:blur", batch).shape[1]


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(8, 8), (16, 16, 3)])
def test_right_stays_green_and_wrong_red_in_the_animation(shape):
    own, batch = many(100, 6, shape)
    film = Image.open(io.BytesIO(animation(frames.path_frames(own, "sample:blur", batch))))
    found = [film.seek(i) or np.asarray(film.convert("RGB")) for i in range(film.n_frames)]
    assert len(found) == len(STRENGTHS)
    red, green = ([int((f == c).all(-1).sum()) for f in found] for c in (frames.OTHER, frames.OWN))
    assert red[:3] == [0, 0, 0]
    assert min(red[3:]) > 1000
    assert min(green[:3]) > 1000


def test_of_many_classes_the_label_and_what_is_answered_are_shown():
    p = np.full((2, 3, 50), 0.5, np.float32)
    p[0, 0, 40], p[1, 2, 41] = 0.9, 0.8
    p[:, :, 7] = 0.01
    assert frames._likely(p, 7) == [0, 1, 2, 3, 4, 5, 6, 7, 40, 41]


def test_cells_hold_a_learner_and_a_class():
    rows = order.cells(answers(), np.array([True, True, False, False]))
    assert [(r["learner"], r["class"]) for r in rows] == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]
    assert rows[0]["generated"] == 0.5
    assert rows[0]["hard"] == 1.0
    assert rows[0]["hard_rows"] == 1


def test_samples_of_strength_0_are_counted_once():
    noise = ("real:blur", "latent:temperature", "sample:blur")
    rows = order.cells(answers(noise), np.ones(4, bool))
    strong = len(STRENGTHS) - 1
    assert rows[0]["generated_samples"] == 2 * (1 + 2 * strong)
    assert rows[0]["generated"] == (1 + 2 * 2) / (1 + 2 * strong)


def test_without_noise_of_a_source_its_side_of_a_cell_is_empty():
    marked = np.array([True, True, False, False])
    assert order.cells(answers(("real:blur",)), marked)[0]["generated"] is None
    assert order.cells(answers(("latent:temperature",)), marked)[0]["hard"] == 1.0


def cells_of(pairs, samples=order.LEAST, hard_rows=order.LEAST):
    counts = {"generated_samples": samples, "hard_rows": hard_rows}
    return [
        {"learner": "a", "class": c, "generated": g, "hard": h} | counts
        for c, (g, h) in enumerate(pairs)
    ]


RISING = [(i / 10, i / 20) for i in range(10)]


@pytest.mark.slow
def test_the_rank_correlation_of_known_orders():
    found = order.rank_correlation(cells_of(RISING), 0)
    assert found["missing"] is None
    assert found["correlation"]["estimate"] == pytest.approx(1)
    assert found["correlation"]["low"] > 0.9
    falling = order.rank_correlation(cells_of([(g, -h) for g, h in RISING]), 0)
    assert falling["correlation"]["estimate"] == pytest.approx(-1)


@pytest.mark.slow
def test_cells_with_few_samples_on_either_side_have_no_say():
    few = [cells_of([(0, 1)] * 9, *counts) for counts in ((order.LEAST - 1, 99), (99, 4), (0, 9))]
    whole = order.rank_correlation(cells_of(RISING)[3:], 0)
    mixed = order.rank_correlation(few[0][:1] + few[1][1:2] + few[2][2:3] + cells_of(RISING)[3:], 0)
    assert mixed == whole | {"cells_all": 10}
    assert (mixed["cells_kept"], mixed["correlation"]["cells"]) == (7, 7)
    none = order.rank_correlation(few[1], 0)
    assert none["correlation"] is None
    assert (none["cells_kept"], none["cells_all"]) == (0, 9)


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        (RISING[:2], "Too few cells of learner and class have 5 accepted generated samples"),
        ([(0.5, h) for _, h in RISING], "Accuracy on accepted generated samples is the same in"),
        ([(g, 0.5) for g, _ in RISING], "Accuracy on real hard rows is the same in every cell"),
    ],
)
def test_why_there_is_no_rank_correlation_is_said(pairs, sentence):
    found = order.rank_correlation(cells_of(pairs), 0)
    assert found["correlation"] is None
    assert found["missing"].startswith(sentence)


def test_shares_count_generated_rows_beside_real_ones():
    assert mixing.made(90, 0.1) == 10
    assert mixing.made(100, 0.5) == 100
    assert mixing.made(100, mixing.MOST) == 300
    assert mixing.made(100, 1.0) == 100
    x = np.arange(40.0)[:, None]
    real = (x, np.zeros(40, int))
    extra = (-x, np.ones(40, int))
    pools = mixing.Pools(real, {"none": extra})
    _, label = pools.mixed(20, 0.5, "none")
    assert label.tolist() == [0] * 20 + [1] * 20
    assert pools.mixed(20, 1.0, "none")[1].tolist() == [1] * 20
    assert pools.mixed(20, 0.0, "none")[1].tolist() == [0] * 20


def test_every_mixture_has_its_control():
    pairs = list(mixing.combinations(("none", "judge")))
    assert pairs[0] == (0.0, "none")
    assert len(pairs) == 1 + 2 * (len(mixing.SHARES) - 1)


class Halves:
    """A guide that accepts the second half of a batch, and none of the classes in `never`."""

    units = bundled.dataset()[0].units

    def __init__(self, never=()):
        self.never = torch.tensor(never)

    def look(self, _, label):
        good = torch.arange(len(label)) >= len(label) / 2
        return None, None, good & ~torch.isin(label, self.never)


GREY = 16 / 2  # half the range of digits: what is 1 where samples lie in [-1, 1]


def test_filters_let_the_right_samples_pass(generator):
    plain, label = generator.sample(20, seed=5)
    x, own = mixing.generated(generator, Halves(), 20, 5, "none")
    assert np.array_equal(x, plain)
    assert np.array_equal(own, label)
    x, own = mixing.generated(generator, Halves(), 20, 5, "judge")
    later, later_label = generator.sample(10, seed=5, start=10)
    for c in np.unique(later_label):
        first = x[own == c][: (later_label == c).sum()]
        alone = later[later_label == c][: len(first)]
        np.testing.assert_allclose(first, alone, rtol=0, atol=1e-5 * GREY)  # in another batch
    assert mixing.generated(generator, Halves(never=range(10)), 20, 5, "judge") is None
    x, own = mixing.generated(generator, Halves(), 100, 5, "critic")
    assert len(x) == len(own) == 100
    drawn, every = generator.sample(100, seed=6)
    assert generator.score(x, own).mean() > generator.score(drawn, every).mean()
    with pytest.raises(Mistake, match="expected filter to be one of none, judge, critic"):
        mixing.generated(generator, Halves(), 20, 5, "best")


class Fond:
    """A guide that accepts every sample of class 0, and a fifth of all others."""

    units = bundled.dataset()[0].units

    def look(self, _, label):
        return None, None, (label == 0) | (torch.arange(len(label)) % 5 == 0)


def test_a_filter_leaves_the_balance_of_classes(generator):
    _, plain = mixing.generated(generator, Fond(), 100, 5, "none")
    x, own = mixing.generated(generator, Fond(), 100, 5, "judge")
    assert np.array_equal(own, plain)  # in every stretch, not in the whole alone
    assert (x.reshape(100, -1).max(1) > 0).all()  # no place was left empty
    assert len(np.unique(x.reshape(100, -1), axis=0)) == 100
    assert mixing.generated(generator, Halves(never=[7]), 100, 5, "judge") is None


def test_a_filter_that_is_left_out_is_told_with_its_seeds():
    rows = [{"filter": kept, "seed": seed} for kept in ("none", "judge") for seed in (3, 4, 5)]
    (critic,) = mixing.left_out(rows, (3, 4, 5))
    assert (
        critic == "The filter critic was left out: the generator has no critic of single samples."
    )
    judge, _ = mixing.left_out(rows[:-2], (3, 4, 5))
    assert judge.startswith("The filter judge was left out for the seeds 4, 5: of some class too")


def test_a_generator_without_a_critic_has_no_critics_filter():
    bare = networks.load(bundled.FOLDER / "generator")
    bare._kept = ()
    assert mixing.generated(bare, Halves(), 20, 5, "critic") is None


@pytest.mark.slow
@pytest.mark.usefixtures("whole_classifiers")
def test_a_network_forgets_when_useless_rows_take_over(generator, monkeypatch):
    monkeypatch.setattr(lessons, "POINTS", 20)
    digits = data.load("digits")
    real = digits.x[:400].astype(np.float32), digits.label[:400]
    junk = real[0], (real[1] + 1) % 10  # the labels are wrong
    pools = mixing.Pools(real, {"none": junk})
    told = []
    rows = lessons.watch(
        "mlp", pools, generator, (digits.x[400:600], digits.label[400:600]), 0, told.append
    )
    found = {row["schedule"]: row for row in rows}
    assert found["real, then generated"]["forgetting"] > 0.5
    assert found["generated, then real"]["accuracy"][-1] > 0.8
    assert found["real"]["forgetting"] is None
    assert sum(told) == len(lessons.SCHEDULES)
    assert all(len(row["steps"]) == len(row["accuracy"]) == lessons.POINTS for row in rows)


def test_classes_are_not_mixed_for_a_decoder_that_expects_whole_labels():
    digits = data.load("digits")
    table = torch.linspace(0, 1, 10)

    def decode(e, label):
        return e.new_zeros(len(e), 8, 8) + table[label].view(-1, 1, 1)

    wrapped = wrap_generator(decode, digits.x, digits.label, base_dim=4, output="unit")
    every, allowed = (
        set(noises.names(wrapped.units, wrapped.noise, mixed))
        for mixed in (True, wrapped.mixes_labels)
    )
    assert every - allowed == {"latent:classes"}
    batch = SampleBatch(wrapped, (digits.x[:20], digits.label[:20]), 20, 0)
    assert len(batch.at("latent:temperature", 3)[0]) == 20
    with pytest.raises(Mistake):  # why it is left out
        batch.at("latent:classes", 3)


def test_laws_with_other_base_coordinates_are_left_out(generator):
    dim = generator.noise.dim
    laws = {f"latent:{law}" for law in noises.LAWS}
    assert generator.noise.base_dim == dim
    assert laws < set(noises.names(generator.units, generator.noise))
    mixed = driven_by(generator, Mixture(dim))
    assert mixed.noise.base_dim > dim
    assert (
        set(noises.names(mixed.units, mixed.noise))
        == set(noises.names(generator.units, generator.noise)) - laws
    )


def test_learners_of_one_plain_form_have_folders_of_their_own():
    names = ["a.b:make", "a:b_make", "a-b:make", "学习", "学生", "logistic", "pkg:make"]
    folders = [own_folder(name) for name in names]
    assert len(set(folders)) == len(names)
    assert all(re.fullmatch("[a-zA-Z0-9-]+", folder) for folder in folders)
    assert folders[-2:] == ["logistic", "pkg-make"]
