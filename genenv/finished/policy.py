"""A finished run of a policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, reading
from genenv.finished.run import Content, Finished, Found
from genenv.policies import page, replayed, summary
from genenv.policies.asking import ExactEvent, PolicyProbe
from genenv.policies.summary import COUNTED
from genenv.report.numerals import number
from genenv.settings.policy import law_of


class PolicyRun(Finished):
    """Of a policy in a disturbed world."""

    kind = "policy"
    counted = COUNTED
    command, model_option, taken = "stress-policy", "policy", ()

    def verdict(self) -> str:
        """See `Finished.verdict`."""
        return summary.verdict(self.content)

    def named(self, trusted: bool) -> Any:
        """See `Finished.named`; None: the world's own."""
        return replayed.named(self.folder, trusted)

    def told(self, rows: Sequence[int]) -> tuple[Sequence[str], list[list[str]]]:
        """See `Finished.told`: where an episode begins, and how likely its codes are."""
        e, start = replayed.stored(self.folder)
        energy = 0.5 * (e[rows].astype(np.float64) ** 2).sum(1)
        cells = [[str(s), number(float(a))] for s, a in zip(start[rows], energy, strict=True)]
        return ("start", "energy of all codes"), cells

    def probe(self, model: Any, trusted: bool) -> PolicyProbe:
        """See `Finished.probe`."""
        policy = self.named(trusted) if model is None else model
        return PolicyProbe(replayed.episodes(self.folder, policy, trusted))

    def judge(self) -> ExactEvent:
        """See `Finished.judge`: the event is exact."""
        return ExactEvent(self.content["law"]["base_dim"])

    def failing(self, probe: PolicyProbe) -> NDArray[np.bool_]:
        """See `Finished.failing`."""
        return replayed.again(self.folder, probe.episodes)

    def found(self) -> Found | None:
        """See `Finished.found`: those from one start are of one kind."""
        e, label = replayed.stored(self.folder)
        return Found(e, label, label) if len(e) else None

    @property
    def law(self) -> str:
        """See `Finished.law`: the world, and what disturbs it."""
        return law_of(reading.value(self.folder / "config.json", dict, self.kind))

    def check_law(self, law: str) -> None:
        """See `Finished.check_law`."""
        if law != self.law:
            raise checks.Mistake(
                f"the world and disturbances of {self.folder}, whose failures are codes of them",
                "others", "give the settings of that run",
            )  # fmt: skip

    def amended(self, content: Content) -> Mapping[str, str]:
        """See `Finished.amended`."""
        return page.amended(content)
