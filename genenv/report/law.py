"""Whose law the random draws of a run follow, in words: a probability is one of that law."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Law(NamedTuple):
    """Words for a law, each to stand within a sentence."""

    draws: str
    """What is drawn from it."""
    method: str
    """Drawing from it."""
    own: str
    """What the method drew."""
    such: str
    """What was drawn, once more."""
    name: str
    """The law itself."""
    short: str
    """The draws in a heading."""
    caution: str
    """What its shares are not; "": nothing that needs saying."""
    unit: str = "queries"
    """What one draw is called."""
    nearly: str = "that the guide nearly accepts"
    """Of which failures the likeliest is told."""
    missed: str = ", and confirmed ones that the guide clearly refuses"
    """What subset simulation misses beside failures that nothing leads to."""


PRIOR = Law(
    draws="random samples of the generator",
    method="random sampling of the generator",
    own="its samples",
    such="such samples",
    name="the generator's own law",
    short="random samples",
    caution="",
)

DISTURBED = Law(
    draws="random disturbances",
    method="random sampling of the disturbances",
    own="such episodes",
    such="such episodes",
    name="the law of the disturbances, starts in equal shares",
    short="random disturbances",
    caution="",
    unit="episodes",
    nearly="that are nearly plausible",
    missed="",
)


def law(data: Mapping[str, Any]) -> Law:
    """Return the law of a run by its report: of generator, rows plus noise, or disturbances."""
    if data.get("kind") == "policy":
        return DISTURBED
    scale = data["generator"].get("near")
    if scale is None:
        return PRIOR
    return Law(
        draws=f"real rows plus random noise of {scale:g}",
        method=f"random noise of {scale:g} around real rows",
        own="such changes",
        such="such changes",
        name="the law of real rows plus noise",
        short="rows plus noise",
        caution=", a share of that law and not of data",
    )
