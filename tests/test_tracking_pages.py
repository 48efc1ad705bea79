"""TensorBoard's own pages, drawn by headless Chromium: what a user sees of a run."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from served import WEBGL, Board, browser

from genenv.tracking import Bands, Lines, Tracker

pytestmark = pytest.mark.slow

RED = 255, 0, 0


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with browser(WEBGL) as page:
        folder = tmp_path_factory.mktemp("runs")
        for name, lr in (("gan", 0.25), ("wgan", 0.5)):
            write(folder / name, name, lr)
        page.base = Board(folder).url
        yield page


def write(folder, name, lr):
    with Tracker(folder) as tracker:
        tracker.hparams({"objective": f"{name} objective", "lr": lr}, ["found/random"])
        tracker.layout(
            {
                "Players": [Lines("confirmed failures", ("found/",))],
                "Learners": [Bands("agreement with a band", ("mean", "low", "high"))],
            }
        )
        for step in range(4):
            values = {"found/random": 100 * lr * step, "mean": step, "low": step - 1}
            tracker.scalars(values | {"high": step + 1}, step)
        sprites = np.zeros((30, 8, 8, 3), np.uint8) + np.array(RED, np.uint8)
        points = np.random.default_rng(0).normal(size=(30, 4))
        columns = {"kind": ["real", "generated"] * 15, "row": range(30)}
        tracker.embedding("in the audit's features", points, columns, sprites)


def open_tab(page, tab):
    page.goto("about:blank")  # the tab stands behind a # and would not reload alone
    page.goto(f"{page.base}#{tab}")


def pixels(page):
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), int)


def test_the_layout_opens_on_its_categories_and_draws_curves_and_bands(page):
    open_tab(page, "custom_scalars")
    for words in ("Players", "Learners", "confirmed failures", "agreement with a band"):
        page.get_by_text(words, exact=True).first.wait_for()
    page.get_by_text("Matches (2)").nth(1).wait_for()  # both runs in both charts
    page.locator("path.line, path.margin, g.plot path").first.wait_for(state="attached")


def test_the_hparams_table_has_a_row_a_run_with_its_metric(page):
    open_tab(page, "hparams")
    for words in ("lr", "objective", "found/random", "gan objective", "wgan objective"):
        page.get_by_text(words, exact=True).first.wait_for()
    page.get_by_text("150.00", exact=True).first.wait_for()  # 100 * 0.5 * 3


def test_the_projector_draws_the_sprites_of_its_points(page):
    page.set_viewport_size({"width": 900, "height": 500})  # each frame is drawn in software
    open_tab(page, "projector")
    inner = page.frame_locator("iframe").last.frame_locator("iframe")
    inner.get_by_text("Points: 30", exact=False).first.wait_for()
    for _ in range(100):
        red = (np.abs(pixels(page) - RED).max(-1) < 60).sum()
        if red > 500:
            break
        page.wait_for_timeout(200)
    assert red > 500  # of 30 sprites of at least 8 x 8 pixels each
