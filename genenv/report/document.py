"""What report.json holds: its keys, and nothing but plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from genenv import checks

SCHEMA = 2

KEYS = (
    "schema",  # int: this layout's version
    "trust",  # TRUST_KEYS: whether what follows means anything
    "data",  # name and whatever describes the data
    "generator",  # whatever describes the generator
    "model",  # name and whatever describes the model under test
    "judge",  # JUDGE_KEYS and the gates' thresholds
    "searches",  # list of rows of SEARCH_KEYS
    "modes",  # list of rows of MODE_KEYS
    "variety",  # VARIETY_KEYS
    "grades",  # GRADE_KEYS
    "classes",  # list of rows of CLASS_KEYS, in the order of the classes
    "failure_probability",  # PROBABILITY_KEYS of confirmed failures, by the method to go by; None:
    # random sampling was not run, or the run cannot be trusted
    "failure_probabilities",  # list of rows of EVENT_KEYS, one an event and method: counted first
    "rate",  # queries, least_energy, beta, told: of what was rated beyond; None: nothing
    "people",  # what raters saw, see `auditing.Audit.result`; None: nobody has looked
    "timings",  # stage -> seconds, in order
)
TRUST_KEYS = (
    "generator",  # LIGHT_KEYS, as each of the next three
    "judge",
    "model",
    "people",
    "controls",  # kind -> what the judge makes of it: accepted, limit, trained_on, decides
)
LIGHT_KEYS = ("light", "figure", "advice")  # good, doubtful or bad; in words; "" where it is good
JUDGE_KEYS = (
    "real_rejected",  # shares of real test rows: joint (left out), realism (refused as unreal),
    # unsure (no class is likely enough), other (taken for another class), label (the last two,
    # whether real or not)
    "oracle_accuracy",  # oracle -> accuracy on the test rows
    "test_rows",  # real rows that set nothing
)
SHARE_KEYS = ("share", "low", "high", "rows")  # with a 95 % Wilson interval
SEARCH_KEYS = (
    "name",
    "seed",
    "samples_law",  # whether it drew from N(0, I) itself: the control
    "queries",
    "training_queries",
    "flips",  # invalid + ambiguous + confirmed
    "realistic",  # ambiguous + confirmed
    "ambiguous",
    "model_answer",  # of the ambiguous: the oracles accept what the model said
    "other_label",  # of the ambiguous: they accept a third class
    "invalid",
    "errors",  # queries without a usable answer: no flips
    "confirmed",
    "distinct",
    "modes",
    "first_confirmed_at",  # query, from 1; None: never
    "tenth_confirmed_at",
    "confirmed_per_1k",  # queries
    "lift_over_random",  # confirmed_per_1k over random's; None: random confirmed none, or not run
    "seconds",
)
MODE_KEYS = (
    "id",
    "condition",  # the user's class
    "prediction",  # the user's class
    "confirmed",  # by all searches together
    "distinct",
    "mass",  # share of random's samples that are confirmed failures of this mode; None: unseen
    "mass_low",  # with its 95 % interval; of an unseen one 0 and the exact one-sided bound; None:
    "mass_high",  # random was not run, or the run cannot be trusted
    "enrichment",  # ENRICHMENT_KEYS, beside a reference; None: there was none, or no draws
    "apart",  # rule, mode, class: what tells it from its class, see `report.apart`; None: nothing
    "moved",  # of tables, the columns in which they lie farthest from real rows, see `moved`
    "searches",  # names of those that found it
    "near",  # NEAR_KEYS: the untouched real rows nearest to it
)
NEAR_KEYS = (
    "rows",  # their numbers in the data, or in the held-out data where such were given, from 0
    "accuracy",  # SHARE_KEYS, of the model on these
    "elsewhere",  # SHARE_KEYS, of the model on the other untouched rows
    "q",  # share of modes that are as clearly borne out by chance, among those as clear as this
    "borne_out",  # whether q is small enough to say so
)
ENRICHMENT_KEYS = (
    "model",  # confirmed failures of it among random's draws
    "reference",  # the reference's, on the same draws
    "draws",
    "ratio",  # of the two counts, half a failure added to each
    "low",  # exact lower bound of the ratio, which that of all modes holds with 95 %
    "alarm",  # whether it is above 1
)
VARIETY_KEYS = (
    "modes",
    "pairs",  # of condition and prediction
    "once",  # modes of one distinct failure
    "chao1",  # how many modes there are at least, as far as failures come like independent draws
    "curve",  # rarefaction: distinct failures, and the modes that so many are expected to show
)
GRADE_KEYS = (
    "q",  # expected share of false ones among those as good or better, that is counted up to
    "confirmed",  # failures of that q or less, by all searches together; None: p is uncorrected
    "distinct",
    "belief",  # what q stands on, in words
)
CLASS_KEYS = (
    "class",  # the user's
    "refused",  # SHARE_KEYS of its untouched real rows: what the judge refuses
    "errors",  # SHARE_KEYS of the same: where the model is wrong
    "confirmed",  # failures of it, by all searches together
    "distinct",
)
PROBABILITY_KEYS = ("method", "estimate", "low", "high", "samples")
EVENT_KEYS = ("event", *PROBABILITY_KEYS)  # failure or confirmed


def plain(value: Any, where: str = "report") -> Any:
    """Turn NumPy scalars, arrays and tuples into plain values, all else must be plain already.

    Raises
    ------
    Mistake
        A value is NaN or infinite, a key is not a string, or JSON has no word for the type.
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise checks.Mistake(f"keys of {where} to be strings", repr(key), "name it")
        return {key: plain(entry, f"{where}.{key}") for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(entry, f"{where}[{i}]") for i, entry in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise checks.Mistake(f"{where} to be finite", value, "write None for what is not known")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise checks.Mistake(
        f"{where} to be a number, a string, None, a list or a dict",
        type(value).__name__,
        "convert it",
    )


def _ordered(row: Mapping[str, Any], keys: Sequence[str], where: str) -> dict[str, Any]:
    """Exactly these keys, in this order."""
    if set(row) != set(keys):
        missing, unknown = sorted(set(keys) - set(row)), sorted(set(row) - set(keys))
        raise checks.Mistake(
            f"{where} with the keys {', '.join(keys)}",
            f"missing: {missing}, unknown: {unknown}",
            "write None for what is not known",
        )
    return {key: row[key] for key in keys}


def _at_least(row: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    missing = [key for key in keys if key not in row]
    if missing:
        raise checks.Mistake(f"{where} with {', '.join(keys)}", f"no {missing}", "add them")


def document(data: Mapping[str, Any]) -> dict[str, Any]:
    """Check the content of report.json, make it plain, and bring keys into the order of KEYS.

    Raises
    ------
    Mistake
        Another schema, a key that is missing or unknown, or a value that is not plain.
    """
    if data.get("schema") != SCHEMA:
        raise checks.Mistake(
            f"a report of schema {SCHEMA}",
            data.get("schema"),
            "read it with the version of genenv that wrote it",
        )
    whole: dict[str, Any] = _ordered({"rate": None, **plain(data)}, KEYS, "report")
    whole["trust"] = _ordered(whole["trust"], TRUST_KEYS, "report.trust")
    for part in TRUST_KEYS[:-1]:
        whole["trust"][part] = _ordered(whole["trust"][part], LIGHT_KEYS, f"report.trust.{part}")
    whole["variety"] = _ordered(whole["variety"], VARIETY_KEYS, "report.variety")
    whole["grades"] = _ordered(whole["grades"], GRADE_KEYS, "report.grades")
    for block in ("data", "model"):
        _at_least(whole[block], ("name",), f"report.{block}")
    _at_least(whole["judge"], JUDGE_KEYS, "report.judge")
    rejected = whole["judge"]["real_rejected"]
    _at_least(rejected, ("joint", "realism", "label"), "report.judge.real_rejected")
    for gate, share in rejected.items():
        _at_least(share, SHARE_KEYS, f"report.judge.real_rejected.{gate}")
    for row in whole["searches"]:  # version 0.1.0 knew the control by its name
        row.setdefault("samples_law", row.get("name") == "random")
    for row in whole["modes"]:  # earlier builds did not count moved columns beside real rows
        told = row.setdefault("moved", None)
        row["moved"] = told if all("real" in own for own in told or ()) else None
    for name, keys in (
        ("searches", SEARCH_KEYS),
        ("modes", MODE_KEYS),
        ("classes", CLASS_KEYS),
        ("failure_probabilities", EVENT_KEYS),
    ):
        whole[name] = [
            _ordered(row, keys, f"report.{name}[{i}]") for i, row in enumerate(whole[name])
        ]
    if whole["failure_probability"] is not None:
        _at_least(whole["failure_probability"], PROBABILITY_KEYS, "report.failure_probability")
    return whole
