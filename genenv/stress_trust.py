"""The lights of a stress run, from what its generator, judge and model did to real rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import auditing, failures, intervals, trust
from genenv.judge import judged_controls
from genenv.judge.controls import COUNT, OF_TABLE, UNTRAINED
from genenv.judge.layout import seen
from genenv.metrics.light import generator_light
from genenv.searched import Searched


def lights(run: Searched, accuracy: trust.Share, people: Mapping[str, Any] | None) -> trust.Trust:
    """Judge the parts of a run.

    Parameters
    ----------
    run
        What its searches worked with.
    accuracy
        Of its model, see below.
    people
        What raters saw, see below.
    """
    quality = run.judge.quality
    controls = quality["controls"] | untrained(run)
    return trust.Trust(
        generator=generator_light(run.metrics, run.settings),
        judge=trust.judge_light(quality | {"controls": controls}, run.judge.classes),
        model=trust.model_light(accuracy, quality["accuracy"], run.anyway),
        people=trust.people_light(people),
        controls=controls,
    )


def bad_parts(run: Searched) -> tuple[str, ...]:
    """Name the parts that leave a run undecided, before it is reported."""
    return trust.bad(lights(run, accuracy(*answered(run)), None).to_json())


def people(run: Searched) -> dict[str, Any] | None:
    """Return what raters of an earlier process saw; None: nobody has looked."""
    if not (run.folder / "audit").is_dir():
        return None
    return auditing.open_audit(run.folder).result()


def untrained(run: Searched) -> dict[str, Any]:
    """Judge samples of a generator of the same make that has learned nothing; {}: there is none."""
    judge, fresh = run.judge, run.generator.untrained(0)
    if fresh is None:
        return {}
    count = COUNT if judge.units.groups is None else OF_TABLE
    with torch.no_grad():
        x, _ = fresh.sample(count, seed=0)
    learned, _ = run.dataset.pick(run.held)
    made = {UNTRAINED: seen(x, judge.units)}
    return judged_controls(judge, made, seen(learned, judge.units))


def answered(run: Searched) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ask the model about the untouched real rows: their classes and its answers, (n,) each.

    An answer of -1 is none, and wrong.
    """
    x, label = run.source.pick(run.split.test)
    return label, failures.ask(run.model, x).guess.numpy()


def accuracy(label: NDArray[np.int64], answer: NDArray[np.int64]) -> dict[str, Any]:
    """Return the share of real rows (n,) that a model is right on, with its interval."""
    right, rows = int(np.count_nonzero(answer == label)), len(label)
    low, high = intervals.wilson(right, rows)
    return {"share": right / rows, "low": low, "high": high, "rows": rows}
