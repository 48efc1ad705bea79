"""What critic and generator are trained for: named numbers, never an optimizer."""

from __future__ import annotations

from collections.abc import Callable

from genenv import checks
from genenv.objectives.base import Objective, Score, Terms, means
from genenv.objectives.exponentials import softplus
from genenv.objectives.gan import Gan, Minimax
from genenv.objectives.hinge import Hinge
from genenv.objectives.infogan import InfoGan
from genenv.objectives.least_squares import LeastSquares
from genenv.objectives.relativistic import Relativistic
from genenv.objectives.wasserstein import Wgan, WganGp

__all__ = [
    "OBJECTIVES",
    "Gan",
    "Hinge",
    "InfoGan",
    "LeastSquares",
    "Minimax",
    "Objective",
    "Relativistic",
    "Score",
    "Terms",
    "Wgan",
    "WganGp",
    "build",
    "find",
    "means",
    "softplus",
]

OBJECTIVES: dict[str, type[Objective]] = {
    "gan": Gan,
    "minimax": Minimax,
    "wgan": Wgan,
    "wgan-gp": WganGp,
    "hinge": Hinge,
    "lsgan": LeastSquares,
    "relativistic": Relativistic,
}


def build(name: str, penalty: float | None = None) -> Objective:
    """Make an objective by name.

    Parameters
    ----------
    name
        A name in OBJECTIVES.
    penalty
        λ or γ; None: the objective's default.

    Raises
    ------
    Mistake
        An unknown name, a penalty that is not above 0, or one for an objective without penalty.
    """
    kind: Callable[..., Objective] = OBJECTIVES[checks.choice("objective", name, OBJECTIVES)]
    if penalty is None:
        return kind()
    if not OBJECTIVES[name].penalised:
        penalised = ", ".join(n for n, k in OBJECTIVES.items() if k.penalised)
        raise checks.Mistake(
            f"a penalty only with {penalised}", f"{penalty} with {name}", "leave penalty out"
        )
    return kind(penalty)


def find(objective: str | Objective, penalty: float | None = None) -> Objective:
    """Take an objective as it is, or make it by name; see `build`.

    Raises
    ------
    Mistake
        As `build`; or a penalty beside an object, which has its own.
    """
    if not isinstance(objective, Objective):
        return build(objective, penalty)
    if penalty is not None:
        own = f"a penalty beside the object {type(objective).__name__}"
        raise checks.Mistake("an objective with a penalty of its own", own, "leave penalty out")
    return objective
