"""One query of a regressor: make the row, ask the model, let the guide look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv.generators import Generator
from genenv.noise import Noise
from genenv.probe import NO_ANSWER, REALISM_MARGIN, Findings
from genenv.regression.judging import ValueJudge, look
from genenv.regression.model import ValueModel
from genenv.regression.realism import Realism
from genenv.rules import Rules


@dataclass(frozen=True)
class Law:
    """The generator's law, under the one condition that there is."""

    made: Generator
    classes = (0,)

    @property
    def noise(self) -> Noise:
        """Of the generator."""
        return self.made.noise


class ValueProbe:
    """What a campaign asks where a regressor is under test.

    Severity is |answer - mean of the guide's oracles| - half-width of the guide's interval, in
    standard deviations of the target; `output` holds answer, mean and half-width in these.

    Parameters
    ----------
    generator
        Of rows without labels.
    model
        Under test.
    judge
        Whose guide, the panel and gates that a search may see, looks at each row.
    rules
        What every plausible row keeps.

    Attributes
    ----------
    trouble
        What happened in the last query that the model did not answer; "" where there was none.
    """

    def __init__(
        self, generator: Generator, model: ValueModel, judge: ValueJudge, rules: Rules
    ) -> None:
        self.generator, self.units = Law(generator.in_eval()), generator.units
        self.model, self.judge, self.rules = model, judge, rules
        self.trouble = ""

    @property
    def guide(self) -> Realism:
        """The gates, whose threshold `Asked` asks for."""
        return self.judge.guide.realism

    def __call__(self, e: Tensor, label: Tensor, gradient: bool = False) -> Findings:
        """Query (n, base_dim); labels (n,) are all 0."""
        assert not gradient, "searches of regressors climb no slope"
        with torch.no_grad():
            x = self.sample(e, label)
            said = self.model.answers(x)
        stored = self.units.store(x)
        found = look(self.judge.guide, self.judge.rows(stored))
        own, error = found.opinion, said.error.numpy()
        shown = said.log_p[:, 0].numpy(), own.mean, own.half
        output = np.stack(shown, 1).astype(np.float32)
        severity = np.where(error, NO_ANSWER, beyond(output))
        broken = self.rules.broken(self.units, x) if self.rules else None
        realistic = found.distance <= 0
        self.trouble = said.trouble or self.trouble
        lost = 2 * np.maximum(found.distance + REALISM_MARGIN, 0)
        return Findings(
            e=e.numpy().astype(np.float32),
            label=label.numpy().copy(),
            output=output,
            severity=severity.astype(np.float32),
            energy=self.generator.noise.energy(e).float().numpy(),
            guide_log_p=np.zeros(len(e), np.float32),
            guide_distance=found.distance.astype(np.float32),
            accepted=realistic if broken is None else realistic & ~broken,
            score=(np.minimum(severity, 1.0) - lost).astype(np.float32),
            error=error,
            broken=broken,
            x=stored,
        )

    def begin(self, e: Tensor, label: Tensor, gradient: bool = False) -> Callable[[], Findings]:
        """Return what queries, see `Probe.begin`."""
        return partial(self, e, label, gradient)

    def sample(self, e: Tensor, label: Tensor) -> Tensor:
        """Make rows (n, *units.shape) in the data's units of base vectors."""
        assert len(e) == len(label)
        u = self.generator.made.from_base(e)
        return self.units.tensor(self.units.store(self.units.decode(u)))


def beyond(output: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the severity of outputs (n, 3), (n,): as it is replayed from what is stored."""
    away: NDArray[np.float32] = np.abs(output[:, 0] - output[:, 1]) - output[:, 2]
    return away
