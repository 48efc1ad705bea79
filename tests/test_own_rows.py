"""Searches that begin at the user's own rows: inversion, what lies near, and a run of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import torch
from torch import nn

import genenv
from genenv import bundled, data, generators, networks
from genenv.board.flips import Flips
from genenv.checks import Mistake
from genenv.settings import StressConfig

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("able_parts")]

DIGITS = data.load("digits")
ROWS = np.arange(0, 1797, 4)
X = DIGITS.x[ROWS]
Y = DIGITS.label[ROWS]
ORIGIN = {
    "rows": 40, "wrong": 1, "turned": 2, "kept": 37, "error": 0.1, "error_90": 0.2,
    "neighbour": 0.3, "by": "gradient steps",
}  # fmt: skip


@pytest.fixture(scope="module")
def fitted():
    return networks.load(bundled.FOLDER / "generator")


def test_gradient_steps_find_the_latents_of_what_the_generator_made(fitted):
    x, label = fitted.sample(30, seed=5)
    found = generators.invert(fitted, x, label)
    assert np.median(found.error) < 0.05
    rows = generators.invert(fitted, X[:30], Y[:30])
    assert np.median(found.error) < np.median(rows.error) < 0.3
    assert torch.equal(found.e, fitted.noise.project(found.e))
    again = fitted.from_base(found.e, torch.from_numpy(label))
    off = (again - fitted.units.encode(fitted.units.tensor(x))).flatten(1)
    assert off.square().mean(1).sqrt().detach().numpy() == pytest.approx(found.error, abs=1e-5)


def test_an_encoder_is_asked_in_the_units_of_the_data_and_its_error_told(fitted):
    asked = []

    def encode(x, label):
        asked.append((x.dtype, float(x.max()), label.tolist()))
        return 9 * torch.ones(len(x), 32)

    found = generators.encoded(encode, fitted, X[:5], Y[:5])
    assert asked == [(torch.float32, 16.0, Y[:5].tolist())]
    assert torch.equal(found.e, fitted.noise.project(9 * torch.ones(5, 32)))
    assert found.error.min() > 0.2


class Drawing(nn.Module):
    """An encoder of a VAE as it is trained: dropout, a draw, and labels changed in place."""

    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout()

    def forward(self, x, label):
        label.zero_()
        return (self.drop(torch.ones(len(x), 32)) + torch.randn(len(x), 32)).numpy()[::-1]


def test_an_encoder_that_draws_and_writes_into_its_labels_changes_nothing(fitted):
    label, state = Y[:5].copy(), torch.get_rng_state()
    one, two = (generators.encoded(Drawing(), fitted, X[:5], label) for _ in range(2))
    assert torch.equal(one.e, two.e)
    assert label.tolist() == Y[:5].tolist()
    assert torch.equal(torch.get_rng_state(), state)


def test_a_search_for_latents_leaves_no_gradients_in_the_decoder():
    decoder = nn.Linear(4, 64)

    def decode(e, label):
        return 8 + decoder(e).reshape(-1, 8, 8) + 0 * label[:, None, None]

    generators.invert(genenv.wrap_generator(decode, X, Y, base_dim=4), X[:3], Y[:3])
    assert decoder.weight.grad is None


def too_short(x, _label):
    return torch.zeros(len(x), 3)


def not_numbers(x, _label):
    return torch.full((len(x), 32), torch.nan)


def raises(_x, _label):
    raise KeyError("weights")


@pytest.mark.parametrize(
    ("encode", "says"),
    [
        (too_short, r"what the encoder answers of shape \(5, 32\)"),
        (not_numbers, "what the encoder answers to be finite"),
        (raises, "the encoder to answer, got KeyError"),
    ],
)
def test_an_encoder_that_cannot_serve_is_refused(fitted, encode, says):
    with pytest.raises(Mistake, match=says):
        generators.encoded(encode, fitted, X[:5], Y[:5])


def test_a_generator_without_a_gradient_needs_an_encoder():
    black_box = genenv.wrap_generator(
        lambda e, label: np.clip(X[label.numpy()] + e.numpy()[:, :1, None], 0, 16), X, Y, base_dim=2
    )
    with pytest.raises(Mistake, match=r"give --encoder module:name, \(x, label\) -> e"):
        generators.invert(black_box, X[:5], Y[:5])


@pytest.fixture(scope="module")
def near(fitted):
    e = fitted.noise.project(fitted.noise.base(40, seed=1))
    label = np.arange(40) % 10
    return generators.Near(fitted, e, label, np.arange(100, 140), 0.1, ORIGIN)


def test_samples_lie_near_rows_of_their_class_and_every_row_is_picked(near):
    e = near.noise.base(400, 0)
    label = torch.arange(400) % 10
    place = near.picked(e, label)
    assert (torch.from_numpy(near.label)[place] == label).all()
    assert set(place.tolist()) == set(range(40))
    assert (near.row[place] % 10 == (label.numpy())).all()
    with torch.no_grad():
        moved = near.from_base(e, label).flatten(1)
        own = near.inner.from_base(near.anchors[place], label).flatten(1)
        other = near.inner.from_base(near.anchors[place.roll(10)], label).flatten(1)
    apart = [(moved - each).square().mean(1).sqrt().mean() for each in (own, other)]
    assert apart[0] < 0.5 * apart[1]
    at_rest = torch.cat([e[:, :1], torch.zeros(400, 32)], 1)
    assert torch.allclose(near.from_base(at_rest, label).flatten(1), own, atol=1e-5)


def test_what_lies_near_is_kept_and_read_as_it_was(near, tmp_path):
    near.save(tmp_path / "generator")
    read = networks.stored(tmp_path / "generator")
    assert read.digest() == near.digest()
    assert read.origin == ORIGIN
    assert np.array_equal(read.sample(20)[0], near.sample(20)[0])
    assert "37 of 40 untouched rows" in read.notes[-1]
    assert read.differentiable
    assert near.untrained(0) is not None


def test_a_class_without_a_row_is_refused(fitted):
    row = np.zeros(1, np.int64)
    with pytest.raises(Mistake, match=r"got none of 1, 2, .* 1 of 40 rows are wrong as"):
        generators.Near(fitted, torch.zeros(1, 32), row, row, 0.1, ORIGIN)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"start": "row"}, "start to be one of prior, rows"),
        ({"near": 0.0}, "near above 0"),
    ],
)
def test_settings_that_cannot_be_are_one_sentence(settings, says):
    with pytest.raises(Mistake, match=says):
        StressConfig(**settings)


SETTINGS = {"search": ["random", "gradient"], "budget": 400, "start": "rows", "near": 0.6}


@pytest.fixture(scope="module")
def run(tmp_path_factory, fitted):
    """A model that learned shortly, whose rows are moved until it fails."""
    out = tmp_path_factory.mktemp("rows") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generators.inversion, "STEPS", 100)
        return out, genenv.stress(None, fitted, DIGITS.x, DIGITS.label, **SETTINGS, out=out)


def test_a_run_says_where_it_began_and_shows_row_change_and_failure(run):
    out, report = run
    starts = report.data["generator"]["starts"]
    assert starts["kept"] == starts["rows"] - starts["wrong"] - starts["turned"] > 50
    assert starts["error"] < starts["neighbour"]
    page = (out / "report.html").read_text()
    assert "Searches start from" in page
    found = report.evidence.failures
    assert len(report.evidence.began) == len(found.surest(24))
    for at, row in zip(report.evidence.began, found.surest(24), strict=True):
        assert DIGITS.label[at["row"]] == found.label[row]
        assert np.array_equal(at["x"], DIGITS.x[at["row"]])
    assert ("From row to failure" in page) is bool(report.evidence.began)
    assert report.evidence.began


def test_the_tab_makes_its_flips_and_the_path_to_them(run):
    flips = Flips(run[0])
    flips.index.refresh(60)
    first = flips.page({}, 0)["rows"][0]
    address = first["shard"], first["row"]
    assert flips.details.sample(*address, 0.5).shape == (1, 8, 8)
    told = flips.details.of(*address)
    assert (told["path"]["by"], first["verdict"]) == ("the model", "confirmed")
    assert told["path"]["p"][-1] == pytest.approx(told["p"], abs=1e-3)
    assert told["nearest"]["distance"] > 0


def test_a_seat_and_a_resumed_run_read_it(run, tmp_path):
    out, report = run
    env = gym.make("genenv/LatentProbe-v0", run=out)
    assert env.reset(seed=0)[0][:33].any()
    again = Path(shutil.copytree(out, tmp_path / "run"))
    (again / "report.json").unlink()
    repeated = genenv.stress(
        None, networks.load(bundled.FOLDER / "generator"), DIGITS.x, DIGITS.label, **SETTINGS,
        out=again, resume=True,
    )  # fmt: skip
    assert repeated.searches[0]["flips"] == report.searches[0]["flips"]
    assert repeated.evidence.notes == report.evidence.notes
