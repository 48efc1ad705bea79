"""The directive `words`: the glossary that the pages of runs carry."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from genenv.report.words import WORDS


class Words(SphinxDirective):
    """The glossary."""

    def run(self) -> list[nodes.Node]:
        """Return it; every page can link to a word by the role term."""
        terms = "\n\n".join(f"{word}\n  {meaning}" for word, meaning in WORDS.items())
        return self.parse_text_to_nodes(f"```{{glossary}}\n{terms}\n```")


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("words", Words)
    return {"parallel_read_safe": True}
