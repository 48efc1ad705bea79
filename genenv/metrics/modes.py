"""Counting modes: for mixtures whose centres are known."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from genenv import checks
from genenv.data.dataset import Modes

SAMPLES = 2500  # of the protocol
WITHIN = 3.0  # σ of its centre, a sample is of high quality


def mode_metrics(x: NDArray[np.floating], modes: Modes) -> dict[str, float]:
    """Count modes by the protocol of VEEGAN (arXiv 1705.07761) and PacGAN (1712.04086).

    A sample is of high quality within 3σ of its nearest centre; a mode is covered by one such
    sample. A perfect sampler of two-dimensional Gaussians has 98.89 % of high quality and, over K
    modes and n samples, a reverse KL of about (K − 1)/2n.

    Parameters
    ----------
    x
        Samples (n, d); the protocol has n = 2,500.
    modes
        Centres (K, d) and σ.

    Returns
    -------
    `modes`, how many are covered; `high_quality`, a share; `reverse_kl` in nats, of the histogram
    of high-quality samples over the modes against uniform, infinite where there are none.

    Raises
    ------
    Mistake
        Samples of another length than the centres.
    """
    checks.shape("samples", x, (None, modes.centres.shape[1]))
    distance = cdist(np.asarray(x, np.float64), modes.centres)
    nearest = distance.argmin(1)
    good = distance.min(1) <= WITHIN * modes.sigma
    counts = np.bincount(nearest[good], minlength=len(modes.centres))
    share = counts[counts > 0] / max(counts.sum(), 1)
    kl = float((share * np.log(share * len(counts))).sum()) if len(share) else np.inf
    return {
        "modes": int((counts > 0).sum()),
        "high_quality": float(good.mean()),
        "reverse_kl": kl,
    }


def missing_rows(fake: torch.Tensor, modes: Modes) -> torch.Tensor:
    """Share of modes without any sample of high quality, of many sets: (n, m, d) -> (n,)."""
    centres = torch.from_numpy(modes.centres).to(fake.dtype)
    squares = (fake[:, :, None] - centres).square().sum(3)
    covered = (squares <= (WITHIN * modes.sigma) ** 2).any(1)  # never by NaN
    return 1 - covered.to(fake.dtype).mean(1)
