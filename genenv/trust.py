"""Whether a run can be trusted, said before anything else: a light each for its four parts.

A bad light of generator, judge or model takes every probability, every bound and the word plausible
out of the report: what is counted then is counted, and means nothing about the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genenv.metrics.light import BAD, DOUBTFUL, GOOD, Light

UNJUDGED = 0.75  # share of untouched real rows that a judge leaves out, above which it says nothing
UNREAL = 0.75  # share of a class's untouched real rows refused as unreal, above which it is unfit
OVERSURE = 0.1  # wrong among those it is sure of, above which its p is not to be believed
BEHIND = 0.10  # accuracy that a model may lack of the audit's before its light is doubtful
PRECISION = 0.5  # of confirmed failures, as people corrected it, below which the light is bad

DECIDING = ("generator", "judge", "model")
"""Lights that, when bad, leave a run undecided."""

Share = Mapping[str, Any]
"""`share`, `low`, `high` and `rows`, as in report.json."""


@dataclass(frozen=True)
class Trust:
    """The lights of one run, and what its judge makes of controls that must be refused."""

    generator: Light
    judge: Light
    model: Light
    people: Light
    controls: Mapping[str, Mapping[str, Any]]
    """Kind -> `accepted`, `limit`, `trained_on`, `decides`."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values, `trust` of report.json."""
        lights = {name: getattr(self, name) for name in (*DECIDING, "people")}
        plain = {
            name: {"light": light.light, "figure": light.figure, "advice": light.advice}
            for name, light in lights.items()
        }
        return {**plain, "controls": {name: dict(row) for name, row in self.controls.items()}}


