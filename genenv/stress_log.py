"""What a stress run shows in TensorBoard beside its curves: settings, layout, results, failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.agents.searches import Entrant
from genenv.codecs import Codec
from genenv.data import Dataset
from genenv.failures import Confirmed
from genenv.generators import Generator
from genenv.judge import Judge
from genenv.monitoring import hparams
from genenv.monitoring.layout import LAYOUT
from genenv.settings import StressConfig
from genenv.tracking import Chart, Lines, Tracker, exactly, framed, grid, picture, plain
from genenv.training import TrainingConfig

PICTURES = 64  # confirmed failures in one picture
POINTS = 300  # of each kind in the projector
RESULTS = ("confirmed_per_1k", "distinct", "modes")  # of a search, mean over its seeds
QUALITY = ("metrics/gan_train_svm", "metrics/agreement")  # of the generator
PROBABILITY = "failure_probability"
OF_RUN = ("budget", "seed", "seeds", "train_queries", "input", "output")
OF_GENERATOR = ("objective", "network", "steps", "lr", "penalty")

Rows = tuple[NDArray[Any], NDArray[np.int64]]


def columns(
    config: StressConfig, names: Mapping[str, Any], training: TrainingConfig | None, units: Codec
) -> dict[str, Any]:
    """Return the columns of a run's row in the HParams table.

    Parameters
    ----------
    config, names
        Settings; `data`, `model` and `search`, as figures have them.
    training, units
        Of the generator that is fitted, None: one was given; of the data.
    """
    made = {} if training is None else hparams.settings(training, units)
    own = {name: getattr(config, name) for name in OF_RUN}
    return {**names, **own, "generator": {k: v for k, v in made.items() if k in OF_GENERATOR}}


def begin(tracker: Tracker, settings: Mapping[str, Any], searches: Sequence[Entrant]) -> None:
    """Write the run's row of the HParams table, and the layout.

    Parameters
    ----------
    tracker
        Takes them.
    settings
        Of the run, see `tracking.plain`.
    searches
        The players.
    """
    names = [entrant.name for entrant in searches]
    results = [f"searches/{name}/{result}" for name in names for result in RESULTS]
    probability = [PROBABILITY] if any(entrant.samples_law for entrant in searches) else []
    tracker.hparams(plain(settings), [*results, *probability, *QUALITY])
    agents = dict.fromkeys(e.plays.agent for e in searches if e.needs_player and e.plays)
    tracker.layout(_layout(list(agents)))


def _layout(agents: Sequence[str]) -> dict[str, list[Chart]]:
    """Put searches side by side in one chart."""
    together = Lines(
        "confirmed failures by queries, a search a run, a curve a seed", ("confirmed/",)
    )
    trained: dict[str, list[Chart]] = {
        f"Training of {agent}": [
            Lines("mean return of an episode", (exactly(f"{agent}/rollout/ep_rew_mean"),)),
            Lines("mean length of an episode, steps", (exactly(f"{agent}/rollout/ep_len_mean"),)),
        ]
        for agent in agents
    }
    first: dict[str, list[Chart]] = {"Searches": [together]}
    return first | trained | LAYOUT


def results(tracker: Tracker, report: Mapping[str, Any], step: int) -> None:
    """Write what each search found, mean over its seeds.

    Parameters
    ----------
    tracker
        Takes them.
    report
        Content of report.json.
    step
        Queries a search and seed.
    """
    found: dict[str, list[float]] = {}
    for row in report["searches"]:
        for result in RESULTS:
            found.setdefault(f"searches/{row['name']}/{result}", []).append(row[result])
    values = {tag: float(np.mean(each)) for tag, each in found.items()}
    if report[PROBABILITY] is not None:
        values[PROBABILITY] = report[PROBABILITY]["estimate"]
    tracker.scalars(values, step)


def failures(tracker: Tracker, confirmed: Confirmed, dataset: Dataset, step: int) -> None:
    """Draw the first confirmed failures, with what they are and what the model takes them for."""
    first = confirmed.rows(slice(PICTURES))
    images = picture(first.x, dataset.units) if len(first) else None
    if images is not None:
        pairs = zip(first.label, first.prediction, strict=True)
        captions = [f"{dataset.classes[a]} > {dataset.classes[b]}" for a, b in pairs]
        tracker.images("failures", grid(images, 8, captions), step)


def embedding(
    tracker: Tracker, judge: Judge, real: Rows, generator: Generator, confirmed: Confirmed
) -> None:
    """Show real, generated and failing samples in the features of the audit's network.

    Parameters
    ----------
    tracker
        Takes 300 of each kind.
    judge
        Whose audit's features are the points.
    real
        Rows that neither generator nor model was trained on, in the data's units, and their labels.
    generator
        Makes as many samples, by its own address.
    confirmed
        Failures of all searches, of which every n-th is shown.
    """
    units = generator.units
    classes = [*map(str, generator.classes)]
    made, label = generator.sample(POINTS)
    assert label is not None
    failing = confirmed.rows(slice(None, None, max(1, -(-len(confirmed) // POINTS))))
    parts = [real[0][:POINTS], made, failing.x]
    x = np.concatenate(parts)
    kinds = np.repeat(("real", "generated", "failing"), [*map(len, parts)]).tolist()
    sprites, frames = framed(picture(x, units), kinds)
    columns: dict[str, Sequence[Any]] = {
        "kind": kinds,
        "label": [classes[k] for k in np.concatenate([real[1][:POINTS], label, failing.label])],
        "model says": ["-"] * (len(x) - len(failing)) + [classes[k] for k in failing.prediction],
        "search": ["-"] * (len(x) - len(failing)) + failing.search.tolist(),
        "frame": frames,
    }
    points = judge.features(x).numpy()
    tracker.embedding("samples", points, columns, sprites)
