"""Names and exceptions as they are shown."""

from __future__ import annotations

import re
import unicodedata

STEERING = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")  # categories of what is not shown but obeyed
KEPT = "\n\t\u00ad\u200c\u200d"  # line, tab, and what belongs into words and emoji

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a formula may begin with
MARKS = re.compile(r"[\\`*_{}\[\]<>#|~!&]")  # of Markdown, and of the HTML that it lets through
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def shortened(name: str, most: int) -> str:
    """Cut a name that has more than so many letters, and say so by its last one."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def said(error: BaseException) -> str:
    """Name an exception and the first line of what it said."""
    lines = str(error).strip().splitlines() or ["no message"]
    return f"{type(error).__name__}: {lines[0][:200].rstrip('.;')}"


def visible(text: str) -> str:
    r"""Spell out what would steer a terminal instead of being shown, as \x1b or \u202e.

    Escape codes, carriage returns, right-to-left marks, and bytes of names that are not UTF-8.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(c) if _steers(c) else c for c in text)


def inert(cell: object) -> object:
    """Return a cell that a spreadsheet shows as it is: a text that it would run has a quote before.

    Numbers stay, also those that are written as text.
    """
    if not isinstance(cell, str) or not cell.startswith(FORMULA) or NUMBER.fullmatch(cell):
        return cell
    return f"'{cell}"


def unmarked(text: str) -> str:
    """Return a text that Markdown shows as it is: what it might obey stands as its number.

    TensorBoard's Markdown takes no backslash before HTML, and loads pictures from anywhere.
    """
    return MARKS.sub(lambda found: f"&#{ord(found[0])};", text)


def fenced(text: str) -> str:
    """Return a text as a block of Markdown that keeps columns, and that no line of it ends."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}\n{text}\n{fence}"


def _steers(letter: str) -> bool:
    return unicodedata.category(letter) in STEERING and letter not in KEPT


def _spelled(letter: str) -> str:
    return f"\\x{ord(letter):02x}" if ord(letter) < 256 else f"\\u{ord(letter):04x}"
