from __future__ import annotations

import copy
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from genenv import noise
from genenv.checks import Mistake
from genenv.networks.evaluating import evaluating
from genenv.noise import (
    NOISES,
    AutoRegressive,
    Bernoulli,
    Categorical,
    Gaussian,
    Laplace,
    Learned,
    Mixture,
    Noise,
    Product,
    Scaled,
    Sphere,
    StudentT,
    TruncatedGaussian,
    Uniform,
    from_json,
)


class SmallGenerator(nn.Module):
    """What Learned asks of a generator, with a batch norm that would couple rows in training."""

    def __init__(self, law: Noise, shape: tuple[int, ...] = (2, 3), classes: tuple = ()):
        super().__init__()
        self.noise = law
        self.classes = classes
        self.units = SimpleNamespace(shape=shape, size=math.prod(shape))
        rng = torch.Generator().manual_seed(0)
        self.layer = nn.Linear(law.dim + len(classes), self.units.size)
        self.norm = nn.BatchNorm1d(self.units.size)
        for parameter in self.layer.parameters():
            nn.init.normal_(parameter, std=0.5, generator=rng)

    on = nn.Module.to

    @property
    def differentiable(self):
        return self.noise.differentiable

    def frozen(self):
        return copy.deepcopy(self).eval().requires_grad_(False)

    def evaluated(self):
        return evaluating(self)

    def from_base(self, e, label=None):
        z = self.noise.from_base(e)
        if self.classes:
            one_hot = nn.functional.one_hot(label, len(self.classes)).to(z.dtype)
            z = torch.cat([z, one_hot], -1)
        return torch.tanh(self.norm(self.layer(z))).unflatten(1, self.units.shape)


COMPOSED = {
    "product": lambda dim: Product([Uniform(dim), Laplace(2)]),
    "product of all roles": lambda dim: Product(
        [Sphere(dim), Bernoulli(3, 0.2), Product([Sphere(2), Categorical(4), StudentT(dim)])]
    ),
    "product of spheres": lambda dim: Product([Sphere(dim), Sphere(3)]),
    "scaled": lambda dim: Scaled(Uniform(dim), 1.5),
    "scaled product": lambda dim: Scaled(Product([Sphere(dim), Scaled(Categorical(3), 2)]), 0.5),
    "series of two channels": lambda dim: AutoRegressive(2 * dim, channels=2, coefficient=-0.5),
    "weighted mixture": lambda dim: Mixture(
        dim, [[0.0] * dim, [3.0] * dim, [-1.0] * dim], [0.1, 1, 2], [1, 2, 3]
    ),
    "heavy student-t": lambda dim: StudentT(dim, 1.0),
    "learned": lambda dim: Learned(SmallGenerator(Gaussian(dim))),
    "learned with classes": lambda dim: Learned(SmallGenerator(Sphere(dim), classes=(3, 5, 8))),
}
KINDS = {**NOISES, **COMPOSED}
WRITABLE = [name for name in KINDS if not name.startswith("learned")]
WITHOUT_SPHERE = [name for name in KINDS if not any(r == "sphere" for r, _ in KINDS[name](4).roles)]
DIMS = (1, 5, 8, 19)


def roles(law):
    return {role for role, _ in law.roles}


def differentiable(names):
    return [name for name in names if KINDS[name](4).differentiable]


def same_rows(law, left, right):
    """Bit-equal, but for a network: 1e-5."""
    if isinstance(law, Learned):
        return torch.allclose(left, right, rtol=0, atol=1e-5)
    return torch.equal(left, right)


# ------------------------------------------------------------------ what every kind must keep


@pytest.mark.parametrize("name", KINDS)
def test_samples_have_the_promised_shape_and_are_finite(name):
    for dim in DIMS:
        law = KINDS[name](dim)
        z = law.sample(50, seed=1)
        assert z.shape == (50, law.dim)
        assert z.dtype == torch.float32
        assert z.isfinite().all()
        assert sum(length for _, length in law.roles) == law.base_dim == law.base(1, 0).shape[1]


@pytest.mark.parametrize("name", NOISES)
def test_a_kind_in_noises_has_the_dimension_asked_for(name):
    assert NOISES[name](6).dim == 6


