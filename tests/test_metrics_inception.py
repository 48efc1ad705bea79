import hashlib

import numpy as np
import pytest
import torch
import toys

from genenv.checks import Mistake
from genenv.codecs import Pictures
from genenv.metrics import InceptionFeatures, inception

GREY = Pictures((8, 8), "uint8", (0.0,), (255.0,))
COLOUR = Pictures((8, 8, 3), "float32", (0.0,), (1.0,))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A file in the form of the one that FID is defined by, of random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = inception.inception().state_dict()
    old = {k: v for k, v in weights.items() if not k.endswith("num_batches_tracked")}
    path = tmp_path_factory.mktemp("inception") / "weights.pth"
    torch.save(old | {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}, path)
    return path


@pytest.fixture
def known(file, monkeypatch):
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setattr(inception, "SHA256", digest[:8])
    return digest


@pytest.mark.slow
def test_it_has_the_size_and_the_names_of_the_published_network(file):
    network = inception.read(file)
    assert sum(p.numel() for p in network.parameters()) == 21_785_568
    state = network.state_dict()
    assert len(state) == 564
    assert len([name for name in state if name.endswith("conv.weight")]) == 94
    for name, shape in {
        "Conv2d_1a_3x3.conv.weight": (32, 3, 3, 3),
        "Conv2d_4a_3x3.bn.running_var": (192,),
        "Mixed_5b.branch_pool.conv.weight": (32, 192, 1, 1),
        "Mixed_6a.branch3x3.conv.weight": (384, 288, 3, 3),
        "Mixed_6b.branch7x7dbl_2.conv.weight": (128, 128, 7, 1),
        "Mixed_6e.branch7x7_3.conv.weight": (192, 192, 7, 1),
        "Mixed_7a.branch7x7x3_4.conv.weight": (192, 192, 3, 3),
        "Mixed_7c.branch3x3dbl_3b.conv.weight": (384, 384, 3, 1),
    }.items():
        assert tuple(state[name].shape) == shape


def test_reading_draws_nothing_and_leaves_it_frozen_in_eval_mode(file):
    state = torch.get_rng_state()
    network = inception.read(file)
    assert torch.equal(state, torch.get_rng_state())
    assert not any(part.training for part in network.modules())
    assert not any(p.requires_grad or p.is_meta for p in network.parameters())
    assert not any(b.is_meta for b in network.buffers())


def test_averages_leave_out_the_padding_and_the_last_block_takes_the_maximum():
    ones = torch.ones(1, 1, 4, 4)
    assert torch.equal(inception.AVERAGE(ones), ones)
    network = inception.inception()
    pools = [getattr(network, f"Mixed_{name}").pool for name in ("5b", "6e", "7b", "7c")]
    assert pools == [inception.AVERAGE] * 3 + [inception.MAXIMUM]


@pytest.mark.slow
def test_images_become_2048_numbers_and_the_distance_fid(file, known):
    features = InceptionFeatures(file, GREY)
    x = np.random.default_rng(0).integers(0, 256, (2, 8, 8)).astype(np.uint8)
    out = features(x)
    assert out.shape == (2, 2048)
    assert np.isfinite(out).all()
    assert not np.allclose(out[0], out[1])
    assert features.sha256 == known
    assert (features.name, features.names) == ("inception", {"frechet": "fid"})


@pytest.mark.slow
def test_it_sees_256_levels_at_299_pixels_from_minus_one_to_one(file, known):  # noqa: ARG001
    features = InceptionFeatures(file, COLOUR)
    seen = []
    features.network = lambda x: seen.append(x) or torch.zeros(len(x), 2048)
    features(np.float32([[[[0, 1, 0.5001]] * 8] * 8]))
    assert seen[0].shape == (1, 3, 299, 299)
    assert seen[0].amin((0, 2, 3)).tolist() == pytest.approx([-1, 1, 2 * 128 / 255 - 1], abs=1e-6)
    grey = InceptionFeatures(file, GREY)
    grey.network = features.network
    grey(np.full((1, 8, 8), 51, np.uint8))
    torch.testing.assert_close(seen[1], torch.full((1, 3, 299, 299), 2 * 0.2 - 1))


def test_mistakes_are_told(file, tmp_path):
    sentence = r"pt_inception-2015-12-05-6726825d.pth, whose sha256 begins with 6726825d, got .*pth"
    with pytest.raises(Mistake, match=sentence):
        InceptionFeatures(file, GREY)
    with pytest.raises(Mistake, match=r"the file pt_inception-2015.*, which is no file; give its"):
        InceptionFeatures(tmp_path / "none.pth", GREY)
    for shape in ((5,), (8, 8, 4)):
        units = toys.codec(shape, "float32", (0.0,), (1.0,))
        with pytest.raises(Mistake, match="images of one or three channels for Inception, got"):
            InceptionFeatures(file, units)
