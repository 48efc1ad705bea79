"""A probe and its audit as functions of the base space, with every query counted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import seeding
from genenv.judge import Judge, Verdict
from genenv.noise import Noise
from genenv.probe import Findings, Probe

CHUNK = 4096  # queries a batch of draws
SEARCH = "rate"  # the address by which the audit chooses who judges

# The guide's gates, wider than it accepts: of 74 failures that an audit confirmed among 80,000
# draws on digits the guide accepts 38, and 74 lie inside these.
WIDE_P = 0.5  # probability of the label
WIDE_DISTANCE = 0.5  # realism distance beyond the threshold, as a share of it


class Asked:
    """Generator, model, guide and audit, asked by base vector and label.

    Parameters
    ----------
    probe, judge
        Of a run.
    advance
        Called with the queries since its last call.

    Attributes
    ----------
    queries
        To the model, so far.
    """

    def __init__(self, probe: Probe, judge: Judge, advance: Callable[[int], None]) -> None:
        self.probe = probe
        self.judge = judge
        self.advance = advance
        self.queries = 0
        self._judged = 0

    @property
    def noise(self) -> Noise:
        """The generator's law."""
        return self.probe.generator.noise

    @property
    def classes(self) -> int:
        """Labels, each as likely."""
        return len(self.probe.generator.classes)

    @property
    def discrete(self) -> list[bool]:
        """(base_dim,): coordinates that pick or drive, of which samples may be step functions."""
        return [role == "box" for role, length in self.noise.roles for _ in range(length)]

    def find(self, e: Tensor, label: Tensor) -> Findings:
        """Query: (n, base_dim), (n,)."""
        self.queries += len(e)
        self.advance(len(e))
        with torch.no_grad():
            return self.probe(e, label)

    def severity(self, e: Tensor, label: int) -> Tensor:
        """How severely the model fails, (n,)."""
        return torch.from_numpy(self.find(e, _all(label, e)).severity)

    def margin(self, e: Tensor, label: int) -> Tensor:
        """Above 0 where the model fails and the wide gates accept, (n,), in nats."""
        return self.margins(e, _all(label, e))

    def margins(self, e: Tensor, label: Tensor) -> Tensor:
        """Return `margin` of (n, base_dim) under labels (n,)."""
        found = self.find(e, label)
        p = np.exp(found.guide_log_p.astype(np.float64)).clip(1e-12, 1 - 1e-12)
        sure = np.log(p / (1 - p)) - np.log(WIDE_P / (1 - WIDE_P))
        threshold = self.probe.guide.threshold
        near = 10 * (WIDE_DISTANCE - found.guide_distance / threshold)
        margin = np.minimum(np.minimum(found.severity, sure), near)
        return torch.from_numpy(
            margin if found.broken is None else np.where(found.broken, -1, margin)
        )

    def confirms(self, e: Tensor, label: int) -> NDArray[np.bool_]:
        """Ask the audit about failures (n, base_dim) of one label: (n,)."""
        with torch.no_grad():
            x = self.probe.sample(e, _all(label, e)).numpy()
        return self._confirmed(x, np.full(len(e), label), np.ones(len(e), np.float32))

    def shows(self, event: str, label: int) -> Callable[[Tensor], Tensor]:
        """Return whether base vectors (n, base_dim) show an event, as 1 and -1, (n,)."""

        def shown(e: Tensor) -> Tensor:
            found = self.find(e, _all(label, e))
            own = found.severity > 0
            if event == "confirmed":
                own = self._found(found)
            return torch.from_numpy(np.where(own, 1.0, -1.0))

        return shown

    def drawn(self, queries: int, seed: int) -> tuple[int, int, int]:
        """Draw from the law itself; returns draws, failures and confirmed failures."""
        counts = np.zeros(2, np.int64)
        for start in range(0, queries, CHUNK):
            found = self._draw(min(CHUNK, queries - start), seed, start)
            counts += (found.severity > 0).sum(), self._found(found).sum()
        return queries, int(counts[0]), int(counts[1])

    def failing(self, seed: int, queries: float) -> list[tuple[Tensor, int]]:
        """Draw, and return the failures that the guide accepts, with their labels."""
        found = self._draw(max(round(queries), 1), seeding.fold(seed, "failing"), 0)
        own = found.rows(np.flatnonzero(found.success))
        return [
            (torch.from_numpy(own.e[own.label == label]), int(label))
            for label in np.unique(own.label)
        ]

    def _draw(self, rows: int, seed: int, start: int) -> Findings:
        index = np.arange(start, start + rows)
        u = seeding.uniforms(seeding.fold_rows(seed, "label", index), 1)[:, 0]
        label = torch.from_numpy((u * self.classes).astype(np.int64))
        return self.find(self.noise.base(rows, seed, start), label)

    def _found(self, found: Findings) -> NDArray[np.bool_]:
        """Ask the audit about findings, (n,): what breaks a rule is never confirmed."""
        assert found.x is not None
        confirmed = self._confirmed(found.x, found.label, found.severity)
        return confirmed if found.broken is None else confirmed & ~found.broken

    def _confirmed(
        self, x: NDArray[np.float32], label: NDArray[np.int64], severity: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        index = np.arange(self._judged, self._judged + len(x))
        self._judged += len(x)
        fold = self.judge.of_query(SEARCH, 0, index)
        said = self.judge.judged(x, label, severity, np.zeros(len(x), np.int64), fold)
        return np.asarray(said.verdict == Verdict.CONFIRMED)


def _all(label: int, e: Tensor) -> Tensor:
    return torch.full((len(e),), label)
