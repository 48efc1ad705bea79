"""The pages of the environments, made from their docstrings: `python docs/made/environments.py`.

Between two marks stands what `help(genenv.envs.latent_probe.LatentProbe)` prints, too, with its
parameters as a table; what is around the marks is written by hand, and stays.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

from numpydoc.docscrape import NumpyDocString

from genenv import ENVIRONMENTS

PAGES = Path(__file__).parents[1] / "envs"
START = "<!-- Made from the docstring of {}: python docs/made/environments.py -->"
END = "<!-- From here on by hand. -->"
MADE = re.compile(f"{START.replace('{}', '.*')}.*{END}", re.DOTALL)
DUEL = "genenv.envs.duel:Side"


def described() -> dict[Path, type]:
    """Return each page with the class whose docstring it shows."""
    places = {f"{_stem(name)}.md": place for name, (_, place) in ENVIRONMENTS.items()}
    return {PAGES / page: _found(place) for page, place in {**places, "duel.md": DUEL}.items()}


def page(text: str, shown: type) -> str:
    """Return the text of a page with what its docstring says between the marks."""
    start = START.format(f"{shown.__module__}.{shown.__qualname__}")
    made = f"{start}\n\n{sections(shown)}\n\n{END}"
    return MADE.sub(lambda _: made, text)


def sections(shown: type) -> str:
    """Return the sections of a docstring, its parameters as the table of its arguments."""
    text = inspect.cleandoc(shown.__doc__ or "").partition("\nParameters\n")[0].strip()
    history = "## Version history"
    return text[text.index("## ") :].replace(history, f"{arguments(shown)}\n\n{history}")


def arguments(shown: type) -> str:
    """Return the parameters of a docstring as a table."""
    said = NumpyDocString(inspect.cleandoc(shown.__doc__ or ""))["Parameters"]
    usual = inspect.signature(shown).parameters
    lines = ["| argument | default | what |", "|---|---|---|"]
    for parameter in said:
        names = [name.strip() for name in parameter.name.split(",")]
        defaults = ", ".join(_shown(usual[name].default) for name in names)
        written = ", ".join(f"`{name}`" for name in names)
        what = " ".join(parameter.desc).replace("|", r"\|")
        lines.append(f"| {written} | {defaults} | {what} |")
    return "\n".join(lines)


def _stem(name: str) -> str:
    """Return the page of an id: latent_probe of genenv/LatentProbe-v0."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.partition("/")[2].partition("-")[0]).lower()


def _found(place: str) -> type:
    """Return the class at `module:name`."""
    module, attribute = place.split(":")
    found: type = getattr(import_module(module), attribute)
    return found


def _shown(default: object) -> str:
    """Write a default: a member of an enumeration as its value, nothing where there is none."""
    if default is inspect.Parameter.empty:
        return ""
    return f"`{getattr(default, 'value', default)!r}`"


if __name__ == "__main__":
    for path, shown in described().items():
        path.write_text(page(path.read_text(), shown))
