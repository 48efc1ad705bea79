"""What became of the failures of one run in another: the content of compare.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, failures, trust
from genenv.comparing.finished import Opened, check_alike
from genenv.comparing.paired import draws, events

SCHEMA = 1


def compare(runs: Sequence[Opened]) -> dict[str, Any]:
    """Compare the first of some runs with each other one.

    Failures are asked again from their stored samples, of both models. Those of the first run that
    the other model passes *went*, those that it fails *stayed*; failures of the other run that the
    first model passes *came*. A search finds what it comes across: only what both models were asked
    is compared.

    Parameters
    ----------
    runs
        Two or more, of the same data.

    Returns
    -------
    The content of compare.json: `schema`, `first`, and `others`, a row each.

    Raises
    ------
    Mistake
        Fewer than two runs, or runs of other data.
    """
    if len(runs) < 2:
        raise checks.Mistake("two runs or more", len(runs), "name another")
    check_alike(list(runs))
    first, *others = runs
    return {
        "schema": SCHEMA,
        "data": first.content["data"]["name"],
        "first": _described(first),
        "others": [_described(other) | _beside(first, other) for other in others],
    }


def _described(run: Opened) -> dict[str, Any]:
    content = run.content
    return {
        "run": run.name,
        "model": content["model"]["name"],
        "test_accuracy": content["model"]["test_accuracy"],
        "undecided": list(trust.bad(content["trust"])),
        "confirmed": 0 if run.record is None else len(run.record),
    }


def _beside(first: Opened, other: Opened) -> dict[str, Any]:
    stayed = failing(other, first)
    came = ~failing(first, other)
    same_judge = first.judge == other.judge
    same_generator = first.generator == other.generator
    return {
        "went": np.flatnonzero(~stayed).tolist(),
        "stayed": np.flatnonzero(stayed).tolist(),
        "came": np.flatnonzero(came).tolist(),
        "shared": np.flatnonzero(~came).tolist(),
        "same_generator": same_generator,
        "same_judge": same_judge,
        "events": _events(first, other, same_judge) if same_generator else [],
    }


def _events(first: Opened, other: Opened, same_judge: bool) -> list[dict[str, Any]]:
    before, after = (draws(run.folder, run.controls) for run in (first, other))
    return events(before, after, same_judge)


def failing(model_of: Opened, record_of: Opened) -> NDArray[np.bool_]:
    """(m,): whether the model of one run fails on the failures of another, by its criterion."""
    if record_of.record is None:
        return np.zeros(0, np.bool_)
    return failures.replay(model_of.model, record_of.record, record_of.criterion).failing
