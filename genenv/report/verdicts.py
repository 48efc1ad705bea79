"""What the verdicts of a run are worth, in sentences: on real rows, and where people looked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from genenv.report.numerals import interval, percent, plural

PEOPLE = (
    "Where two people looked at what a judge of this kind confirmed among images that tools had "
    "searched in a generator's latents (public MNIST sets), both saw the condition in 82 % "
    "[68, 92] of one set, of 100 such images, and in about 55 % of another "
    "(docs/benchmarks/judge.md)."
)
"""`scripts/judge_people.py` on the first; the second, which is kept back, was measured once."""
NO_PEOPLE = (
    "What such a judge's verdicts on rows are worth to people has not been measured: only those on "
    "images have."
)


def worth(data: dict[str, Any]) -> list[str]:
    """Say what the verdicts are worth.

    Parameters
    ----------
    data
        The content of report.json.
    """
    return [*_contradictions(data["judge"]), *_grades(data), *_weak(data), *_unseen(data)]


def _contradictions(judge: dict[str, Any]) -> Iterator[str]:
    """Say how the audit fares on real rows where it contradicts the model."""
    found = judge.get("contradictions")
    if found is None:
        return
    wrong, share = found["wrong"], found["found"]
    if not wrong["rows"]:
        yield "On no real row known here is the audit sure enough to contradict the model."
        return
    yield (
        f"On {plural(wrong['rows'], 'real row')} where the audit contradicted the model it was "
        f"wrong in {percent(wrong['share'])} {interval(wrong['low'], wrong['high'])}, and it found "
        f"{percent(share['share'])} {interval(share['low'], share['high'])} of the model's errors. "
        "That is said of real rows, and is never the precision of what a search finds."
    )


def _grades(data: dict[str, Any]) -> Iterator[str]:
    """Say what q is."""
    yield (
        "The q of a failure is the expected share of false ones among those as good or better, "
        f"{data['grades']['belief']}."
    )


def _weak(data: dict[str, Any]) -> Iterator[str]:
    """Say so where the model is right more often than whatever contradicts it."""
    oracles = [*data["judge"]["oracle_accuracy"].values()]
    if "accuracy" in data["judge"]:
        oracles.append(data["judge"]["accuracy"]["share"])
    accuracy = data["model"].get("test_accuracy")
    if accuracy is not None and accuracy > max(oracles):
        yield (
            f"The model is right on {percent(accuracy)} of untouched real rows, more often than "
            f"every oracle ({percent(max(oracles))} at best): these verdicts are weak."
        )


def _unseen(data: dict[str, Any]) -> Iterator[str]:
    """Say so where nobody has looked, and what is known of such verdicts from elsewhere."""
    if data["people"] is None:
        known = NO_PEOPLE if len(data["data"].get("shape", ())) == 1 else PEOPLE
        yield f"Nobody has looked at these failures. {known}"