def bad(trust: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the parts whose light leaves a run undecided, from `trust` of report.json."""
    return tuple(name for name in DECIDING if name in trust and trust[name]["light"] == BAD)


def judge_light(quality: Mapping[str, Any], names: Sequence[int | str]) -> Light:
    """Judge a judge by what it does to untouched real rows and to controls.

    Parameters
    ----------
    quality
        See `judge.figures.measure`.
    names
        Of the classes that it is asked about, in their order.
    """
    kind = "untouched real rows" if quality.get("untouched", True) else "real rows"
    whose = f"is {quality['taken_from']}, as it stands, and " if "taken_from" in quality else ""
    said = f"{whose}{_left_out(quality['real_rejected'], kind)}"
    reasons = [
        *_refusals(quality, names), *_accepted(quality["controls"]), *_chance(quality),
        *_oversure(quality),
    ]  # fmt: skip
    if reasons:
        figures, cures = zip(*reasons, strict=True)
        return Light(BAD, "; ".join((said, *figures)), "; ".join(dict.fromkeys(cures)))
    worst = max((row["accepted"]["share"] for row in quality["controls"].values()), default=0.0)
    said = f"{said} and accepts at most {worst:.1%} of a kind of control"
    doubts = [*_unpromised(quality), *_untold(quality, names)]
    if doubts:
        figures, cures = zip(*doubts, strict=True)
        return Light(DOUBTFUL, "; ".join((said, *figures)), "; ".join(dict.fromkeys(cures)))
    promise = quality["promise"]
    return Light(GOOD, f"{said}; on real rows it promises {promise['words']}", "")


def _left_out(share: Mapping[str, Share], kind: str) -> str:
    """Say what a judge refuses as unreal, and where it abstains: three figures, not one."""
    return (
        f"refuses {_percent(share['realism'])} of {share['realism']['rows']:,} {kind} as unreal, "
        f"cannot tell the class of {_percent(share['unsure'])} and takes "
        f"{share['other']['share']:.1%} for another"
    )


def _refusals(quality: Mapping[str, Any], names: Sequence[int | str]) -> list[tuple[str, str]]:
    by_class = zip(names, quality["unreal_by_class"], strict=True)
    found = [
        (f"refuses {_percent(row)} of class {name} as unreal", "give more rows of that class")
        for name, row in by_class
        if row["rows"] and row["share"] > UNREAL
    ]
    if quality["real_rejected"]["joint"]["share"] > UNJUDGED:
        found.insert(0, ("most real rows are left out", "give the judge more labelled rows"))
    return found


def _oversure(quality: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Find a judge that is wrong more often, where it is sure, than it says at the least."""
    wrong = quality["wrong_among_accepted"]
    if not wrong["rows"] or wrong["low"] <= OVERSURE:
        return []
    text = f"is wrong on {_percent(wrong)} of those it is sure of"
    return [(text, "check the labels, or give more rows")]


def _unpromised(quality: Mapping[str, Any]) -> list[tuple[str, str]]:
    promise = quality["promise"]
    if not promise["met"]:
        text = f"no promise about real rows could be tested on {promise['rows']:,} of them"
        return [(text, "give more labelled rows")]
    if "taken_from" in quality and promise.get("rule") == "contradictions":
        text = (
            "its cut was set where it contradicts another model, and promises nothing "
            "beside this one"
        )
        return [(text, "let this run make its own")]
    return []


def _untold(quality: Mapping[str, Any], names: Sequence[int | str]) -> list[tuple[str, str]]:
    """Name the classes of which a judge leaves most rows out: their failures are mostly missed."""
    by_class = zip(names, quality["real_rejected_by_class"], strict=True)
    return [
        (
            f"leaves out {_percent(row)} of class {name}, so that most of its failures cannot be "
            "confirmed",
            "give more rows of that class, or columns that tell it",
        )
        for name, row in by_class
        if row["rows"] and row["share"] > UNJUDGED
    ]


def _accepted(controls: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [
        (
            f"accepts {_percent(row['accepted'])} of {name}, where {row['limit']:.1%} is the limit",
            "give the judge more labelled rows",
        )
        for name, row in controls.items()
        if row["decides"] and not row["trained_on"] and row["accepted"]["share"] > row["limit"]
    ]


def _chance(quality: Mapping[str, Any]) -> list[tuple[str, str]]:
    accuracy, largest = quality["accuracy"], quality["largest_class"]
    if accuracy["low"] > largest:
        return []
    text = f"is right on {_percent(accuracy)} of them, where the largest class is {largest:.1%}"
    return [(text, "check the labels, or give more rows")]


def model_light(accuracy: Share, audit: Share, anyway: str = "") -> Light:
    """Judge how a model is asked by what it says of untouched real rows.

    Parameters
    ----------
    accuracy, audit
        Of the model, as genenv asks it, and of the audit, on the same rows.
    anyway
        What stood against asking it so, where the user went on; "": nothing.
    """
    said = (
        f"right on {_percent(accuracy)} of {accuracy['rows']:,} untouched real rows as it is "
        f"asked, the audit on {_percent(audit)}"
    )
    if anyway:
        return Light(BAD, f"{said}; asked so by --anyway: {anyway}", "hand it what it learned from")
    if accuracy["share"] <= audit["share"] - BEHIND:
        return Light(DOUBTFUL, said, "check that it is handed what it learned from")
    return Light(GOOD, said, "")


def people_light(audited: Mapping[str, Any] | None) -> Light:
    """Judge what people said of the verdicts.

    Parameters
    ----------
    audited
        `precision` of confirmed failures with `low` and `high`, and `labels`, how many answers
        stand behind it; None: nobody has looked.
    """
    if audited is None:
        return Light(DOUBTFUL, "nobody has looked at these failures", "genenv audit RUN")
    said = (
        f"people see the condition in {audited['precision']:.0%} "
        f"[{audited['low']:.0%}, {audited['high']:.0%}] of the confirmed failures "
        f"({audited['labels']} answers)"
    )
    if audited["precision"] < PRECISION:
        return Light(BAD, said, "do not count on these verdicts")
    return Light(GOOD, said, "")


def _percent(share: Share) -> str:
    return f"{share['share']:.1%} [{share['low']:.1%}, {share['high']:.1%}]"
