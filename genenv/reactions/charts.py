"""The study in TensorBoard: an overview a learner, and a run a learner and noise.

Strength (or share, in %) is on the step axis. TensorBoard selects no run where it finds more than
40, so RUN/overview has few: it opens on the curves of all learners. RUN/noise has the rows of the
HParams table, precision by confidence and histograms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from genenv.reactions.frames import path_frames
from genenv.reactions.meeting import Answers
from genenv.reactions.noises import STRENGTHS, Lot
from genenv.reactions.points import Points
from genenv.tracking import Tracker, animation, overview, picture
from genenv.tracking.layout import Bands, Chart, Lines, exactly

SHOWN = 40  # samples of a grid
MILLISECONDS = 900  # that a path shows each strength
SUMMED = (1, 3, 5)  # strengths in the HParams table
CURVES = (  # columns of the rows of curves
    *("agreement", "accuracy_accepted", "accepted", "confidence"),
    *("entropy", "calibration_error", "margin"),
)
TITLES = {
    "agreement": "Agreement of all learners against strength",
    "accuracy_accepted": "Accuracy among accepted samples against strength",
}

Row = dict[str, Any]


def write(
    folder: Path,
    content: dict[str, Any],
    answers: dict[int, Answers],
    lot: Lot,
    points: Points,
    text: str,
    advance: Callable[[int], None] | None = None,
) -> None:
    """Write every figure of a study.

    Parameters
    ----------
    folder
        Of the run.
    content
        Of react.json.
    answers
        Seed -> answers.
    lot, points
        Of the first seed, for pictures and the projector.
    text
        The summary, Markdown.
    advance
        Called with 1 after each noise.
    """
    with _run(folder / "overview") as tracker:
        tracker.layout(layout(content))
        tracker.text("summary", text)
        _between(tracker, content)
        _embed(tracker, points, lot)
        first = next(iter(answers.values()))
        for noise in content["noises"]:
            _pictures(tracker, first, noise, lot)
            for i, learner in enumerate(content["learners"]):
                _meeting(folder / "noise", content, list(answers.values()), noise, i, learner)
            if advance:
                advance(1)
    for learner in content["learners"]:
        with _run(folder / "overview" / plain(learner)) as tracker:
            _overview(tracker, content, learner)


def plain(name: str) -> str:
    """Turn a learner's or noise's name into one of a folder."""
    return re.sub("[^a-zA-Z0-9]+", "-", name)


def layout(content: dict[str, Any]) -> Mapping[str, Sequence[Chart]]:
    """Charts of the tab Custom Scalars; it opens on the agreement of all learners, a noise each."""
    several = len(content["seeds"]) > 1

    def chart(key: str, noise: str) -> Chart:
        tag = f"{key}/{plain(noise)}"
        if several:
            return Bands(noise, ((tag, f"{key}_low/{plain(noise)}", f"{key}_high/{plain(noise)}"),))
        return Lines(noise, (exactly(tag),))

    noises = content["noises"]
    met = {title: [chart(key, noise) for noise in noises] for key, title in TITLES.items()}
    filters = dict.fromkeys(row["filter"] for row in content["shares"])
    schedules = dict.fromkeys(row["schedule"] for row in content["lessons"])
    return met | {
        "Gain over real rows alone against the share of generated ones, in %": [
            Lines(f"filter {kept}", (exactly(f"gain/{kept}"),)) for kept in filters
        ],
        "Accuracy on real rows while a network learns": [
            Lines(schedule, (exactly(f"lessons/{plain(schedule)}"),)) for schedule in schedules
        ],
        "Agreement between learners against strength": [Lines("all noises", ("between/.*",))],
    }


@contextmanager
def _run(folder: Path) -> Iterator[Tracker]:
    """Write a sub-run afresh: a study that goes on leaves no second copy of a curve."""
    for old in folder.glob("events.out.tfevents*"):
        old.unlink()
    with Tracker(folder) as tracker:
        yield tracker


def _means(rows: Sequence[Row], by: str, keys: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """Yield each value of `by` with the mean, least and largest of the keys over its rows."""
    for place in dict.fromkeys(row[by] for row in rows):
        found: Row = {}
        for key in keys:
            values = [r[key] for r in rows if r[by] == place and r[key] is not None]
            if values:
                found[key] = float(np.mean(values))
                found[f"{key}_low"], found[f"{key}_high"] = min(values), max(values)
        yield place, found


def _meeting(
    folder: Path,
    content: dict[str, Any],
    answers: Sequence[Answers],
    noise: str,
    index: int,
    learner: str,
) -> None:
    """Write what one learner made of one noise, and its row of the HParams table."""
    own = [r for r in content["curves"] if (r["noise"], r["learner"]) == (noise, learner)]
    half = next(
        row["half_margin_strength"]
        for row in content["half_margins"]
        if (row["noise"], row["learner"]) == (noise, learner)
    )
    source, _, kind = noise.partition(":")
    summed = {f"summary/agreement_{strength}": strength for strength in SUMMED}
    with _run(folder / plain(learner) / plain(noise)) as tracker:
        settings = {"learner": learner, "source": source, "noise": kind}
        tracker.hparams(settings, [*summed, "summary/half_margin_strength"])
        curve = dict(_means(own, "strength", CURVES))
        for strength, values in curve.items():
            tracker.scalars({f"reaction/{key}": value for key, value in values.items()}, strength)
        tracker.scalars({tag: curve[at]["agreement"] for tag, at in summed.items()}, 0)
        if half is not None:
            tracker.scalars({"summary/half_margin_strength": half}, 0)
        label = np.concatenate([said.label_of(noise) for said in answers])
        for j, strength in enumerate(STRENGTHS):
            parts = [said.log_p[noise][index, j] for said in answers]
            p = np.exp(np.concatenate(parts).astype(np.float64)).clip(0, 1)
            tracker.histogram("confidence", p.max(1), strength)
            tracker.pr_curve("right_by_confidence", p.argmax(1) == label, p.max(1), strength)


def _overview(tracker: Tracker, content: dict[str, Any], learner: str) -> None:
    """Write a learner's curves over all noises, filters and schedules."""

    def rows(part: str) -> list[Row]:
        return [row for row in content[part] if row["learner"] == learner]

    for noise in content["noises"]:
        own = [row for row in rows("curves") if row["noise"] == noise]
        for strength, values in _means(own, "strength", CURVES):
            tagged = {f"{key}/{plain(noise)}": value for key, value in values.items()}
            tracker.scalars(tagged, strength)
    taught = rows("shares")
    largest = max((row["size"] for row in taught), default=0)
    for kept in dict.fromkeys(row["filter"] for row in taught):
        for size in dict.fromkeys(row["size"] for row in taught):
            end = "" if size == largest else f"_{size}_rows"
            own = [
                {**row, "percent": round(100 * row["share"])}
                for row in taught
                if row["size"] == size and (row["filter"] == kept or row["share"] == 0)
            ]
            for percent, values in _means(own, "percent", ("accuracy", "gain")):
                tagged = {f"{key}{end}/{kept}": values[key] for key in ("accuracy", "gain")}
                tracker.scalars(tagged, percent)
    points = [
        {"schedule": row["schedule"], "step": step, "accuracy": accuracy}
        for row in rows("lessons")
        for step, accuracy in zip(row["steps"], row["accuracy"], strict=True)
    ]
    for schedule in dict.fromkeys(row["schedule"] for row in points):
        own = [row for row in points if row["schedule"] == schedule]
        for step, values in _means(own, "step", ("accuracy",)):
            tracker.scalars({f"lessons/{plain(schedule)}": values["accuracy"]}, step)


