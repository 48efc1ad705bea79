"""A finished run of a policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.finished.run import Content, Finished
from genenv.policies import page, replayed, summary
from genenv.policies.asking import ExactEvent, PolicyProbe
from genenv.policies.study import COUNTED


class PolicyRun(Finished):
    """Of a policy in a disturbed world."""

    kind = "policy"
    counted = COUNTED

    def verdict(self) -> str:
        """See `Finished.verdict`."""
        return summary.verdict(self.content)

    def probe(self, model: Any, trusted: bool) -> PolicyProbe:
        """See `Finished.probe`."""
        policy = replayed.named(self.folder, trusted) if model is None else model
        return PolicyProbe(replayed.episodes(self.folder, policy, trusted))

    def judge(self) -> ExactEvent:
        """See `Finished.judge`: the event is exact."""
        return ExactEvent(self.content["law"]["base_dim"])

    def failing(self, probe: PolicyProbe) -> NDArray[np.bool_]:
        """See `Finished.failing`."""
        return replayed.again(self.folder, probe.episodes)

    def amended(self, content: Content) -> Mapping[str, str]:
        """See `Finished.amended`."""
        return page.amended(content)
