"""What TensorBoard's tab Custom Scalars opens on: categories of charts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genenv import checks


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

    def content(self) -> dict[str, Any]:
        """Return the chart as fields of TensorBoard's proto."""
        return {"title": self.title, "multiline": {"tag": self.tags}}


@dataclass(frozen=True)
class Bands:
    """A chart of curves with a band around each, of all selected runs."""

    title: str
    """Above the chart."""
    series: tuple[tuple[str, str, str], ...]
    """Tags (not expressions) of a curve, its lower and its upper bound, at the same steps."""

    def __post_init__(self) -> None:
        """Raise a Mistake unless there are three tags a band."""
        if not self.series or any(isinstance(tags, str) or len(tags) != 3 for tags in self.series):
            raise checks.Mistake(
                f"bands of {self.title!r} as (value, lower, upper)",
                f"{self.series!r}",
                "give three tags a band",
            )

    def content(self) -> dict[str, Any]:
        """Return the chart as fields of TensorBoard's proto."""
        names = "value", "lower", "upper"
        series = [dict(zip(names, tags, strict=True)) for tags in self.series]
        return {"title": self.title, "margin": {"series": series}}


Chart = Lines | Bands


def exactly(tag: str) -> str:
    """Make the regular expression that matches this tag alone."""
    return f"{re.escape(tag)}$"


def value(categories: Mapping[str, Sequence[Chart]]) -> Any:
    """Make the summary value of a layout: title of a category -> its charts, in this order."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.custom_scalar import layout_pb2, metadata
    from tensorboard.util import tensor_util

    layout = layout_pb2.Layout(
        category=[
            {"title": title, "chart": [chart.content() for chart in charts]}
            for title, charts in categories.items()
        ]
    )
    return Summary.Value(
        tag=metadata.CONFIG_SUMMARY_TAG,
        metadata=metadata.create_summary_metadata(),
        tensor=tensor_util.make_tensor_proto(layout.SerializeToString()),
    )
