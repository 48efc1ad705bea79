"""Stacked digits, and the count of their modes."""

from __future__ import annotations

import numpy as np
import pytest

from genenv import classifier, data
from genenv.checks import Mistake
from genenv.data import from_arrays
from genenv.data.stacked_digits import stacked
from genenv.metrics import StackedModes

SIDE, BARS = 8, 4  # class c is a bright bar at column 2c


def bars(rows=400, seed=0, blur=0.0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    label = np.arange(rows) % BARS
    x = rng.uniform(0, 0.2 + blur, (rows, SIDE, SIDE))
    x[np.arange(rows), :, 2 * label] += 1
    return from_arrays((100 * x).astype(dtype), label, "bars")


@pytest.fixture(scope="module")
def counter():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "LEAST_STEPS", 150)
        return StackedModes(bars())


def test_a_stack_is_three_digits_of_the_source_as_channels():
    source = bars(40)
    made = stacked(source, rows=30)
    assert made.x.shape == (30, SIDE, SIDE, 3)
    assert (made.x.dtype, made.units.channels, made.unconditional) == (source.x.dtype, 3, True)
    brightest = made.x.mean(1).argmax(1) // 2  # of each channel: its class, (30, 3)
    assert [made.classes[k] for k in made.label] == (brightest @ [BARS**2, BARS, 1]).tolist()
    known = {row.tobytes() for row in source.x}
    assert all(np.ascontiguousarray(x[..., c]).tobytes() in known for x in made.x for c in range(3))


def test_it_is_a_function_of_its_seed():
    first, again, other = (stacked(bars(40), 20, seed).x for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.slow
def test_every_triple_of_a_perfect_sampler_is_counted(counter):
    figures = counter(stacked(bars(400, 1), rows=6400, seed=5).x)
    assert counter.accuracy == 1
    assert figures["modes"] == BARS**3
    assert figures["reverse_kl"] == pytest.approx((BARS**3 - 1) / (2 * 6400), rel=0.5)


@pytest.mark.slow
def test_one_triple_is_one_mode_at_the_logarithm_of_their_number(counter):
    x = np.repeat(stacked(bars(400, 1), rows=1).x, 50, axis=0)
    figures = counter(x)
    assert figures["modes"] == 1
    assert figures["reverse_kl"] == pytest.approx(np.log(BARS**3))


@pytest.mark.slow
def test_digits_of_one_channel_kept_apart_are_stacked_too(tmp_path):
    source = bars(60)
    np.savez(tmp_path / "bars.npz", x=source.x[..., None], y=source.label)
    made = data.load(f"stacked-digits:{tmp_path / 'bars.npz'}")
    assert made.x.shape[1:] == (SIDE, SIDE, 3)
    assert made.name == "stacked-bars"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (lambda: from_arrays(np.random.rand(20, 5), np.arange(20) % 4), "grey pictures to stack"),
        (lambda: from_arrays(np.random.rand(20, 8, 8, 3), np.arange(20) % 4), "grey pictures"),
        (lambda: from_arrays(bars(40).x, np.arange(40) % 2), "3 classes or more to stack, got 2"),
        (lambda: from_arrays(bars(40).x), "3 classes or more to stack, got 0"),
    ],
)
def test_what_cannot_be_stacked_is_refused(source, sentence):
    for use in (stacked, StackedModes):
        with pytest.raises(Mistake, match=sentence):
            use(source())


def test_a_classifier_too_weak_to_count_by_is_refused_with_its_accuracy():
    shuffled = np.random.default_rng(0).permutation(bars().label)
    with pytest.raises(Mistake, match=r"right on 97% of .* or more .*, got \d+\.\d% on 80 of"):
        StackedModes(from_arrays(bars().x, shuffled, "noise"))


def test_samples_of_another_shape_are_refused(counter):
    with pytest.raises(Mistake, match="samples of shape"):
        counter(bars(10).x)
