"""`genenv rate RUN`: the rates of a finished run, entered into its report and its page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genenv import checks, files, judge, progress, reading, recorded, report, trust
from genenv.asked import Asked
from genenv.judge import Judge
from genenv.parts import Advance, Part, checked, load_json, save_json
from genenv.probe import Probe
from genenv.rating import Seen, rated
from genenv.report import rates
from genenv.report.amending import amend
from genenv.report.document import document
from genenv.training.machine import reproducible

NAME = "rate.json"  # in the run's folder


def rerate(
    run: Path | str,
    model: Any = None,
    *,
    trusted: bool = False,
    budget: int = 100_000,
    seed: int = 0,
    bars: progress.Progress | None = None,
) -> dict[str, Any]:
    """Estimate P(failure) and P(confirmed failure) of a finished run.

    Parameters
    ----------
    run
        A folder that `stress` left; report.json and report.html are written anew.
    model
        See `recorded.load_model`; it has to be the model that the run asked.
    trusted
        Import the model from the path that the run records, which runs the code it names.
    budget
        Queries to the model.
    seed
        Address of all draws.
    bars
        Progress; None: silent.

    Returns
    -------
    The content of report.json. That of a run with a bad light is unchanged: it has no rates.

    Raises
    ------
    Mistake
        No finished run, a damaged one, or another model.
    """
    folder = Path(run).expanduser()
    checks.integer("rate_budget", budget)
    content = document(report.load(folder).data)
    if trust.bad(content["trust"]):
        return content
    probe = recorded.load_probe(folder, model, trusted)
    if words := recorded.compare_outputs(folder / "model", probe.model):
        raise checks.Mistake(f"the model of the run in {folder}", words[0], "give that model")
    shown = bars or progress.Progress()
    shown.plan({"rate": budget})
    threads = reading.plain(folder / "config.json").get("torch_threads", 1)
    try:
        with reproducible(int(threads)), shown.stage("rate") as advance:
            audit, control = judge.load(checked(folder, "judge")), seen(content["searches"])
            found = rate(probe, audit, control, budget, seed, advance)
    finally:
        shown.close()
    files.placed(folder / NAME, lambda place: save_json(found, place))
    return _enter(folder, content, found)


def part(
    made: Callable[[], tuple[Probe, Judge, Seen | None]], budget: int, seed: int
) -> Part[dict[str, Any]]:
    """Return the rates of a run as a part.

    Parameters
    ----------
    made
        Returns probe, audit and what the control saw, see `rate`.
    budget, seed
        Queries to the model, and the address of all draws.
    """

    def make(advance: Advance) -> dict[str, Any]:
        return rate(*made(), budget, seed, advance)

    return Part(NAME, "the rates", make, save_json, load_json, "rate", budget)


def rate(
    probe: Probe, audit: Judge, control: Seen | None, budget: int, seed: int, advance: Any
) -> dict[str, Any]:
    """Rate a probe, see `rating.rated`; returns plain values."""
    asked = Asked(probe, audit, advance)
    return rated(asked, control, rates.BY_CONTROL, budget, seed).to_json()


def seen(searches: Sequence[Mapping[str, Any]]) -> Seen | None:
    """Return what the control counted, of rows as those of report.json; None: there was none."""
    own = [row for row in searches if row["samples_law"]]
    if not own:
        return None
    return Seen(*(sum(row[name] for row in own) for name in ("queries", "flips", "confirmed")))


def _enter(folder: Path, content: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    counted = [row for row in content["failure_probabilities"] if row["method"] == rates.BY_CONTROL]
    whole = document(rates.entered(content, counted, found))
    text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    files.write_atomically(folder / "report.json", lambda file: file.write(text.encode()))
    amend(folder / "report.html", whole, ["verdict", "probability", "rates"])
    return whole
