from __future__ import annotations

import io

import gymnasium
import numpy as np
import pytest
from PIL import Image

import genenv  # noqa: F401 registers the environments
from genenv.envs import pictures
from genenv.envs.pictures import BAD, BLUE, GOOD, GREY, MARGIN, SIDE
from genenv.tracking import animation


def at(panel, row, column):
    return tuple(np.asarray(panel)[row, column].tolist())


def test_a_page_holds_panels_side_by_side_above_its_lines():
    panels = [pictures.enlarged(np.full((2, 2), u)) for u in (-1.0, 1.0)]
    sheet = pictures.page(panels, ["one", "two"])
    assert sheet.dtype == np.uint8
    assert sheet.shape == (SIDE + 3 * MARGIN + 32, 2 * SIDE + 3 * MARGIN, 3)
    assert at(sheet, 80, 80) == (0, 0, 0)
    assert at(sheet, 80, 80 + SIDE + MARGIN) == (255, 255, 255)
    assert (sheet[SIDE + MARGIN :] < 128).any()


@pytest.mark.parametrize("shape", [(4, 6), (6, 4, 1), (5, 5, 3)])
def test_images_of_every_layout_fill_a_square(shape):
    panel = pictures.sample(np.zeros(shape))
    assert panel.size == (SIDE, SIDE)
    assert at(panel, 0, 0) == (128, 128, 128)


def test_a_vector_becomes_bars():
    panel = pictures.sample(np.array([-1.0, 1.0]))
    assert at(panel, 40, 40) == (255, 255, 255)
    assert at(panel, 40, 120) == GREY


def test_bars_end_at_their_height():
    panel = pictures.bars(np.array([0.25, 2.0]), [GOOD, BAD])
    assert at(panel, 100, 40) == (255, 255, 255)
    assert at(panel, 140, 40) == GOOD
    assert at(panel, 2, 120) == BAD


def test_points_lie_where_they_are_and_those_outside_are_left_out():
    clouds = [(np.array([[0.0, 0.0], [9.0, 9.0]]), GREY), (np.array([[0.5, 0.5]]), BLUE)]
    panel = pictures.scatter(clouds, -1, 1)
    assert at(panel, 80, 80) == GREY
    assert at(panel, 40, 119) == BLUE
    assert (np.asarray(panel) == np.array(BLUE)).all(2).sum() <= 9


def test_curves_rise_from_left_to_right_and_skip_what_is_not_finite():
    rising = np.array([-1.0, np.nan, np.inf, 1.0])
    panel = np.asarray(pictures.curves([(rising, GOOD)], -1, 1, length=4))
    drawn = np.argwhere((panel == np.array(GOOD)).all(2))
    assert drawn[drawn[:, 1].argmin(), 0] > 150
    assert drawn[drawn[:, 1].argmax(), 0] < 10
    assert at(pictures.curves([], -1, 1, length=4), 80, 40) == GREY


def test_a_curve_of_one_value_is_a_dot():
    panel = pictures.curves([(np.array([0.5]), BAD)], 0, 1, length=9)
    assert at(panel, 80, 0) == BAD


@pytest.mark.slow
@pytest.mark.parametrize("env_id", [i for i in gymnasium.registry if i.startswith("genenv/")])
def test_every_seat_can_be_filmed(env_id):
    env = gymnasium.make(env_id, render_mode="rgb_array")
    env = gymnasium.wrappers.RenderCollection(env)
    env.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(3):
        _, _, terminated, truncated, _ = env.step(env.action_space.sample())
        if terminated or truncated:
            break
    frames = np.stack(env.render())
    env.close()
    with Image.open(io.BytesIO(animation(frames))) as film:
        assert film.size == frames.shape[2:0:-1]
        assert film.n_frames > 1
