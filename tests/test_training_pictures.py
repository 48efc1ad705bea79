from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from genenv import files, networks
from genenv.codecs import Pictures, Vectors
from genenv.drawing import grids
from genenv.monitoring import charts, pictures
from genenv.networks import Critic, Generator
from genenv.noise import Categorical, Gaussian, Mixture, Product, Sphere, Uniform
from genenv.tracking import Tracker, read

GREY = Pictures((8, 8), "uint8", (0.0,), (255.0,))
COLOUR = Pictures((12, 10, 3), "uint8", (0.0,), (255.0,))
PLANE = Vectors((2,), "float32", (-1.0, -2.0), (1.0, 2.0))
TABLE = Vectors((5,), "float32", (0.0,) * 5, (1.0,) * 5)
LINE = Vectors((1,), "float32", (0.0,), (1.0,))
INK = 128  # darker than any gap


class Shown(Generator):
    """An image whose first pixels are z, so that a picture tells what z was."""

    kind = "shown"

    def __init__(self, noise, units=GREY, classes=()):
        super().__init__(noise, units, classes, {})
        self.weight = torch.nn.Parameter(torch.ones(()))
        self.seen = []

    def forward(self, z, label=None):
        self.seen.append((z.clone(), None if label is None else label.clone()))
        flat = torch.full((len(z), self.units.size), -1.0)
        flat[:, : z.shape[1]] = z.clamp(-1, 1)
        return flat.view(-1, *self.units.shape)


class Slope(Critic):
    """The score is the first column."""

    def __init__(self, units, classes=(), pack=1):
        super().__init__(units, classes, {})
        self.weight = torch.nn.Parameter(torch.ones(()))
        self.pack = pack

    def forward(self, x, label=None):
        score = x[:: self.pack, 0] if label is None else x[:: self.pack, 0] + label[:: self.pack]
        return score * self.weight


def pair(units, classes=(), noise=None):
    generator, critic = networks.build(
        "mlp", noise or Gaussian(4), units, classes, width=8, critic_width=8
    )
    generator.keep(critic)
    return generator.eval().requires_grad_(False)


def test_a_table_puts_every_picture_into_its_cell():
    cells = np.arange(6, dtype=np.uint8).reshape(2, 3, 1, 1, 1).repeat(64, 2).repeat(50, 3)
    sheet = grids.table(cells)
    assert sheet.shape == (4 + 2 * 68, 4 + 3 * 54, 1)
    for i in range(2):
        for j in range(3):
            assert (sheet[4 + 68 * i :, 4 + 54 * j :][:64, :50] == 3 * i + j).all()
    assert (sheet[68:72] == 255).all()


def test_a_table_enlarges_small_pictures_and_writes_names_outside_them():
    cells = np.full((2, 3, 8, 8, 3), 200, np.uint8)
    plain = grids.table(cells)
    assert plain.shape == (4 + 2 * 52, 4 + 3 * 52, 3)
    sheet = grids.table(cells, ["one", "two"], ["a", "b", "c"])
    down, across = np.array(sheet.shape[:2]) - plain.shape[:2]
    assert (sheet[down + 4 :, across:] == plain[4:]).all()
    assert (sheet[down : down + 52, :across] < INK).any()
    assert (sheet[:down, across:] < INK).any()


def test_long_names_are_cut():
    assert grids.name_width(["x" * 16]) > grids.name_width(["x" * 12])
    assert grids.name_width(["x" * 100]) <= grids.name_width(["x" * 17])
    assert grids.name_width([]) == 0


def test_stacked_sheets_stand_at_the_left():
    sheet = grids.stack([np.zeros((5, 9, 3), np.uint8), np.zeros((5, 4, 3), np.uint8)])
    assert sheet.shape[1] == 9
    assert (sheet[-13:-8, :4] == 0).all()
    assert (sheet[-13:-8, 4:] == 255).all()


def test_samples_have_a_row_a_class_of_fixed_latents():
    generator = Shown(Gaussian(3), classes=("ant", "bee"))
    sheet = pictures.samples(generator, seed=1)
    z, label = generator.seen[-1]
    assert label.tolist() == [0] * 10 + [1] * 10
    torch.testing.assert_close(z, Gaussian(3).sample(20, 1))
    assert sheet.shape == (4 + 2 * 52, grids.name_width(["ant", "bee"]) + 4 + 10 * 52, 1)
    np.testing.assert_array_equal(sheet, pictures.samples(generator, seed=1))


