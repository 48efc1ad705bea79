import json

import numpy as np
import pytest
import torch
import toys
from safetensors.torch import load_file

from genenv import bundled, networks
from genenv.checks import Mistake
from genenv.codecs import Pictures, Vectors
from genenv.networks import NETWORKS
from genenv.networks.residual import Residual
from genenv.noise import Gaussian

VECTOR = Vectors((3,), "float64", (0.0, -1.0, 5.0), (1.0, 1.0, 9.0))
GREY = Pictures((8, 8), "float32", (0.0,), (16.0,))
COLOUR = Pictures((12, 10, 3), "uint8", (0.0,), (255.0,))
CASES = [("mlp", VECTOR), *((network, u) for network in NETWORKS for u in (GREY, COLOUR))]
CONVOLUTIONAL = ["dcgan", "deep-dcgan", "resnet"]
LABELS = [(), ("cat", "dog", "owl")]


def pair(network, units, classes=(), **arguments):
    generator, critic = networks.build(
        network, Gaussian(5), units, classes, width=8, critic_width=8, **arguments
    )
    generator.keep(critic)
    return generator, critic


@pytest.mark.parametrize(("network", "units"), CASES)
@pytest.mark.parametrize("classes", LABELS)
def test_samples_have_the_layout_dtype_and_range_of_the_data(network, units, classes):
    generator, _ = pair(network, units, classes)
    x, label = generator.sample(6, seed=1)
    assert x.shape == (6, *units.shape)
    assert x.dtype == units.dtype
    if units.bounded:
        assert x.min() >= units.low[0]
        assert x.max() <= units.high[0]
    if classes:
        assert label.dtype == np.int64
        assert set(label) <= {0, 1, 2}
    else:
        assert label is None


@pytest.mark.parametrize(("network", "units"), CASES)
@pytest.mark.parametrize("classes", LABELS)
def test_a_sample_is_a_function_of_its_address(network, units, classes):
    generator, _ = pair(network, units, classes)
    generator.train()  # sampling must not use batch statistics
    x, label = generator.sample(15, seed=3)
    later, later_label = generator.sample(10, seed=3, start=5)
    np.testing.assert_allclose(later.astype(float), x[5:].astype(float), rtol=1e-5, atol=1e-5)
    if classes:
        np.testing.assert_array_equal(later_label, label[5:])
    assert generator.training
    other, _ = generator.sample(15, seed=4)
    assert not np.array_equal(other, x)


@pytest.mark.parametrize(("network", "units"), CASES)
@pytest.mark.parametrize("classes", LABELS)
def test_what_is_saved_is_loaded(tmp_path, network, units, classes):
    generator, _ = pair(network, units, classes)
    generator.objective = "gan"
    generator.save(tmp_path / "g")
    again = networks.load(tmp_path / "g")
    x, label = generator.sample(7, seed=2)
    np.testing.assert_array_equal(again.sample(7, seed=2)[0], x)
    np.testing.assert_array_equal(again.score(x, label), generator.score(x, label))
    assert (again.classes, again.units, again.objective) == (classes, units, "gan")
    assert not again.training
    assert {p.name for p in (tmp_path / "g").iterdir()} == {
        "generator.safetensors",
        "critic.safetensors",
        "spec.json",
    }


@pytest.mark.parametrize(("network", "units"), CASES)
def test_label_changes_the_sample_and_the_score(network, units):
    generator, critic = pair(network, units, LABELS[1])
    z = torch.randn(4, 5)
    a, b = (generator.eval()(z, torch.full((4,), k)) for k in (0, 1))
    assert not torch.allclose(a, b)
    with torch.no_grad():
        critic.projection.weight[1] += 1  # as training would
    assert not torch.allclose(critic(a, torch.zeros(4).long()), critic(a, torch.ones(4).long()))


@pytest.mark.parametrize(("network", "units"), CASES)
def test_rows_of_a_penalised_critic_do_not_see_each_other(network, units):
    _, critic = pair(network, units)
    assert not any("BatchNorm" in type(m).__name__ for m in critic.modules())
    x = torch.randn(6, *units.shape)
    torch.testing.assert_close(critic.train()(x)[:2], critic(x[:2]))


