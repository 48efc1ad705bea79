from __future__ import annotations

import numpy as np
import pytest
import torch

from genenv import codecs, corruptions
from genenv.classifier import BODIES
from genenv.codecs import CODECS, Heads, Pictures, Rows, Vectors
from genenv.judge.crossfit import TREES
from genenv.judge.oracle import MAKES
from genenv.learners import LEARNERS
from genenv.networks import NETWORKS
from genenv.tables import Column, Schema
from genenv.training.presets import PRESETS

SCHEMA = Schema(
    (
        Column("wage", "continuous", "float64", low=-9e4, high=9e4),
        Column("job", "categorical", "object", True, ("clerk", "nurse")),
        Column("age", "integer", "float64", True, low=0.0, high=99.0, decimals=0),
        Column("owns", "boolean", "bool", values=(False, True)),
    ),
    "owns",
)
EXAMPLES = [
    Rows((4,), "float64", SCHEMA, (512.0, 0.0, 40.0, 0.0), (1024.0, 1.0, 12.0, 1.0)),
    Vectors(
        (3,), "float64", (0.0, -1.0, 5.0), (1.0, 1.0, 5.0), ((-2.0, -3.0, 5.0), (4.0, 3.0, 5.0))
    ),
    Vectors((2,), "int16", (-4.0, 0.0), (4.0, 9.0)),
    Heads.of((0, 3, 0, 2)),
    Pictures((8, 8), "float32", (0.0,), (16.0,)),
    Pictures((20, 16, 3), "uint8", (0.0,), (255.0,)),
]
each = pytest.mark.parametrize("codec", EXAMPLES, ids=lambda codec: f"{codec.kind}{codec.shape}")


def stored(codec, rows=5):
    """Rows between the ends of each column, in the data's dtype."""
    least, most = (np.array(end) for end in (codec.least, codec.most))
    share = np.random.default_rng(0).uniform(size=(rows, *codec.shape))
    return codec.store(torch.from_numpy(least + (most - least) * share))


def test_every_kind_has_an_example():
    assert {codec.kind for codec in EXAMPLES} == set(CODECS)
    assert all(CODECS[codec.kind] is type(codec) for codec in EXAMPLES)


@each
def test_decode_is_the_inverse_of_encode_on_rows_of_the_data(codec):
    x = stored(codec)
    u = codec.encode(codec.tensor(x))
    assert u.shape == (5, *codec.layout)
    assert u.flatten(1).shape == (5, codec.width)
    np.testing.assert_allclose(codec.store(codec.decode(u)), x, rtol=1e-5, atol=1e-5)


@each
def test_encoded_rows_lie_within_the_limits(codec):
    u = codec.encode(codec.tensor(stored(codec)))
    least, most = codec.limits()
    assert bool(((u >= least - 1e-6) & (u <= most + 1e-6)).all())
    assert not codec.bounded or (float(least), float(most)) == (-1.0, 1.0)


@each
def test_a_step_of_one_moves_x_by_the_reach_at_most(codec):
    u = torch.zeros(1, *codec.layout)
    floats = codec.stored_as("float32")
    moved = (floats.decode(u + 1) - floats.decode(u)).abs()
    assert float(moved.max()) == pytest.approx(codec.reach)


@each
def test_a_codec_is_read_back_from_its_json(codec):
    assert codecs.from_json(codec.to_json()) == codec


def test_the_words_of_version_0_1_0_are_read():
    plain = {"shape": [8, 8], "dtype": "uint8", "low": [0.0], "high": [16.0]}
    assert codecs.from_json(plain) == Pictures((8, 8), "uint8", (0.0,), (16.0,))
    assert codecs.from_json(plain | {"shape": [64]}) == Vectors((64,), "uint8", (0.0,), (16.0,))
    assert codecs.from_json(plain).to_json() == {
        "shape": (8, 8), "dtype": "uint8", "low": (0.0,), "high": (16.0,)
    }  # fmt: skip


@each
def test_what_a_codec_names_is_there(codec):
    assert set(codec.networks) <= set(NETWORKS)
    assert set(codec.classifiers) <= set(BODIES)
    assert set(codec.oracles) <= {*MAKES, *TREES}
    assert set(codec.guides) <= {*MAKES}
    assert len(set(codec.oracles)) >= 2
    assert set(codec.learners) <= set(LEARNERS)
    assert {codec.family, codec.coded_family} <= set(PRESETS["gan"])
    assert corruptions.names_for(codec) or isinstance(codec, Heads)  # nobody hands these over


@each
def test_the_classifiers_that_it_names_take_the_data(codec):
    u = codec.encode(codec.tensor(stored(codec)))
    for kind in codec.classifiers:
        assert BODIES[kind](codec)(codecs.planes(u) if kind == "cnn" else u).shape == (5, 64)


@each
def test_packs_have_the_layout_that_their_codec_says(codec):
    u = torch.arange(4 * codec.width, dtype=torch.float32).view(2, 2, *codec.layout)
    packed = codec.packed(2)
    assert codec.pack(u).shape == (2, *packed.layout)
    assert packed.width == 2 * codec.width


@each
def test_only_pictures_have_channels_and_a_picture(codec):
    x = codec.tensor(stored(codec))
    if not codec.channels:
        with pytest.raises(ValueError, match="pictures"):
            codec.picture(x)
        return
    shown = codec.picture(x)
    assert shown.shape == (5, codec.channels, *codec.shape[:2])
    assert 0 <= float(shown.min()) <= float(shown.max()) <= 1
