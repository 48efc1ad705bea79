"""A generator from elsewhere keeps the contract, is tried once, and serves as a fitted one does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

import genenv
from genenv import bundled, networks
from genenv.checks import Mistake
from genenv.cli.running import load_generator
from genenv.noise import Learned
from genenv.noise.base import Noise

X, Y = load_digits(return_X_y=True)
X = X.reshape(-1, 8, 8).astype(np.float32)[::3]
Y = Y[::3]
MEANS = np.stack([X[k == Y].mean(0) for k in range(10)])
RNG = np.random.default_rng(0)
SPREAD = RNG.standard_normal((6, 64)).astype(np.float32)


def numpy_decode(e, label):
    """Class means and six directions, a black box."""
    return np.clip(MEANS[label.numpy()] + (e.numpy() @ SPREAD).reshape(-1, 8, 8), 0, 16)


def torch_decode(e, label):
    """The same in torch."""
    x = torch.from_numpy(MEANS)[label] + (e @ torch.from_numpy(SPREAD)).reshape(-1, 8, 8)
    return x.clamp(0, 16)


class Module(nn.Module):
    """A network with dropout and batch norm, left in training mode, in [-1, 1]."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(10, 6)
        self.body = nn.Sequential(nn.Linear(12, 64), nn.BatchNorm1d(64), nn.Dropout(), nn.Tanh())

    def forward(self, e, label):
        return self.body(torch.cat([e, self.table(label)], 1)).reshape(-1, 8, 8)


def wrap(decode=torch_decode, **other):
    return genenv.wrap_generator(decode, X, Y, **({"base_dim": 6} | other))


MAKES = {
    "numpy": (lambda: wrap(numpy_decode), False),
    "torch": (wrap, True),
    "module": (lambda: wrap(Module(), output="tanh"), True),
    "unit": (lambda: wrap(lambda e, label: torch_decode(e, label) / 16, output="unit"), True),
    "step noise": (lambda: wrap(noise="bernoulli"), False),
    "fitted": (lambda: networks.load(bundled.FOLDER / "generator"), True),
}


@pytest.fixture(params=MAKES)
def case(request):
    make, differentiable = MAKES[request.param]
    return make(), differentiable


def test_a_generator_has_five_members_and_samples_by_address(case):
    generator, differentiable = case
    assert isinstance(generator.noise, Noise)
    assert generator.classes == tuple(range(10))
    assert generator.units.shape == (8, 8)
    assert generator.differentiable is differentiable
    x, label = generator.sample(10, seed=3)
    y, other = generator.sample(5, seed=3, start=5)
    assert np.allclose(x[5:], y, atol=1e-4)
    assert label[5:].tolist() == other.tolist()
    assert x.dtype == np.float32
    assert x.shape == (10, 8, 8)
    assert -0.1 < x.min() < x.max() < 16.1
    assert generator.digest() == generator.digest()
    assert all(isinstance(value, int | str | bool | dict) for value in generator.facts().values())


def test_the_gradient_in_e_is_there_where_the_contract_says_so(case):
    generator, differentiable = case
    e = generator.noise.base(4, 0).requires_grad_()
    u = generator.from_base(e, torch.arange(4))
    assert u.requires_grad is differentiable
    if differentiable:
        assert torch.autograd.grad(u.sum(), e)[0].abs().sum() > 0


def test_the_three_ranges_are_the_same_samples():
    wanted = wrap().sample(20)[0]
    for output, decode in {
        "unit": lambda e, label: torch_decode(e, label) / 16,
        "tanh": lambda e, label: torch_decode(e, label) / 8 - 1,
    }.items():
        assert np.allclose(wrap(decode, output=output).sample(20)[0], wanted, atol=1e-4)


def test_a_learned_noise_can_be_driven_by_a_generator_from_elsewhere():
    law = Learned(wrap())
    z = law.sample(5, seed=0)
    assert z.shape == (5, 64)
    assert law.base_dim == 16
    assert law.differentiable
    assert not Learned(wrap(numpy_decode)).differentiable


def test_labels_that_the_decoder_ignores_are_told():
    generator = wrap(lambda e, label: torch_decode(e, 0 * label))
    assert "ignores its labels" in " ".join(generator.notes)
    assert not wrap().notes


def of_e_alone(e):
    return torch_decode(e, torch.zeros(len(e), dtype=torch.int64))


def test_a_decoder_of_e_alone_is_unconditional():
    generator = genenv.wrap_generator(
        lambda e: torch_decode(e, torch.zeros(len(e)).long()), X, base_dim=6
    )
    assert generator.classes == ()
    assert generator.sample(3)[1] is None
    asked = genenv.wrap_generator(torch_decode, X, Y, base_dim=6, conditional=False)
    assert asked.classes == ()


def nan_for_some(e, label):
    return torch.where(e[:, :1, None] > 1, torch.nan, torch_decode(e, label))


def noisy(e, label):
    return torch_decode(e, label) + torch.rand(len(e), 8, 8)


def of_the_batch(e, label):
    return (torch_decode(e, label) - len(e) / 256).clamp(0, 16)


def squeezed(e, label):
    return torch_decode(e, label).squeeze(0)


class Thrice:
    """A decoder that fails when it is asked for the third time."""

    asked = 0

    def __call__(self, e, label):
        self.asked += 1
        if self.asked == 3:
            raise RuntimeError("out of memory")
        return numpy_decode(e, label)


def flat(e, label):
    return torch_decode(e, label).flatten(1)


def sixteenth(e, label):
    return torch_decode(e, label) / 16


def words(e, _label):
    return ["a digit"] * len(e)


def nowhere(e, label):
    return torch_decode(e, label).to("meta")