@pytest.mark.parametrize("name", NOISES)
def test_a_kind_bears_the_name_of_its_row(name):
    assert NOISES[name].kind == name


@pytest.mark.parametrize("name", KINDS)
def test_a_row_is_the_same_alone_and_in_any_batch(name):
    for dim in DIMS:
        law = KINDS[name](dim)
        whole = law.sample(70, seed=3, start=10)
        for count in (1, 2, 7, 16, 33):
            for start in range(0, 70 - count, 11):
                piece = law.sample(count, seed=3, start=10 + start)
                assert same_rows(law, piece, whole[start : start + count])


@pytest.mark.parametrize("name", KINDS)
def test_a_row_is_the_same_whatever_the_memory_layout(name):
    law = KINDS[name](100)
    e = law.base(301, seed=4)
    for view in (e[::7], e.T.contiguous().T[::7], torch.cat([e, e], -1)[::7, : e.shape[1]]):
        assert same_rows(law, law.from_base(view), law.from_base(e)[::7])
        assert torch.equal(law.project(view * 2), law.project(e * 2)[::7])
        assert torch.equal(law.energy(view), law.energy(e)[::7])


@pytest.mark.slow
def test_a_long_row_has_the_same_energy_alone_where_threads_share_a_sum():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        law = Gaussian(40_000)
        e = law.base(60, seed=4)
        alone = torch.cat([law.energy(row) for row in e.split(1)])
        assert torch.equal(alone, law.energy(e))
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("name", KINDS)
def test_seeds_and_starts_give_different_rows(name):
    law = KINDS[name](8)
    assert not torch.equal(law.base(5, seed=0), law.base(5, seed=1))
    assert not torch.equal(law.base(5, seed=0), law.base(5, seed=0, start=1))


@pytest.mark.parametrize("name", KINDS)
def test_an_empty_draw_has_no_rows(name):
    law = KINDS[name](4)
    assert law.sample(0, seed=0).shape == (0, law.dim)
    assert law.energy(law.base(0, seed=0)).shape == (0,)


@pytest.mark.parametrize("name", KINDS)
def test_projecting_twice_is_projecting_once(name):
    for dim in DIMS:
        law = KINDS[name](dim)
        once = law.project(law.base(500, seed=5) * 1.5)
        twice = law.project(once)
        if "sphere" in roles(law):
            assert torch.allclose(once, twice, rtol=3e-7, atol=0)
        else:
            assert torch.equal(once, twice)


@pytest.mark.parametrize("name", KINDS)
def test_projected_rows_lie_in_the_plausible_set(name):
    law = KINDS[name](9)
    free = sum(length for role, length in law.roles if role != "sphere")
    boxed = sum(length for role, length in law.roles if role == "box")
    scales = torch.logspace(-3, 4, 200).unsqueeze(-1)
    e = law.project(law.base(200, seed=6) * scales).double()
    at = 0
    square = torch.zeros(200, dtype=torch.double)
    for role, length in law.roles:
        piece = e[:, at : at + length]
        at += length
        if role == "sphere":
            assert torch.allclose(piece.norm(dim=-1), torch.tensor(length**0.5).double())
            continue
        square += piece.square().sum(-1)
        if role == "box":
            assert piece.abs().max() <= stats.norm.ppf((1 + 0.95 ** (1 / boxed)) / 2) * (1 + 1e-7)
    if free:
        assert square.max() <= stats.chi2.ppf(0.95, free)


@pytest.mark.parametrize("name", WITHOUT_SPHERE)
def test_the_plausible_set_holds_its_share_and_leaves_it_alone(name):
    for dim in DIMS:
        law = KINDS[name](dim)
        e = law.base(20_000, seed=7)
        kept = (law.project(e) == e).all(-1).double().mean().item()
        if roles(law) == {"ball"}:
            assert kept == pytest.approx(0.95, abs=0.01)
        else:  # ball and box, each 95 %
            assert 0.895 < kept < 0.96


