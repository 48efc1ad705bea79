"""A row asked alone, in NumPy, against the same row in a batch and in torch's own layers."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from genenv import bundled, seeding
from genenv.judge.guide import Guide
from genenv.judge.oracle import MAKES, Oracle
from genenv.judge.realism import Surroundings
from genenv.passes import OneRow, through
from genenv.probe import Probe
from genenv.recorded import load_probe
from genenv.rules import Rules


@pytest.fixture(scope="module")
def probe():
    return load_probe(bundled.FOLDER)


def asked_alone(probe, e, label):
    return [probe(e[i : i + 1], label[i : i + 1]) for i in range(len(e))]


def test_a_row_asked_alone_is_that_of_a_batch(probe):
    e = probe.generator.noise.base(40, seed=3)
    label = torch.arange(40) % 10
    batch = probe(e, label)
    alone = asked_alone(probe, e, label)
    assert probe._has_single
    for name in ("output", "severity", "energy", "guide_log_p", "guide_distance", "score", "x"):
        rows = np.concatenate([getattr(row, name) for row in alone])
        wanted = getattr(batch, name)
        assert rows.shape == wanted.shape
        assert rows.dtype == wanted.dtype
        np.testing.assert_allclose(rows, wanted, atol=2e-5, err_msg=name)
    for name in ("e", "label", "accepted", "error"):
        rows = np.concatenate([getattr(row, name) for row in alone])
        assert np.array_equal(rows, getattr(batch, name))
    assert batch.accepted.any()
    assert not batch.accepted.all()


def test_a_row_asked_alone_counts_one_query(probe):
    before = probe.model.queries
    asked_alone(probe, probe.generator.noise.base(2, seed=0), torch.tensor([1, 2]))
    assert probe.model.queries == before + 2


def test_rules_and_gradients_go_the_way_of_batches(probe):
    kept = Probe(
        probe.generator,
        probe.model,
        probe.guide,
        rules=Rules((("dark", lambda x: x[:, 0, 0] < 0),)),
    )
    row = probe.generator.noise.base(1, seed=0), torch.tensor([4])
    assert kept(*row).broken.tolist() == [True]
    assert not kept(*row).accepted.any()
    assert probe(*row, gradient=True).gradient.shape == (1, probe.generator.noise.base_dim)


def test_a_guide_of_dense_networks_looks_at_one_row_as_at_a_batch(probe):
    units = probe.units
    with seeding.global_seed(0):
        oracles = tuple(Oracle("dense", (1, 8, 8), 11).in_eval() for _ in range(2))
    seen = torch.rand(50, 1, 8, 8) * 2 - 1
    around = Surroundings(oracles[0], oracles[0].features(seen), 1.3)
    guide = Guide(units, oracles, around, 1.7, 0.2, 0.4)
    other = Probe(probe.generator, probe.model, guide)
    e = probe.generator.noise.base(8, seed=1)
    label = torch.arange(8)
    batch = other(e, label)
    for i, row in enumerate(asked_alone(other, e, label)):
        assert row.guide_log_p[0] == pytest.approx(batch.guide_log_p[i], abs=1e-5)
        assert row.guide_distance[0] == pytest.approx(batch.guide_distance[i], abs=1e-5)


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 14)])
def test_one_row_through_an_oracle_is_torchs(make, shape):
    with seeding.global_seed(5):
        oracle = Oracle(make, shape, 4)
        oracle(torch.randn(16, *shape))  # statistics of the batch norms that are no 0 and 1
        row = torch.randn(1, *shape)
    wanted = copy.deepcopy(oracle).eval().features(row)
    body = list(oracle.in_eval().body)
    planes_last = (*shape[1:], shape[0])
    assert OneRow.known(body, planes_last)
    alone = OneRow(body, planes_last)(row[0].numpy().transpose(1, 2, 0).reshape(-1, shape[0]))
    np.testing.assert_allclose(alone, wanted.detach().numpy(), atol=1e-5)
    assert torch.allclose(through(oracle.body, row), wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv2d(1, 2, 5, padding=2), (8, 8, 1)),
        (nn.Conv2d(2, 2, 3, padding=1, groups=2), (8, 8, 2)),
        (nn.MaxPool2d(3), (9, 9, 1)),
        (nn.GELU(), (5,)),
        (nn.Linear(2000, 3), (2000,)),
    ],
)
def test_what_one_row_does_not_know_stays_with_torch(layer, shape):
    assert not OneRow.known([layer], shape)


@pytest.mark.parametrize("shape", [(3, 5, 8, 8), (2, 3, 7, 9), (2, 1, 2, 3)])
@pytest.mark.parametrize("kept", [torch.channels_last, torch.contiguous_format])
def test_the_largest_of_each_four_pixels_is_torchs_to_the_bit(shape, kept):
    body = nn.Sequential(nn.MaxPool2d(2)).eval()
    with seeding.global_seed(2):
        rows = torch.randn(shape).contiguous(memory_format=kept)
    found = through(body, rows)
    assert torch.equal(found, body(rows))
    assert found.is_contiguous(memory_format=kept)


def test_the_gradient_of_a_pooling_goes_to_one_of_equal_pixels():
    rows = torch.zeros(1, 1, 2, 2).contiguous(memory_format=torch.channels_last).requires_grad_()
    through(nn.Sequential(nn.MaxPool2d(2)).eval(), rows).sum().backward()
    assert sorted(rows.grad.flatten().tolist()) == [0, 0, 0, 1]


def test_layers_in_training_are_called_as_modules():
    body = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.9))
    with seeding.global_seed(0):
        assert (through(body, torch.ones(8, 3)) == 0).any()
    assert not (through(body.eval(), torch.ones(8, 3)) == 0).any()
