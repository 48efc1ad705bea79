"""What TensorBoard's tab Custom Scalars opens on: categories of charts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genenv import checks

Content = tuple[str, list[str]]  # what a chart is, as torch's `add_custom_scalars` names it


@dataclass(frozen=True)
class Lines:
    """A chart of every curve whose tag matches, of all selected runs."""

    title: str
    """Above the chart."""
    tags: tuple[str, ...]
    """Regular expressions, each matched from the start of a tag; `exactly` makes one of a tag."""

    def __post_init__(self) -> None:
        """Raise a Mistake that names what is no regular expression."""
        if not self.tags:
            raise checks.Mistake(f"tags of the chart {self.title!r}", "none", "name some")
        for tag in self.tags:
            try:
                re.compile(tag)
            except re.error as error:
                raise checks.Mistake(
                    f"a regular expression for {self.title!r}",
                    f"{tag!r} ({error})",
                    "mend it, or give exactly(tag)",
                ) from error

    def content(self) -> Content:
        """Return the chart as torch takes it."""
        return "Multiline", list(self.tags)


@dataclass(frozen=True)
class Bands:
    """A chart of a curve with a band around it, of all selected runs."""

    title: str
    """Above the chart."""
    tags: tuple[str, str, str]
    """Tags (not expressions) of the curve, its lower and its upper bound, at the same steps."""

    def __post_init__(self) -> None:
        """Raise a Mistake unless there are three tags."""
        if isinstance(self.tags, str) or len(self.tags) != 3:
            raise checks.Mistake(
                f"the band of {self.title!r} as (value, lower, upper)",
                f"{self.tags!r}",
                "give three tags",
            )

    def content(self) -> Content:
        """Return the chart as torch takes it."""
        return "Margin", list(self.tags)


Chart = Lines | Bands


def exactly(tag: str) -> str:
    """Make the regular expression that matches this tag alone."""
    return f"{re.escape(tag)}$"


def contents(categories: Mapping[str, Sequence[Chart]]) -> dict[str, dict[str, Content]]:
    """Return a layout as torch takes it: title of a category -> title of a chart -> what it is.

    Raises
    ------
    Mistake
        Two charts of a category have one title.
    """
    for category, charts in categories.items():
        for title, times in Counter(chart.title for chart in charts).items():
            if times > 1:
                raise checks.Mistake(
                    f"charts of {category!r} with a title each", f"{title!r} twice", "rename one"
                )
    return {
        category: {chart.title: chart.content() for chart in charts}
        for category, charts in categories.items()
    }