def raises(_e, _label):
    raise KeyError("weights")


@pytest.mark.parametrize(
    ("decode", "other", "says"),
    [
        (flat, {}, r"of shape \(\d+, 8, 8\), got shape"),
        (sixteenth, {}, "between 0 and 16, got 0 to 1; give output="),
        (torch_decode, {"output": "tanh"}, "between -1 and 1, got 0 to 16; give output="),
        (torch_decode, {"output": "logit"}, "output to be one of data, unit, tanh"),
        (nan_for_some, {}, r"to be finite, got NaN .* row \d+; mend the decoder"),
        (noisy, {}, "to answer the same twice, got .*; take its noise as part of e"),
        (of_the_batch, {}, "whatever its batch, got .*; put its networks into eval mode"),
        (squeezed, {}, r"of shape \(1, 8, 8\), got shape \(8, 8\)"),
        (Thrice(), {}, "to answer, got RuntimeError: out of memory, for a batch of 256"),
        (words, {}, "test_generators:words to answer, got "),
        (nowhere, {}, "test_generators:nowhere to answer, got "),
        (raises, {}, "to answer, got KeyError: 'weights', for a batch of 256; mend it"),
        (torch_decode, {"base_dim": 5}, "to answer, got RuntimeError"),
        (torch_decode, {"base_dim": 0}, "base_dim to be a whole number above 0"),
        (torch_decode, {"noise": "pink"}, "noise to be one of gaussian"),
        (lambda e: e, {}, "a decoder of e and label, got .*, which takes e alone"),
        (3, {}, "a decoder to call, got int"),
    ],
)  # fmt: skip
def test_a_decoder_that_cannot_serve_is_refused_in_one_sentence(decode, other, says):
    with pytest.raises(Mistake, match=says):
        wrap(decode, **other)


def in_place(e, label):
    x = torch_decode(e.mul_(1), label)
    e.zero_()
    label.zero_()
    return x


def careless(e, label):
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    return torch_decode(e, label)


def seeding_inside(e, label):
    torch.manual_seed(0)
    np.random.seed(0)
    return torch_decode(e, label + 0 * torch.randint(10, (1,)))


def mirrored(e, label):
    return numpy_decode(e, label)[:, :, ::-1].copy()[:, :, ::-1]


def as_a_list(e, label):
    return list(torch_decode(e, label))


@pytest.mark.parametrize("decode", [in_place, careless, seeding_inside, mirrored, as_a_list])
def test_what_a_decoder_does_to_its_inputs_and_to_torch_stays_with_it(decode):
    made = wrap(decode)
    e, label = made.noise.base(4, 0), torch.arange(4)
    torch.manual_seed(3)
    before = e.clone(), torch.get_rng_state(), np.random.get_state()[1].copy()
    u = made.from_base(e, label)
    assert torch.equal(u, wrap().from_base(e, label))
    assert torch.equal(e, before[0])
    assert label.tolist() == [0, 1, 2, 3]
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32
    assert torch.equal(torch.get_rng_state(), before[1])
    assert (np.random.get_state()[1] == before[2]).all()


def warmer(e, temperature=1.0):
    return torch_decode(temperature * e, torch.zeros(len(e)).long())


def test_without_classes_an_option_of_the_decoder_is_given_no_label():
    made = genenv.wrap_generator(warmer, X, base_dim=6)
    wanted = genenv.wrap_generator(of_e_alone, X, base_dim=6)
    assert (made.sample(5)[0] == wanted.sample(5)[0]).all()


def test_what_has_not_the_five_members_is_no_generator():
    with pytest.raises(Mistake, match="without noise, units, classes, from_base, differentiable"):
        genenv.generators.adopt(object())


def constant(x):
    """A model that says 0 to everything."""
    return np.tile(np.float32([0.91] + [0.01] * 9), (len(x), 1))


@pytest.mark.slow
def test_stress_and_replay_take_a_generator_from_elsewhere(tmp_path):
    out = tmp_path / "run"
    report = genenv.stress(
        constant, wrap(), X, Y, search=["random"], budget=100, anyway=True, out=out
    )
    told = report.data["generator"]
    assert (told["network"], told["path"]) == ("wrapped", "test_generators:torch_decode")
    assert len(told["digest"]) == 64
    assert genenv.replay(out, constant).rows == report.searches[0]["confirmed"]
    with pytest.raises(Mistake, match="torch_decode, which is not stored there, got none; give it"):
        genenv.load(out)
    assert genenv.load(out, generator=torch_decode).digest() == told["digest"]


def test_a_command_takes_a_decoder_by_its_path_and_asks_for_base_dim():
    digits = genenv.data.from_arrays(X, Y)
    made = load_generator("test_generators:torch_decode", digits, 6)
    assert made.digest() == wrap().digest()
    assert load_generator("test_generators:WHOLE", digits, None) is WHOLE
    with pytest.raises(Mistake, match=r"the length of e with a decoder, got .* give --base"):
        load_generator("test_generators:torch_decode", digits, None)


WHOLE = wrap()


class Mine(networks.NETWORKS["mlp"].generator):
    """A network of the user's own: no row in NETWORKS."""

    kind = "mine"


@pytest.mark.slow
def test_stress_takes_a_network_of_the_user_s_own():
    made = networks.load(bundled.FOLDER / "generator")
    mine = Mine(made.noise, made.units, made.classes, **made.arguments)
    mine.load_state_dict(made.state_dict())
    x = genenv.data.load("digits").x
    y = genenv.data.load("digits").label
    report = genenv.stress(
        constant, mine, x[::3], y[::3], search=["random"], budget=64, anyway=True
    )
    assert report.data["generator"]["network"] == "mine"
