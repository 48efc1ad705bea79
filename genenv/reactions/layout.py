"""What TensorBoard opens on for a study: reaction curves of all learners, a chart a noise.

Every chart is one of bands, with one seed too: TensorBoard smooths the curves of its other kind,
which would show values that nobody measured. What it takes for outliers it cuts off in both kinds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from genenv.reactions import generation_rows, measures
from genenv.tracking.layout import Bands, Chart

TITLES = {
    "agreement": "Agreement of all learners against strength",
    "accuracy_accepted": "Accuracy among accepted samples against strength",
}

ALL = "all"  # in the place of a noise: the mean over those of generated samples
LATER = {  # what would stand before `agreement`, by which TensorBoard should open -> its tag
    "accepted": "judge_accepts",
    "accuracy_accepted": "right_if_accepted",
    "accuracy": "taught_accuracy",
}

Row = dict[str, Any]


def tag(key: str) -> str:
    """Return what a column of figures is called in TensorBoard; none stands before `agreement`."""
    name = max((name for name in LATER if f"{key}_".startswith(f"{name}_")), key=len, default="")
    return LATER.get(name, "") + key.removeprefix(name)


def plain(name: str) -> str:
    """Turn the name of a learner, noise or schedule into one of a folder or tag."""
    return re.sub("[^a-zA-Z0-9]+", "-", name)


def own_folder(learner: str) -> str:
    """Turn a learner's name into that of its folder, another for every name.

    `a.b:make` and `a.b_make` have one plain form, a name without Latin letters has none: where more
    than colons is lost, a digest of the name tells them apart.
    """
    if re.fullmatch("[a-zA-Z0-9:-]+", learner):
        return plain(learner)
    digest = hashlib.blake2b(learner.encode(), digest_size=2).hexdigest()
    return f"{plain(learner).strip('-')}-{digest}".lstrip("-")


def layout(content: dict[str, Any]) -> Mapping[str, Sequence[Chart]]:
    """Categories of charts of the tab Custom Scalars, from react.json; empty ones are left out."""
    curves = [measures.drawn(row) for row in content["curves"]]
    categories: dict[str, list[Chart]] = {
        title: _of_noises(content, key, curves) for key, title in TITLES.items()
    }
    categories |= {
        "Gain of generated rows over the real ones alone, against real rows": [
            _band(way, "helps", way) for way in _each(content["helps"], "way")
        ],
        "Gain over real rows alone against the share of generated ones, in %": _of_gain(content),
        "Accuracy on real rows while a network learns": [
            _band(schedule, "lessons", plain(schedule))
            for schedule in _each(content["lessons"], "schedule")
        ],
        "What each generation keeps, an arm a run": _of_generations(content),
        "Agreement between learners against strength": _of_noises(
            content, "between", content["between"]
        ),
    }
    # TensorBoard draws the charts of a category in reverse when they are of bands
    return {title: charts[::-1] for title, charts in categories.items() if charts}


def end_of(size: int, largest: int) -> str:
    """Return the end of the tags of a size of real data; those of the largest are bare."""
    return "" if size == largest else f"_{size}_rows"


def _of_noises(content: dict[str, Any], key: str, rows: Iterable[Row]) -> list[Chart]:
    found = {row["noise"] for row in rows if row[key] is not None}
    return [_band(noise, key, plain(noise)) for noise in content["noises"] if noise in found]


def _of_generations(content: dict[str, Any]) -> list[Chart]:
    found = generation_rows.quantities(content) if content["generations"] else []
    return [_band(quantity, "generations", plain(quantity)) for quantity in found]


def _of_gain(content: dict[str, Any]) -> list[Chart]:
    """Make a chart a size and filter, the largest size first."""
    sizes = sorted(_each(content["shares"], "size"), reverse=True)
    return [
        _band(f"filter {kept}, {size:,} real rows", f"gain{end_of(size, sizes[0])}", kept)
        for size in sizes
        for kept in _each(content["shares"], "filter")
    ]


def _each(rows: Iterable[Row], key: str) -> list[Any]:
    return list(dict.fromkeys(row[key] for row in rows))


def _band(title: str, key: str, place: str) -> Bands:
    keys = (key, f"{key}_low", f"{key}_high")
    value, low, high = (f"{tag(own)}/{place}" for own in keys)
    return Bands(title, (value, low, high))
