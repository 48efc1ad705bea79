"""Diagnosis of a training by the history of its indicators: sentences with what to try.

Judged is the last third of the steps so far: good trainings pass through near-collapse early. Every
limit lies between what healthy and sick trainings of digits and of the ring showed; see
docs/tensorboard.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from genenv.metrics import diagnoses, untried

ALIKE = 0.5  # diversity, of real rows'; healthy: 0.73 or more, sick: 0.47 or less
CLASS_ALIKE = 0.25  # of one class; healthy: 0.65 or more
COVERED = 0.2  # of the real rows; healthy: 0.4 or more
BEYOND = 1.25  # of the gap between training rows and samples; healthy: 0.9 or less, sick: 2.7
RECOGNISED = 0.75  # of pairs of a training row and a held-out one; sick: 0.95
CERTAIN = 0.995  # of pairs of a real row and a sample; healthy: 0.93 or less
BOUND = 0.7  # of the clipped weights; healthy: 0.24
UNBOUND = 1e-3  # of the clipped weights
LOST = 1e-3  # of a gradient's early size; healthy: 0.1 or more
EPSILON = 1e-8  # of Adam, beside the root mean square of a gradient
GROWN = 50.0  # times its early size; healthy: 3 or less
SPIKE = 20.0  # times its running level, in the last third; healthy: 2 or less
PEAK = 1000.0  # times its running level, ever; healthy: 10 or less
FEWEST = 3  # points in the last third
NONE = "no problem was found"
OTHER_GAMES = tuple(
    ("objective", name, f"objective {name}") for name in ("relativistic", "wgan-gp")
)
UNSATURATED = (("objective", "gan", "objective gan"),)
ONE_STEP = (("critic_steps", 1, "fewer critic_steps"),)

USED = frozenset(
    (
        *("health/diversity", "health/diversity/least", "health/coverage", "health/modes"),
        *("critic/train", "critic/held_out", "critic/fake"),
        *("health/critic/accuracy", "health/critic/recognised", "health/clipped"),
        *("gradient/generator", "gradient/critic"),
        *("health/gradient/generator", "health/gradient/critic"),
    )
)  # what a history keeps of the curves


class History:
    """Points of a training, and what is known of it beside.

    Parameters
    ----------
    points
        In order; each has `step` and some of USED.
    steps
        Of the whole training.
    modes
        Known modes of the data; None: they are not known.
    weights
        Trained numbers of `generator` and `critic`.
    peak
        The largest of each gradient over its running level, ever.
    settings
        Of the training, by field of TrainingConfig: what is in use is not advised.
    """

    def __init__(
        self,
        points: Sequence[dict[str, float]],
        steps: int,
        modes: int | None,
        weights: dict[str, int],
        peak: dict[str, float],
        settings: Mapping[str, Any],
    ) -> None:
        self.settings = settings
        self.steps = steps
        self.modes = modes
        self.weights = weights
        self.peak = peak
        self.last = points[-1]["step"] if points else 0
        self.early = [point for point in points if point["step"] <= self.last / 3]
        self.late = [point for point in points if point["step"] > self.last * 2 / 3]

    def now(self, name: str, healthy: float = np.nan) -> float:
        """Return the median of the last third; `healthy` where it was not measured."""
        values = [point[name] for point in self.late if name in point]
        return float(np.median(values)) if values else healthy

    def mean(self, name: str) -> float:
        """Return the mean of the last third; NaN where it was not measured."""
        values = [point[name] for point in self.late if name in point]
        return float(np.mean(values)) if values else np.nan

    def change(self, name: str) -> float:
        """Return the median of the last third over that of the first; 1 where there is none."""
        before = [point[name] for point in self.early if name in point]
        size = float(np.median(before)) if before else 0.0
        return self.now(name) / size if size > 0 else 1.0


def sentences(history: History) -> list[str]:
    """Return a sentence for each problem, or one that none was found or could be."""
    if history.last < history.steps / 2:
        return ["health is judged from half of the steps on"]
    if len(history.late) < FEWEST:
        return [f"health was not judged: the last third has not {FEWEST} points; lower log_every"]
    found = [sentence for look in PROBLEMS if (sentence := look(history))]
    if found:
        return found
    unseen = "" if "critic/held_out" in history.late[-1] else " (no held-out rows for the critic)"
    return [f"{NONE}{unseen}"]


def _collapsed(history: History) -> str | None:
    diversity = history.now("health/diversity", 1.0)
    least = history.now("health/diversity/least", 1.0)
    if diversity < ALIKE:
        return (
            f"samples collapsed: they differ from each other {diversity:.2f} times as much as real "
            f"rows do; {untried(history.settings, OTHER_GAMES, 'a lower lr')}"
        )
    if least < CLASS_ALIKE:
        return (
            f"a class collapsed: its samples differ from each other {least:.2f} times as much as "
            f"its real rows do; {untried(history.settings, OTHER_GAMES, 'more rows of it')}"
        )
    return None


def _lost_modes(history: History) -> str | None:
    modes = history.modes
    found = history.now("health/modes")
    if modes is None or not found < modes:
        return None
    return (
        f"modes were lost: {found:.0f} of {modes} have samples; "
        f"{untried(history.settings, OTHER_GAMES[:1], 'more steps')}"
    )


def _missed(history: History) -> str | None:
    covered = history.now("health/coverage", 1.0)
    if covered >= COVERED or history.now("health/diversity", 1.0) < ALIKE:
        return None
    return (
        f"samples miss the data: {covered:.0%} of the real rows have a sample as near as their "
        "neighbours are; try more steps, a lower lr, or a larger width"
    )


def _overfitted(history: History) -> str | None:
    train, held, made = (history.mean(f"critic/{name}") for name in ("train", "held_out", "fake"))
    recognised = history.mean("health/critic/recognised")
    if not (recognised > RECOGNISED and train - held > BEYOND * (train - made)):
        return None
    return (
        "the critic overfitted: it scores held-out real rows below generated ones "
        f"({recognised:.0%} of them below a training row); try more rows, fewer steps, a higher "
        "penalty, or a smaller critic_width"
    )


def _too_strong(history: History) -> str | None:
    accuracy = history.now("health/critic/accuracy", 0.5)
    if accuracy < CERTAIN:
        return None
    return (
        f"the critic is too strong: of pairs of a real row and a sample it tells {accuracy:.1%} "
        f"apart; {untried(history.settings, ONE_STEP, 'a smaller critic_width', 'a lower lr')}"
    )


def _clipping(history: History) -> str | None:
    share = history.now("health/clipped")
    if share > BOUND:
        return (
            f"clipping saturates: {share:.0%} of the critic's weights lie on the bound; "
            f"{untried(history.settings, OTHER_GAMES)}"
        )
    if share < UNBOUND:
        return (
            f"clipping does not bind: {share:.1%} of the critic's weights lie on the bound, so its "
            f"slope is not held; {untried(history.settings, OTHER_GAMES)}"
        )
    return None


def _vanishing(history: History) -> str | None:
    for name, weights in history.weights.items():
        size = history.now(f"gradient/{name}") / weights**0.5
        if size < EPSILON or history.change(f"gradient/{name}") < LOST:
            return (
                f"the gradient of the {name} vanished: {size:.1e} a weight in root mean square; "
                f"{untried(history.settings, UNSATURATED + ONE_STEP, 'a lower lr')}"
            )
    return None


def _exploding(history: History) -> str | None:
    if _vanishing(history):
        return None  # about nothing, everything is a jump
    for name in history.weights:
        spike = max(point.get(f"health/gradient/{name}", 0.0) for point in history.late)
        change, peak = history.change(f"gradient/{name}"), history.peak.get(name, 1.0)
        if spike > SPIKE or peak > PEAK:
            found = f"jumped to {max(spike, peak):,.0f} times its running level"
        elif change > GROWN:
            found = f"grew to {change:,.0f} times its early size"
        else:
            continue
        return (
            f"the gradient of the {name} exploded: it {found}; "
            f"{untried(history.settings, OTHER_GAMES, 'a lower lr')}"
        )
    return None


PROBLEMS: tuple[Callable[[History], str | None], ...] = (
    _collapsed,
    _lost_modes,
    _missed,
    _overfitted,
    _too_strong,
    _clipping,
    _vanishing,
    _exploding,
)


def with_figures(
    notes: Sequence[str], figures: Mapping[str, Any], settings: Mapping[str, Any]
) -> tuple[str, ...]:
    """Add what the metrics of the result show to what was told of its training.

    Parameters
    ----------
    notes
        Of the training; that no problem was found is taken back where the metrics show one.
    figures, settings
        See `metrics.diagnoses`.
    """
    found = diagnoses(figures, settings)
    kept = [note for note in notes if not (found and note.startswith(NONE))]
    return (*kept, *found)
