"""The page of errors names every class and every exit code, and its code runs."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

from genenv import checks, cli, interrupt

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "errors.md").read_text()
CLASS = re.compile(
    r"^class (\w+)\((?:checks\.Mistake|KeyboardInterrupt|ValueError)\)", re.MULTILINE
)


def test_every_class_of_errors_is_named_where_it_can_be_imported_from():
    named = dict(place.rsplit(".", 1)[::-1] for place in re.findall(r"^\| `([\w.]+)`", PAGE, re.M))
    folders = [ROOT / name for name in ("genenv", "envs", "agents")]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    classes = {name for path in files for name in CLASS.findall(path.read_text())}
    assert classes == set(named)
    for name, module in named.items():
        found = getattr(importlib.import_module(module), name)
        assert issubclass(found, checks.Mistake | interrupt.Terminated)


def test_every_exit_code_is_named():
    told = inspect.getdoc(cli.main).partition("Parameters")[0]
    assert set(re.findall(r"^\| (\d+) \|", PAGE, re.M)) == set(re.findall(r"\d+", told))


def test_the_code_of_the_page_prints_a_sentence(capsys):
    exec(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1], {})
    assert capsys.readouterr().out.startswith(
        "expected steps to be a whole number above 0, got 0; "
    )
