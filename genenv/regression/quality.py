"""What a regressor's judge does to untouched real rows and to controls, and the three lights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import intervals
from genenv.generators import Generator
from genenv.judge import controls
from genenv.judge.indistinct import indistinct
from genenv.judge.layout import seen
from genenv.metrics.light import BAD, DOUBTFUL, GOOD, Light
from genenv.regression.judging import Side, ValueJudge
from genenv.regression.realism import refused

SAMPLES = 2_000  # of the generator, whose refused share is its light
UNREAL = 0.5  # of these, above which the generator's light is bad
MORE_UNREAL = 0.1  # than of real rows, above which it is doubtful
VAGUE = 0.3  # R² of the audit's oracles, below which the judge's light is doubtful
WORSE = 1.25  # times the mean's median error: a model beyond seems to be handed something else
BEHIND = 0.1  # R² that a model may lack of the audit's before its light is doubtful

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """Untouched real rows, their values, and what the model says of them, in the target's unit."""

    x: NDArray[Any]
    y: Floats
    answer: Floats  # NaN: none


def measure(
    judge: ValueJudge, asked: Asked, reference: NDArray[Any], made: NDArray[Any], seed: int
) -> dict[str, Any]:
    """Return `judge` of report.json.

    Parameters
    ----------
    judge, asked
        What is measured, and on which rows.
    reference
        Stored real rows that the controls are made of.
    made
        Samples of the generator.
    seed
        Address of the controls.
    """
    value = (asked.y - judge.centre) / judge.scale
    rows = judge.rows(asked.x)
    inside = {name: _covers(side, rows, value) for name, side in _sides(judge)}
    return {
        "level": judge.audit.panel.level,
        "test_rows": len(asked.y),
        "covered": {name: share(mask) for name, mask in inside.items()},
        "r2": {name: side.panel.fit for name, side in _sides(judge)},
        "half_width": {name: side.panel.ordinary * judge.scale for name, side in _sides(judge)},
        "deviation": judge.scale,
        "real_refused": share(judge.audit.realism(rows) > 1),
        "generated_refused": share(judge.audit.realism(judge.rows(made)) > 1),
        "controls": _controls(judge, reference, seed),
    }


def against(y: Floats, answer: Floats) -> str:
    """Say what stands against the model as it is asked; "": nothing.

    Medians: a model that is far off in a region of the rows is the very thing to search.
    """
    known = np.isfinite(answer)
    own = float(np.median(np.abs(y - answer)[known]))
    mean = float(np.median(np.abs(y - y.mean())[known]))
    if own <= WORSE * mean:
        return ""
    return f"an error of {own:.4g} in the median of {int(known.sum()):,}, the mean's is {mean:.4g}"


def of_model(judge: ValueJudge, asked: Asked) -> dict[str, Any]:
    """Return error and R² of model and audit on untouched rows, in the target's unit."""
    known = np.isfinite(asked.answer)
    y = asked.y[known]
    audit = judge.value(judge.audit.panel(judge.rows(asked.x)).mean)[known]
    around = float(((y - y.mean()) ** 2).sum()) or 1.0
    found: dict[str, Any] = {"rows": int(known.sum())}
    for name, said in (("model", asked.answer[known]), ("audit", audit)):
        away = said - y
        found[name] = {
            "error": float(np.abs(away).mean()),
            "r2": 1 - float((away**2).sum()) / around,
        }
    return found


def lights(quality: Mapping[str, Any], of_model: Mapping[str, Any], anyway: str) -> dict[str, Any]:
    """Return `trust` of report.json.

    Parameters
    ----------
    quality, of_model
        Of `measure` and `of_model`.
    anyway
        What stood against the model, where the user went on; "": nothing.
    """
    made = {
        "generator": _of_generator(quality), "judge": _of_judge(quality),
        "model": _of_model(of_model, anyway),
    }  # fmt: skip
    return {name: vars(light) for name, light in made.items()}


