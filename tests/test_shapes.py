from __future__ import annotations

import numpy as np
import pytest
import torch

from genenv.generators import Shapes, adopt, shapes


@pytest.fixture(scope="module")
def drawn():
    return Shapes()


def test_shapes_are_a_generator_with_a_gradient_and_an_address(drawn):
    assert adopt(drawn) is drawn
    x, label = drawn.sample(6, seed=3)
    y, other = drawn.sample(3, seed=3, start=3)
    assert (x.shape, x.dtype) == ((6, 16, 16), np.uint8)
    assert np.array_equal(x[3:], y)
    assert np.array_equal(label[3:], other)
    e = drawn.noise.base(3, 0).requires_grad_()
    (slope,) = torch.autograd.grad(drawn.from_base(e, torch.arange(3)).sum(), e)
    assert (slope != 0).any(1).all()


def test_the_class_is_known_for_every_e_and_neither_lies_between(drawn):
    e = torch.zeros(3, shapes.DIM)
    e[:, 0] = torch.tensor([0.0, shapes.MORPHED, 5.0])
    for c in range(3):
        truth = drawn.truth(e, torch.full((3,), c))
        assert truth.tolist() == [c, shapes.NEITHER, (c + 1) % 3]


def test_rows_are_samples_that_show_their_condition(drawn):
    x, label = drawn.rows(400, seed=0)
    assert 360 < len(x) == len(label) < 400
    every, condition = drawn.sample(400, seed=0)
    kept = drawn.truth(drawn.noise.base(400, 0), torch.from_numpy(condition)).numpy() == condition
    assert np.array_equal(x, every[kept])
    assert np.array_equal(label, condition[kept])


def test_a_sample_that_shows_the_next_shape_is_drawn_like_it(drawn):
    rest = drawn.noise.base(3, 1)
    rest[:, 0] = -5.0  # the shape itself
    own = drawn.from_base(rest, torch.tensor([1, 2, 0]))
    rest[:, 0] = 9.0  # and one that has become it
    assert torch.allclose(drawn.from_base(rest, torch.tensor([0, 1, 2])), own, atol=1e-3)


def test_shapes_differ_and_are_brighter_inside(drawn):
    e = torch.zeros(3, shapes.DIM)
    e[:, 0] = -5.0
    disk, square, triangle = drawn.from_base(e, torch.arange(3))
    corner = square[4, 4]
    assert disk[4, 4] < corner
    assert triangle[4, 4] < corner
    for image in (disk, square, triangle):
        assert image[8, 8] > 0 > image[0, 0]
