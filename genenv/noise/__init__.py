"""Laws for latents, each a deterministic map of a standard-normal base vector `e`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from genenv import checks
from genenv.noise.base import Noise
from genenv.noise.compositions import Learned, Product, Scaled
from genenv.noise.continuous import (
    Gaussian,
    Gumbel,
    Laplace,
    Sphere,
    StudentT,
    TruncatedGaussian,
    Uniform,
)
from genenv.noise.discrete import Bernoulli, Categorical, Mixture
from genenv.noise.geometry import PLAUSIBLE_MASS, Role, Roles, ball_radius, box_bound
from genenv.noise.series import AutoRegressive

__all__ = [
    "NOISES",
    "PLAUSIBLE_MASS",
    "AutoRegressive",
    "Bernoulli",
    "Categorical",
    "Gaussian",
    "Gumbel",
    "Laplace",
    "Learned",
    "Mixture",
    "Noise",
    "Product",
    "Role",
    "Roles",
    "Scaled",
    "Sphere",
    "StudentT",
    "TruncatedGaussian",
    "Uniform",
    "ball_radius",
    "box_bound",
    "from_json",
]

NOISES: dict[str, Callable[..., Noise]] = {  # each takes dim, and has defaults for all else
    "gaussian": Gaussian,
    "uniform": Uniform,
    "sphere": Sphere,
    "truncated-gaussian": TruncatedGaussian,
    "student-t": StudentT,
    "laplace": Laplace,
    "gumbel": Gumbel,
    "bernoulli": Bernoulli,
    "categorical": Categorical,
    "mixture": Mixture,
    "autoregressive": AutoRegressive,
}


def from_json(plain: Mapping[str, Any]) -> Noise:
    """Make the noise that `to_json` wrote.

    Raises
    ------
    Mistake
        The kind has no row in NOISES and is no composition, or its arguments do not fit.
    """
    arguments = dict(plain)
    kind = str(arguments.pop("kind", None))
    checks.choice("the noise's kind", kind, [*NOISES, Product.kind, Scaled.kind])
    try:
        if kind == Product.kind:
            return Product([from_json(part) for part in arguments["parts"]])
        if kind == Scaled.kind:
            return Scaled(from_json(arguments["noise"]), arguments["strength"])
        return NOISES[kind](**arguments)
    except (KeyError, TypeError) as error:
        given = ", ".join(arguments) or "none"
        raise checks.Mistake(f"arguments of {kind}", given, "mend them") from error
