"""Whether a generator can be trusted: a light, the figure behind it, and what to try.

The figures are those of `metrics.json`. Most are compared with what real rows have in the place of
samples, so that no light is good or bad because of the data.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genenv.generators.wrapped import KIND
from genenv.metrics.untried import Try, untried

GOOD, DOUBTFUL, BAD = LIGHTS = ("good", "doubtful", "bad")  # the worst one last
WIDER = (
    *("a larger instance_noise", "a smaller critic_width", "a higher penalty"),
    *("a larger batch", "more rows"),
)
NEARER = ("more steps", "a larger width", "a larger batch", "more rows")
FEWER = ("more rows",)  # a mixture of rows has no steps, and neither width nor batch
ELSEWHERE = ("another decoder", "more of its own training")  # genenv trains none
FAR = 0.1  # of the features' variance, a Fréchet distance beyond that of real rows; healthy
# trainings of digits and Fashion-MNIST: 0.02 or less, one of recall 0.01: 0.2

GOOD_WORDS = {
    "spread": "spread",
    "recall": "recall",
    "coverage": "coverage",
    "gan_train_svm": "GAN-train accuracy of an SVM",
    "gan_train_network": "of a network",
    "agreement": "agreement",
    "gan_train_boosting": "GAN-train accuracy of boosting",
    "c2st": "score of a two-sample test",
}


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
    """Key of what real rows have, of which the limits are shares; "": of 1."""
    bad: float
    """Below this the light is bad."""
    doubtful: float
    """Below this it is doubtful."""
    words: str
    """With {value} and {real}."""
    ways: tuple[str, ...] = NEARER
    """What to try."""

    def judge(self, figures: Mapping[str, Any]) -> str | None:
        """Return the light of one figure; None where it was not measured."""
        value = figures.get(self.figure)
        whole = figures.get(self.real) if self.real else 1.0
        if value is None or whole is None:
            return None
        if math.isnan(value) or value < self.bad * whole:
            return BAD
        return DOUBTFUL if value < self.doubtful * whole else GOOD

    def say(self, figures: Mapping[str, Any]) -> str:
        """Say the figure in words."""
        return self.words.format(value=figures[self.figure], real=figures.get(self.real))

    def praise(self, figures: Mapping[str, Any]) -> str:
        """Say a figure that is no reason to worry: its name and number, and that of real rows."""
        beside = f" ({figures[self.real]:.2f} by real rows)" if self.real else ""
        return f"{GOOD_WORDS[self.figure]} {figures[self.figure]:.2f}{beside}"


class Distance:
    """From where on the Fréchet distance makes a light doubtful: FAR beyond that of real rows."""

    ways = NEARER

    def judge(self, figures: Mapping[str, Any]) -> str | None:
        """See `Limit.judge`."""
        if not {"frechet", "frechet_real", "variance_of_features"} <= figures.keys():
            return None
        beyond = figures["frechet"] - figures["frechet_real"]
        return GOOD if beyond <= FAR * figures["variance_of_features"] else DOUBTFUL

    def say(self, figures: Mapping[str, Any]) -> str:
        """See `Limit.say`."""
        return (
            "the samples are far from the data: their Fréchet distance is "
            f"{figures['frechet']:.3g}, that of real rows in their place "
            f"{figures['frechet_real']:.3g}"
        )

    def praise(self, figures: Mapping[str, Any]) -> str:
        """See `Limit.praise`."""
        made, real = figures["frechet"], figures["frechet_real"]
        return f"Fréchet distance {made:.2g} ({real:.2g} by real rows)"


TRAINED = "trained on samples is right on {value:.1%} of real rows ({real:.1%} by real ones)"
SPREAD = Limit(
    "spread", "", 0.5, 0.85, "the samples have {value:.2f} of the variety of the data", WIDER
)
RECALL = Limit(
    *("recall", "recall_real", 0.2, 0.5),
    "the samples miss the data: recall is {value:.3f}, {real:.3f} by real rows in their place",
)
COVERAGE = Limit(
    *("coverage", "coverage_real", 0.2, 0.5),
    "real rows have no sample near them: coverage is {value:.3f}, {real:.3f} by real rows in their "
    "place",
)
LIMITS: tuple[Limit | Distance, ...] = (
    SPREAD,
    RECALL,
    COVERAGE,
    Distance(),
    Limit("gan_train_svm", "real_train_svm", 0.8, 0.95, f"an SVM {TRAINED}"),
    Limit("gan_train_network", "real_train_network", 0.8, 0.95, f"a network {TRAINED}"),
    Limit("agreement", "", 0.8, 0.9, "{value:.1%} of the samples agree with their condition"),
    Limit("gan_train_boosting", "real_train_boosting", 0.8, 0.95, f"boosting {TRAINED}", FEWER),
    Limit(
        *("c2st", "c2st_real", 0.2, 0.5),
        "boosting tells the samples from the data: 2 (1 - AUC) is {value:.2f}, {real:.2f} by real "
        "rows in their place",
        FEWER,
    ),
)
AILING = LIMITS[:4]  # what the end of a training tells; the rest is of classifiers
# What narrows a generator: an average over too many steps, and a critic that knows the rows by
# heart (docs/benchmarks/generators.md).
TRY: tuple[Try, ...] = (
    ("ema", None, "the usual average (no ema)"),
    ("objective", "relativistic", "objective relativistic"),
)


def generator_light(figures: Mapping[str, Any], settings: Mapping[str, Any]) -> Light:
    """Judge a generator by its metrics.

    Parameters
    ----------
    figures
        As `metrics.json` holds them; what is missing decides nothing.
    settings
        Of its training, by field of TrainingConfig, or its facts. What is in use already is not
        advised, nor a setting of genenv's training for a decoder from elsewhere.

    Returns
    -------
    The worst light of all figures; its `figure` says those that have it, and all where it is good.
    Doubtful where nothing was measured.
    """
    judged = {limit: light for limit in LIMITS if (light := limit.judge(figures)) is not None}
    if not judged:
        return Light(DOUBTFUL, "nothing was measured", "give more rows, so that some are held out")
    worst = max(judged.values(), key=LIGHTS.index)
    text = [limit for limit, light in judged.items() if light == worst]
    said = "; ".join(
        limit.praise(figures) if worst == GOOD else limit.say(figures) for limit in text
    )
    if worst == GOOD:
        return Light(worst, said, "")
    if settings.get("network") == KIND:
        return Light(worst, said, untried(settings, (), *ELSEWHERE))
    return Light(worst, said, untried(settings, TRY, *text[0].ways))


def diagnoses(figures: Mapping[str, Any], settings: Mapping[str, Any]) -> list[str]:
    """Say what the metrics of a training show to be wrong with it, a sentence each.

    Parameters
    ----------
    figures, settings
        See `generator_light`.
    """
    return [
        f"{limit.say(figures)}; {untried(settings, TRY, *limit.ways)}"
        for limit in AILING
        if limit.judge(figures) in (DOUBTFUL, BAD)
    ]
