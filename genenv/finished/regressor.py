"""A finished run of a regressor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import failures, rules
from genenv.finished.run import Content, Finished, Found
from genenv.parts import checked
from genenv.regression import law, page, replayed, summary
from genenv.regression.judging import ValueJudge
from genenv.regression.probe import ValueProbe
from genenv.report import rates


class RegressorRun(Finished):
    """Of a model that returns values."""

    kind = replayed.KIND
    counted = rates.BY_CONTROL

    def verdict(self) -> str:
        """See `Finished.verdict`."""
        return summary.verdict(self.content)

    def named(self, trusted: bool) -> Any:
        """See `Finished.named`."""
        return replayed.named(self.folder, trusted)

    def told(self, rows: Sequence[int]) -> tuple[Sequence[str], list[list[str]]]:
        """See `Finished.told`: the model's answer, what oracles hold possible, the columns."""
        held, judge = failures.load(self.folder / "failures"), self.judge()
        assert held is not None
        names = () if judge.units.channels else judge.units.names()
        shown = page.cells(judge, held, rows)
        return ("model", "oracles", *names[: page.MOST_COLUMNS]), shown

    def probe(self, model: Any, trusted: bool) -> ValueProbe:
        """See `Finished.probe`."""
        named = self.named(trusted) if model is None else model
        asked = replayed.asked(self.folder, named)
        generator = law.load(checked(self.folder, "generator"))
        return ValueProbe(
            generator, asked, self.judge(), rules.recorded(self.folder, trusted, replayed.KIND)
        )

    def judge(self) -> ValueJudge:
        """See `Finished.judge`."""
        units = law.load(self.folder / "generator").units
        return ValueJudge.load(checked(self.folder, "judge"), units)

    def failing(self, probe: ValueProbe) -> NDArray[np.bool_]:
        """See `Finished.failing`."""
        return replayed.again(self.folder, probe.model)

    def found(self) -> Found | None:
        """See `Finished.found`: too high and too low are told apart."""
        held = failures.load(self.folder / "failures")
        if held is None:
            return None
        above = held.output[:, 0] > held.output[:, 1]
        return Found(held.e, held.label, above.astype(np.int64))

    @property
    def law(self) -> str:
        """See `Finished.law`."""
        return law.load(checked(self.folder, "generator")).digest()

    def amended(self, content: Content) -> Mapping[str, str]:
        """See `Finished.amended`."""
        return page.amended(content)
