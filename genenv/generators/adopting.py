"""Whatever stands for a generator, as the contract has it."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from genenv import checks
from genenv.generators.base import Generator
from genenv.generators.rows import MixtureRows
from genenv.tables import Mixture

MEMBERS = ("noise", "units", "classes", "from_base", "differentiable")


class _Adopted(Generator):
    """An object that has the five members, with the rest of the contract."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.noise = inner.noise
        self.units = inner.units
        self.classes = tuple(inner.classes)

    @property
    def differentiable(self) -> bool:
        """As the object says."""
        return bool(self.inner.differentiable)

    def from_base(self, e: Tensor, label: Tensor | None = None) -> Tensor:
        """As the object does."""
        u: Tensor = self.inner.from_base(e, label)
        return u


def adopt(given: Any) -> Generator:
    """Return a generator as the contract has it.

    Parameters
    ----------
    given
        A Generator, a table's Mixture, or any object with the five members.

    Raises
    ------
    Mistake
        Members are missing.
    """
    if isinstance(given, Generator):
        return given
    if isinstance(given, Mixture):
        return MixtureRows(given)
    missing = [name for name in MEMBERS if not hasattr(given, name)]
    if missing:
        raise checks.Mistake(
            f"a generator, which has {', '.join(MEMBERS)}",
            f"{type(given).__name__} without {', '.join(missing)}",
            "hand its function to genenv.wrap_generator(decode, x, y, base_dim=...)",
        )
    return _Adopted(given)