@pytest.mark.parametrize("name", KINDS)
def test_energy_is_half_the_squared_norm_and_constant_on_a_sphere(name):
    law = KINDS[name](7)
    e = law.base(100, seed=8)
    expected = torch.zeros(100)
    at = 0
    for role, length in law.roles:
        square = e[:, at : at + length].square().sum(-1)
        expected += 0.5 * (torch.full_like(square, length) if role == "sphere" else square)
        at += length
    assert torch.allclose(law.energy(e), expected, rtol=1e-5)


@pytest.mark.parametrize("name", KINDS)
def test_the_origin_and_the_far_tails_stay_finite(name):
    law = KINDS[name](6)
    for value in (0.0, 8.0, -8.0):
        e = torch.full((1, law.base_dim), value)
        assert law.from_base(e).isfinite().all()
        assert law.project(e).isfinite().all()


@pytest.mark.parametrize("name", differentiable(KINDS))
def test_the_gradient_agrees_with_finite_differences(name):
    law = KINDS[name](4)
    if isinstance(law, Learned):
        law.generator.double()
    wide = torch.linspace(-2.6, 2.5, law.base_dim).double().unsqueeze(0)
    e = torch.cat([law.base(4, seed=9).double(), wide]).requires_grad_()
    assert torch.autograd.gradcheck(law.from_base, (e,), eps=1e-6, atol=1e-5)


@pytest.mark.parametrize("name", differentiable(KINDS))
def test_the_gradient_stays_finite_in_the_tails_and_at_the_origin(name):
    law = KINDS[name](4)
    for value in (0.0, 8.0, -8.0):
        e = torch.full((1, law.base_dim), value, requires_grad=True)
        (slope,) = torch.autograd.grad(law.from_base(e).sum(), e)
        assert slope.isfinite().all()


@pytest.mark.parametrize("name", sorted(set(KINDS) - set(differentiable(KINDS))))
def test_a_step_function_says_that_it_has_no_gradient(name):
    law = KINDS[name](4)
    assert not law.from_base(law.base(2, seed=0).requires_grad_()).requires_grad


@pytest.mark.parametrize("name", WRITABLE)
def test_a_noise_is_read_back_from_json(name):
    law = KINDS[name](5)
    plain = json.loads(json.dumps(law.to_json()))
    again = from_json(plain)
    assert type(again) is type(law)
    assert again.to_json() == plain
    assert again.roles == law.roles
    assert torch.equal(again.sample(20, seed=2), law.sample(20, seed=2))


# ------------------------------------------------------------------ each kind against its law


@pytest.mark.parametrize(
    ("law", "reference"),
    [
        (Gaussian(4), stats.norm()),
        (Uniform(4), stats.uniform(-1, 2)),
        (TruncatedGaussian(4, 1.3), stats.truncnorm(-1.3, 1.3)),
        (TruncatedGaussian(4, 6.0), stats.truncnorm(-6, 6)),
        (StudentT(4, 3.0), stats.t(3)),
        (StudentT(4, 1.5), stats.t(1.5)),
        (Laplace(4, 0.7), stats.laplace(scale=0.7)),
    ],
)
def test_coordinates_follow_their_law(law, reference):
    z = law.sample(10_000, seed=11).double().numpy()
    assert stats.kstest(z.ravel(), reference.cdf).pvalue > 1e-3
    assert abs(np.corrcoef(z.T, rowvar=True) - np.eye(4)).max() < 0.05
    if not isinstance(law, StudentT):  # whose sample variance converges slowly, if at all
        assert z.mean() == pytest.approx(0, abs=0.03)
        assert z.var() == pytest.approx(reference.var(), rel=0.05)


