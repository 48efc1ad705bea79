import numpy as np
import pytest
import torch
from torch import nn

from genenv import classifier
from genenv.checks import Mistake
from genenv.codecs import Pictures, Vectors
from genenv.data import from_arrays
from genenv.metrics import (
    ClassifierFeatures,
    ModuleFeatures,
    SampleFeatures,
    features,
    learned,
    own_features,
    own_steps,
)

GREY = Pictures((8, 8), "uint8", (0.0,), (255.0,))
COLOUR = Pictures((9, 12, 3), "float32", (-2.0,), (2.0,))
ROWS = Vectors((5,), "float32", (-1.0,) * 5, (1.0,) * 5)


def stored(units, rows=40, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(units.low[0], units.high[0], (rows, *units.shape))
    return x.astype(units.dtype)


@pytest.fixture
def labelled():
    return from_arrays(stored(GREY), np.arange(40) % 2)


class Seen(nn.Module):
    """Pixels by channel, and what was asked."""

    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout()
        self.norm = nn.BatchNorm1d(2)
        self.got = []

    def forward(self, x):
        self.got.append((x, self.training, self.norm.training, torch.is_grad_enabled()))
        return x.flatten(1)[:, :7]


def kinds():
    torch.manual_seed(0)
    mlp = classifier.Classifier("mlp", ROWS, 3).eval()
    cnn = classifier.Classifier("cnn", GREY, 3).eval()
    return [
        ClassifierFeatures(mlp),
        ClassifierFeatures(cnn),
        ModuleFeatures(nn.Flatten(), COLOUR),
        ModuleFeatures(nn.Linear(5, 4), ROWS),
        SampleFeatures(stored(GREY), GREY),
        SampleFeatures(stored(COLOUR), COLOUR),
        SampleFeatures(stored(ROWS), ROWS),
    ]


@pytest.mark.parametrize("kind", kinds(), ids=lambda k: f"{k.name} of {k.units.shape}")
def test_every_kind_maps_stored_samples_a_piece_at_a_time(kind, monkeypatch):
    x = stored(kind.units, 30, seed=1)
    whole = kind(x)
    state = torch.get_rng_state()
    assert whole.dtype == np.float32
    assert len(whole) == 30
    assert whole.ndim == 2
    monkeypatch.setattr(type(kind), "rows", 7)
    np.testing.assert_allclose(kind(x), whole, atol=1e-5)
    assert torch.equal(state, torch.get_rng_state())
    assert len(kind.sha256) == 64
    with pytest.raises(Mistake, match=r"samples of shape \(any, "):
        kind(x[:, :-1])


@pytest.mark.slow
def test_a_module_gets_pictures_from_zero_to_one_with_the_channels_first():
    module = Seen()
    x = stored(COLOUR)
    out = ModuleFeatures(module, COLOUR)(x)
    got, training, parts_training, gradients = module.got[0]
    assert got.shape == (40, 3, 9, 12)
    torch.testing.assert_close(got, torch.from_numpy((x + 2) / 4).permute(0, 3, 1, 2))
    assert out.shape == (40, 7)
    assert (training, parts_training, gradients) == (False, False, False)


def test_a_module_gets_vectors_in_the_user_s_units():
    module = Seen()
    x = stored(ROWS)
    ModuleFeatures(module, ROWS)(x)
    assert torch.equal(module.got[0][0], torch.from_numpy(x))


def test_the_modes_of_a_module_and_its_parts_stay_as_they_were():
    module = Seen().train()
    module.norm.eval()
    ModuleFeatures(module, ROWS)(stored(ROWS))
    assert (module.training, module.drop.training, module.norm.training) == (True, True, False)


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        (lambda x: x, r"got \(40, 1, 8, 8\)"),
        (lambda x: x.mean(), r"got \(\)"),
        (lambda x: x.flatten(1)[:3], r"got \(3, 64\)"),
        (lambda x: [x], "got list"),
    ],
)
def test_a_module_that_does_not_return_a_row_a_sample_is_refused(answer, got):
    module = nn.Identity()
    module.forward = answer
    sentence = rf"features of shape \(40, columns\) from the module, a row a sample, {got}; pool"
    with pytest.raises(Mistake, match=sentence):
        ModuleFeatures(module, GREY)(stored(GREY))


def test_what_is_no_module_is_refused():
    with pytest.raises(Mistake, match="a torch module for the features, got function; wrap it"):
        ModuleFeatures(lambda x: x, GREY)


