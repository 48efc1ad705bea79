"""What each strength of a noise is, as pictures: one sample of each noise, from 0 to 5."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genenv.reactions.noises import STRENGTHS, SampleBatch
from genenv.report.figures import png
from genenv.tracking import grid, picture


def strips(batch: SampleBatch, noises: Sequence[str]) -> dict[str, str]:
    """Return noise -> a picture of its first sample at every strength, a data URI; {} of vectors.

    Parameters
    ----------
    batch
        What learners met.
    noises
        Names.
    """
    found = {}
    for noise in noises:
        frames = np.concatenate([batch.at(noise, strength)[0][:1] for strength in STRENGTHS])
        shown = picture(frames, batch.units)
        if shown is None:
            return {}
        found[noise] = png(grid(shown, len(STRENGTHS)))
    return found
