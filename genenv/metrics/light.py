"""Whether a generator can be trusted: a light, the figure behind it, and what to try.

The figures are those of `metrics.json`. Each is compared with what real rows have in the place of
samples, so that no light is good or bad because of the data.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genenv.metrics.untried import Try, untried

GOOD, DOUBTFUL, BAD = LIGHTS = ("good", "doubtful", "bad")  # in order, the worst one last


@dataclass(frozen=True)
class Light:
    """What a part of a run is worth."""

    light: str
    """good, doubtful or bad."""
    figure: str
    """What was measured, in words."""
    advice: str
    """What to try; "" where the light is good."""


@dataclass(frozen=True)
class Limit:
    """From where on a figure makes a light doubtful or bad."""

    figure: str
    """Key in metrics.json."""
    real: str
    """Key of what real rows have; the limits are shares of it. "": they are of 1."""
    bad: float
    """Below this the light is bad."""
    doubtful: float
    """Below this it is doubtful."""
    words: str
    """With {value} and {real}."""

    def judge(self, figures: Mapping[str, Any]) -> str | None:
        """Return the light of one figure; None where it was not measured."""
        value, whole = figures.get(self.figure), figures.get(self.real) if self.real else 1.0
        if value is None or whole is None:
            return None
        if math.isnan(value) or value < self.bad * whole:
            return BAD
        return DOUBTFUL if value < self.doubtful * whole else GOOD

    def say(self, figures: Mapping[str, Any]) -> str:
        """Say the figure in words."""
        return self.words.format(value=figures[self.figure], real=figures.get(self.real))


LIMITS = (
    Limit("spread", "", 0.5, 0.85, "the samples have {value:.2f} of the variety of the data"),
    Limit("recall", "recall_real", 0.2, 0.5, "recall {value:.3g} (real rows {real:.3g})"),
    Limit(
        "gan_train_svm", "real_train_svm", 0.8, 0.95,
        "an SVM trained on samples is right on {value:.1%} of real rows (trained on real ones "
        "{real:.1%})",
    ),
    Limit(
        "gan_train_network", "real_train_network", 0.8, 0.95,
        "a network trained on samples is right on {value:.1%} of real rows (trained on real ones "
        "{real:.1%})",
    ),
    Limit("agreement", "", 0.8, 0.9, "{value:.1%} of the samples agree with their condition"),
)  # fmt: skip

TRY: tuple[Try, ...] = (("objective", "relativistic", "objective relativistic"),)


def generator_light(figures: Mapping[str, Any], settings: Mapping[str, Any]) -> Light:
    """Judge a generator by its metrics.

    Parameters
    ----------
    figures
        As `metrics.json` holds them; what is missing decides nothing.
    settings
        Of its training, by field of TrainingConfig; empty for a generator from elsewhere. What is
        in use already is not advised.

    Returns
    -------
    The worst light of all figures; its `figure` says those that have it, and all where it is good.
    Doubtful where nothing was measured.
    """
    judged = {limit: light for limit in LIMITS if (light := limit.judge(figures)) is not None}
    if not judged:
        return Light(DOUBTFUL, "nothing was measured", "give more rows, so that some are held out")
    worst = max(judged.values(), key=LIGHTS.index)
    said = "; ".join(limit.say(figures) for limit, light in judged.items() if light == worst)
    return Light(worst, said, "" if worst == GOOD else untried(settings, TRY, *AFTER))


AFTER = ("more steps", "more rows", "a larger width")
