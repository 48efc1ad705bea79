"""What the searches of a stress run worked with, for its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.criteria import Criterion
from genenv.data import Dataset, Split
from genenv.downstream import Downstream
from genenv.generators import Generator
from genenv.judge import Judge


@dataclass(frozen=True)
class Searched:
    """What the searches of a run worked with."""

    folder: Path
    dataset: Dataset
    source: Dataset  # of the judge's rows
    split: Split
    held: NDArray[np.int64]  # training rows that are looked at, see `data.held`
    generator: Generator
    metrics: dict[str, Any]  # of the generator
    model: Downstream
    model_name: str
    criterion: Criterion
    judge: Judge
    budget: int  # queries a search and seed
    trained: dict[str, int]  # search -> queries that training its player took
    settings: Mapping[str, Any]  # of the generator's training; of a given one what its `facts` say
    reference: Downstream | None = None  # a sibling of the model
    rated: Mapping[str, Any] | None = None  # see `rating.Rated`; None: nothing beyond counting
    anyway: str = ""  # what stood against asking the model so, where the user went on
