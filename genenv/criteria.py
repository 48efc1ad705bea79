"""When a model has failed: criteria, each a function (output, label) -> severity, > 0 failed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from genenv import checks, naming
from genenv.isolation import kept

Criterion = Callable[[Tensor, Tensor], Tensor]
"""(batch, outputs) log-probabilities, (batch,) labels -> (batch,) severity, above 0: failed."""


@dataclass(frozen=True)
class Misclassified:
    """The model takes the sample for another class: log p(best other class) - log p(label)."""

    margin: float = 0.0
    """By how much the other class must lead, in nats; 0: at all."""

    def __str__(self) -> str:
        return f"misclassified:{self.margin:g}" if self.margin else "misclassified"

    def __call__(self, output: Tensor, label: Tensor) -> Tensor:
        """(batch, classes), (batch,) -> (batch,)."""
        return _rival(output, label, 1) - _of(output, label) - self.margin


@dataclass(frozen=True)
class Target:
    """The model takes a sample of another class for one class: log p(it) - log p(best other)."""

    target: int = 0
    """Index of the class, from 0; samples of this class cannot fail."""

    def __str__(self) -> str:
        return f"target:{self.target}"

    def __call__(self, output: Tensor, label: Tensor) -> Tensor:
        """(batch, classes), (batch,) -> (batch,)."""
        if not 0 <= self.target < output.shape[1]:
            raise checks.Mistake(
                f"a target class from 0 to {output.shape[1] - 1}", self.target, "give its index"
            )
        wanted = torch.full_like(label, self.target)
        lead = _of(output, wanted) - _rival(output, wanted, 1)
        return torch.where(label == wanted, -lead.abs(), lead)


@dataclass(frozen=True)
class TopK:
    """The label is not among the k likeliest: log p(k-th best other class) - log p(label)."""

    k: int = 5
    """How many guesses the model has."""

    def __str__(self) -> str:
        return f"top-k:{self.k}"

    def __call__(self, output: Tensor, label: Tensor) -> Tensor:
        """(batch, classes), (batch,) -> (batch,)."""
        if not 0 < self.k < output.shape[1]:
            raise checks.Mistake(
                f"k from 1 to {output.shape[1] - 1}, fewer than the classes", self.k, "change it"
            )
        return _rival(output, label, self.k) - _of(output, label)


Classes = Sequence[int | str]  # of the data, in the order of the model's columns

CRITERIA: dict[str, Callable[[str, Classes], Criterion]] = {
    "misclassified": lambda setting, _: Misclassified(_number("margin", setting or "0", float)),
    "target": lambda setting, classes: Target(_index(setting, classes)),
    "top-k": lambda setting, _: TopK(_number("k", setting or "5", int)),
}
DEFAULT = Misclassified()


def find(given: Any, classes: Classes = ()) -> Criterion:
    """Return a criterion.

    Parameters
    ----------
    given
        "misclassified" or "misclassified:MARGIN" (nats), "target:CLASS" (its index or name),
        "top-k:K", module:name, or a function (output, label) -> severity: (batch, outputs)
        log-probabilities, (batch,) -> (batch,), above 0 where the model failed; differentiable for
        searches by gradient.
    classes
        Names that a target may have: of two meanings of a number its index is taken.

    Raises
    ------
    Mistake
        An unknown name, a setting that is none or not for these classes, or what cannot be called.
    """
    name, _, setting = given.partition(":") if isinstance(given, str) else ("", "", "")
    if name in CRITERIA:
        made = CRITERIA[name](setting, classes)
        if classes:  # of too few it says so here, and not when all else is made
            made(torch.zeros(1, len(classes)), torch.zeros(1, dtype=torch.long))
        return made
    found = naming.find("criterion", given, CRITERIA)
    if not callable(found):
        raise checks.Mistake(
            "a criterion (output, label) -> severity", type(found).__name__, "give a function"
        )
    criterion: Criterion = found
    return criterion


def spelled(criterion: Criterion) -> str:
    """Write a criterion down, as `find` reads it."""
    own = isinstance(criterion, Misclassified | Target | TopK)
    return str(criterion) if own else naming.spelled(criterion)


def severity(criterion: Criterion, output: Tensor, label: Tensor) -> Tensor:
    """Ask a criterion: (batch, outputs), (batch,) -> (batch,), above 0 where the model failed.

    Raises
    ------
    Mistake
        It answers with another shape, or with what is not finite.
    """
    with kept():
        severe = torch.as_tensor(criterion(output, label))
    if severe.shape != label.shape or not math.isfinite(severe.sum().item()):
        name = f"the severity of {spelled(criterion)}"
        checks.shape(name, severe, (len(label),))
        checks.finite(name, severe.detach().numpy())
    return severe.float()


def _index(setting: str, classes: Classes) -> int:
    """Return a class's index, told by it or by name."""
    names = [str(name) for name in classes]
    if setting in names and not (setting.isdecimal() and int(setting) < len(names)):
        return names.index(setting)
    if classes and not setting.lstrip("-").isdecimal():
        checks.choice("target", setting, names)
    index: int = _number("target", setting, int)
    return index


def _number(name: str, setting: str, kind: type[Any]) -> Any:
    try:
        return kind(setting)
    except ValueError as error:
        raise checks.Mistake(f"{name} to be a number", repr(setting), "give one") from error


def _of(output: Tensor, label: Tensor) -> Tensor:
    return output.gather(1, label[:, None]).squeeze(1)


def _rival(output: Tensor, label: Tensor, k: int) -> Tensor:
    """Return the k-th largest output of the other classes, (batch,)."""
    others = output.scatter(1, label[:, None], -torch.inf)
    return others.amax(1) if k == 1 else others.topk(k, dim=1).values[:, -1]