@pytest.mark.parametrize(
    ("law", "reference"),
    [
        (TruncatedGaussian(1), stats.truncnorm(-2, 2)),
        (TruncatedGaussian(1, 9.0), stats.truncnorm(-9, 9)),
        (StudentT(1), stats.t(5)),
        (StudentT(1, 1.0), stats.t(1)),
        (StudentT(1, 1e6), stats.t(1e6)),
        (Laplace(1), stats.laplace()),
    ],
)
@pytest.mark.parametrize("e", [1e-3, 0.5, 3.0, 5.5, 8.0])
def test_tails_are_right_on_both_sides(law, reference, e):
    expected = -reference.ppf(stats.norm.cdf(-e))  # SciPy too is exact on the lower tail only
    z = law.from_base(torch.tensor([[e], [-e]])).double()
    expected_slope = stats.norm.pdf(e) / reference.pdf(expected)
    wide = torch.tensor([[e], [-e]], dtype=torch.double, requires_grad=True)
    (slope,) = torch.autograd.grad(law.from_base(wide).sum(), wide)
    assert z.ravel().tolist() == pytest.approx([expected, -expected], rel=1e-6)
    assert slope.ravel().tolist() == pytest.approx([expected_slope] * 2, rel=1e-6)


def test_a_map_through_quantiles_has_its_slope_at_the_origin():
    for law in (Uniform(1), TruncatedGaussian(1), StudentT(1), Laplace(1)):
        e = torch.zeros(1, 1, dtype=torch.double, requires_grad=True)
        (slope,) = torch.autograd.grad(law.from_base(e).sum(), e)
        ahead = law.from_base(torch.full((1, 1), 1e-6, dtype=torch.double))
        assert slope.item() == pytest.approx(ahead.item() / 1e-6, rel=1e-4)


def test_the_sphere_is_uniform():
    z = Sphere(5).sample(20_000, seed=12).double().numpy()
    assert np.allclose(np.square(z).sum(1), 5)
    assert np.abs(np.cov(z.T) - np.eye(5)).max() < 0.03
    assert np.abs(z.mean(0)).max() < 0.03
    assert stats.kstest(np.square(z[:, 0]) / 5, stats.beta(0.5, 2).cdf).pvalue > 1e-3


def test_the_sphere_sends_the_origin_to_a_point_on_it():
    assert Sphere(3).from_base(torch.zeros(1, 3)).tolist() == [[1.0, 1.0, 1.0]]


def test_bernoulli_hits_its_probability():
    z = Bernoulli(3, 0.2).sample(20_000, seed=13).numpy()
    assert set(np.unique(z)) == {0.0, 1.0}
    codes = (z @ [1, 2, 4]).astype(int)
    ones = np.array([0, 1, 1, 2, 1, 2, 2, 3])
    expected = 20_000 * 0.2**ones * 0.8 ** (3 - ones)
    assert stats.chisquare(np.bincount(codes, minlength=8), expected).pvalue > 1e-3


@pytest.mark.parametrize("weights", [None, [1, 2, 3, 4], [0.01, 1, 1, 1]])
def test_categorical_hits_its_weights(weights):
    z = Categorical(4, weights).sample(30_000, seed=14).numpy()
    assert (z.sum(1) == 1).all()
    share = np.array(weights or [1] * 4) / np.sum(weights or [1] * 4)
    assert stats.chisquare(z.sum(0), 30_000 * share).pvalue > 1e-3


def test_equally_likely_classes_cost_the_same_energy():
    law = Categorical(6)
    e = torch.eye(6) * 1.1
    assert law.from_base(e).equal(torch.eye(6))
    assert law.energy(e).unique().numel() == 1


def test_a_mixture_follows_its_components():
    means = [[0.0, 0.0], [10.0, -10.0], [-20.0, 5.0]]
    scales = [0.5, 1.0, 2.0]
    weights = [1, 2, 5]
    law = Mixture(2, means, scales, weights)
    z = law.sample(20_000, seed=15).double().numpy()
    component = np.square(z[:, None] - np.array(means)).sum(-1).argmin(1)
    counts = np.bincount(component, minlength=3)
    assert stats.chisquare(counts, 20_000 * np.array(weights) / 8).pvalue > 1e-3
    for k in range(3):
        rest = (z[component == k] - means[k]) / scales[k]
        assert stats.kstest(rest.ravel(), stats.norm.cdf).pvalue > 1e-3


