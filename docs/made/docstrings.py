"""Docstrings are plain text: a star or a bar in them is itself, and no markup."""

from __future__ import annotations

import re

from sphinx.application import Sphinx

CODE = re.compile(r"(`[^`]*`)")
MARKS = re.compile(r"([*|])|(?<=\w)(_)(?!\w)")
BEFORE_NUMPYDOC = 100


def plain(text: str) -> str:
    """Escape what would be markup outside of code."""
    parts = CODE.split(text)
    return "".join(p if p.startswith("`") else MARKS.sub(r"\\\g<0>", p) for p in parts)


def escape(
    _app: Sphinx, _what: str, _name: str, _thing: object, _options: object, lines: list[str]
) -> None:
    """Escape a docstring in place, as `autodoc-process-docstring` asks."""
    lines[:] = plain("\n".join(lines)).split("\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """Escape docstrings before numpydoc reads them."""
    app.connect("autodoc-process-docstring", escape, priority=BEFORE_NUMPYDOC)
    return {"parallel_read_safe": True}
