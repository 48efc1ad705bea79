"""Templates of the pages: one base, escaped, strict, and read from this folder."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from genenv.report.words import WORDS

SCROLLS = re.compile(
    r'<(div class="scroll"|figure class="many")>(?=\s*(?:<table>\s*<caption>(.*?)<)?)'
)


def template(name: str, filters: Mapping[str, Callable[..., Any]]) -> Any:
    """Return a template of this folder with filters; a name that it does not get is an error.

    A page extends `base.html`: its blocks are `title`, `header`, `reading` (how to read the page,
    in three lines) and `body`. Each <h2> of the body has its place in the list of contents, and
    what scrolls sideways on a phone is reached by the keyboard.
    """
    return _environment(tuple(sorted(filters.items()))).get_template(name)


@functools.lru_cache(32)  # a page takes 40 ms to compile: the next of its kind takes none
def _environment(filters: tuple[tuple[str, Callable[..., Any]], ...]) -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"contents": contents, "reached": reached} | dict(filters)
    environment.globals["words"] = WORDS
    return environment


def contents(body: str) -> Any:
    """Give each <h2> of a page's markup an id, and put links to them in front."""
    from markupsafe import Markup

    links: list[str] = []

    def anchored(found: re.Match[str]) -> str:
        place = re.sub(r"\W+", "-", re.sub(r"<.*?>", "", found[1]).lower()).strip("-")
        links.append(f'<li><a href="#{place}">{found[1]}</a></li>')
        return f'<h2 id="{place}">{found[1]}</h2>'

    body = re.sub(r"<h2>(.*?)</h2>", anchored, body, flags=re.DOTALL)
    return Markup(f'<nav aria-label="Contents"><ol>{"".join(links)}</ol></nav>\n{body}')


def reached(page: str) -> Any:
    """Let the keyboard reach what scrolls sideways, by the name of its table."""
    from markupsafe import Markup

    def stop(found: re.Match[str]) -> str:
        named = f' role="region" aria-label="{found[2]}"' if found[2] else ""
        return f'<{found[1]} tabindex="0"{named}>'

    return Markup(SCROLLS.sub(stop, page))
