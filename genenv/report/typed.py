"""What kinds of values report.json holds, as far as commands count on them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from genenv import reading

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Part = Annotated[float, msgspec.Meta(ge=0, le=1)]
Name = int | str  # of a class


class Light(msgspec.Struct):
    """Of `trust`."""

    light: Literal["good", "doubtful", "bad"]
    figure: str
    advice: str


class Trust(msgspec.Struct):
    """Lights of what was under test and of what tested it."""

    model: Light
    generator: Light | None = None
    judge: Light | None = None


class ClassifierTrust(msgspec.Struct):
    """Of a classifier's run: all four lights."""

    model: Light
    generator: Light
    judge: Light
    people: Light
    controls: dict[str, dict[str, Any]]


class Named(msgspec.Struct):
    """Data, or a model."""

    name: str


class Searched(msgspec.Struct):
    """Of `searches`."""

    name: str
    seed: int
    samples_law: bool
    queries: Count
    flips: Count
    errors: Count
    confirmed: Count
    confirmed_per_1k: float
    seconds: float
    training_queries: Count = 0


class Probability(msgspec.Struct):
    """As one method estimates it."""

    method: str
    estimate: Part
    low: Part
    high: Part
    samples: Count


class Rate(Probability, kw_only=True):
    """Of `failure_probabilities`."""

    event: str


class Content(msgspec.Struct):
    """Of any run."""

    trust: Trust
    data: Named
    model: Named
    searches: Annotated[list[Searched], msgspec.Meta(min_length=1)]
    failure_probabilities: list[Rate]
    modes: list[dict[str, Any]]


class Share(msgspec.Struct):
    """A share with its interval."""

    share: Part
    low: float
    high: float
    rows: Count


class ClassifierData(Named):
    """Of a classifier's run."""

    classes: list[Name] = []
    sha256: str = ""
    rows: Count = 0


class ClassifierModel(Named):
    """Of a classifier's run."""

    test_accuracy: Part


class Judge(msgspec.Struct):
    """Of a classifier's run."""

    test_rows: Count
    real_rejected: dict[str, Share]
    oracle_accuracy: dict[str, float]


class Near(msgspec.Struct):
    """The real rows nearest to a mode."""

    rows: list[Count]
    accuracy: Share
    elsewhere: Share
    q: float
    borne_out: bool


class Mode(msgspec.Struct):
    """Of a classifier's `modes`."""

    id: Count
    condition: Name
    prediction: Name
    confirmed: Count
    distinct: Count
    mass: float | None
    mass_low: float | None
    mass_high: float | None
    searches: list[str]
    near: Near
    moved: list[dict[str, object]] | None = None


class OfClass(msgspec.Struct, rename={"name": "class"}):
    """Of `classes`."""

    name: Name
    refused: Share
    errors: Share
    confirmed: Count
    distinct: Count


class Grades(msgspec.Struct):
    """Of a classifier's run."""

    q: float
    confirmed: Count | None
    distinct: Count | None
    belief: str


class Variety(msgspec.Struct):
    """Of a classifier's run."""

    modes: Count
    pairs: Count
    once: Count
    chao1: float
    curve: list[tuple[float, float]]


class ClassifierContent(Content):
    """Of a classifier's run."""

    trust: ClassifierTrust  # type: ignore[assignment]
    data: ClassifierData
    model: ClassifierModel
    judge: Judge
    modes: list[Mode]  # type: ignore[assignment]
    classes: list[OfClass]
    grades: Grades
    variety: Variety
    people: dict[str, Any] | None
    generator: dict[str, Any]
    failure_probability: Probability | None
    timings: dict[str, float]


def check(path: Path, kind: type[Content]) -> None:
    """Raise a Mistake unless report.json holds values of these kinds."""
    reading.struct(path, kind)
