from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import toys

from genenv.codecs import Pictures, Vectors
from genenv.monitoring import Curves, curves
from genenv.noise import Categorical, Gaussian, Product
from genenv.tracking import Tracker, read
from genenv.training import Trainer, preset

GREY = Pictures((8, 8), "uint8", (0.0,), (255.0,))
PLANE = Vectors((2,), "float32", (-1.0,), (1.0,))
SMALL = {"width": 8, "critic_width": 8, "batch": 8, "latent": 3, "device": "cpu"}


def trainer(units=GREY, noise=None):
    rng = np.random.default_rng(0)
    x = rng.uniform(units.low[0], units.high[0], (40, *units.shape)).astype(units.dtype)
    run = Trainer(toys.rows(x, None, units, ()), replace(preset("gan", units), **SMALL), noise)
    run.step()
    return x, run


def curves_of(tracker, x, run):
    drawn = Curves(tracker, (x, None), (x, None))
    drawn.begin(run.game, run.config)
    return drawn


def images(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = EventAccumulator(str(folder), size_guidance={"images": 0})
    log.Reload()
    return {tag: [event.step for event in log.Images(tag)] for tag in log.Tags()["images"]}


def test_every_curve_has_a_point_of_every_look(tmp_path):
    x, run = trainer()
    with Tracker(tmp_path) as tracker:
        drawn = curves_of(tracker, x, run)
        drawn.restart(0)
        for step in (5, 10):
            drawn.write(step, run._terms, run.game, 0.5)
        drawn.metrics(10, {"coverage": 0.5})
    points = read(tmp_path)
    assert points.pop("metrics/coverage")[1].tolist() == [0.5]
    assert set(points) == {
        "loss/critic/real",
        "loss/critic/fake",
        "loss/generator/adversarial",
        "critic/real",
        "critic/fake",
        "critic/train",
        "critic/held_out",
        "gradient/generator",
        "gradient/critic",
        "health/diversity",
        "health/diversity/least",
        "health/coverage",
        "health/critic/accuracy",
        "health/critic/recognised",
        "health/critic/overfitting",
        "health/gradient/generator",
        "health/gradient/critic",
        "samples_per_second",
        "lr",
    }
    assert all(steps.tolist() == [5, 10] for steps, _ in points.values())
    assert points["lr"][1].tolist() == [0.5, 0.5]
    assert drawn.state()["looks"] == 2


CODED = Product([Categorical(3), Gaussian(2)])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("units", "noise", "slow"),
    [(GREY, None, None), (GREY, CODED, "traversals"), (PLANE, None, "critic")],
)
def test_both_generators_are_drawn_and_slow_pictures_rarely(tmp_path, units, noise, slow):
    x, run = trainer(units, noise)
    with Tracker(tmp_path) as tracker:
        drawn = curves_of(tracker, x, run)
        for step in range(10, 100, 10):
            drawn.draw(step, run.game)
    every = list(range(10, 100, 10))
    expected = {"samples": every, "samples/live": every}
    assert images(tmp_path) == expected | ({slow: [10, 40]} if slow else {})


def test_the_picture_of_a_generator_is_the_same_at_each_call():
    for units in (GREY, PLANE):
        _, run = trainer(units)
        first = curves.picture(run.game.average, seed=3)
        np.testing.assert_array_equal(first, curves.picture(run.game.average, seed=3))
        assert (first != curves.picture(run.game.average, seed=4)).any()


class KilledError(Exception):
    """Stands for a process that ends in the middle."""


def train_to_the_end(folder, at=None):
    """Train for 60 steps in a run's folder, or until step `at`."""
    x, _ = trainer()
    often = {"steps": 60, "log_every": 10, "picture_every": 10, "checkpoint_every": 20}
    config = replace(preset("gan", GREY), **SMALL, **often)
    done = []

    def advance(steps):
        done.append(steps)
        if at is not None and sum(done) >= at:
            raise KilledError

    with Tracker(folder) as tracker:
        tracker.hparams({"a": 1}, ["lr"])
        places = {"folder": folder / "checkpoints", "monitor": Curves(tracker, (x, None))}
        run = Trainer(toys.rows(x, None, GREY, ()), config, **places)
        run.resume()
        run.fit(advance)


@pytest.mark.slow
@pytest.mark.parametrize(("at", "kept"), [(35, 20), (15, 0)])
def test_a_resumed_run_has_one_point_a_step(tmp_path, at, kept):
    with pytest.raises(KilledError):
        train_to_the_end(tmp_path, at)
    first = read(tmp_path)
    train_to_the_end(tmp_path)
    curves = read(tmp_path)
    every = list(range(10, 61, 10))
    assert all(steps.tolist() == every for steps, _ in curves.values())
    assert images(tmp_path)["samples"] == every
    for tag, (steps, values) in first.items():
        if tag != "samples_per_second":
            before = steps <= kept
            assert values[before].tolist() == curves[tag][1][: before.sum()].tolist()
