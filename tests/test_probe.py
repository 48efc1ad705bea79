from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import toys
from scipy.stats import norm

from genenv.checks import Mistake
from genenv.codecs import Vectors
from genenv.criteria import Misclassified
from genenv.noise import Categorical
from genenv.probe import LOG_CONFIDENT, Findings, Probe

LABEL = torch.tensor([0, 1, 2])


def base(count, seed=0):
    e = toys.LinearGenerator().noise.base(count, seed)
    return e, torch.arange(count) % toys.CLASSES


def test_severity_is_the_best_other_class_over_the_label():
    p = torch.tensor([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1], [0.3, 0.3, 0.4]]).log()
    expected = [math.log(0.2 / 0.7), math.log(0.7 / 0.2), math.log(0.3 / 0.4)]
    assert torch.allclose(Misclassified()(p, LABEL), torch.tensor(expected))


def test_severity_is_zero_at_a_tie_and_so_no_failure():
    assert Misclassified()(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([0])).item() == 0


def test_the_region_that_fails_is_the_known_half_space():
    e, label = base(20_000)
    found = toys.probe(beta=1.0)(e, label)
    normal = np.full(toys.DIM, toys.DIM**-0.5)
    assert np.allclose(found.severity, found.e @ normal - 1, atol=1e-4)
    share = (found.severity > 0).mean()
    truth = norm.cdf(-1)
    assert abs(share - truth) < 4 * math.sqrt(truth * (1 - truth) / 20_000)


def test_a_query_has_one_row_in_every_column_and_is_counted():
    probe = toys.probe()
    e, label = base(7)
    found = probe(e, label)
    assert probe.model.queries == len(found) == 7
    shapes = {
        "e": (7, toys.DIM),
        "label": (7,),
        "output": (7, toys.CLASSES),
        "severity": (7,),
        "energy": (7,),
        "guide_log_p": (7,),
        "guide_distance": (7,),
        "accepted": (7,),
        "score": (7,),
        "x": (7, toys.DIM + toys.CLASSES),
    }
    assert {name: getattr(found, name).shape for name in shapes} == shapes
    assert np.array_equal(found.e, e.numpy())
    assert np.allclose(found.energy, 0.5 * (found.e**2).sum(1))
    assert found.gradient is None
    assert found.guide_gradient is None


def test_the_score_is_severity_up_to_one_less_what_the_guide_takes():
    e, label = base(500)
    found = toys.probe(beta=0.0, radius=1.5)(e, label)
    loss = 2 * np.maximum(0, LOG_CONFIDENT - found.guide_log_p)
    loss += 2 * np.maximum(0, found.guide_distance + 0.05)  # 5 % of the threshold 1
    assert np.allclose(found.score, np.minimum(found.severity, 1) - loss, atol=1e-5)
    assert (found.severity > 1).any()
    assert (loss > 0).any()
    assert np.array_equal(found.success, (found.severity > 0) & found.accepted)


def test_a_sure_guide_takes_nothing_and_a_doubting_one_by_formula():
    probe = toys.probe()
    taken = probe.guide_loss(torch.tensor([0.0, math.log(0.5), 0.0]), torch.tensor([-1.0, -1, 0.5]))
    expected = [0, 2 * (math.log(0.97) - math.log(0.5)), 2 * 0.55]
    assert torch.allclose(taken, torch.tensor(expected))


def test_gradients_are_the_finite_differences():
    probe = toys.probe(beta=1.0, radius=1.0)
    step = 1e-2
    e, label = base(5, seed=3)
    found = probe(e, label, gradient=True)
    for i in range(toys.DIM):
        push = torch.zeros(toys.DIM)
        push[i] = step
        up = probe(e + push, label)
        down = probe(e - push, label)
        slope = (up.severity - down.severity) / (2 * step)
        assert np.allclose(found.gradient[:, i], slope, atol=2e-3)
        loss = np.minimum(up.severity, 1) - up.score - np.minimum(down.severity, 1) + down.score
        assert np.allclose(found.guide_gradient[:, i], -loss / (2 * step), atol=2e-2)


def test_findings_are_the_same_with_and_without_gradients():
    e, label = base(9)
    plain = toys.probe()(e, label)
    with_gradient = toys.probe()(e, label, gradient=True)
    assert np.array_equal(plain.severity, with_gradient.severity)
    assert np.array_equal(plain.score, with_gradient.score)


def integer_probe():
    probe = toys.probe()
    probe.units = Vectors((toys.DIM + toys.CLASSES,), "int16", (-10.0,), (10.0,))
    return probe


def test_integer_data_are_rounded_and_gradients_pass_straight_through():
    e, label = base(50)
    found = integer_probe()(e, label, gradient=True)
    assert np.array_equal(found.x, np.rint(found.x))
    assert np.allclose(found.x[:, : toys.DIM], np.rint(found.e))
    smooth = toys.probe()(e, label, gradient=True)
    assert np.allclose(found.gradient, smooth.gradient, atol=1e-5)


def test_findings_do_not_change_when_the_caller_reuses_its_tensors():
    e, label = base(4)
    found = toys.probe()(e, label)
    before = found.e.copy(), found.label.copy()
    e.zero_(), label.zero_()
    assert np.array_equal(found.e, before[0])
    assert np.array_equal(found.label, before[1])


def test_a_gradient_of_what_has_none_is_a_mistake():
    generator = toys.LinearGenerator()
    generator.from_base = lambda e, label: toys.LinearGenerator.from_base(
        generator, Categorical(toys.DIM).from_base(e), label
    )
    probe = Probe(generator, toys.Threshold(), toys.BallGuide())
    with pytest.raises(Mistake, match="expected a model and a noise that torch can differentiate"):
        probe(*base(3), gradient=True)


def test_rows_and_concatenate_undo_each_other():
    found = toys.probe()(*base(10), gradient=True)
    parts = [found.rows(slice(0, 4)), found.rows(np.arange(10) >= 4)]
    again = Findings.concatenate(parts)
    for name, column in vars(found).items():
        assert np.array_equal(getattr(again, name), column), name
    assert found.rows([3, 1]).label.tolist() == [0, 1]
    assert Findings.concatenate([toys.probe()(*base(2))]).gradient is None
