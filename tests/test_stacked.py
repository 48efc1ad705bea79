from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from genenv import objectives, seeding
from genenv.checks import Mistake
from genenv.data import toys as mixtures
from genenv.metrics.modes import missing_rows, mode_metrics
from genenv.metrics.sliced import SlicedRows
from genenv.stacked import StackedAdam, StackedGan, StackedMlp
from genenv.stacked.draws import DrawnByRow

KEYS = np.arange(1, 6, dtype=np.uint64)
STACKABLE = [name for name, kind in objectives.OBJECTIVES.items() if not kind.clips]


def build(name):
    return objectives.build(name, 1.0 if objectives.OBJECTIVES[name].penalised else None)


def drawn(ids, update, what, columns, batch=32):
    keys = seeding.fold_rows(ids, what, update)
    return torch.from_numpy(seeding.normals(keys, batch * columns)).view(len(ids), batch, columns)


def made(ids, name="relativistic", **kw):
    gan = StackedGan(len(ids), build(name), latent=2, size=2, width=8, **kw)
    gan.begin(np.arange(len(ids)), seeding.fold_rows(ids, "g"), seeding.fold_rows(ids, "d"))
    return gan


def trained(ids, name, updates, batch=32):
    """Train rows by their addresses alone, each with rates of its own."""
    ids = np.array(ids)
    gan = made(ids, name)
    rate = 1e-3 * torch.from_numpy(1.0 + ids).float()
    for update in range(updates):
        real, z = (drawn(ids, update, what, 2, batch) for what in ("x", "z"))
        real = 2 + 0.5 * real
        keys = seeding.fold_rows(ids, "objective", update)
        gan.update_critic(real, gan.sample(z), rate, 10 * rate, keys)
        gan.update_generator(real, z, rate, keys)
    return gan


@pytest.mark.slow
@pytest.mark.parametrize("batch", [32, 50, 7])
@pytest.mark.parametrize("name", STACKABLE)
def test_a_row_is_bit_for_bit_the_program_of_one_row(name, batch):
    with torch.random.fork_rng():
        stack = trained(range(5), name, 30, batch)
        for i in (0, 4):
            alone = trained([i], name, 30, batch)
            for network in ("generator", "critic"):
                theta = getattr(stack, network).theta
                own = getattr(alone, network).theta
                assert torch.equal(theta[i], own[0]), f"row {i} of {network}"


def test_rows_that_are_not_named_stay_as_they_are_bit_for_bit():
    ids = np.arange(5)
    gan = trained(ids, "relativistic", 3)
    adam = gan.optimizers["critic"]
    tensors = (gan.critic.theta, adam.first, adam.second, adam.count)
    before = [t.clone() for t in tensors]
    rows = torch.tensor([1, 3])
    real = drawn(ids[[1, 3]], 9, "x", 2)
    z = drawn(ids[[1, 3]], 9, "z", 2)
    one = torch.ones(2)
    gan.update_critic(real, gan.sample(z, rows), 1e-2 * one, one, KEYS[:2], rows)
    for old, new in zip(before, tensors, strict=True):
        assert torch.equal(old[[0, 2, 4]], new[[0, 2, 4]])
        assert not torch.equal(old[rows], new[rows])


def test_rows_of_a_subset_move_as_in_the_whole_stack():
    ids = np.arange(4)
    whole, part = (trained(ids, "relativistic", 3) for _ in range(2))
    real = drawn(ids, 9, "x", 2)
    z = drawn(ids, 9, "z", 2)
    one = torch.full((4,), 1e-2)
    keys = KEYS[:4]
    whole.update_critic(real, whole.sample(z), one, one, keys)
    rows = torch.tensor([0, 2])
    part.update_critic(real[rows], part.sample(z[rows], rows), one[:2], one[:2], keys[[0, 2]], rows)
    assert torch.equal(whole.critic.theta[rows], part.critic.theta[rows])


def test_stacked_adam_is_torchs_adam_with_rates_betas_and_counts_a_row():
    theta = torch.randn(3, 7, generator=torch.Generator().manual_seed(0))
    betas = [(0.9, 0.999), (0.5, 0.9), (0.0, 0.99)]
    rates = torch.tensor([1e-1, 1e-2, 1e-3])
    singles = [theta[i].clone().requires_grad_() for i in range(3)]
    optimizers = [
        torch.optim.Adam([p], float(r), b) for p, r, b in zip(singles, rates, betas, strict=True)
    ]
    columns = [torch.tensor(beta) for beta in zip(*betas, strict=True)]
    stack = StackedAdam(theta.clone(), (columns[0], columns[1]))
    for step in range(20):
        rows = torch.tensor([i for i in range(3) if i != step % 4])
        gradient = torch.randn(3, 7, generator=torch.Generator().manual_seed(step))
        stack.step(gradient[rows], rates[rows], rows)
        for i in rows.tolist():
            singles[i].grad = gradient[i].clone()
            optimizers[i].step()
    assert torch.allclose(stack.theta, torch.stack(singles), atol=1e-6)
    assert stack.count.tolist() == [15, 15, 15]


