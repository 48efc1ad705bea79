"""The directive `environments`: what each docstring says, with a table of its arguments."""

from __future__ import annotations

import inspect
from importlib import import_module

from docutils import nodes
from numpydoc.docscrape import NumpyDocString
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from genenv import ENVIRONMENTS


def kind(name: str) -> type:
    """Return the class of a batch by the id of its environment."""
    module, attribute = ENVIRONMENTS[name][1].split(":")
    found: type = getattr(import_module(module), attribute)
    return found


def sections(described: type) -> str:
    """Return the text of a docstring before its parameters, from its first heading on."""
    text = inspect.cleandoc(described.__doc__ or "").partition("\nParameters\n")[0]
    return text[text.index("## ") :]


def arguments(described: type) -> str:
    """Return the parameters of a docstring as a table."""
    said = NumpyDocString(inspect.cleandoc(described.__doc__ or ""))["Parameters"]
    usual = inspect.signature(described).parameters
    lines = ["| argument | default | |", "|---|---|---|"]
    for parameter in said:
        names = [name.strip() for name in parameter.name.split(",")]
        defaults = ", ".join(_shown(usual[name].default) for name in names if name in usual)
        lines.append(f"| `{parameter.name}` | {defaults} | {' '.join(parameter.desc)} |")
    return "\n".join(lines)


def _shown(default: object) -> str:
    """Write a default: a member of an enumeration as its value, nothing where there is none."""
    if default is inspect.Parameter.empty:
        return ""
    return f"`{getattr(default, 'value', default)!r}`"


def reference() -> str:
    """Return every environment: its id, its sentence, and the sections of its docstring."""
    parts = []
    for name in ENVIRONMENTS:
        described = kind(name)
        text = sections(described)
        text = text.replace("## Version history", f"{arguments(described)}\n\n## Version history")
        first = (inspect.getdoc(described) or "").splitlines()[0]
        parts += [f"## {name}", first, text.replace("## ", "### ")]
    return "\n\n".join(parts)


class Environments(SphinxDirective):
    """What the docstrings of all environments say."""

    def run(self) -> list[nodes.Node]:
        """Return their sections, with a table of arguments."""
        return self.parse_text_to_nodes(reference(), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("environments", Environments)
    return {"parallel_read_safe": True}