def test_samples_without_classes_and_of_many_classes():
    assert pictures.samples(Shown(Gaussian(3))).shape == (4 + 10 * 52, 4 + 10 * 52, 1)
    many = pictures.samples(Shown(Gaussian(3), classes=tuple(range(30))))
    assert many.shape[0] == 4 + pictures.CLASSES * 52


@pytest.mark.parametrize("noise", [Gaussian(5), Sphere(5)])
def test_the_loop_runs_on_great_circles(noise):
    circles = pictures._circles(noise, 7, seed=3)
    turns = [circles(turn) for turn in np.linspace(0, 2 * math.pi, 33)]
    radius = noise.base(14, 3)[:7].norm(dim=1)
    for e in turns:
        torch.testing.assert_close(e.norm(dim=1), radius, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(turns[0], turns[-1], rtol=1e-4, atol=1e-4)  # seamless
    torch.testing.assert_close(turns[16], -turns[0], rtol=1e-4, atol=1e-4)
    steps = torch.stack([(a - b).norm(dim=1) for a, b in pairwise(turns)])
    torch.testing.assert_close(steps, steps[:1].expand_as(steps), rtol=1e-3, atol=1e-3)  # even


def test_the_loop_leaves_codes_and_works_with_one_coordinate():
    noise = Product([Categorical(3), Gaussian(2)])
    circles = pictures._circles(noise, 4, seed=0)
    assert torch.equal(circles(0.0)[:, :3], circles(1.0)[:, :3])
    assert not torch.equal(circles(0.0)[:, 3:], circles(1.0)[:, 3:])
    assert pictures._circles(Gaussian(1), 4, 0)(1.0).isfinite().all()
    picks = pictures._circles(Categorical(3), 4, 0)
    assert not torch.equal(picks(0.0), picks(1.0))  # where all of them pick, all move


def test_interpolation_has_one_label_a_row_and_frames_of_one_size():
    generator = Shown(Gaussian(3), classes=("ant", "bee"))
    frames = pictures.interpolation(generator, seed=1)
    assert frames.shape[0] == pictures.FRAMES
    assert frames.shape[1] == 4 + 2 * 52
    label = generator.seen[0][1]
    assert label.tolist() == sorted(label.tolist())
    assert all(torch.equal(other, label) for _, other in generator.seen)


@pytest.mark.parametrize("side", [8, 64, 400])
def test_an_interpolation_is_no_larger_than_its_budget(side):
    units = Pictures((side, side), "uint8", (0.0,), (255.0,))
    frames = pictures.interpolation(Shown(Gaussian(3), units))
    cells = max(1, pictures.ANIMATED // (pictures.FRAMES * max(side, 48) ** 2))
    assert frames[0].shape[0] * frames[0].shape[1] < 1.4 * cells * max(side + 8, 56) ** 2


def test_codes_are_found_with_their_place_and_values():
    noise = Product([Categorical(3), Uniform(2), Gaussian(4), Categorical(2)])
    found = list(pictures.codes(noise))
    assert [(name, at) for name, at, _ in found] == [
        ("code 0", 0),
        ("code 1", 3),
        ("code 2", 4),
        ("code 3", 9),
    ]
    assert torch.equal(found[0][2], torch.eye(3))
    assert found[1][2].tolist()[0] == [-1.0]
    assert found[1][2].tolist()[-1] == [1.0]


@pytest.mark.parametrize(
    "noise", [Gaussian(3), Uniform(3), Mixture(3), Product([Gaussian(2), Uniform(60)])]
)
def test_noise_without_codes_has_no_traversal(noise):
    assert pictures.traversals(Shown(noise)) is None


def test_a_traversal_moves_one_code_and_nothing_else():
    noise = Product([Categorical(3), Uniform(1), Gaussian(2)])
    generator = Shown(noise, classes=("a", "b"))
    sheet = pictures.traversals(generator, seed=2)
    assert sheet.shape[0] > 6 * 52
    start = noise.sample(pictures.STARTS, 2)
    (first, label), (second, _) = generator.seen
    assert torch.equal(first[:, :3].view(3, 3, 3), torch.eye(3).expand(3, 3, 3))
    assert torch.equal(first[:, 3:], start[:, 3:].repeat_interleave(3, 0))
    values = torch.linspace(-1, 1, pictures.VALUES)
    assert torch.equal(second[:, 3].view(3, -1), values.expand(3, -1))
    assert torch.equal(second[:, 4:], start[:, 4:].repeat_interleave(pictures.VALUES, 0))
    assert label.view(3, 3).unique(dim=1).shape == (3, 1)  # a start keeps its class


def test_the_surface_is_the_mean_score_over_the_classes_also_of_packs():
    x = np.array([[-1.0, 0.0], [0.5, 2.0]], "f4")
    for pack in (1, 3):
        score = charts._score(Slope(PLANE, pack=pack), PLANE, x)
        np.testing.assert_allclose(score, [-1, 0.5], atol=1e-6)
        score = charts._score(Slope(PLANE, ("a", "b", "c"), pack), PLANE, x)
        np.testing.assert_allclose(score, [0, 1.5], atol=1e-6)


def test_a_flat_critic_has_a_surface():
    generator = pair(PLANE)
    critic = Slope(PLANE)
    critic.weight.data.zero_()
    sheet = charts.surface(generator, critic, np.zeros((3, 2), "f4"))
    assert sheet.dtype == np.uint8
    assert sheet.shape[2] == 3


def test_a_surface_is_drawn_for_two_columns_and_a_critic_alone():
    assert charts.surface(pair(PLANE), None, np.zeros((3, 2))) is None
    assert charts.surface(pair(TABLE), Slope(TABLE), np.zeros((3, 5))) is None


@pytest.mark.slow
@pytest.mark.parametrize("units", [LINE, PLANE, TABLE])
def test_vectors_of_any_length_are_drawn(units):
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, (50, units.size)).astype("f4")
    x[:, -1] = 0.5  # a constant column
    sheet = charts.vectors(x, x[:9] + 0.1, units)
    assert sheet.dtype == np.uint8
    assert (sheet < INK).any()
    np.testing.assert_array_equal(sheet, charts.vectors(x, x[:9] + 0.1, units))


APPLY = [
    (GREY, ("a", "b"), Gaussian(4), ["samples.png", "interpolation.gif"]),
    (COLOUR, (), Gaussian(4), ["samples.png", "interpolation.gif"]),
    (
        GREY,
        (),
        Product([Categorical(3), Gaussian(4)]),
        ["samples.png", "interpolation.gif", "traversals.png"],
    ),
    (PLANE, (), Gaussian(2), ["samples.png", "critic.png"]),
    (TABLE, ("a", "b"), Gaussian(4), ["samples.png"]),
]


@pytest.mark.slow
@pytest.mark.parametrize(("units", "classes", "noise", "names"), APPLY)
def test_the_pictures_that_apply_are_written_to_folder_and_tracker(
    tmp_path, units, classes, noise, names
):
    real = np.random.default_rng(0).uniform(0, 1, (20, *units.shape)).astype(units.dtype)
    with Tracker(tmp_path / "log") as tracker:
        paths = pictures.write_all(tmp_path, pair(units, classes, noise), real, tracker, step=9)
    assert [path.name for path in paths] == names
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*names, "log"])
    for path in paths:
        with Image.open(path) as image:
            image.load()
        assert path.stat().st_size < 1_000_000
    assert shown(tmp_path / "log") == {f"result/{name.split('.')[0]}" for name in names}
    assert read(tmp_path / "log") == {}


def shown(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = EventAccumulator(str(folder))
    log.Reload()
    return set(log.Tags()["images"])


@pytest.mark.slow
def test_a_picture_is_whole_or_not_there(tmp_path, monkeypatch):
    (tmp_path / "samples.png").write_bytes(b"the old one")

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        pictures.write_all(tmp_path, pair(PLANE), np.zeros((9, 2), "f4"))
    assert [p.name for p in tmp_path.iterdir()] == ["samples.png"]
    assert (tmp_path / "samples.png").read_bytes() == b"the old one"


def test_drawing_leaves_the_mode_of_the_networks_and_the_random_state():
    generator = pair(PLANE)
    generator.train()
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    charts.surface(generator, generator.kept_critic, np.zeros((3, 2), "f4"))
    assert torch.equal(torch.rand(2), expected)
    assert generator.training
