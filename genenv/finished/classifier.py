"""A finished run of a classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, failures, importing, judge, networks, reading, recorded, report
from genenv.finished.run import Content, Finished, Found
from genenv.parts import checked
from genenv.probe import Probe
from genenv.report import rates, summary
from genenv.report.amending import parts_of
from genenv.report.document import document

AMENDED = "verdict", "probability", "rates"


class ClassifierRun(Finished):
    """Of a model that names classes; whatever else is no run at all is taken for one, and told."""

    kind = "stress"
    counted = rates.BY_CONTROL

    @cached_property
    def content(self) -> Content:
        """See `Finished.content`."""
        return document(report.load(self.folder).data)

    def verdict(self) -> str:
        """See `Finished.verdict`."""
        said = summary.verdict(self.content)
        why = summary.undecided(self.content)
        return f"{said}\n\nNot trusted: {why}" if why else said

    def named(self, trusted: bool) -> Any:
        """See `Finished.named`."""
        path = recorded.recorded_path(self.folder)
        return None if path is None else importing.recorded(path, trusted, "--model")

    def told(self, rows: Sequence[int]) -> tuple[Sequence[str], list[list[str]]]:
        """See `Finished.told`: the class that it shows, and the model's answer."""
        held = failures.picked(self.folder / "failures", np.array(rows, np.int64))
        names = [str(name) for name in self.content["data"]["classes"]]
        pairs = zip(held.label, held.prediction, strict=True)
        return ("class", "answer"), [[names[own], names[answer]] for own, answer in pairs]

    def probe(self, model: Any, trusted: bool) -> Probe:
        """See `Finished.probe`."""
        return recorded.load_probe(self.folder, model, trusted)

    def judge(self) -> judge.Judge:
        """See `Finished.judge`."""
        return judge.load(checked(self.folder, "judge"))

    def failing(self, probe: Probe) -> NDArray[np.bool_]:
        """See `Finished.failing`."""
        again = failures.replay_all(probe.model, self.folder / "failures", probe.criterion)
        return np.zeros(0, np.bool_) if again is None else again.failing

    def found(self) -> Found | None:
        """See `Finished.found`: pairs of condition and prediction are of one kind."""
        folder = self.folder / "failures"
        parts = [(part.e, part.label, part.pair) for part in failures.shards(folder)]
        joined = partial(map, np.concatenate, zip(*parts, strict=True))
        return reading.guarded(folder, lambda: Found(*joined())) if parts else None

    @property
    def law(self) -> str:
        """See `Finished.law`: config.json has the digest of a given generator."""
        given = reading.plain(self.folder / "config.json").get("generator", "fitted")
        if given != "fitted":
            return str(given)
        return networks.stored(checked(self.folder, "generator")).digest()

    def check_model(self, probe: Probe) -> None:
        """Compare what it says of the fixed real rows; see `Finished.check_model`."""
        if words := recorded.compare_outputs(self.folder / "model", probe.model):
            raise checks.Mistake(
                f"the model of the run in {self.folder}", words[0], "give that model"
            )

    def enter(self, content: Content) -> None:
        """See `Finished.enter`."""
        super().enter(document(content))

    def amended(self, content: Content) -> Mapping[str, str]:
        """See `Finished.amended`."""
        return parts_of(content, AMENDED)
