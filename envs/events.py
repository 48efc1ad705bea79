"""When a policy has failed, and how near it is to that."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks
from genenv.envs.batched import Flags
from genenv.envs.known_worlds import Known
from genenv.envs.world import Outcome, World

Failure = Callable[[Outcome], Flags]
Miss = Callable[[Outcome], NDArray[Any]]
FAILURES = ("return", "terminated")


def terminated(outcome: Outcome) -> Flags:
    """Fail where the world terminates."""
    return outcome.terminated


def find(
    world: World,
    own: Known,
    failure: str | Failure | None,
    threshold: float | None,
    miss: Miss | None,
) -> tuple[Failure, Miss | None, bool]:
    """Find the failure and the miss distance among what was given and what the world has.

    Returns
    -------
    Both, and whether the miss distance counts at the episode's end alone, as that of a return does.

    Raises
    ------
    Mistake
        The failure is unknown, or "return" has no threshold, or another one has.
    """
    failure = failure or own.failure
    if threshold is not None and failure != "return":
        raise checks.Mistake('a threshold with failure="return"', failure, "leave one out")
    if not isinstance(failure, str):
        return failure, miss, False
    checks.choice("failure", failure, FAILURES)
    if failure == "terminated":
        return terminated, miss or own.miss, False
    threshold = world.spec.reward_threshold if threshold is None else threshold
    if threshold is None:
        do = "give a threshold or another failure"
        raise checks.Mistake("a return below which the policy fails", None, do)
    if not np.isfinite(threshold):
        raise checks.Mistake("threshold to be finite", threshold, "give another one")
    least, unit = float(threshold), max(abs(threshold), 1.0)
    floor = -np.inf if least > 0 else 0.0  # a return that falls is a failure below the threshold
    return partial(_below, least), miss or partial(_above, least, unit, floor), miss is None


def _below(least: float, outcome: Outcome) -> Flags:
    return outcome.last & (outcome.returns < least)


def _above(least: float, unit: float, floor: float, outcome: Outcome) -> NDArray[Any]:
    return np.maximum((outcome.returns - least) / unit, floor)


def check(failure: Failure, miss: Miss | None, outcome: Outcome) -> None:
    """Raise a Mistake unless both answer with one flag and one finite number a row."""
    flags = np.asarray(failure(outcome))
    checks.shape("the failure's flags", flags, outcome.reward.shape)
    if flags.dtype != np.bool_:
        raise checks.Mistake("the failure's flags to be bool", flags.dtype, "compare them")
    if miss is not None:
        distance = np.asarray(miss(outcome))
        checks.shape("the miss distance", distance, outcome.reward.shape)
        checks.finite("the miss distance", distance)
