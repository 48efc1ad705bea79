import math

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from genenv import networks, objectives
from genenv.checks import Mistake
from genenv.codecs import Pictures, Vectors
from genenv.networks import NETWORKS, normalisation
from genenv.noise import Gaussian
from genenv.objectives import (
    OBJECTIVES,
    Gan,
    Hinge,
    LeastSquares,
    Minimax,
    Relativistic,
    Wgan,
    WganGp,
)
from genenv.objectives.base import means
from genenv.objectives.slopes import scores_and_slopes, slopes

SHAPES = [(1, 7), (5, 3), (4, 6, 6), (3, 2, 5, 5)]


def linear_critic(shape, seed=0):
    weight = torch.randn(shape[1:], generator=torch.Generator().manual_seed(seed))
    return weight, lambda x: (x * weight).flatten(1).sum(1)


def rows(shape):
    return torch.randn(shape), torch.randn(shape)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("weight_of_penalty", [0.1, 10.0])
def test_gradient_penalty_of_a_linear_critic_is_exact_in_every_row(shape, weight_of_penalty):
    weight, critic = linear_critic(shape)
    penalty = WganGp(weight_of_penalty).critic_terms(critic, *rows(shape), rng())["penalty"]
    exact = weight_of_penalty * (weight.norm().item() - 1) ** 2
    assert penalty.tolist() == pytest.approx([exact] * shape[0], rel=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_r1_and_r2_of_a_linear_critic_are_its_squared_norm(shape):
    weight, critic = linear_critic(shape)
    terms = means(Relativistic(2.0).critic_terms(critic, *rows(shape), rng()))
    for name in ("r1", "r2"):
        assert terms[name].item() == pytest.approx(weight.square().sum().item(), rel=1e-5)


@pytest.mark.parametrize("shape", [(6, 7), (4, 5, 5)])
def test_the_penalties_of_a_linear_critic_of_packs_are_exact(shape):
    pack = 2
    weight = torch.randn(pack, *shape[1:], generator=rng(3))

    def critic(x):
        return (x.view(-1, pack, *shape[1:]) * weight).flatten(1).sum(1)

    terms = means(WganGp(10.0).critic_terms(critic, *rows(shape), rng()))
    assert terms["penalty"].item() == pytest.approx(10 * (weight.norm().item() - 1) ** 2, rel=1e-5)
    terms = means(Relativistic(2.0).critic_terms(critic, *rows(shape), rng()))
    for name in ("r1", "r2"):
        assert terms[name].item() == pytest.approx(weight.square().sum().item(), rel=1e-5)


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("pack", [1, 2])
def test_terms_are_one_number_a_score_of_that_row_alone(name, pack):
    objective = objectives.build(name)
    real, fake = rows((6, 4))

    def critic(x):
        return 0.01 * x.square().view(-1, pack * 4).sum(1)  # within hinge's margins

    def both(real, fake):
        share = rng()  # of equal draws: ε of a row is its place's
        terms = objective.critic_terms(critic, real, fake, share)
        return terms | objective.generator_terms(critic, real, fake, fake, share)

    kept = 6 // pack - 1
    other, different = rows((pack, 4))
    before = both(real, fake)
    after = both(torch.cat([real[:-pack], other]), torch.cat([fake[:-pack], different]))
    for term_name, term in before.items():
        assert term.shape == (6 // pack,), term_name
        assert torch.equal(term[:kept], after[term_name][:kept]), term_name
        assert not torch.equal(term[kept:], after[term_name][kept:]), term_name


@pytest.mark.parametrize("name", OBJECTIVES)
def test_terms_without_penalties_are_the_others_as_they_are(name):
    objective = objectives.build(name)
    real, fake = rows((6, 4))
    seen = []

    def critic(x):
        seen.append(x.requires_grad)
        return x.square().sum(1)

    whole = objective.critic_terms(critic, real, fake, rng())
    assert objective.penalties < whole.keys()
    assert bool(objective.penalties) == any(seen)
    seen.clear()
    left = objective.unpenalised_terms(critic, real, fake, rng())
    assert left.keys() == whole.keys() - objective.penalties
    for term_name, term in left.items():
        torch.testing.assert_close(term, whole[term_name])
    assert not any(seen)  # no slope is asked for: its price is what is spared


@pytest.mark.parametrize("count", [1, 7, 32, 50, 65])
def test_softplus_of_a_row_has_the_same_bits_in_any_batch(count):
    x = torch.randn(200, generator=rng(count))
    assert torch.equal(objectives.softplus(x)[:count], objectives.softplus(x[:count]))
    torch.testing.assert_close(objectives.softplus(x), torch.nn.functional.softplus(x))


def test_a_pack_shares_one_epsilon():
    seen = []

    def critic(x):
        seen.append(x)
        return x.view(-1, 4).sum(1)

    WganGp().critic_terms(critic, torch.zeros(8, 2), torch.ones(8, 2), rng())
    share = seen[-1].detach()[:, 0].view(-1, 2)
    assert (share[:, 0] == share[:, 1]).all()
    assert share[:, 0].unique().numel() == 4


def test_r1_sees_real_rows_and_r2_generated_ones():
    real = torch.full((4, 3), 2.0)
    fake = torch.full((4, 3), 5.0)
    terms = means(
        Relativistic(2.0).critic_terms(lambda x: x.square().sum(1) / 2, real, fake, rng())
    )
    assert terms["r1"].item() == pytest.approx(12.0)  # the slope of ½‖x‖² is x
    assert terms["r2"].item() == pytest.approx(75.0)


def test_interpolates_lie_between_with_one_share_a_row():
    seen = []

    def critic(x):
        seen.append(x)
        return x.flatten(1).sum(1)

    real = torch.zeros(64, 3, 2)
    fake = torch.ones(64, 3, 2)
    WganGp().critic_terms(critic, real, fake, rng())
    between = seen[-1].detach().flatten(1)
    assert (between.amax(1) == between.amin(1)).all()
    assert between.min() >= 0
    assert between.max() <= 1
    assert between[:, 0].std() > 0.2


def test_a_flat_critic_has_a_finite_penalty_and_gradient():
    critic = nn.Sequential(nn.Linear(3, 1), nn.Flatten(0))
    nn.init.zeros_(critic[0].weight)
    terms = means(WganGp().critic_terms(critic, *rows((4, 3)), rng()))
    sum(terms.values()).backward()
    assert critic[0].weight.grad.isfinite().all()


def test_the_penalty_stays_in_float32_under_autocast():
    layer = nn.Linear(3, 1)
    types = []

    def critic(x):
        score = layer(x).squeeze(1)
        types.append(score.dtype)
        return score

    for objective in (WganGp(), Relativistic()):
        types.clear()
        with torch.autocast("cpu", torch.bfloat16):
            objective.critic_terms(critic, *rows((4, 3)), rng())
        assert types[-1] == torch.float32


class PreActivated(nn.Module):
    def __init__(self, activation):
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3)
        self.second = nn.Linear(4, 1)
        self.activation = activation

    def forward(self, x):
        x = self.first(x)
        return self.second((x + self.activation(2 * x)).mean((2, 3))).squeeze(1)


ACTIVATIONS = {
    "leaky": nn.LeakyReLU(0.2),
    "leaky of torch's slope": nn.functional.leaky_relu,
    "leaky, falling": nn.LeakyReLU(-0.5),
    "relu": nn.ReLU(),
    "relu of a tensor": torch.Tensor.relu,
    "relu in place": nn.ReLU(True),
    "smooth": nn.Softplus(),
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_slopes_alone_equal_those_beside_the_scores_and_so_do_their_gradients(activation):
    torch.manual_seed(0)
    critic = nn.Sequential(PreActivated(ACTIVATIONS[activation]))
    x = torch.randn(5, 2, 6, 6)
    found = []
    for squares in (scores_and_slopes(critic, x)[1], slopes(critic, x)):
        weights = list(critic.parameters())
        slope = torch.autograd.grad(
            (squares.sqrt() - 1).square().mean(), weights, allow_unused=True
        )
        found.append([squares, *(g for g, w in zip(slope, weights, strict=True) if w.ndim > 1)])
    for a, b in zip(*found, strict=True):
        assert torch.equal(a, b)


class Operations(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.seen.append(func.overloadpacket)
        return func(*args, **(kwargs or {}))


def test_a_penalty_of_straight_pieces_carries_no_zeros_back_through_the_critic():
    critic = PreActivated(nn.LeakyReLU(0.2))
    with Operations() as operations:
        slopes(critic, torch.randn(5, 2, 6, 6)).sum().backward()
    assert torch.ops.aten.zeros_like not in operations.seen
    assert operations.seen.count(torch.ops.aten.convolution_backward) == 1  # the slope itself


def test_non_saturating_terms_are_the_log_sigmoid_formula():
    real, fake = rows((50, 1))
    critic = nn.Flatten(0)
    terms = means(Gan().critic_terms(critic, real, fake, rng()))
    d_real = torch.sigmoid(real)
    d_fake = torch.sigmoid(fake)
    torch.testing.assert_close(terms["real"], -d_real.log().mean())
    torch.testing.assert_close(terms["fake"], -(1 - d_fake).log().mean())
    adversarial = Gan().generator_terms(critic, real, fake, fake, rng())["adversarial"].mean()
    torch.testing.assert_close(adversarial, -d_fake.log().mean())


def test_minimax_s_generator_minimises_what_its_critic_maximises():
    real, fake = rows((50, 1))
    critic = nn.Flatten(0)
    d_fake = torch.sigmoid(fake)
    value = -sum(means(Minimax().critic_terms(critic, real, fake, rng())).values())
    torch.testing.assert_close(value, torch.sigmoid(real).log().mean() + (1 - d_fake).log().mean())
    adversarial = Minimax().generator_terms(critic, real, fake, fake, rng())["adversarial"].mean()
    torch.testing.assert_close(adversarial, (1 - d_fake).log().mean())


def test_minimax_saturates_where_the_critic_is_sure_and_the_other_loss_does_not():
    slopes = {}
    for name, objective in {"minimax": Minimax(), "gan": Gan()}.items():
        fake = torch.full((1, 1), -20.0, requires_grad=True)
        objective.generator_terms(nn.Flatten(0), fake, fake, fake, rng())["adversarial"].backward()
        slopes[name] = fake.grad.item()
    assert slopes["minimax"] == pytest.approx(0, abs=1e-6)
    assert slopes["gan"] == pytest.approx(-1, abs=1e-6)


def test_least_squares_pull_scores_to_0_and_1():
    real = torch.tensor([[1.0], [3.0]])
    fake = torch.tensor([[0.0], [2.0]])
    terms = means(LeastSquares().critic_terms(nn.Flatten(0), real, fake, rng()))
    assert (terms["real"].item(), terms["fake"].item()) == (1.0, 1.0)
    back = means(LeastSquares().generator_terms(nn.Flatten(0), real, fake, fake, rng()))
    assert back["adversarial"].item() == 0.5


def test_hinge_stops_at_its_margins():
    real = torch.tensor([[2.0], [0.0]])
    fake = torch.tensor([[-3.0], [0.5]])
    terms = means(Hinge().critic_terms(nn.Flatten(0), real, fake, rng()))
    assert (terms["real"].item(), terms["fake"].item()) == (0.5, 0.75)
    back = means(Hinge().generator_terms(nn.Flatten(0), real, fake, fake, rng()))
    assert back["adversarial"].item() == 1.25


@pytest.mark.parametrize("name", OBJECTIVES)
def test_real_and_fake_go_through_the_critic_together(name):
    sizes = []

    def critic(x):
        sizes.append(len(x))
        return x.sum(1)

    objectives.build(name).critic_terms(critic, *rows((5, 3)), rng())
    assert sizes[0] == 10


def test_non_saturating_terms_stay_finite_at_large_scores():
    terms = means(
        Gan().critic_terms(nn.Flatten(0), torch.full((2, 1), -1e4), torch.ones(2, 1), rng())
    )
    assert terms["real"].item() == pytest.approx(1e4)


def test_relativistic_pairs_row_by_row():
    real = torch.tensor([[1.0], [2.0]])
    fake = torch.tensor([[3.0], [-1.0]])
    terms = means(Relativistic().critic_terms(nn.Flatten(0), real, fake, rng()))
    pairs = [math.log1p(math.exp(f - r)) for r, f in ((1, 3), (2, -1))]
    assert terms["pairing"].item() == pytest.approx(sum(pairs) / 2)
    back = means(Relativistic().generator_terms(nn.Flatten(0), real, fake, fake, rng()))
    pairs = [math.log1p(math.exp(r - f)) for r, f in ((1, 3), (2, -1))]
    assert back["adversarial"].item() == pytest.approx(sum(pairs) / 2)


def test_wasserstein_terms_are_differences_of_means():
    real, fake = rows((9, 1))
    for objective in (Wgan(), WganGp()):
        terms = means(objective.critic_terms(nn.Flatten(0), real, fake, rng()))
        torch.testing.assert_close(terms["real"] + terms["fake"], fake.mean() - real.mean())
        back = means(objective.generator_terms(nn.Flatten(0), real, fake, fake, rng()))
        torch.testing.assert_close(back["adversarial"], -fake.mean())


def test_clipping_bounds_every_weight_but_batch_norm_s():
    module = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    Wgan(clip=0.02).constrain(module)
    for layer in (module[0], module[2]):
        assert max(p.abs().max().item() for p in layer.parameters()) <= 0.02 + 1e-9
    assert (module[1].weight == 1).all()


UNITS = [Vectors((5,), "float32", (-1.0,), (1.0,)), Pictures((16, 16), "float32", (0.0,), (1.0,))]
GAMES = [(o, n, u) for o in OBJECTIVES for n in NETWORKS for u in UNITS if n in u.networks]


@pytest.mark.parametrize(("name", "network", "units"), GAMES)
def test_every_objective_teaches_every_network(name, network, units):
    objective = objectives.build(name)
    norm = normalisation.choose(
        "auto",
        network,
        penalised=objective.penalised,
        clips=objective.clips,
        preferred=objective.normalise,
    )
    arguments = network, Gaussian(4), units, ("a", "b"), 8, 8, norm
    generator, critic = networks.build(*arguments)
    _, twin = networks.build(*arguments)
    label = torch.tensor([0, 1, 1, 0, 1, 0])

    def bound(x, critic=critic):
        return critic(x, label.repeat(len(x) // len(label)))

    real = torch.randn(6, *units.shape)
    z = torch.randn(6, 4)
    terms = means(objective.critic_terms(bound, real, generator(z, label).detach(), rng(1)))
    once_more = objectives.build(name)
    fake = generator(z, label).detach()
    again = means(once_more.critic_terms(lambda x: bound(x, twin), real, fake, rng(1)))
    for term_name, term in terms.items():
        assert term.shape == ()
        assert term.isfinite()
        torch.testing.assert_close(term, again[term_name])
    sum(terms.values()).backward()
    assert all(p.grad is None for p in generator.parameters())
    assert sum(p.grad.abs().sum() for p in critic.parameters()) > 0
    objective.constrain(critic)
    critic.requires_grad_(False)
    terms = means(objective.generator_terms(bound, real, generator(z, label), z, rng(1)))
    sum(terms.values()).backward()
    assert sum(p.grad.abs().sum() for p in generator.parameters()) > 0
    assert objective.auxiliary(generator) is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("hinge2",),
            "objective to be one of gan, minimax, wgan, wgan-gp, hinge, lsgan, relativistic",
        ),
        (("gan", 1.0), "a penalty only with wgan-gp, relativistic"),
        (("wgan-gp", 0.0), "penalty above 0"),
    ],
)
def test_mistakes_are_told(arguments, sentence):
    with pytest.raises(Mistake, match=sentence):
        objectives.build(*arguments)
