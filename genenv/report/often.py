"""How often a model without classes fails, on its page: what `rate` writes anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from genenv import trust
from genenv.report import law, rates
from genenv.report.numerals import count
from genenv.report.template import template

FILTERS: dict[str, Callable[..., str]] = {"figure": rates.figure, "count": count}
"""What the template of that part writes numbers by."""


def shown(content: Mapping[str, Any], verdict: str) -> dict[str, Any]:
    """Return what the parts of a page show that rates change.

    Parameters
    ----------
    content
        Of report.json.
    verdict
        In one sentence.
    """
    own = law.law(content)
    bad = trust.bad(content["trust"])
    return {
        "verdict": verdict,
        "rows": [] if bad else content["failure_probabilities"],
        "law": f"Under {own.name}{own.caution}",
        "unit": own.unit,
        "sentences": [] if bad else rates.sentences(content),
    }


def amended(content: Mapping[str, Any], verdict: str) -> dict[str, str]:
    """Write these parts, by their name on the page."""
    seen = shown(content, verdict)
    return {
        name: str(template(f"_{name}.html", FILTERS).render(**seen)).strip()
        for name in ("verdict", "often")
    }