def share(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the share of a mask with its interval."""
    count, rows = int(mask.sum()), len(mask)
    low, high = intervals.wilson(count, rows) if rows else (0.0, 1.0)
    return {"share": count / max(rows, 1), "low": low, "high": high, "rows": rows}


def _sides(judge: ValueJudge) -> tuple[tuple[str, Side], ...]:
    return ("guide", judge.guide), ("audit", judge.audit)


def _covers(side: Side, rows: Any, value: Floats) -> NDArray[np.bool_]:
    said = side.panel(rows)
    return np.asarray(np.abs(value - said.mean) <= said.half)


def _controls(judge: ValueJudge, reference: NDArray[Any], seed: int) -> dict[str, Any]:
    """Return kind -> what the audit's gates accept of it, and the limit.

    Where columns hardly depend on each other shuffled ones make true rows: of rows and tables the
    limit is 1 % beyond what boosted trees made for that very kind let pass.
    """
    rows = seen(reference, judge.units)
    flat = rows.flatten(1)
    found = {}
    for name, made in controls.make_controls(rows, seed, judge.units).items():
        limit = controls.LIMIT
        if not judge.units.channels:
            limit += indistinct(flat, made, refused(len(flat)), seed)
        found[name] = {
            "accepted": share(judge.audit.realism(made.flatten(1)) <= 1),
            "limit": limit,
            "decides": controls.decides(name, judge.units.layout),
        }
    return found


def _of_generator(quality: Mapping[str, Any]) -> Light:
    made, real = quality["generated_refused"], quality["real_refused"]
    said = f"{percent(made)} of its rows are refused as unreal, {percent(real)} of real ones"
    if made["share"] > UNREAL:
        return Light(BAD, said, "give more rows, or a generator of your own")
    if made["low"] > real["high"] + MORE_UNREAL:
        return Light(DOUBTFUL, said, "give more rows, or a generator of your own")
    return Light(GOOD, said, "")


def _of_judge(quality: Mapping[str, Any]) -> Light:
    covered, r2 = quality["covered"]["audit"], quality["r2"]["audit"]
    said = (
        f"holds {percent(covered)} of {covered['rows']:,} untouched values inside intervals of "
        f"{quality['level']:.0%}; R² {r2:.2f}, half-width {quality['half_width']['audit']:.4g}"
    )
    passed = [
        f"accepts {percent(row['accepted'])} of {name}, where {row['limit']:.1%} is the limit"
        for name, row in quality["controls"].items()
        if row["decides"] and row["accepted"]["low"] > row["limit"]
    ]
    if r2 <= 0:
        passed.append("its oracles know no more than the mean")
    if passed:
        return Light(BAD, "; ".join((said, *passed)), "give the judge more rows, or better columns")
    if covered["high"] < quality["level"] or r2 < VAGUE:
        return Light(DOUBTFUL, said, "give the judge more rows, or columns that tell the target")
    return Light(GOOD, said, "")


def _of_model(found: Mapping[str, Any], anyway: str) -> Light:
    said = (
        f"errs by {found['model']['error']:.4g} on {found['rows']:,} untouched real rows (R² "
        f"{found['model']['r2']:.2f}), the audit by {found['audit']['error']:.4g} (R² "
        f"{found['audit']['r2']:.2f})"
    )
    if anyway:
        return Light(BAD, f"{said}; asked so by --anyway", "hand it what it learned from")
    if found["model"]["r2"] < found["audit"]["r2"] - BEHIND:
        return Light(DOUBTFUL, said, "check that it is handed what it learned from")
    return Light(GOOD, said, "")


def percent(row: Mapping[str, Any]) -> str:
    """Write a share with its interval."""
    return f"{row['share']:.1%} [{row['low']:.1%}, {row['high']:.1%}]"


def sampled(generator: Generator, seed: int) -> NDArray[Any]:
    """Draw the samples by which a generator is judged."""
    return generator.sample(SAMPLES, seed)[0]
