"""A finished run of a regressor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.finished.run import Content, Finished
from genenv.parts import checked
from genenv.regression import law, page, replayed, summary
from genenv.regression.judging import ValueJudge
from genenv.regression.probe import ValueProbe
from genenv.report import rates
from genenv.rules import Rules


class RegressorRun(Finished):
    """Of a model that returns values."""

    kind = replayed.KIND
    counted = rates.BY_CONTROL

    def verdict(self) -> str:
        """See `Finished.verdict`."""
        return summary.verdict(self.content)

    def probe(self, model: Any, trusted: bool) -> ValueProbe:
        """See `Finished.probe`."""
        named = replayed.named(self.folder, trusted) if model is None else model
        asked = replayed.asked(self.folder, named)
        generator = law.load(checked(self.folder, "generator"))
        return ValueProbe(generator, asked, self.judge().guide, Rules())

    def judge(self) -> ValueJudge:
        """See `Finished.judge`."""
        units = law.load(self.folder / "generator").units
        return ValueJudge.load(checked(self.folder, "judge"), units)

    def failing(self, probe: ValueProbe) -> NDArray[np.bool_]:
        """See `Finished.failing`."""
        return replayed.again(self.folder, probe.model)

    def amended(self, content: Content) -> Mapping[str, str]:
        """See `Finished.amended`."""
        return page.amended(content)