@pytest.mark.parametrize("name", STACKABLE)
def test_terms_and_gradients_are_those_of_the_objective_row_by_row(name):
    ids = np.arange(3)
    gan = made(ids, name)
    real = drawn(ids, 0, "x", 2)
    fake = drawn(ids, 0, "z", 2)
    before = gan.critic.theta.clone()
    rate = torch.full((3,), 1e-2)
    terms, squares = gan.update_critic(real, fake, rate, torch.ones(3), KEYS[:3])
    for i in range(3):
        layers = [t.detach().requires_grad_() for t in made(ids, name).critic.layers()]
        assert torch.equal(torch.cat([t[i].flatten() for t in layers]), before[i])

        def critic(x, i=i, layers=layers):
            return gan.critic([layer[i : i + 1] for layer in layers], x[None])[0, :, 0]

        rng = torch.Generator()
        with DrawnByRow(rng, KEYS[i : i + 1]):
            own = objectives.means(build(name).critic_terms(critic, real[i], fake[i], rng))
        slopes = torch.autograd.grad(sum(t.sum() for t in own.values()), layers)
        assert {k: v.item() for k, v in own.items()} == pytest.approx(
            {k: v[i].item() for k, v in terms.items()}, abs=1e-6
        )
        total = sum(s[i].square().sum() for s in slopes)
        assert torch.allclose(total, squares[i], rtol=1e-4)


def test_the_penalty_factor_scales_the_penalties_gradient():
    ids = np.arange(2)
    real = drawn(ids, 0, "x", 2)
    fake = drawn(ids, 0, "z", 2)
    pulled = made(ids).update_critic(
        real, fake, torch.zeros(2), torch.tensor([0.0, 1e4]), KEYS[:2]
    )[1]
    assert pulled[1] > 1e3 * pulled[0]


def test_initial_weights_are_uniform_within_one_over_the_root_of_the_inputs():
    mlp = StackedMlp(4, [16, 64, 1])
    mlp.begin(np.arange(4), KEYS[:4])
    weight = mlp.layers()[0]
    assert weight.shape == (4, 16, 64)
    assert 0.24 < weight.abs().max() <= 0.25
    assert abs(weight.std() - 0.25 / 3**0.5) < 0.01


@pytest.mark.parametrize(
    ("norm", "words"),
    [
        ("batch", r"got norm 'batch'; train it alone, .*statistics of a batch move in rows"),
        ("spectral", r"got norm 'spectral'; train it alone, .*power iteration"),
        ("layer", r"expected norm to be one of none, got 'layer'"),
    ],
)
def test_normalisations_are_refused_with_the_reason(norm, words):
    with pytest.raises(Mistake, match=words):
        StackedMlp(2, [2, 8, 1], norm=norm)


def test_bad_stacks_are_refused():
    with pytest.raises(Mistake, match="without weight clipping, got Wgan; choose another"):
        StackedGan(2, build("wgan"), 2, 2)
    with pytest.raises(Mistake, match="expected width to be a whole number above 0, got 0"):
        StackedGan(2, build("gan"), 2, 2, width=0)
    with pytest.raises(Mistake, match=r"expected depth to be a whole number above 0, got 1\.5"):
        StackedGan(2, build("gan"), 2, 2, depth=1.5)


def test_sliced_distances_of_rows_are_exact_along_their_directions():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(900, 2))
    fake = rng.normal(size=(3, 300, 2)) * [[[2.0, 1.0]]] + 0.5
    rows = SlicedRows(torch.from_numpy(real[None]).float(), 300)(torch.from_numpy(fake).float())
    angles = np.arange(16) * np.pi / 16
    axes = np.stack([np.cos(angles), np.sin(angles)])
    for i in range(3):
        exact = [
            wasserstein_distance(*pair)
            for pair in zip((real @ axes).T, (fake[i] @ axes).T, strict=True)
        ]
        assert rows[i].item() == pytest.approx(np.mean(exact), abs=5e-3)
    same = SlicedRows(torch.from_numpy(real[None]).float(), 900)(
        torch.from_numpy(real[None]).float()
    )
    assert same.item() == pytest.approx(0, abs=1e-6)
    shifted = SlicedRows(torch.zeros(1, 4, 2), 4)(torch.tensor([[[3.0, 4.0]] * 4]))
    assert shifted.item() == pytest.approx(5 * 2 / np.pi, rel=5e-3)  # the mean of |cos|
    assert SlicedRows(torch.zeros(1, 4, 3), 4)(torch.full((1, 4, 3), torch.nan)).isnan().all()


def test_missing_modes_of_rows_agree_with_the_protocol():
    ring = mixtures.ring(400)
    x = torch.from_numpy(ring.x)
    half = torch.where(x[:, :1] < 0, 5.0, x)
    rows = missing_rows(torch.stack([x, half, torch.full_like(x, torch.nan)]), ring.modes)
    covered = [mode_metrics(s.numpy(), ring.modes)["modes"] for s in (x, half)]
    assert rows.tolist() == pytest.approx([1 - c / 8 for c in covered] + [1.0])
