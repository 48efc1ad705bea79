import numpy as np
import pytest
import torch
from torch import nn

from genenv import metrics
from genenv.checks import Mistake
from genenv.codecs import Vectors
from genenv.data.toys import GRID, grid
from genenv.metrics import FULL, Evaluation, Features, SampleFeatures, better, evaluation
from genenv.networks import Generator
from genenv.noise import Gaussian

PLANE = Vectors((2,), "float32", (-1.0, -1.0), (1.0, 1.0))


class Shifted(Generator):
    """z itself, moved by `shift` and by 20 a class: at shift 0 it is the law of `law`."""

    kind = "shifted"

    def __init__(self, shift=0.0, classes=(), units=PLANE):
        super().__init__(Gaussian(2), units, classes, {})
        self.shift = nn.Parameter(torch.tensor(shift))
        self.norm = nn.BatchNorm1d(2)

    def forward(self, z, label=None):
        assert not self.training
        return z + self.shift + (0 if label is None else 20 * label[:, None])


@pytest.fixture(autouse=True)
def whole_evaluations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let as many samples be compared as outside of tests: how many is told."""
    monkeypatch.setattr("genenv.metrics.evaluation.FULL", FULL)


def law(rows, seed=0, share=()):
    rng = np.random.default_rng(seed)
    label = rng.choice(len(share), rows, p=share) if share else None
    x = rng.standard_normal((rows, 2)) + (0 if label is None else 20 * label[:, None])
    return x.astype(np.float32), label


class Counted(Features):
    """Flattened samples; knows how many rows it mapped."""

    name = "counted"
    sha256 = "0" * 64
    seen = 0
    names = {"frechet": "farness"}  # noqa: RUF012

    def of(self, x):
        self.seen += len(x)
        return x.flatten(1)


def judged(real=None, held_out="drawn", **kw):
    real = law(3000) if real is None else real
    held_out = law(3000, 1) if held_out == "drawn" else held_out
    return Evaluation(Counted(PLANE), real, held_out, metrics.build(), **kw)


@pytest.mark.slow
def test_a_perfect_generator_is_as_good_as_held_out_rows():
    judge = judged()
    figures = judge.evaluate(Shifted())
    reference = judge.reference()
    assert figures.pop("samples") == figures.pop("spread_samples") == metrics.DURING
    keys = {key for key in figures if not key.startswith("spread")}
    assert set(reference) == {f"{key}_real" for key in keys}
    for key in keys:
        assert figures[key] == pytest.approx(reference[f"{key}_real"], abs=0.05)
    for key in ("spread", "spread_least"):
        assert figures[key] == pytest.approx(figures[f"{key}_real"], abs=0.05)


@pytest.mark.slow
def test_a_shifted_one_is_worse_in_every_figure():
    judge = judged()
    good, bad = (judge.evaluate(Shifted(shift)) for shift in (0.0, 2.0))
    keys = {key for key in good if not key.startswith("spread")} - {"samples", "farness"}
    assert keys == {"kernel", "precision", "recall", "density", "coverage", "sliced"}
    assert all(better(key, good[key], bad[key]) for key in keys)
    assert good["farness"] < bad["farness"] == pytest.approx(8, abs=0.5)


@pytest.mark.slow
def test_it_is_deterministic_and_leaves_everything_as_it_was():
    generator = Shifted().train()
    generator.norm.eval()
    state = torch.get_rng_state()
    threads = torch.get_num_threads()
    numpy_state = np.random.get_state()[1].copy()
    figures = judged().evaluate(generator)
    assert figures == judged().evaluate(generator)
    assert (generator.training, generator.norm.training) == (True, False)
    assert torch.equal(state, torch.get_rng_state())
    assert np.array_equal(numpy_state, np.random.get_state()[1])
    assert torch.get_num_threads() == threads
    assert all(p.requires_grad and p.grad is None for p in generator.parameters())


@pytest.mark.slow
def test_another_seed_draws_other_samples():
    assert judged(seed=1).evaluate(Shifted()) != judged(seed=2).evaluate(Shifted())


def test_real_rows_are_mapped_once_for_each_number_of_samples():
    judge = judged()
    for _ in range(3):
        judge.evaluate(Shifted(), 500)
        judge.reference(500)
    assert judge.features.seen == 500 + 3 * 500 + 500


def test_classes_are_asked_for_in_the_share_that_they_have():
    share = (0.9, 0.1)
    judge = judged(law(3000, 0, share), law(3000, 1, share))
    figures = judge.evaluate(Shifted(classes=("a", "b")))
    assert figures["farness"] < 1  # with as many of each class it would be in the dozens
    assert figures["recall"] > 0.8


def test_without_held_out_rows_one_half_stands_for_the_other():
    judge = judged(law(4000), None)
    assert judge.most == 2000
    assert judge.notes == (
        "metrics compare two halves of the training rows: none were held out",
        "metrics compare 2,000 samples, not 10,000: there are 2,000 held-out rows",
    )
    assert judge.reference()["coverage_real"] == pytest.approx(0.97, abs=0.02)


class Narrow(Shifted):
    """Class "a" as it is, class "b" at half of its standard deviation."""

    def forward(self, z, label=None):
        return super().forward(z * (1 - 0.5 * label[:, None]), label)


def test_the_spread_of_each_class_is_told_of_as_many_samples_as_were_asked_for():
    share = (0.7, 0.3)
    judge = judged(law(3000, 0, share), law(150, 1, share))
    figures = judge.evaluate(Narrow(classes=("a", "b")), 4000)
    assert (figures["samples"], figures["spread_samples"]) == (150, 4000)
    assert figures["spread_by_class"]["a"] == pytest.approx(1, abs=0.06)
    assert figures["spread_by_class"]["b"] == pytest.approx(0.25, abs=0.03)
    assert figures["spread_least"] == figures["spread_by_class"]["b"]
    assert figures["spread"] == np.mean(list(figures["spread_by_class"].values()))


def test_a_generator_without_classes_is_compared_over_all_rows():
    judge = judged(law(3000, 0, (0.5, 0.5)), None)
    figures = judge.evaluate(Shifted())
    assert figures["spread"] == pytest.approx(2 / (2 + 2 * 10**2), abs=0.002)
    assert "spread_by_class" not in figures


@pytest.mark.parametrize(
    ("real", "held_out", "sentence"),
    [
        (
            law(400),
            law(90, 1),
            "metrics compare 90 samples, not 10,000: there are 90 held-out rows",
        ),
        (law(80), law(90, 1), "metrics compare 80 samples, not 10,000: there are 80 real rows"),
    ],
)
def test_with_few_rows_there_are_few_samples_and_it_is_said(real, held_out, sentence):
    judge = judged(real, held_out)
    assert judge.notes == (sentence,)
    assert judge.evaluate(Shifted(), metrics.FULL)["samples"] == judge.most
    assert judge.most == min(len(real[0]), len(held_out[0]))


def test_too_few_rows_for_a_metric_are_a_mistake():
    with pytest.raises(
        Mistake, match=r"6 real rows and 6 held-out ones or more .*, got 400 and 5;"
    ):
        judged(law(400), law(5, 1))


def test_nothing_is_told_where_there_are_enough_rows(monkeypatch):
    monkeypatch.setattr(evaluation, "FULL", 500)
    judge = judged()
    assert (judge.most, judge.notes) == (500, ())


@pytest.mark.slow
def test_known_modes_are_counted_on_2500_samples():
    data = grid(12_000)

    class Mixture(Shifted):
        def forward(self, z, label=None):  # noqa: ARG002
            cell = (torch.special.ndtr(z) * 5).clamp(max=4.9999).floor()
            return 2 * cell - 4 + 0.1 * (torch.special.ndtr(z) * 5 - cell - 0.5)

    units = Vectors((2,), "float32", (-1.0, -1.0), (1.0, 1.0))
    judge = judged((data.x, None), None, modes=GRID)
    figures = judge.evaluate(Mixture(units=units))
    reference = judge.reference()
    assert figures["modes"] == reference["modes_real"] == 25
    assert figures["high_quality"] == 1
    assert reference["high_quality_real"] == pytest.approx(0.989, abs=0.01)
    assert figures["reverse_kl"] == pytest.approx(0.005, abs=0.004)


def test_only_chosen_metrics_are_measured():
    real = law(300)
    judge = Evaluation(SampleFeatures(real[0], PLANE), real, None, metrics.build(["frechet"]))
    keys = {key for key in judge.evaluate(Shifted()) if not key.startswith("spread")}
    assert keys == {"frechet", "samples"}
    assert judge.reference().keys() == {"frechet_real"}
    assert judge.describe()["features"] == "samples"
    assert len(judge.describe()["features_sha256"]) == 64


@pytest.mark.slow
def test_the_pieces_that_samples_are_made_in_do_not_matter(monkeypatch):
    whole = judged().evaluate(Shifted())
    monkeypatch.setattr(evaluation, "CHUNK", 77)
    assert judged().evaluate(Shifted()) == pytest.approx(whole, rel=1e-4, abs=1e-5)


@pytest.mark.slow
def test_rows_alone_are_measured_as_those_of_their_generator():
    judge = judged()
    generator = Shifted(shift=0.5).eval()
    x, _ = generator.sample(3000, 5)
    by_rows, by_itself = judge.evaluate_rows(x), judge.evaluate(generator, 3000)
    assert by_rows.keys() == by_itself.keys()
    for key in ("farness", "precision", "recall", "spread", "spread_least"):
        assert by_rows[key] == pytest.approx(by_itself[key], rel=0.15, abs=0.02), key
    assert judge.evaluate_rows(x + 3)["farness"] > 5 * by_rows["farness"]
    assert judge.evaluate_rows(x * 0 + 1)["spread"] == 0


@pytest.mark.slow
def test_rows_with_labels_are_measured_within_their_classes():
    judge = judged(law(3000, share=(0.5, 0.5)), law(3000, 1, (0.5, 0.5)))
    x, label = law(2000, 2, (0.5, 0.5))
    assert judge.evaluate_rows(x, label)["spread"] == pytest.approx(1, abs=0.1)
    narrow = np.where(label[:, None] == 1, 20 + 0.5 * (x - 20), x).astype(np.float32)
    found = judge.evaluate_rows(narrow, label)
    assert found["spread_least"] == pytest.approx(0.25, abs=0.03)
    assert judge.evaluate_rows(narrow)["spread"] > 0.9  # over all rows the classes lie apart


@pytest.mark.parametrize(
    ("x", "label", "says"),
    [
        (np.zeros((50, 3), np.float32), None, "generated rows of shape"),
        (np.zeros((2, 2), np.float32), None, "generated rows or more"),
        (np.zeros((99, 2), np.float32), np.full(99, 2), "expected classes from 0 to 1"),
    ],
)
def test_rows_that_cannot_be_measured_are_one_sentence(x, label, says):
    judge = judged(law(300, share=(0.5, 0.5)), law(300, 1, (0.5, 0.5)))
    with pytest.raises(Mistake, match=says):
        judge.evaluate_rows(x, label)