@pytest.mark.parametrize("network", CONVOLUTIONAL)
def test_batch_norm_enters_the_convolutional_critic_when_it_may(network):
    _, critic = pair(network, Pictures((16, 16), "uint8", (0.0,), (255.0,)), critic_norm="batch")
    assert any(isinstance(m, torch.nn.BatchNorm2d) for m in critic.modules())


@pytest.mark.parametrize("name", NETWORKS)
def test_a_kind_knows_its_own_name(name):
    assert pair(name, GREY)[0].kind == name


@pytest.mark.parametrize("network", CONVOLUTIONAL)
@pytest.mark.parametrize("side", range(8, 65, 4))
def test_convolutional_pairs_take_every_multiple_of_four(network, side):
    units = Pictures((side, side), "uint8", (0.0,), (255.0,))
    generator, critic = networks.build(network, Gaussian(2), units, (), 1, 1)
    with torch.no_grad():
        assert critic(generator(torch.randn(2, 2))).shape == (2,)
    assert generator.notes == ()


@pytest.mark.parametrize("network", CONVOLUTIONAL)
@pytest.mark.parametrize("shape", [(9, 9), (30, 30), (8, 63), (11, 14, 3)])
def test_other_sizes_are_padded_and_cropped_and_told(network, shape):
    units = toys.codec(shape, "uint8", (0.0,), (255.0,))
    generator, critic = networks.build(network, Gaussian(2), units, (), 2, 2)
    x = generator(torch.randn(3, 2))
    assert x.shape == (3, *shape)
    assert critic(x).shape == (3,)
    assert generator.notes[0].startswith(f"images of {shape[0]} x {shape[1]} pixels are made as")


@pytest.mark.parametrize("network", CONVOLUTIONAL)
def test_colour_channels_keep_their_place(network):
    units = Pictures((8, 8, 3), "float32", (0.0,), (1.0,))
    generator, _ = networks.build(network, Gaussian(2), units, (), 4, 4)
    with torch.no_grad():
        generator.body[-2].weight.zero_()
        generator.body[-2].bias.copy_(torch.tensor([-9.0, 0.0, 9.0]))
    x, _ = generator.sample(1)
    np.testing.assert_allclose(x[0, 3, 4], [0.0, 0.5, 1.0], atol=1e-6)


def test_the_kept_critic_is_no_part_of_the_generator():
    generator, critic = pair("mlp", GREY)
    assert generator.kept_critic is critic
    assert not any("head" in name for name in generator.state_dict())
    assert set(generator.children()) == {generator.body}


def test_labels_are_uniform_over_the_classes():
    generator, _ = pair("mlp", GREY, LABELS[1])
    counts = np.bincount(generator.labels(3000, seed=0), minlength=3)
    assert abs(counts - 1000).max() < 100
    assert generator.sample(3, label=2)[1].tolist() == [2, 2, 2]
    assert generator.sample(3, label=np.array([0, 2, 1]))[1].tolist() == [0, 2, 1]


def test_no_samples_are_an_empty_array():
    x, _ = pair("mlp", GREY)[0].sample(0)
    assert x.shape == (0, 8, 8)


def test_gradients_reach_the_base_noise():
    generator, _ = pair("dcgan", GREY)
    e = torch.randn(2, 5, requires_grad=True)
    generator.eval().from_base(e).sum().backward()
    assert e.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        ((4,), "mlp"),
        ((8, 8), "mlp"),
        ((15, 15), "mlp"),
        ((16, 16), "dcgan"),
        ((28, 28), "dcgan"),
    ],
)
def test_auto_takes_the_kind_that_fits(shape, name):
    assert toys.codec(shape, "float32", (0.0,), (1.0,)).networks[0] == name


