"""The study in TensorBoard: a run a learner, a run an arm of generations, and what they share.

Strength (or share, in %) is on the step axis. TensorBoard selects no run where it finds more than
40, so there are few. It opens on Time Series, whose cards go by name: first the agreement of all
learners over all noises, see `layout.tag`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import runs
from genenv.codecs import Codec
from genenv.reactions import generation_charts, generation_rows, measures
from genenv.reactions.frames import path_frames
from genenv.reactions.layout import ALL, end_of, layout, own_folder, plain, tag
from genenv.reactions.meeting import Answers
from genenv.reactions.noises import STRENGTHS, SampleBatch
from genenv.reactions.points import Points
from genenv.tracking import Tracker, animation, framed, overview, picture

SHOWN = 40  # samples of a grid
MILLISECONDS = 900  # that a path shows each strength
SUMMED = (1, 3, 5)  # strengths in the HParams table
CURVES = (  # columns of the rows of curves
    *("agreement", "accuracy_accepted", "accepted", "confidence"),
    *("entropy", "calibration_error", "margin"),
)

OF_LEARNERS = ("curves", "shares", "lessons", "helps")  # parts whose rows are of a learner
RIVALS = ("generated", "real")  # whose metrics are measured

Row = dict[str, Any]


@dataclass(frozen=True)
class Met:
    """What learners met, for pictures and the projector."""

    answers: dict[int, Answers]
    """Seed -> answers."""
    batch: SampleBatch
    """Of the first seed, as points."""
    points: Points


def write(
    folder: Path,
    content: dict[str, Any],
    met: Met | None,
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
    met
        None: the noise was not asked for.
    text
        The summary, Markdown.
    advance
        Called with 1 after each noise.
    """
    with _run(folder / "overview") as tracker:
        tracker.layout(layout(content))
        tracker.text("summary", text)
        if met is not None:
            _of_noises(tracker, content, met, advance)
    for index, learner in enumerate(content["learners"]):
        if not any(row["learner"] == learner for part in OF_LEARNERS for row in content[part]):
            continue
        with _run(folder / "overview" / own_folder(learner)) as tracker:
            if met is not None:
                _met(tracker, content, met, index)
            _overview(tracker, content, learner)
    for kind in RIVALS if content["metrics"] else ():
        with _run(folder / "overview" / f"{kind}-rows") as tracker:
            _measured(tracker, content, kind)
    for arm in generation_rows.arms(content):
        with _run(folder / "overview" / f"generations-{arm}") as tracker:
            generation_charts.write(tracker, content, arm)


def _measured(tracker: Tracker, content: dict[str, Any], kind: str) -> None:
    """Write the metrics of generated rows, or of real ones in their place, as a row of HParams."""
    found = {f"metrics/{row['figure']}": row[kind] for row in content["metrics"]}
    values = {name: float(value) for name, value in found.items() if value is not None}
    seeds = " ".join(map(str, content["seeds"]))
    settings: dict[str, str] = {"rows": kind, "data": content["data"]["name"], "seeds": seeds}
    tracker.hparams(settings, [*values])
    tracker.scalars(values, 0)


def galleries(folder: Path, made: dict[str, list[NDArray[Any]]], units: Codec) -> None:
    """Write samples of every generation into RUN/overview/generations-ARM/gallery.

    Parameters
    ----------
    folder
        Of the run.
    made
        Arm -> samples (n, *units.shape) a generation, real rows first.
    units
        Of the data; of vectors nothing is drawn.
    """
    if not units.channels:
        return
    for arm, generations in made.items():
        with _run(folder / "overview" / f"generations-{arm}" / "gallery") as tracker:
            for generation, x in enumerate(generations):
                tracker.images("generations/samples", overview(x, units), generation)


def _of_noises(
    tracker: Tracker,
    content: dict[str, Any],
    met: Met,
    advance: Callable[[int], None] | None,
) -> None:
    """Write pictures and points."""
    _between(tracker, content)
    _embed(tracker, met.points, met.batch)
    first = next(iter(met.answers.values()))
    for noise in content["noises"]:
        _pictures(tracker, first, noise, met.batch)
        if advance:
            advance(1)


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


def _study(content: dict[str, Any], batch: SampleBatch) -> dict[str, str | int]:
    """Say what tells one study from another in the HParams table."""
    made = content["generator"]
    return {
        "data": content["data"]["name"],
        "seeds": " ".join(map(str, content["seeds"])),
        "samples": len(batch.label),
        "generator": f"{made['objective']} {made['kind']} {runs.fingerprint(batch.generator)[:6]}",
    }


def _met(tracker: Tracker, content: dict[str, Any], met: Met, index: int) -> None:
    """Write a learner's row of the HParams table, and what it made of each noise."""
    learner, said = content["learners"][index], list(met.answers.values())
    summed = {f"summary/agreement_{strength}": strength for strength in SUMMED}
    apart = {f"summary/agreement_3/{plain(noise)}": noise for noise in content["noises"]}
    tracker.hparams({"learner": learner} | _study(content, met.batch), [*summed, *apart])
    curve = dict(_means(_over_all(content, learner), "strength", ("agreement",)))
    if curve:
        tracker.scalars({name: curve[at]["agreement"] for name, at in summed.items()}, 0)
    for name, noise in apart.items():
        at = [r for r in content["curves"] if (r["noise"], r["learner"]) == (noise, learner)]
        tracker.scalars(
            {name: float(np.mean([r["agreement"] for r in at if r["strength"] == 3]))}, 0
        )
        _confidence(tracker, said, noise, index)
    for row in content["half_margins"]:
        if row["learner"] == learner and row["half_margin_strength"] is not None:
            name = f"summary/half_margin_strength/{plain(row['noise'])}"
            tracker.scalars({name: row["half_margin_strength"]}, 0)


