"""How far a judge varies images while its networks learn."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from genenv.checks import Mistake
from genenv.judge import crossfit, varied
from genenv.judge.crossfit import Lesson
from genenv.judge.folds import Folded, divide
from genenv.judge.variations import FULL, GENTLER, Variation, vary_images

SIDE = 12


@pytest.fixture(autouse=True)
def whole_choice(monkeypatch):
    """Let all variations be tried, which tests of anything else leave out."""
    monkeypatch.setattr(varied, "GENTLER", GENTLER)


def lines(count, seed):
    """Lines through the middle, turned by 6 degrees one way or the other: (n, 1, 12, 12), (n,)."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, count)
    angle = np.radians(np.where(label, 6, -6))[:, None, None]
    at = np.arange(SIDE) - SIDE / 2 + 0.5
    far = np.abs(at[None, :, None] * np.cos(angle) - at[None, None, :] * np.sin(angle))
    u = 2 * np.exp(-((far / 1.5) ** 2)) - 1 + 0.1 * rng.standard_normal((count, SIDE, SIDE))
    return torch.from_numpy(u[:, None]).float().clamp(-1, 1), torch.from_numpy(label)


def chosen(losses, monkeypatch, rows=200):
    """Which variation is taken where the members' losses, by variation, are these."""
    monkeypatch.setattr(crossfit, "fit_member", lambda _make, lesson, *_: lesson.variation)

    def answers(variation, x):
        own = torch.exp(-torch.as_tensor(losses[variation]).expand(len(x)))
        return torch.stack([own, 1 - own], dim=1)

    monkeypatch.setattr(crossfit, "answers", answers)
    monkeypatch.setattr(varied.temper, "fit_temperature", lambda *_: 1.0)
    lesson = Lesson(("plain", "pooled"), 3)
    fold = np.arange(rows) % 3
    x, y = torch.zeros(rows, 1, 4, 4), torch.zeros(rows, dtype=torch.long)
    lessons, first = varied.vary(
        Folded(x, y, fold, 1), (lesson, replace(lesson, epochs=6)), 0, None
    )
    assert lessons[0].variation == lessons[1].variation == first
    return first


def test_less_variation_is_taken_while_it_saves_loss_on_rows_unseen(monkeypatch):
    half, quarter = GENTLER
    assert chosen({FULL: 0.2, half: 0.3, quarter: 0.1}, monkeypatch) == FULL
    assert chosen({FULL: 0.3, half: 0.2, quarter: 0.4}, monkeypatch) == half
    assert chosen({FULL: 0.3, half: 0.2, quarter: 0.1}, monkeypatch) == quarter


def test_a_saving_that_chance_would_make_changes_nothing(monkeypatch):
    half, quarter = GENTLER
    noise = np.random.default_rng(0).normal(0.5, 0.1, 67)
    same = {FULL: 0.505, half: noise, quarter: 0.1}
    assert chosen(same, monkeypatch) == FULL
    assert chosen(same | {half: noise - 0.1}, monkeypatch) == quarter


@pytest.mark.slow
@pytest.mark.usefixtures("whole_classifiers", "able_parts")
def test_classes_that_lie_a_turn_apart_are_learned_with_less_of_it():
    x, y = lines(240, 0)
    _, fold = divide(x.numpy(), y.numpy(), 2, 0)
    lessons, first = varied.vary(Folded(x, y, fold, 2), (Lesson(("plain",), 6),), 0, None)
    assert lessons[0].variation in GENTLER
    assert first.make == "plain"


def test_vectors_are_not_asked():
    x, y = torch.rand(30, 3), torch.arange(30) % 2
    lesson = Lesson(("dense",), 1)
    assert varied.vary(Folded(x, y, np.arange(30) % 3, 2), (lesson,), 0, None) == ((lesson,), None)


def test_amounts_are_a_share_of_all_kinds():
    x, _ = lines(60, 1)
    rows = x[:1].expand(60, -1, -1, -1)

    def far(variation):
        rng = torch.Generator().manual_seed(0)
        return float((vary_images(rows.clone(), rng, variation) - rows).abs().mean())

    assert far(Variation(0.0)) == pytest.approx(0, abs=1e-6)
    assert 0 < far(Variation(0.25)) < far(FULL) / 2


@pytest.mark.parametrize("share", ["x", math.nan, -1, 5, None])
def test_a_variation_is_a_share_from_nothing_to_all(share):
    with pytest.raises(Mistake, match="expected a share from 0 to 1, got"):
        Variation(share)