def mistakes():
    grey = pair("mlp", GREY)[0]
    conditional = pair("mlp", GREY, LABELS[1])[0]
    critic_less = networks.build("mlp", Gaussian(2), GREY, ())[0]
    x = np.zeros((2, 8, 8))
    large = Pictures((80, 80), "uint8", (0.0,), (255.0,))
    return {
        "one of auto, mlp, dcgan, deep-dcgan, resnet": lambda: pair("vit", GREY),
        "images for dcgan, got vectors of length 3": lambda: pair("dcgan", VECTOR),
        "images for resnet, got vectors of length 3": lambda: pair("resnet", VECTOR),
        "8 to 64 pixels a side for dcgan, got 80 x 80": lambda: pair("auto", large),
        "8 to 64 pixels a side for resnet, got 80 x 80": lambda: pair("resnet", large),
        "no label for an unconditional generator": lambda: grey.sample(2, label=1),
        "labels from 0 to 2, got 3 to 3": lambda: conditional.sample(2, label=3),
        "an integer or 2 integers": lambda: conditional.sample(2, label=np.zeros(5, int)),
        "a generator with its critic": lambda: critic_less.score(x),
        "x of shape": lambda: grey.score(np.zeros((2, 9, 9))),
        "label for a conditional critic": lambda: conditional.score(x),
    }


@pytest.mark.parametrize("sentence", mistakes())
def test_mistakes_are_told(sentence):
    with pytest.raises(Mistake, match=sentence):
        mistakes()[sentence]()


def test_a_folder_without_a_generator_is_told(tmp_path):
    with pytest.raises(Mistake, match=r"a folder with spec\.json"):
        networks.load(tmp_path)


def test_damaged_weights_are_told(tmp_path):
    pair("mlp", GREY)[0].save(tmp_path)
    path = tmp_path / "generator.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(Mistake, match=r"a whole file .*generator\.safetensors"):
        networks.load(tmp_path)


def test_a_spec_cannot_name_code(tmp_path):
    pair("mlp", GREY)[0].save(tmp_path)
    spec = json.loads((tmp_path / "spec.json").read_text()) | {"kind": "os.system"}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    with pytest.raises(Mistake, match=r"the kind of network in .*spec\.json to be one of"):
        networks.load(tmp_path)


def test_an_older_folder_loads_and_saves_as_it_was(tmp_path):
    old = bundled.FOLDER / "generator"  # its critic's arguments know of no norm and no pack
    networks.load(old).save(tmp_path)
    assert (tmp_path / "spec.json").read_text() == (old / "spec.json").read_text()
    for name in ("generator.safetensors", "critic.safetensors"):
        was = load_file(old / name)
        now = load_file(tmp_path / name)
        assert was.keys() == now.keys()
        assert all(torch.equal(was[k].float(), now[k].float()) for k in was)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_a_deep_dcgan_is_a_dcgan_where_its_residual_convolution_says_nothing(norm):
    deep = pair("deep-dcgan", COLOUR, LABELS[1], critic_norm=norm)
    plain = pair("dcgan", COLOUR, LABELS[1], critic_norm=norm)
    z, label = torch.randn(6, 5), torch.arange(6) % 3
    for network, other, inputs in zip(deep, plain, (z, torch.rand(6, *COLOUR.shape)), strict=True):
        (block,) = (m for m in network.modules() if isinstance(m, Residual))
        rest = [m for m in network.body if m is not block]
        for ours, theirs in zip(rest, other.body, strict=True):
            theirs.load_state_dict(ours.state_dict())
        for name, part in network.named_children():
            if name not in ("body", "canvas"):
                getattr(other, name).load_state_dict(part.state_dict())
        assert not torch.allclose(network(inputs, label), other(inputs, label))
        weighing = torch.nn.Conv2d | torch.nn.BatchNorm2d
        for weight in [m for m in block.branch if isinstance(m, weighing)][-1].parameters():
            torch.nn.init.zeros_(weight)
        torch.testing.assert_close(network(inputs, label), other(inputs, label))


def test_convolutions_start_from_the_paper_s_law_where_batch_norm_holds_the_scale():
    units = Pictures((32, 32, 3), "uint8", (0.0,), (255.0,))
    for norm in ("batch", "none"):
        generator, critic = networks.build(
            "dcgan", Gaussian(8), units, (), 32, 32, critic_norm=norm
        )
        assert generator.body[3].weight.std().item() == pytest.approx(0.02, rel=0.05)
        last = [m for m in critic.body if isinstance(m, torch.nn.Conv2d)][1].weight
        by_fan_in = (3 * last[0].numel()) ** -0.5  # torch's default: uniform of bound fan-in^-1/2
        assert last.std().item() == pytest.approx(0.02 if norm == "batch" else by_fan_in, rel=0.05)
