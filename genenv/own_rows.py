"""Searches that begin at the user's own rows: their latents, as a generator of what lies near."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, naming, networks, seeding
from genenv.codecs import Codec
from genenv.data import Dataset, Split
from genenv.generators import Generator, Near, encoded, invert
from genenv.parts import Advance, Part
from genenv.report.evidence import SUREST, Failures
from genenv.settings import StressConfig

MOST = 300  # rows that are started from

Answers = Callable[[NDArray[Any]], NDArray[np.int64]]


class Asking(Protocol):
    """What of a run the searches that begin at rows need."""

    config: StressConfig
    source: Dataset
    split: Split
    given_generator: Generator | None

    def get(self, part: Part[Any]) -> Any:
        """See `Study.get`."""

    def answers(self) -> Answers:
        """Return the model under test: stored samples -> class indices."""


def parts(run: Asking, generator: Part[Generator]) -> list[Part[Generator]]:
    """Return the generator of a run, and, where searches begin at rows, what lies near these.

    The last is what the searches ask. It takes the path RUN/generator, so that every reader of the
    run makes its samples; the generator whose latents they are lies in it, and in RUN/fitted.
    """
    config, given = run.config, run.given_generator
    if config.start == "prior":
        return [generator]
    inner = replace(generator, path="fitted")
    encode = None if config.encoder is None else naming.find("encoder", config.encoder, {})

    def make(_: Advance) -> Generator:
        rows = run.split.test[:MOST]
        about = encode, config.near, seeding.fold(config.seed, "rows")
        return start_from(run.get(inner), run.source, rows, run.answers(), *about)

    def load(place: Path) -> Generator:
        if given is None or networks.knows(given):
            return networks.stored(place)
        return Near.load(place, given)

    return [inner, Part("generator", "the latents of real rows", make, _save, load)]


def _save(generator: Generator, place: Path) -> None:
    generator.save(place)


def start_from(
    generator: Generator,
    source: Dataset,
    rows: NDArray[np.int64],
    answers: Answers,
    encode: Callable[..., Any] | None,
    scale: float,
    seed: int,
) -> Near:
    """Find latents of rows, and keep those whose answer is right before and after; see `parts`.

    A row that the model has wrong needs no search, and one that turns wrong by being made again
    tells of the generator, not of the model.
    """
    x, label = source.pick(rows)
    found = (
        invert(generator, x, label, seed)
        if encode is None
        else encoded(encode, generator, x, label)
    )
    with torch.no_grad(), generator.evaluated():
        u = generator.from_base(found.e, torch.from_numpy(label))
    again = generator.units.store(generator.units.decode(u))
    before, after = answers(x) == label, answers(again) == label
    kept = np.flatnonzero(before & after)
    origin = {
        "rows": len(rows),
        "wrong": int((~before).sum()),
        "turned": int((before & ~after).sum()),
        "kept": len(kept),
        "error": float(np.median(found.error)),
        "error_90": float(np.quantile(found.error, 0.9)),
        "neighbour": neighbour(generator.units, x, label),
        "by": "gradient steps" if encode is None else "the encoder",
    }
    where = torch.from_numpy(kept)
    return Near(generator, found.e[where], label[kept], rows[kept], scale, origin)


def neighbour(units: Codec, x: NDArray[Any], label: NDArray[np.int64]) -> float:
    """Return the median distance of rows to the nearest of their class, per number, in [-1, 1]."""
    u = units.encode(units.tensor(x)).flatten(1)
    own = torch.from_numpy(label)
    apart = torch.cdist(u, u).masked_fill(own[:, None] != own, torch.inf)
    apart.fill_diagonal_(torch.inf)
    nearest = apart.amin(1)
    nearest = nearest[nearest.isfinite()]
    checks.integer("rows with another of their class", len(nearest))
    return float(nearest.median() / u.shape[1] ** 0.5)


def began(generator: Generator, source: Dataset, found: Failures) -> Sequence[dict[str, Any]]:
    """Return of each of the surest failures the row that it began at; (): at none.

    Parameters
    ----------
    generator
        Of the run.
    source
        Data whose rows were started from.
    found
        Confirmed failures.

    Returns
    -------
    A dict a failure, in the order of `Failures.surest`: `row`, its number in the data; `x`, the
    row; `again`, what is made of its latent; both (*units.shape).
    """
    if not isinstance(generator, Near):
        return ()
    rows = found.surest(SUREST)
    label = torch.from_numpy(found.label[rows])
    place = generator.picked(torch.from_numpy(found.e[rows]), label)
    with torch.no_grad(), generator.evaluated():
        u = generator.inner.from_base(generator.anchors[place], label)
    again = generator.units.store(generator.units.decode(u))
    own = generator.row[place.numpy()]
    return [
        {"row": int(row), "x": source.x[row], "again": made}
        for row, made in zip(own, again, strict=True)
    ]