class Copies(TorchDispatchMode):
    """Counts copies from one device to another."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        if func is torch.ops.aten._to_copy.default:
            self.count += args[0].device != made.device
        return made


@pytest.mark.parametrize("kind", NOISES)
def test_a_second_step_copies_nothing_to_the_device(kind):
    law = noise.from_json({"kind": kind, "dim": 3})
    if kind == "student-t":
        pytest.skip("SciPy computes it on the CPU")
    e = torch.empty(4, law.base_dim, device="meta")
    law.from_base(e)
    with Copies() as copies:
        assert law.from_base(e).shape == (4, 3)
    assert copies.count == 0


def test_a_mixture_draws_its_means_once_and_for_all():
    assert Mixture(3, 4).means.equal(Mixture(3, 4).means)
    assert Mixture(3, 4).means.equal(Mixture(3, 6).means[:4])
    assert Mixture(3, 4).base_dim == 7


def test_a_series_is_stationary_and_decays_as_its_coefficient():
    a = 0.8
    law = AutoRegressive(12, channels=2, coefficient=0.8)
    z = law.sample(20_000, seed=16).double().numpy().reshape(-1, 6, 2)
    for channel in range(2):
        lag = np.abs(np.arange(6)[:, None] - np.arange(6))
        assert np.abs(np.cov(z[:, :, channel].T) - a**lag).max() < 0.04
        assert stats.kstest(z[:, -1, channel], stats.norm.cdf).pvalue > 1e-3
    assert abs(np.corrcoef(z[:, :, 0].ravel(), z[:, :, 1].ravel())[0, 1]) < 0.02


def test_a_product_is_its_parts_side_by_side():
    law = Product([Uniform(2), Mixture(3), Sphere(2)])
    e = law.base(50, seed=17)
    parts = [Uniform(2).from_base(e[:, :2]), Mixture(3).from_base(e[:, 2:13])]
    assert law.from_base(e).equal(torch.cat([*parts, Sphere(2).from_base(e[:, 13:])], -1))
    assert law.roles == (("ball", 2), ("box", 8), ("ball", 3), ("sphere", 2))


def test_a_product_shares_one_ball_and_one_box():
    flat = Product([Gaussian(4), Bernoulli(2)])
    nested = Product([Product([Gaussian(4)])] * 2)
    radius = stats.chi2.ppf(0.95, 6) ** 0.5
    assert flat.project(torch.full((1, 6), 9.0)).norm().item() == pytest.approx(radius, rel=1e-5)
    far = nested.project(torch.full((1, 8), 9.0)).norm().item()
    assert far == pytest.approx(stats.chi2.ppf(0.95, 8) ** 0.5, rel=1e-5)
    two = Product([Bernoulli(1), Gaussian(40), Categorical(2)])
    alone = two.project(torch.nn.functional.one_hot(torch.tensor([42]), 43) * 9.0)
    assert alone.max().item() == pytest.approx(noise.box_bound(3), rel=1e-6)


def test_a_scaled_law_is_another_law_times_a_factor():
    law = Mixture(3)
    e = Mixture(3).base(50, seed=21)
    hot = Scaled(law, 2.5)
    assert hot.from_base(e).equal(2.5 * law.from_base(e))
    assert hot.base(50, seed=21).equal(e)
    assert hot.energy(e).equal(law.energy(e))
    assert hot.project(3 * e).equal(law.project(3 * e))
    assert not Scaled(Categorical(2), 2).differentiable


def test_a_scaled_law_says_what_it_is_made_of():
    assert Scaled(StudentT(3, 4.0), 2).to_json() == {
        "kind": "scaled",
        "noise": {"kind": "student-t", "dim": 3, "df": 4.0},
        "strength": 2.0,
    }


# ------------------------------------------------------------------ a generator as noise


def test_a_learned_noise_is_what_its_generator_makes():
    generator = SmallGenerator(Uniform(4), classes=("a", "b", "c")).eval()
    law = Learned(generator)
    assert (law.dim, law.base_dim) == (6, 7)
    e = law.base(40, seed=18)
    expected = generator.from_base(e[:, :4], e[:, 4:].argmax(-1)).flatten(1)
    assert torch.allclose(law.from_base(e), expected, atol=1e-6)
    assert law.from_base(e).abs().max() <= 1


def test_a_learned_noise_draws_every_class_equally_often():
    law = Learned(SmallGenerator(Gaussian(1), classes=tuple(range(5))))
    seen = []
    law.generator.from_base = lambda e, label: seen.append(label) or e
    law.sample(10_000, seed=19)
    assert stats.chisquare(np.bincount(seen[0], minlength=5)).pvalue > 1e-3


def test_a_learned_noise_stays_as_it_was_when_training_goes_on():
    generator = SmallGenerator(Gaussian(3)).train()
    law = Learned(generator)
    before = law.sample(10, seed=20)
    generator.layer.weight.data.add_(1.0)
    assert law.sample(10, seed=20).equal(before)
    assert generator.training
    assert generator.layer.weight.requires_grad


def test_a_learned_noise_drives_another_generator():
    law = Learned(SmallGenerator(Learned(SmallGenerator(Gaussian(3), classes=(0, 1))), (4,)))
    assert (law.dim, law.base_dim) == (4, 5)
    assert law.roles == (("ball", 3), ("box", 2))
    assert law.differentiable
    assert not Learned(SmallGenerator(Categorical(3))).differentiable


# ------------------------------------------------------------------ mistakes


@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize("dim", [0, -3, 2.5])
def test_a_dimension_that_is_no_whole_number_is_refused(name, dim):
    with pytest.raises(Mistake, match="expected dim to be a whole number above 0, got"):
        NOISES[name](dim)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: TruncatedGaussian(2, 0), "expected bound above 0, got 0"),
        (lambda: Laplace(2, -1.0), "expected scale above 0, got -1.0"),
        (lambda: StudentT(2, 0.5), "expected df of 1 or more, got 0.5"),
        (lambda: StudentT(2, math.inf), "expected df of 1 or more, got inf; .*take gaussian"),
        (lambda: Bernoulli(2, 1.0), "expected p between 0 and 1, got 1.0"),
        (lambda: Categorical(2, [1, 2, 3]), r"expected weights of shape \(2\), got shape \(3,\)"),
        (lambda: Categorical(2, [1, 0]), "expected the least of weights above 0, got 0.0"),
        (lambda: Categorical(2, [1, math.nan]), "expected weights to be finite, got NaN"),
        (lambda: Mixture(2, 0), "expected means to be a whole number above 0, got 0"),
        (lambda: Mixture(2, [[1.0]]), r"expected means of shape \(any, 2\), got shape \(1, 1\)"),
        (lambda: Mixture(2, [[1.0, math.inf]]), "expected means to be finite"),
        (lambda: Mixture(2, scales=0.0), "expected the least of scales above 0, got 0.0"),
        (lambda: AutoRegressive(5, channels=2), "expected dim to be a multiple of the 2 channels"),
        (lambda: AutoRegressive(5, channels=0), "expected channels to be a whole number above 0"),
        (lambda: AutoRegressive(5, coefficient=1.0), "expected coefficient between -1 and 1"),
        (lambda: Product([]), "expected at least one part, got none"),
        (lambda: Scaled(Gaussian(2), 0), "expected strength above 0, got 0"),
        (lambda: Scaled(Gaussian(2), math.inf), "expected strength to be finite, got inf"),
        (lambda: TruncatedGaussian(2, math.inf), "expected bound to be finite, got inf"),
        (lambda: from_json({"kind": "scaled"}), "expected arguments of scaled, got none; mend"),
        (lambda: from_json({"kind": "product", "part": []}), "arguments of product, got part; m"),
        (lambda: from_json({"kind": "pink", "dim": 2}), "expected the noise's kind to be one of"),
        (lambda: from_json({"dim": 2}), "expected the noise's kind to be one of .* got 'None'"),
        (lambda: from_json({"kind": "uniform", "size": 2}), "expected arguments of uniform, got s"),
        (lambda: Learned(SmallGenerator(Gaussian(2))).to_json(), "save its generator instead"),
    ],
)
def test_a_wrong_argument_is_named(make, sentence):
    with pytest.raises(Mistake, match=sentence):
        make()


def test_a_kind_without_a_row_cannot_be_written():
    class Own(Gaussian):
        pass

    with pytest.raises(Mistake, match=r"expected a noise with a row in .*NOISES, got Own; give"):
        Own(2).to_json()
