from __future__ import annotations

import re
from pathlib import Path

import pytest

from genenv import report
from genenv.report.template import contents

PAGES = Path(report.__file__).parent
SERVED = "audit.html"  # its policy allows nothing inline: style and script are files beside it
NAMES = sorted(
    path.name
    for path in PAGES.glob("*.html")
    if path.name != "base.html" and not path.name.startswith("_")  # a part of a page
)


def test_every_heading_of_a_page_has_its_place_in_the_contents():
    page = contents("<h2>What it cost</h2><p>a</p><h2>Its <em>oracles</em></h2>")
    assert re.findall(r'<a href="#(.*?)">', page) == ["what-it-cost", "its-oracles"]
    assert re.findall(r'<h2 id="(.*?)">', page) == ["what-it-cost", "its-oracles"]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_extends_the_base_and_writes_no_head_of_its_own(name):
    text = (PAGES / name).read_text()
    assert text.startswith('{% extends "base.html" %}')
    linked = "" if name == SERVED else "script|link|"
    assert not re.search(f"<({linked}style|meta|head|body)[ >]", text)


@pytest.mark.parametrize("name", [name for name in NAMES if name != SERVED])
def test_every_table_has_a_caption_and_every_head_of_a_cell_a_scope(name):
    text = (PAGES / name).read_text()
    tables = re.findall("<table.*?</table>", text, re.DOTALL)
    assert tables
    assert all("<caption>" in table for table in tables)
    assert not re.search(r"<th(?! scope=)[ >]", text)


def test_what_is_closed_on_the_screen_is_printed():
    printed = (PAGES / "page.css").read_text().split("@media print")[1]
    assert re.search(r"details::details-content \{ content-visibility: visible;", printed)
