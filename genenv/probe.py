"""From a base vector to what the model makes of it: e, label -> sample -> output -> severity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks
from genenv.columns import Columns
from genenv.criteria import DEFAULT, Criterion, severity
from genenv.generators import Generator, adopt
from genenv.memory import keep_buffers
from genenv.rules import Rules
from genenv.single_query import SingleLook, SingleSample

if TYPE_CHECKING:
    from genenv.downstream import Answers, Downstream
    from genenv.judge import Guide

NO_ANSWER = -10.0  # severity of a query that the model did not answer, nat: as if it were sure
LOG_CONFIDENT = float(np.log(0.97))  # the guide's log-probability above which nothing is lost
REALISM_MARGIN = 0.05  # share of the realism threshold kept as a safety distance
NO_RULES = Rules()

Numbers = TypeVar("Numbers", Tensor, NDArray[np.float32])


@dataclass(frozen=True)
class Findings(Columns):
    """What a batch of queries showed, one row a query."""

    e: NDArray[np.float32]  # (n, base_dim)
    label: NDArray[np.int64]  # (n,), the condition
    output: NDArray[np.float32]  # (n, classes), the model's log-probabilities
    severity: NDArray[np.float32]  # (n,), of the criterion; > 0: the model failed
    energy: NDArray[np.float32]  # (n,), ½‖e‖²
    guide_log_p: NDArray[np.float32]  # (n,), the guide's log-probability of the label
    guide_distance: NDArray[np.float32]  # (n,), realism distance - threshold
    accepted: NDArray[np.bool_]  # (n,), the guide accepts the sample as realistic and so labelled
    score: NDArray[np.float32]  # (n,), what searches climb: min(severity, 1) - the guide's loss
    error: NDArray[np.bool_]  # (n,), the model gave no usable answer: severity is -10, no slope
    broken: NDArray[np.bool_] | None = None  # (n,), the sample breaks a rule; None: there is none
    gradient: NDArray[np.float32] | None = None  # (n, base_dim), d severity / d e
    guide_gradient: NDArray[np.float32] | None = None  # (n, base_dim), d (-guide loss) / d e
    x: NDArray[Any] | None = None  # (n, *units.shape), the samples in the data's units, floats

    @property
    def success(self) -> NDArray[np.bool_]:
        """(n,): the model fails and the guide accepts."""
        return (self.severity > 0) & self.accepted


class Probe:
    """One query: make the sample, ask the model, let the guide look.

    Parameters
    ----------
    generator
        Carries noise, classes and units.
    model
        The model under test, as `downstream.wrap` returns it; it counts the queries.
    guide
        The gates that a search may see.
    criterion
        When the model has failed, see `criteria.find`.
    rules
        What every plausible sample keeps: the guide accepts no other.

    Attributes
    ----------
    trouble
        What happened in the last query that the model did not answer; "" where there was none.
    """

    def __init__(
        self,
        generator: Generator,
        model: Downstream,
        guide: Guide,
        criterion: Criterion = DEFAULT,
        rules: Rules = NO_RULES,
    ) -> None:
        self.criterion, self.rules = criterion, rules
        self.generator = adopt(generator).in_eval()
        self.model, self.guide = model, guide
        self.units = generator.units
        self.trouble = ""
        keep_buffers()

    def __call__(self, e: Tensor, label: Tensor, gradient: bool = False) -> Findings:
        """Query the model.

        Parameters
        ----------
        e, label
            Base vectors (n, base_dim), conditions (n,) int64.
        gradient
            Add the derivatives in e.

        Raises
        ------
        Mistake
            Derivatives are asked of a model or a noise that has none.
        """
        return self.begin(e, label, gradient)()

    def begin(self, e: Tensor, label: Tensor, gradient: bool = False) -> Callable[[], Findings]:
        """Send samples to the model, and return what waits for its answers; see a call."""
        if len(e) == 1 and not gradient and self._has_single:
            return partial(self._asked_once, e, label)
        with torch.set_grad_enabled(gradient):
            e = e.detach().clone().requires_grad_(gradient)
            x = self.sample(e, label)
            answers = self.model.begin(x)
        return partial(self._answered, e, label, x, answers, gradient)

    def _answered(
        self,
        e: Tensor,
        label: Tensor,
        x: Tensor,
        answers: Callable[[], Answers],
        gradient: bool,
    ) -> Findings:
        with torch.set_grad_enabled(gradient):
            log_p, error, trouble = answers()
            severe = severity(self.criterion, log_p, label).masked_fill(error, NO_ANSWER)
            log_guide, distance, accepted = self.guide.look(self.guide.units.encode(x), label)
            loss = self.guide_loss(log_guide, distance)
        broken = self.rules.broken(self.units, x) if self.rules else None
        if broken is not None:
            accepted = accepted & torch.from_numpy(~broken)
        self.trouble = trouble or self.trouble
        slopes = [_slope(term, e, error) if gradient else None for term in (severe, -loss)]
        with torch.no_grad():
            score = severe.clamp_max(1.0) - loss
        return Findings(
            e=_array(e),
            label=label.numpy().copy(),
            output=_array(log_p),
            severity=_array(severe),
            energy=_array(self.generator.noise.energy(e)),
            guide_log_p=_array(log_guide),
            guide_distance=_array(distance),
            accepted=accepted.numpy(),
            score=_array(score),
            error=error.numpy(),
            broken=broken,
            gradient=slopes[0],
            guide_gradient=slopes[1],
            x=x.detach().numpy(),
        )

    def _asked_once(self, e: Tensor, label: Tensor) -> Findings:
        """Query one row, see `single_query`."""
        make, look = self._single
        e = e.detach()
        with torch.no_grad():
            x, u = make(e, label)
            stored = make.stored(x)
            log_p, error, trouble = self.model.answers(torch.from_numpy(stored))
            severe = severity(self.criterion, log_p, label).masked_fill(error, NO_ANSWER).numpy()
        self.trouble = trouble or self.trouble
        log_guide, distance, accepted = look(u, label.numpy())
        return Findings(
            e=e.numpy().copy(),
            label=label.numpy().copy(),
            output=log_p.numpy(),
            severity=severe,
            energy=self.generator.noise.energy(e).numpy(),
            guide_log_p=log_guide,
            guide_distance=distance,
            accepted=accepted,
            score=severe.clip(None, 1.0) - self.guide_loss(log_guide, distance),
            error=error.numpy(),
            x=stored,
        )

    @cached_property
    def _has_single(self) -> bool:
        """Whether a query of one row can be asked in NumPy."""
        known = SingleSample.fits(self.generator) and SingleLook.fits(self.guide)
        return known and not self.rules and self.guide.units == self.units

    @cached_property
    def _single(self) -> tuple[SingleSample, SingleLook]:
        return SingleSample(self.generator), SingleLook(self.guide)

    def sample(self, e: Tensor, label: Tensor) -> Tensor:
        """Make samples in the data's units, (n, *units.shape), integers rounded."""
        return self.units.decode(self.generator.from_base(e, label))

    def guide_loss(self, log_guide: Numbers, distance: Numbers) -> Numbers:
        """Return what the guide takes off the score, shape (n,); 0 well inside both gates.

        2·max(0, log 0.97 - guide log-probability) + 2·max(0, distance - threshold + margin), where
        the margin is 5 % of the threshold.

        Parameters
        ----------
        log_guide, distance
            Of `Guide.look`: log-probability of the label, distance - threshold; each (n,), both
            tensors or both arrays.
        """
        margin = REALISM_MARGIN * self.guide.threshold
        loss: Numbers = 2 * (LOG_CONFIDENT - log_guide).clip(0) + 2 * (distance + margin).clip(0)
        return loss


def _array(column: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = column.detach().float().numpy()
    return array


def _slope(term: Tensor, e: Tensor, error: Tensor) -> NDArray[np.float32]:
    """Differentiate each row of a term (n,) in its own base vector: (n, base_dim), 0 of errors."""
    if bool(error.all()):
        return np.zeros(e.shape, np.float32)
    if not term.requires_grad:
        raise checks.Mistake(
            "a model and a noise that torch can differentiate",
            "a severity without a gradient in e",
            "take a search that needs none, such as evolution",
        )
    slope = torch.autograd.grad(term.sum(), e, retain_graph=True)[0]
    return _array(slope.masked_fill(error[:, None], 0.0))
