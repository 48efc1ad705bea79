"""Every page in Chromium: contrast, names, keyboard, phone, dark and paper."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import numpy as np
import pytest
import served
import test_comparing
import test_people
import test_report
from sklearn.datasets import load_wine

import genenv
from genenv import cli, comparing, people
from genenv.codecs import Vectors
from genenv.report import comparison
from genenv.report.serve import Page
from genenv.report.serve import served as serving

pytestmark = pytest.mark.slow

PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1300, "height": 900}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
PAGES = ("stress", "vectors", "empty", "react", "judge", "compare", "audit")


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Where each page lies."""
    folder = tmp_path_factory.mktemp("pages")
    found = {"react": reacted(folder), "judge": judged(folder)}
    written = {
        "stress": test_report.example(),
        "vectors": test_report.example(test_report.VECTORS),
        "empty": test_report.nothing_found(),
    }
    for name, report in written.items():
        found[name] = report.html(folder / f"{name}.html")
    found["compare"] = compared(folder)
    with audited(folder) as address:
        yield {name: f"file://{path}" for name, path in found.items()} | {"audit": address}


def wine(folder):
    x, y = load_wine(return_X_y=True)
    np.savez(folder / "wine.npz", x=x.astype(np.float32), y=y)
    return str(folder / "wine.npz")


def reacted(folder):
    x, y = load_wine(return_X_y=True)
    genenv.react(
        x, y, steps=20, learners=["logistic", "mlp"], noises=["real:missing", "latent:uniform"],
        samples=20, sizes=[60], only=["noise", "shares", "lessons"], out=folder / "react",
    )  # fmt: skip
    return folder / "react" / "react.html"


def judged(folder):
    with pytest.raises(SystemExit):
        cli.main(["judge", wine(folder), "--out", str(folder / "judge")])
    return folder / "judge" / "judge.html"


def compared(folder):
    first = test_comparing.run(folder / "first", (1,), [1, 1], draws=[0, 1, 3] * 20)
    other = test_comparing.run(folder / "other", (2,), [2], draws=[0, 1, 0] * 20)
    content = comparing.compare([first, other])
    path = folder / "compare.html"
    records = [first.record, other.record]
    comparison.write_page(content, records, test_comparing.UNITS, test_comparing.CLASSES, path)
    return path


@contextmanager
def audited(folder):
    """A sheet of five columns on its local page."""
    sheet = test_people.sheet()
    units = Vectors((5,), "float32", (-1.0,) * 5, (1.0,) * 5)
    answers = people.Answers(folder, "ann", len(sheet), test_people.CLASSES)
    page = Page(sheet, answers, units, test_people.CLASSES)
    server = serving(page, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield page.address(server.server_port)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def window():
    with served.browser() as page:
        yield page


def violations(page):
    """What axe finds against WCAG 2.2 AA, with the elements."""
    driver = pytest.importorskip("axe_playwright_python.sync_playwright", reason="extra browser")
    found = driver.Axe().run(page, options=RULES).response["violations"]
    return [(row["id"], [node["html"][:120] for node in row["nodes"][:4]]) for row in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_breaks_no_rule_of_wcag_aa(name, scheme, places, window):
    window.emulate_media(color_scheme=scheme, media="screen")
    window.set_viewport_size(WIDE)
    window.goto(places[name])
    window.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
    assert violations(window) == []


def test_what_is_wrong_on_a_page_is_found(places, window):
    window.emulate_media(color_scheme="light", media="screen")
    window.goto(places["stress"])
    window.eval_on_selector("h1", "head => head.style.color = '#eeeeee'")
    window.eval_on_selector("img", "image => image.removeAttribute('alt')")
    assert {name for name, _ in violations(window)} == {"color-contrast", "image-alt"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone(name, places, window):
    window.emulate_media(color_scheme="light", media="screen")
    window.set_viewport_size(PHONE)
    window.goto(places[name])
    window.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
    assert window.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(window) == []


@pytest.mark.parametrize("name", ["stress", "react", "judge", "compare", "audit"])
def test_closed_parts_are_printed(name, places, window):
    window.set_viewport_size(WIDE)
    window.goto(places[name])
    window.emulate_media(media="print")
    heights = window.eval_on_selector_all(
        "details:not(.numbers) > :not(summary)",
        "all => all.map(each => each.getBoundingClientRect().height)",
    )
    window.emulate_media(media="screen")
    assert heights
    assert all(height > 0 for height in heights)


@pytest.mark.parametrize("name", PAGES)
def test_every_link_and_part_is_reached_by_the_keyboard(name, places, window):
    window.set_viewport_size(WIDE)
    window.goto(places[name])
    wanted = window.locator("a[href], summary, button:visible").count()
    reached = set()
    for _ in range(wanted + 30):
        window.keyboard.press("Tab")
        reached.add(window.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
    shown = window.eval_on_selector_all(
        "a[href], summary, button",
        "all => all.filter(e => e.checkVisibility()).map(e => e.outerHTML.slice(0, 200))",
    )
    assert set(shown) <= reached


@pytest.mark.parametrize("name", PAGES)
def test_the_numbers_of_every_figure_can_be_copied(name, places, window):
    window.set_viewport_size(WIDE)
    window.goto(places[name])
    window.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
    drawn = window.locator("svg").count()
    assert drawn > 0 or name in ("empty", "judge", "compare", "audit")  # these show pictures alone
    copied = window.eval_on_selector_all(
        "svg",
        """all => all.map(each => {
             const numbers = each.nextElementSibling;
             getSelection().selectAllChildren(numbers.querySelector("pre"));
             return getSelection().toString();
           })""",
    )
    for text in copied:
        head, *rows = [line.split("\t") for line in text.strip("\n").split("\n")]
        assert rows
        assert all(len(row) == len(head) for row in rows)
        assert any(cell.replace(".", "", 1).isdigit() for row in rows for cell in row)
