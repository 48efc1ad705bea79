"""The best generator of a training so far, by one metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genenv import checks
from genenv.metrics import better


class Best:
    """Remembers at which step the metric was best.

    Parameters
    ----------
    name
        Of the metric; None: none is followed.
    """

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.at: dict[str, Any] | None = None  # step and value, as JSON holds them

    def improved(self, step: int, values: Mapping[str, float]) -> bool:
        """Take the metrics of a step, and say whether it is the best now.

        Raises
        ------
        Mistake
            The metric is not among them.
        """
        if self.name is None:
            return False
        if self.name not in values:
            raise checks.Mistake(
                f"best to be one of {', '.join(values)}", repr(self.name), "choose one of these"
            )
        value = values[self.name]
        if self.at is not None and not better(self.name, value, self.at["value"]):
            return False
        self.at = {"step": step, "value": value}
        return True

    def sentence(self) -> str:
        """Say which generator was kept."""
        assert self.at is not None
        return (
            f"the generator of step {self.at['step']} was kept: its {self.name} of "
            f"{self.at['value']:.4g} is the best of all that were measured"
        )
