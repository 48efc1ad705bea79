"""What the documentation makes from the code, and that its lists leave nothing out."""

from __future__ import annotations

import dataclasses
import importlib
import re
import sys
from pathlib import Path

import pytest

from genenv import ENVIRONMENTS, settings
from genenv.settings import StressConfig

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "made" not in path.parts)
PAGES_OF_ENVIRONMENTS = [
    path.name for path in sorted((DOCS / "envs").glob("*.md")) if path.stem != "index"
]
ORDER = [
    *("Description", "Action", "Observation", "Reward", "Start and end", "Info", "Arguments"),
    "Version history",
]


@pytest.fixture(scope="module")
def made():
    """The extensions of docs/conf.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS))
        commands = importlib.import_module("made.commands")
        environments = importlib.import_module("made.environments")
        docstrings = importlib.import_module("made.docstrings")
        yield {"commands": commands, "environments": environments, "docstrings": docstrings}
    for name in [name for name in sys.modules if name.partition(".")[0] == "made"]:
        del sys.modules[name]


@pytest.mark.slow
def test_every_command_is_in_the_reference_with_every_option_and_its_sentence(made):
    shown = {name: list(made["commands"].rows(kind)) for name, kind in made["commands"].commands()}
    assert {"fit", "stress", "react", "judge", "train"} <= set(shown)
    assert all(said for rows in shown.values() for _, _, said in rows)
    options = {option.split()[0] for option, _, _ in shown["stress"]}
    for field in dataclasses.fields(StressConfig):
        assert f"--{field.name.replace('_', '-')}" in options


def test_the_reference_says_defaults_as_help_does(made):
    rows = {option: usual for option, usual, _ in made["commands"].rows(kind_of(made, "stress"))}
    assert rows["DATA"] == "required"
    assert rows["--budget N"] == "20000"
    assert rows["--threads N"] == "0, by rule"
    assert rows["--objective NAME"].endswith("; relativistic")
    assert rows["--rate"] == "off"


def kind_of(made, name):
    return dict(made["commands"].commands())[name]


@pytest.mark.parametrize("page", PAGES_OF_ENVIRONMENTS)
def test_a_page_of_an_environment_says_what_its_docstring_says(made, page):
    path = DOCS / "envs" / page
    shown = made["environments"].described()[path]
    text = path.read_text()
    assert made["environments"].MADE.search(text)
    assert text == made["environments"].page(text, shown), "python docs/made/environments.py"


def test_a_page_that_says_something_else_is_made_anew_between_its_marks(made):
    path = DOCS / "envs" / "walk1d.md"
    text = path.read_text()
    older = text.replace("x = 0. `terminated`", "x = 1. `terminated`")
    assert older != text
    shown = made["environments"].described()[path]
    assert made["environments"].page(f"{older}More.\n", shown) == f"{text}More.\n"


@pytest.mark.parametrize("page", PAGES_OF_ENVIRONMENTS)
def test_the_docstring_of_an_environment_is_in_order_and_names_its_arguments(made, page):
    shown = made["environments"].described()[DOCS / "envs" / page]
    assert re.findall(r"^## (.*)$", made["environments"].sections(shown), re.MULTILINE) == ORDER
    table = made["environments"].arguments(shown)
    given = dict.fromkeys(list(shown.__init__.__annotations__))
    for argument in [each for each in given if each != "return"]:
        assert re.search(rf"\b{argument}\b", table), argument


def test_every_environment_has_a_page(made):
    assert len(made["environments"].described()) == len(ENVIRONMENTS) + 1  # and the duel
    for path in made["environments"].described():
        assert path.name in PAGES_OF_ENVIRONMENTS


def test_stars_and_bars_of_a_docstring_are_no_markup_but_those_in_code_stay(made):
    plain = made["docstrings"].plain
    assert plain("(n, *shape) and |x| of `a * b`") == r"(n, \*shape) and \|x\| of `a * b`"
    assert plain("kind_ of base_dim") == r"kind\_ of base_dim"


def test_every_room_with_public_names_is_in_the_reference():
    text = (DOCS / "api.md").read_text()
    rooms = {path.parent.name for path in (ROOT / "genenv").glob("*/__init__.py")}
    public = {
        name
        for name in rooms
        if getattr(importlib.import_module(f"genenv.{name}"), "__all__", None)
    }
    inner = {
        "board",
        "cli",
        "finished",
        "known",
        "monitoring",
        "passes",
        "reading",
        "settings",
        "stacked",
    }
    assert settings.__all__
    for name in sorted(public - inner):
        assert f"   genenv.{name}\n" in text, name


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_what_a_page_links_to_is_there(page):
    prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)", prose):
        if not target.startswith(("http:", "https:")):
            made_later = target.startswith("made/")
            assert made_later or (page.parent / target).exists(), target
