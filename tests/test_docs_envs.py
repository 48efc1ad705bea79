"""The pages of the environments are in one order, name every argument, and their code runs."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
from stable_baselines3 import PPO

from genenv import ENVIRONMENTS, bundled, seeding
from genenv.envs.duel import Side

PAGES = Path(__file__).parents[1] / "docs" / "envs"
PAGES_OF_ENVS = [
    page for page in sorted(PAGES.glob("*.md")) if page.stem not in ("index", "reference")
]
ORDER = [
    *("Description", "Action", "Observation", "Reward", "Start and end", "Info", "Arguments"),
    "Version history",
]
NAMES = {
    page: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", page).lower()
    for page in (name.partition("/")[2][:-3] for name in ENVIRONMENTS)
}


def kind(name):
    module, attribute = ENVIRONMENTS[f"genenv/{name}-v0"][1].split(":")
    return getattr(import_module(module), attribute)


@pytest.mark.parametrize("page", PAGES_OF_ENVS, ids=lambda path: path.stem)
def test_a_page_is_in_gymnasiums_order(page):
    headings = re.findall(r"^## (.*)$", page.read_text(), re.MULTILINE)
    assert [h for h in headings if h in ORDER] == ORDER
    assert headings[-1] == ORDER[-1]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_names_every_argument(name):
    text = (PAGES / f"{NAMES[name]}.md").read_text()
    table = text[text.index("## Arguments") : text.index("## Version history")]
    given = inspect.signature(kind(name).__init__).parameters
    for argument in list(given)[2:]:  # after self and num_envs
        assert re.search(rf"\b{argument}\b", table), f"{argument} of {name}"


def test_the_page_of_the_duel_names_every_argument():
    text = (PAGES / "duel.md").read_text()
    for argument in list(inspect.signature(Side.__init__).parameters)[1:]:
        assert re.search(rf"\b{argument}\b", text), argument


@pytest.mark.parametrize("page", PAGES_OF_ENVS, ids=lambda path: path.stem)
def test_the_first_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    block = re.search(r"```python\n(.*?)```", page.read_text(), re.DOTALL).group(1)
    if "runs/stress-digits-000" in block:
        (tmp_path / "runs").mkdir()
        (tmp_path / "runs" / "stress-digits-000").symlink_to(bundled.FOLDER)
    if "mine.zip" in block:
        with seeding.global_seed(0):
            PPO("MlpPolicy", "Pendulum-v1", device="cpu").save("mine.zip")
    exec(block, {})


@pytest.mark.parametrize("name", NAMES)
def test_page_and_docstring_name_the_same_spaces(name):
    page = (PAGES / f"{NAMES[name]}.md").read_text()
    docstring = kind(name).__doc__
    for heading in ("Action", "Observation"):
        said = [
            re.findall(
                r"(?:Box|Discrete|MultiDiscrete|MultiBinary)\(.*?\)`", section(text, heading)
            )
            for text in (page, inspect.cleandoc(docstring))
        ]
        assert set(said[1]) <= set(said[0]), heading


def section(text, heading):
    return text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
