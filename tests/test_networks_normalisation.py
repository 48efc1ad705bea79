import copy
import itertools

import pytest
import torch
from torch import nn

from genenv import networks
from genenv.checks import Mistake
from genenv.codecs import Pictures
from genenv.networks import NETWORKS, normalisation
from genenv.networks.normalisation import NORMS
from genenv.noise import Gaussian
from genenv.objectives import OBJECTIVES

GREY = Pictures((8, 8), "float32", (0.0,), (16.0,))


def choose(asked, network, objective):
    kind = OBJECTIVES[objective]
    return normalisation.choose(
        asked, network, penalised=kind.penalised, clips=kind.clips, preferred=kind.normalise
    )


def critic_of(network, seed=0, units=GREY, width=8, **arguments):
    return networks.build(
        network, Gaussian(3), units, ("a", "b", "c"), width, width, seed=seed, **arguments
    )[1]


def spectral(network="dcgan", **arguments):
    return critic_of(network, critic_norm="spectral", **arguments)


def normalised(critic):
    """The layers with a spectrally normalised weight, and how often each was asked for it."""
    layers = [part for part in critic.modules() if hasattr(part, "parametrizations")]
    counts = dict.fromkeys(layers, 0)

    def count(layer):
        def hook(*_):
            counts[layer] += 1

        return hook

    for layer in layers:
        layer.parametrizations.weight[0].register_forward_hook(count(layer))
    return counts


@pytest.mark.parametrize(
    ("objective", "network", "norm"), [*itertools.product(OBJECTIVES, NETWORKS, NORMS)]
)
def test_what_is_unsound_is_refused_and_all_else_is_taken(objective, network, norm):
    kind = OBJECTIVES[objective]
    unsound = (norm == "batch" and (kind.penalised or network in ("mlp", "table"))) or (
        norm == "spectral" and kind.clips
    )
    if unsound:
        with pytest.raises(
            Mistake, match=f"expected critic_norm none.*, got {norm}; change it, for"
        ):
            choose(norm, network, objective)
    else:
        assert choose(norm, network, objective) == norm


@pytest.mark.parametrize(
    ("objective", "network", "norm"),
    [
        ("gan", "dcgan", "batch"),
        ("gan", "mlp", "none"),
        ("wgan", "resnet", "batch"),
        ("wgan-gp", "dcgan", "none"),
        ("relativistic", "resnet", "none"),
        ("hinge", "mlp", "spectral"),
        ("hinge", "resnet", "spectral"),
    ],
)
def test_auto_is_the_objective_s_own_where_the_kind_has_it(objective, network, norm):
    assert choose("auto", network, objective) == norm


@pytest.mark.parametrize(("objective", "network"), [*itertools.product(OBJECTIVES, NETWORKS)])
def test_auto_is_never_refused(objective, network):
    assert choose("auto", network, objective) in NORMS


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("batch", "dcgan", "wgan-gp"),
            "expected critic_norm none or spectral, got batch; change it, for a gradient penalty "
            "is on one row's gradient, and batch norm makes rows see each other",
        ),
        (
            ("batch", "mlp", "gan"),
            "expected critic_norm none or spectral, got batch; change it, for the mlp critic has "
            "no batch norm",
        ),
        (
            ("spectral", "dcgan", "wgan"),
            "expected critic_norm none or batch, got spectral; change it, for spectral norm "
            "divides clipped weights by their largest singular value, so that clipping would do "
            "nothing",
        ),
        (
            ("layer", "dcgan", "gan"),
            "expected critic_norm to be one of auto, none, batch, spectral, got 'layer'; "
            "choose one",
        ),
        (
            ("none", "auto", "gan"),
            "expected network to be one of mlp, dcgan, deep-dcgan, resnet, table, got 'auto'; "
            "choose one",
        ),
    ],
)
def test_refusals_give_the_reason(arguments, sentence):
    with pytest.raises(Mistake) as told:
        choose(*arguments)
    assert str(told.value) == sentence


@pytest.mark.parametrize("norm", ["batch", "auto"])
def test_build_takes_only_what_the_kind_has(norm):
    with pytest.raises(Mistake, match="critic_norm"):
        critic_of("mlp", critic_norm=norm)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("pack", [1, 2])
def test_every_normalised_weight_has_largest_singular_value_one(network, pack):
    critic = spectral(network, pack=pack)
    layers = list(normalised(critic))
    plain = [m for m in critic.modules() if isinstance(m, nn.Linear | nn.Conv2d | nn.Embedding)]
    assert layers == plain
    x = torch.randn(4, 8, 8)
    label = torch.tensor([0, 1, 2, 0])
    with torch.no_grad():
        for _ in range(100):
            critic(x, label)
        for layer in layers:
            weight = layer.weight.flatten(1)
            assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_forward_pass_asks_once_for_each_normalised_weight(network):
    critic = spectral(network, pack=2)
    counts = normalised(critic)
    critic(torch.randn(4, 8, 8), torch.tensor([0, 1, 2, 0]))
    assert set(counts.values()) == {1}


@pytest.mark.parametrize("network", NETWORKS)
def test_power_iterations_start_from_the_seed_alone(network):
    torch.manual_seed(1)
    one = spectral(network, seed=5).state_dict()
    torch.manual_seed(2)
    two = spectral(network, seed=5).state_dict()
    assert any("_u" in name for name in one)
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_weights_before_normalisation_are_those_of_a_plain_critic(network):
    plain = critic_of(network).state_dict()
    with_norm = spectral(network).state_dict()
    for name, weight in plain.items():
        of_norm = name.replace("weight", "parametrizations.weight.original")
        assert torch.equal(with_norm.get(name, with_norm.get(of_norm)), weight)


def test_eval_mode_leaves_the_singular_vectors_and_the_rows_alone():
    critic = spectral().eval()
    before = copy.deepcopy(critic.state_dict())
    x = torch.randn(6, 8, 8)
    label = torch.zeros(6, dtype=torch.long)
    torch.testing.assert_close(critic(x, label)[:2], critic(x[:2], label[:2]))
    assert all(torch.equal(before[name], value) for name, value in critic.state_dict().items())


@pytest.mark.parametrize("network", NETWORKS)
def test_steps_from_a_copy_or_from_a_state_are_equal_to_the_bit(network):
    x = torch.randn(6, 8, 8)
    label = torch.arange(6) % 3

    def step(critic, count):
        optimizer = torch.optim.SGD(critic.parameters(), 0.1)
        for _ in range(count):
            optimizer.zero_grad()
            critic(x, label).square().sum().backward()
            optimizer.step()
        return critic

    half_way = step(spectral(network), 2)
    from_state = spectral(network, seed=9)
    from_state.load_state_dict(half_way.state_dict())
    copied = copy.deepcopy(half_way)
    straight = step(half_way, 2).state_dict()
    for other in (step(from_state, 2), step(copied, 2)):
        assert all(torch.equal(straight[n], value) for n, value in other.state_dict().items())


def test_a_frozen_normalised_critic_passes_gradients_to_its_input_alone():
    critic = spectral().requires_grad_(False)
    x = torch.randn(4, 8, 8, requires_grad=True)
    critic(x, torch.zeros(4, dtype=torch.long)).sum().backward()
    assert x.grad.abs().sum() > 0
    assert all(p.grad is None for p in critic.parameters())
