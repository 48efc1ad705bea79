"""Corruptions of samples: five strengths each, addressed like latents, 0 the identity."""

from __future__ import annotations

from genenv.codecs import Codec
from genenv.corruptions.base import STRONGEST, Corruption
from genenv.corruptions.cells import (
    CategoryShift,
    Missing,
    MissingNotAtRandom,
    Outliers,
    UnitErrors,
)
from genenv.corruptions.columns import Drift, Rounding, SwappedColumns
from genenv.corruptions.pixels import Blur, Contrast, Gaussian, Impulse, Occlusion, Shot
from genenv.corruptions.rows import (
    BlankCells,
    MeasuredBadly,
    MistakenCategories,
    SlippedDigits,
)
from genenv.corruptions.through_kornia import (
    Elastic,
    Jpeg,
    Larger,
    MotionBlur,
    is_absent,
    large_enough,
)
from genenv.corruptions.warps import Rotate, Scale, Shear, Translate

__all__ = [
    "CORRUPTIONS",
    "STRONGEST",
    "BlankCells",
    "Blur",
    "CategoryShift",
    "Contrast",
    "Corruption",
    "Drift",
    "Elastic",
    "Gaussian",
    "Impulse",
    "Jpeg",
    "MeasuredBadly",
    "Missing",
    "MissingNotAtRandom",
    "MistakenCategories",
    "MotionBlur",
    "Occlusion",
    "Outliers",
    "Rotate",
    "Rounding",
    "Scale",
    "Shear",
    "Shot",
    "SlippedDigits",
    "SwappedColumns",
    "Translate",
    "UnitErrors",
    "names_for",
    "not_installed",
]

CORRUPTIONS: dict[str, type[Corruption]] = {
    "shot": Shot,
    "impulse": Impulse,
    "gaussian": Gaussian,
    "blur": Blur,
    "rotate": Rotate,
    "shear": Shear,
    "scale": Scale,
    "translate": Translate,
    "contrast": Contrast,
    "occlusion": Occlusion,
    "elastic": Elastic,
    "motion-blur": MotionBlur,
    "jpeg": Jpeg,
    "missing": Missing,
    "missing-not-at-random": MissingNotAtRandom,
    "unit-errors": UnitErrors,
    "swapped-columns": SwappedColumns,
    "outliers": Outliers,
    "category-shift": CategoryShift,
    "rounding": Rounding,
    "drift": Drift,
    "blank-cells": BlankCells,
    "mistaken-categories": MistakenCategories,
    "measured-badly": MeasuredBadly,
    "slipped-digits": SlippedDigits,
}


def names_for(units: Codec) -> list[str]:
    """List the kinds that apply to data of these units, in the order of CORRUPTIONS."""
    return [name for name, kind in CORRUPTIONS.items() if kind.refusal(units) is None]


def not_installed(units: Codec) -> list[str]:
    """Name in one sentence the kinds that would apply if their package were there; [] for none."""
    kinds = [name for name, kind in CORRUPTIONS.items() if issubclass(kind, Larger)]
    if not (large_enough(units) and is_absent()):
        return []
    return [
        f"The corruptions {', '.join(kinds)} were left out, for the package kornia is not "
        "installed: pip install 'genenv[corruptions]'."
    ]
