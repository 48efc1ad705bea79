import pytest
import torch

from genenv import networks
from genenv.checks import Mistake
from genenv.codecs import Pictures, Vectors
from genenv.networks import NETWORKS, Critic
from genenv.networks.packing import Packed
from genenv.noise import Gaussian

VECTOR = Vectors((3,), "float64", (0.0, -1.0, 5.0), (1.0, 1.0, 9.0))
GREY = Pictures((8, 8), "float32", (0.0,), (16.0,))
COLOUR = Pictures((8, 12, 3), "uint8", (0.0,), (255.0,))
CASES = [("mlp", VECTOR), *((network, u) for network in NETWORKS for u in (GREY, COLOUR))]
CLASSES = ("a", "b", "c")


class Seen(Critic):
    """Remembers what it was asked."""

    def __init__(self, units, classes):
        super().__init__(units, classes, {"width": 1})

    def forward(self, x, label=None):
        self.x = x
        self.label = label
        return x.flatten(1).sum(1)


def pair(network, units, classes=CLASSES, pack=3, **arguments):
    return networks.build(network, Gaussian(3), units, classes, 4, 4, pack=pack, **arguments)


def test_units_of_a_pack_have_more_channels_or_columns():
    assert GREY.packed(3).shape == (8, 8, 3)
    assert COLOUR.packed(2).shape == (8, 12, 6)
    columns = VECTOR.packed(2)
    assert (columns.shape, columns.low) == ((6,), (0.0, -1.0, 5.0, 0.0, -1.0, 5.0))
    assert Vectors((2,), "float32", (-1.0,), (1.0,)).packed(4).low == (-1.0,)


@pytest.mark.parametrize("units", [VECTOR, GREY, COLOUR])
def test_neighbouring_rows_are_joined_slot_by_slot(units):
    critic = Packed(Seen, units, CLASSES, 2)
    x = torch.randn(6, *units.shape)
    assert critic(x).shape == (3,)
    seen = critic.inner.x
    assert seen.shape == (3, *critic.inner.units.shape)
    for pack in range(3):
        for slot in range(2):
            row = x[2 * pack + slot]
            if units is GREY:
                assert torch.equal(seen[pack, ..., slot], row)
            else:
                last = units.shape[-1]
                assert torch.equal(seen[pack, ..., slot * last : (slot + 1) * last], row)


def test_each_slot_has_its_own_labels():
    critic = Packed(Seen, GREY, CLASSES, 2)
    critic(torch.zeros(4, 8, 8), torch.tensor([0, 0, 2, 1]))
    assert critic.inner.label.tolist() == [[0, 3], [2, 4]]
    assert len(critic.inner.classes) == 6
    assert (critic.units, critic.classes) == (GREY, CLASSES)


@pytest.mark.parametrize(("network", "units"), CASES)
def test_the_projections_of_a_pack_s_labels_are_summed(network, units):
    _, critic = pair(network, units, pack=2)
    critic.eval()
    x = torch.randn(2, *units.shape)
    label = torch.tensor([2, 1])
    rows = critic.inner.projection.weight
    assert rows.shape[0] == 6
    with torch.no_grad():
        with_labels = critic(x, label)
        v = rows[2] + rows[3 + 1]
        rows.zero_()
        rows[0] = v  # of slot 0's class 0, beside a zero of slot 1's
        torch.testing.assert_close(critic(x, torch.tensor([0, 0])), with_labels)


@pytest.mark.parametrize(("network", "units"), CASES)
def test_packs_do_not_see_each_other_and_their_order_within_matters(network, units):
    _, critic = pair(network, units, pack=2)
    x = torch.randn(6, *units.shape)
    label = torch.tensor([0, 1, 2, 0, 1, 2])
    scores = critic(x, label)
    torch.testing.assert_close(critic(x[2:4], label[2:4]), scores[1:2])
    swapped = [1, 0, 3, 2, 5, 4]
    assert not torch.allclose(critic(x[swapped], label[swapped]), scores)


@pytest.mark.parametrize(("network", "units"), CASES)
def test_only_the_first_layer_and_the_projection_are_larger(network, units):
    single = pair(network, units, pack=1)[1].state_dict()
    triple = pair(network, units, pack=3)[1].inner.state_dict()
    larger = {name for name in single if single[name].shape != triple[name].shape}
    assert larger == {
        "mlp": {"body.1.weight"},
        "dcgan": {"body.0.weight"},
        "deep-dcgan": {"body.0.weight"},
        "resnet": {"body.0.skip.weight", "body.0.branch.0.weight"},
        "table": {"first.weight"},
    }[network] | {"projection.weight"}


@pytest.mark.parametrize(
    ("rows", "pack", "sentence"),
    [
        (63, 2, "expected a batch that 2 divides, got 63; give 62 or 64"),
        (3, 4, "expected a batch that 4 divides, got 3; give 4"),
    ],
)
def test_rows_that_the_pack_does_not_divide_are_told(rows, pack, sentence):
    _, critic = pair("mlp", GREY, pack=pack)
    with pytest.raises(Mistake) as told:
        critic(torch.zeros(rows, 8, 8), torch.zeros(rows, dtype=torch.long))
    assert str(told.value) == sentence


@pytest.mark.parametrize("pack", [0, -1, 1.5, True])
def test_a_pack_that_is_no_count_is_told(pack):
    with pytest.raises(Mistake, match="expected pack to be a whole number above 0"):
        pair("mlp", GREY, pack=pack)


def test_a_critic_of_packs_has_no_score_of_one_sample(tmp_path):
    generator, critic = pair("mlp", GREY)
    generator.keep(critic)
    x, label = generator.sample(6)
    generator.save(tmp_path)
    for of in (generator, networks.load(tmp_path)):
        with pytest.raises(Mistake) as told:
            of.score(x, label)
        assert str(told.value) == (
            "expected a critic of single samples, got one of packs of 3, which has no score of "
            "one sample; train with a pack of 1"
        )