def test_weights_and_their_names_decide_the_digest():
    torch.manual_seed(0)
    one = nn.Linear(3, 2)
    other = nn.Linear(3, 2)
    third = nn.Sequential(nn.Linear(3, 2))
    third[0].load_state_dict(one.state_dict())
    digests = [features.digest(module) for module in (one, other, third, one, nn.BatchNorm1d(2))]
    assert digests[0] == digests[3]
    assert len(set(digests)) == 4


def test_vectors_are_standardised_by_column_of_the_real_rows():
    x = stored(ROWS) * np.array([1, 1e3, 1e-3, 0, 0], np.float32)
    x[:, 4] = 0.1
    own = SampleFeatures(x, ROWS)(x)
    assert own.mean(0) == pytest.approx(0, abs=1e-5)
    assert own.std(0)[:3] == pytest.approx(1, rel=1e-5)
    assert own[:, 3:] == pytest.approx(0, abs=1e-6)  # constant columns
    doubled = SampleFeatures(x, ROWS)(2 * x)
    assert doubled.std(0)[:3] == pytest.approx(2, rel=1e-5)


def test_pixels_share_one_scale():
    x = np.zeros((1000, 8, 8), np.uint8)
    x[:, 4, 4] = np.random.default_rng(0).integers(0, 256, 1000)
    x[0, 0, 0] = 1
    own = SampleFeatures(x, GREY)(x)
    assert own.var(0).sum() == pytest.approx(64, rel=1e-4)
    assert abs(own[:, 0]).max() < 0.2  # by its own scale it would be 32


def test_many_columns_are_projected_and_distances_kept():
    wide = Vectors((2000,), "float32", (-1.0,), (1.0,))
    x = np.random.default_rng(0).standard_normal((50, 2000)).astype(np.float32)
    own = SampleFeatures(x, wide)(x)
    assert own.shape == (50, features.MOST_COLUMNS)
    pairs = np.linalg.norm(own[:25] - own[25:], axis=1) / np.linalg.norm(x[:25] - x[25:], axis=1)
    assert pairs == pytest.approx(1, abs=0.15)


@pytest.mark.slow
def test_a_classifier_is_trained_alike_whatever_the_seed_of_a_run(labelled, tmp_path):
    arguments = labelled.x, labelled.label, labelled.units, 2
    steps = []
    state = torch.get_rng_state()
    one = ClassifierFeatures.fit(*arguments, steps.append)
    torch.manual_seed(5)
    two = ClassifierFeatures.fit(*arguments)
    assert one.sha256 == two.sha256
    assert one.classifier.kind == "cnn"
    assert np.square(one(labelled.x)).mean() == pytest.approx(1, rel=1e-4)
    assert sum(steps) == own_steps(40, labelled.label, labelled.units) == classifier.LEAST_STEPS
    torch.set_rng_state(state)
    one.save(tmp_path / "features.safetensors")
    again = ClassifierFeatures.load(tmp_path / "features.safetensors")
    assert again.sha256 == one.sha256
    assert np.array_equal(again(labelled.x), one(labelled.x))
    assert [path.name for path in tmp_path.iterdir()] == ["features.safetensors"]


def test_scaled_features_leave_the_answers_of_a_classifier_as_they_were():
    torch.manual_seed(0)
    network = classifier.Classifier("mlp", ROWS, 3).eval().requires_grad_(False)
    u = torch.rand(9, 5)
    before = network(u)
    small = network.features(u) / 7
    learned._shrink(network, 7.0)
    torch.testing.assert_close(network(u), before)
    torch.testing.assert_close(network.features(u), small)


@pytest.mark.slow
def test_own_features_are_learned_from_labelled_images_once(labelled, tmp_path, monkeypatch):
    arguments = labelled.x, labelled.label, labelled.units, 2, tmp_path / "features.safetensors"
    first = own_features(*arguments)
    assert first.name == "classifier"
    monkeypatch.setattr(ClassifierFeatures, "fit", None)  # a second training would fail
    assert own_features(*arguments).sha256 == first.sha256


def test_own_features_of_anything_else_are_the_samples(labelled):
    assert own_features(labelled.x, None, labelled.units, 0).name == "samples"
    assert own_features(stored(ROWS), labelled.label, ROWS, 2).name == "samples"
    assert own_steps(40, None, labelled.units) == own_steps(40, labelled.label, ROWS) == 0