def _confidence(tracker: Tracker, said: Sequence[Answers], noise: str, index: int) -> None:
    """Write how sure a learner is under a noise, and whether that tells right from wrong."""
    label = np.concatenate([own.label_of(noise) for own in said])
    for j, strength in enumerate(STRENGTHS):
        parts = [own.log_p[noise][index, j] for own in said]
        p = np.exp(np.concatenate(parts).astype(np.float64)).clip(0, 1)
        tracker.histogram(f"confidence/{plain(noise)}", p.max(1), strength)
        right = p.argmax(1) == label
        tracker.pr_curve(f"right_by_confidence/{plain(noise)}", right, p.max(1), strength)


def _over_all(content: dict[str, Any], learner: str) -> list[Row]:
    """Return a row a seed and strength: the agreement, mean over the generated noises."""
    own = [
        row
        for row in content["curves"]
        if row["learner"] == learner and not row["noise"].startswith("real:")
    ]
    return [
        {"strength": strength, "agreement": float(np.mean([row["agreement"] for row in at]))}
        for strength in STRENGTHS
        for seed in content["seeds"]
        if (at := [r for r in own if (r["strength"], r["seed"]) == (strength, seed)])
    ]


def _overview(tracker: Tracker, content: dict[str, Any], learner: str) -> None:
    """Write a learner's curves over all noises, filters and schedules."""

    def rows(part: str) -> list[Row]:
        return [row for row in content[part] if row["learner"] == learner]

    _bands(tracker, _over_all(content, learner), "strength", ("agreement",), ALL)
    for noise in content["noises"]:
        own = [measures.drawn(row) for row in rows("curves") if row["noise"] == noise]
        _bands(tracker, own, "strength", CURVES, plain(noise))
    taught = rows("shares")
    largest = max((row["size"] for row in taught), default=0)
    for kept in dict.fromkeys(row["filter"] for row in taught):
        for size in dict.fromkeys(row["size"] for row in taught):
            keys = [f"{key}{end_of(size, largest)}" for key in ("accuracy", "gain")]
            own = [
                {"percent": round(100 * row["share"])}
                | dict(zip(keys, (row["accuracy"], row["gain"]), strict=True))
                for row in taught
                if row["size"] == size and (row["filter"] == kept or row["share"] == 0)
            ]
            _bands(tracker, own, "percent", keys, kept)
    points = [
        {"schedule": row["schedule"], "step": step, "lessons": accuracy}
        for row in rows("lessons")
        for step, accuracy in zip(row["steps"], row["accuracy"], strict=True)
    ]
    for schedule in dict.fromkeys(row["schedule"] for row in points):
        own = [row for row in points if row["schedule"] == schedule]
        _bands(tracker, own, "step", ("lessons",), plain(schedule))
    for row in rows("helps"):
        found = {"": row["gain"], "_low": row["low"], "_high": row["high"]}
        tags = {f"helps{end}/{row['way']}": value for end, value in found.items()}
        tracker.scalars(tags, row["real_rows"])


def _between(tracker: Tracker, content: dict[str, Any]) -> None:
    for noise in content["noises"]:
        own = [row for row in content["between"] if row["noise"] == noise]
        _bands(tracker, own, "strength", ("between",), plain(noise))


def _bands(tracker: Tracker, rows: Sequence[Row], by: str, keys: Sequence[str], place: str) -> None:
    """Write KEY/PLACE, KEY_low/PLACE and KEY_high/PLACE along the values of `by`."""
    for step, values in _means(rows, by, keys):
        tracker.scalars({f"{tag(key)}/{place}": value for key, value in values.items()}, step)


def _pictures(tracker: Tracker, answers: Answers, noise: str, batch: SampleBatch) -> None:
    """Write a grid of samples a strength, and one sample's path with the learners' answers."""
    for strength in STRENGTHS:
        x, _ = batch.at(noise, strength)
        tracker.images(f"samples/{plain(noise)}", overview(x[:SHOWN], batch.units), strength)
    frames = path_frames(answers, noise, batch)
    if frames is not None:
        film = animation(frames, MILLISECONDS)
        tracker.encoded(f"path/{plain(noise)}", film, frames.shape[1:], 0)


def _embed(tracker: Tracker, points: Points, batch: SampleBatch) -> None:
    """Place samples in each learner's features, in frames by source."""
    classes = np.array([str(c) for c in batch.generator.classes])
    kinds = [source.partition(":")[0] for source in points.source.tolist()]  # of noises the target
    sprites, frames = framed(picture(points.x, batch.units), kinds)
    for learner, place in points.at.items():
        said = points.said[learner]
        columns = {
            "source": points.source.tolist(),
            "label": classes[points.label].tolist(),
            "answer": classes[said].tolist(),
            "verdict": np.where(said == points.label, "right", "wrong").tolist(),
            "frame": frames,
        }
        tracker.embedding(f"features/{learner}", place, columns, sprites)
