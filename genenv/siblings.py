"""A sibling of the model under test: what its failures are compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from genenv import downstream, recorded, seeding
from genenv.data import Dataset, Split
from genenv.downstream import Downstream
from genenv.parts import Part
from genenv.settings import StressConfig
from genenv.under_test import UnderTest

DEFAULT = "default"  # a classifier of genenv's own, trained on the generator's rows


@dataclass(frozen=True)
class Sibling:
    """A reference that was given, or one that is trained."""

    tested: UnderTest
    part: Part[Any] | None
    """How it is trained; None: it was given."""

    def model(self, get: Callable[[Part[Any]], Any]) -> Downstream:
        """Return it behind the contract; `get` reads its part, or makes it."""
        if self.part is not None:
            self.tested.take(get(self.part))
        return self.tested.model


def reference_of(
    config: StressConfig, dataset: Dataset, source: Dataset, split: Split
) -> Sibling | None:
    """Take the reference of a run; None where there is none.

    Parameters
    ----------
    config
        Names it, and says how it is asked: as the model is.
    dataset, source, split
        Of the run.

    Raises
    ------
    Mistake
        It cannot be imported or asked.
    """
    given = config.reference
    if given is None:
        return None
    own = replace(config, seed=seeding.fold(config.seed, "reference") % 2**31)
    if isinstance(given, str) and given == DEFAULT:
        tested = UnderTest(None, None, own, dataset, source, split)
        path = f"reference/{recorded.MODEL}"
        words = "the reference"
        return Sibling(tested, replace(tested.part(), path=path, words=words))
    model = downstream.import_model(given) if isinstance(given, str) else given
    return Sibling(UnderTest(model, None, own, dataset, source, split), None)
