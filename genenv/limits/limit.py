"""What fails a run, in words: p_confirmed > 0.002, accuracy(class) < 0.9, accuracy(class: 3) < 80%.

A closed grammar: QUANTITY, in brackets what it is taken of, a comparison, a number or percentage.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from genenv import checks

QUANTITIES = {  # quantity -> what it may be taken of
    "p_failure": (),
    "p_confirmed": (),
    "accuracy": ("class", "mode"),
}
EXAMPLE = 'write "p_confirmed > 0.002", "accuracy(class) < 0.9" or "accuracy(class: 7) < 90%"'
_FORM = re.compile(
    r"(?P<quantity>[a-z_]+)\s*"
    r"(?:\(\s*(?P<of>[a-z]+)\s*(?::\s*(?P<which>[^)]*?)\s*)?\))?\s*"
    r"(?P<sign>[<>]=?)\s*"
    r"(?P<bound>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)\s*(?P<percent>%?)"
)


@dataclass(frozen=True)
class Limit:
    """A figure that a run must not have."""

    text: str
    """As the user wrote it."""
    quantity: str
    """One of QUANTITIES."""
    of: str
    """class or mode: each of them is held to the limit; "": the figure of all."""
    which: str
    """The only class, by name, or mode, by its id; "": each."""
    above: bool
    """Whether it fails above the bound; else below it."""
    closed: bool
    """Whether the bound itself fails, too."""
    bound: float
    """From 0 to 1."""

    def fails(self, low: float, high: float) -> bool:
        """Whether every value from `low` to `high` fails."""
        return self._beyond(low if self.above else high)

    def passes(self, low: float, high: float) -> bool:
        """Whether no value from `low` to `high` fails."""
        return not self._beyond(high if self.above else low)

    def _beyond(self, value: float) -> bool:
        if value == self.bound:
            return self.closed
        return value > self.bound if self.above else value < self.bound


def parsed(texts: Sequence[str]) -> list[Limit]:
    """Read the limits of a command.

    Raises
    ------
    Mistake
        There is none, or see `parse`.
    """
    if not texts:
        raise checks.Mistake("at least one limit", "none", 'give --fail-if "p_confirmed > 0.002"')
    return [parse(text) for text in texts]


def parse(text: str) -> Limit:
    """Read a limit.

    Raises
    ------
    Mistake
        It is no limit, of no known quantity, or its bound is not from 0 to 1.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise checks.Mistake("a limit, QUANTITY < or > NUMBER", repr(text), EXAMPLE)
    quantity, of = found["quantity"], found["of"] or ""
    checks.choice("the quantity of a limit", quantity, list(QUANTITIES))
    if of and of not in QUANTITIES[quantity]:
        known = [f"{name}({of})" for name, taken in QUANTITIES.items() for of in taken]
        raise checks.Mistake(f"one of {', '.join(known)}", f"{quantity}({of})", EXAMPLE)
    bound = float(found["bound"]) / (100 if found["percent"] else 1)
    if not 0 <= bound <= 1:
        raise checks.Mistake("a bound from 0 to 1, or 0% to 100%", repr(text), EXAMPLE)
    return Limit(
        text=text.strip(),
        quantity=quantity,
        of=of,
        which=found["which"] or "",
        above=found["sign"].startswith(">"),
        closed=found["sign"].endswith("="),
        bound=bound,
    )