def _between(tracker: Tracker, content: dict[str, Any]) -> None:
    for noise in content["noises"]:
        own = [row for row in content["between"] if row["noise"] == noise]
        for strength, values in _means(own, "strength", ("between",)):
            if values:
                tracker.scalars({f"between/{plain(noise)}": values["between"]}, strength)


def _pictures(tracker: Tracker, answers: Answers, noise: str, lot: Lot) -> None:
    """Write a grid of samples a strength, and one sample's path with the learners' answers."""
    for strength in STRENGTHS:
        x, _ = lot.at(noise, strength)
        tracker.images(f"samples/{plain(noise)}", overview(x[:SHOWN], lot.units), strength)
    frames = path_frames(answers, noise, lot)
    if frames is not None:
        film = animation(frames, MILLISECONDS)
        tracker.encoded(f"path/{plain(noise)}", film, frames.shape[1:], 0)


def _embed(tracker: Tracker, points: Points, lot: Lot) -> None:
    """Place samples in each learner's features, told apart by source, label and answer."""
    classes = np.array([str(c) for c in lot.generator.classes])
    for learner, place in points.at.items():
        said = points.said[learner]
        columns = {
            "source": points.source.tolist(),
            "label": classes[points.label].tolist(),
            "answer": classes[said].tolist(),
            "verdict": np.where(said == points.label, "right", "wrong").tolist(),
        }
        tracker.embedding(f"features/{learner}", place, columns, picture(points.x, lot.units))
