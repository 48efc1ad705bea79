"""What README and CONTRIBUTING show runs, with smaller settings."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
import tyro

from genenv import ENVIRONMENTS, cli, seeding
from genenv.agents.random import starts
from genenv.noise import Gaussian
from genenv.search import Search, Space

ROOT = Path(__file__).parents[1]


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)


def commands() -> list[str]:
    text = "\n".join(blocks("README.md", "bash"))
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    return [line for line in lines if line.startswith("genenv ")]


@pytest.mark.parametrize("line", commands())
def test_commands_of_the_readme_are_understood(line: str) -> None:
    tyro.cli(cli.Command, args=shlex.split(line)[1:])  # exits if not


def test_every_environment_is_named_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    for name in ENVIRONMENTS:
        assert name in text


def test_the_search_in_contributing_is_one() -> None:
    space = {"Search": Search, "starts": starts, "np": np, "torch": torch, "seeding": seeding}
    (block,) = blocks("CONTRIBUTING.md", "python")
    exec(block, space)
    walk = space["Walk"](Space(Gaussian(4), 3), 0)  # type: ignore[operator]
    e, label = walk.ask(10)
    assert e.shape == (10, 4)
    assert label.shape == (10,)
