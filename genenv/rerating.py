"""`genenv rate RUN`: the rates of a finished run, entered into its report and its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec

from genenv import checks, files, finished, lock, progress, reading
from genenv.asked import Asked
from genenv.finished import Finished
from genenv.judge import Judge
from genenv.parts import Advance, Part, load_json, save_json
from genenv.probe import Probe
from genenv.rating import Seen, rated
from genenv.report import rates
from genenv.training.machine import reproducible

NAME = "rate.json"  # in the run's folder
Threads = Annotated[int, msgspec.Meta(ge=1, le=1024)]


def rerate(
    run: Path | str,
    model: Any = None,
    *,
    trusted: bool = False,
    budget: int = 100_000,
    seed: int = 0,
    bars: progress.Progress | None = None,
) -> Finished:
    """Estimate P(failure) and P(confirmed failure) of a finished run.

    Parameters
    ----------
    run
        A folder that `stress` left; report.json and report.html are written anew.
    model
        As `stress` takes it; it has to be the model that the run asked. None: the recorded one.
    trusted
        Import the model from the path that the run records, which runs the code it names.
    budget
        Queries to the model, episodes of a policy.
    seed
        Address of all draws.
    bars
        Progress; None: silent.

    Returns
    -------
    The run. That with a bad light is unchanged: it has no rates.

    Raises
    ------
    Mistake
        No finished run, a damaged one, another model, or another process works in the run.
    """
    checks.integer("rate_budget", budget)
    done = finished.opened(run)
    if done.undecided:
        return done
    with lock.held(done.folder):
        return _entered(done, model, trusted, budget, seed, bars or progress.Progress())


def _entered(
    done: Finished, model: Any, trusted: bool, budget: int, seed: int, shown: progress.Progress
) -> Finished:
    """Rate a run and write what came of it."""
    probe, audit = done.probe(model, trusted), done.judge()
    done.check_model(probe)
    shown.plan({"rate": budget})
    threads = reading.value(done.folder / "config.json", Threads, "torch_threads")
    try:
        with reproducible(threads), shown.stage("rate") as advance:
            control = seen(done.content["searches"])
            found = rate(probe, audit, control, budget, seed, advance, done.counted)
    finally:
        shown.close()
    files.placed(done.folder / NAME, lambda place: save_json(found, place))
    rows = [r for r in done.content["failure_probabilities"] if r["method"] == done.counted]
    done.enter(rates.entered(done.content, rows, found))
    return done


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
    probe: Probe,
    audit: Judge,
    control: Seen | None,
    budget: int,
    seed: int,
    advance: Any,
    counted: str = rates.BY_CONTROL,
) -> dict[str, Any]:
    """Rate a probe, see `rating.rated`; returns plain values."""
    return rated(Asked(probe, audit, advance), control, counted, budget, seed).to_json()


def seen(searches: Sequence[Mapping[str, Any]]) -> Seen | None:
    """Return what the control counted, of rows as those of report.json; None: there was none."""
    own = [row for row in searches if row["samples_law"]]
    if not own:
        return None
    return Seen(*(sum(row[name] for row in own) for name in ("queries", "flips", "confirmed")))
