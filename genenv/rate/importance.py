"""Importance sampling around known failures, from a mixture that keeps a tenth of the prior.

The defensive mixture of Hesterberg 1995 (https://doi.org/10.1080/00401706.1995.10484303) bounds the
weights by 10, so that a mode that nobody knows adds spread in place of being missed for sure.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from genenv import checks, intervals, seeding
from genenv.noise import Gaussian
from genenv.rate.plain import Rate
from genenv.rate.spread import log_interval
from genenv.rate.subset import Severity

DEFENSIVE = 0.1  # share of the draws that come from the prior itself
CHUNK = 4096


def importance_sampling(
    severity: Severity,
    centres: Tensor,
    samples: int,
    seed: int,
    width: float = 0.7,
) -> Rate:
    """Estimate P(severity(e) > 0) for e ~ N(0, I) from draws around known failures.

    Parameters
    ----------
    severity
        (batch, base_dim) -> (batch,); above 0 means failed.
    centres
        (modes, base_dim), at least one; each is drawn around equally often.
    samples
        Draws, at least one.
    seed
        Address of the draws.
    width
        Standard deviation about a centre, above 0.

    Returns
    -------
    The rate, with a log-normal interval; without a failure estimate 0 and as `high` the exact
    one-sided bound of the draws from the prior alone.

    Raises
    ------
    Mistake
        No draw, no centre, a width that is not above 0, or severities that cannot be.
    """
    checks.integer("samples", samples)
    checks.positive("width", width)
    if centres.ndim != 2 or not len(centres):
        raise checks.Mistake("centres (modes, base_dim)", tuple(centres.shape), "give some")
    weights = []
    prior = 0
    for start in range(0, samples, CHUNK):
        count = min(CHUNK, samples - start)
        e, plain = _draw(centres, count, seed, start, width)
        value = severity(e)
        checks.shape("severity(e)", value, (count,))
        checks.finite("severity(e)", value.detach().cpu().numpy())
        failed = value.detach().cpu() > 0
        weights.append(torch.where(failed, _ratio(e, centres, width), 0.0))
        prior += plain
    return _rate(torch.cat(weights).double().numpy(), prior, samples)


def _draw(centres: Tensor, count: int, seed: int, start: int, width: float) -> tuple[Tensor, int]:
    """Draw from the mixture; also counts those that came from the prior."""
    dim = centres.shape[1]
    keys = seeding.fold_rows(seed, "importance", np.arange(start, start + count))
    choice = seeding.uniforms(keys, 1)[:, 0]
    e = Gaussian(dim).base(count, seeding.fold(seed, "importance noise"), start)
    near = choice >= DEFENSIVE
    place = (choice - DEFENSIVE) / (1 - DEFENSIVE) * len(centres)
    mode = torch.from_numpy(np.clip(place, 0, len(centres) - 1).astype(np.int64))
    around = centres[mode] + width * e
    return torch.where(torch.from_numpy(near)[:, None], around, e), int((~near).sum())


def _ratio(e: Tensor, centres: Tensor, width: float) -> Tensor:
    """Density of N(0, I) over that of the mixture, (batch,), in float64."""
    wide = e.double()
    prior = -0.5 * wide.square().sum(1)
    squares = torch.cdist(wide, centres.double()).square()
    modes = -0.5 * squares / width**2 - e.shape[1] * math.log(width)
    near = modes.logsumexp(1) - math.log(len(centres)) + math.log(1 - DEFENSIVE)
    return (prior - torch.logaddexp(near, prior + math.log(DEFENSIVE))).exp()


def _rate(weights: np.ndarray[tuple[int], np.dtype[np.float64]], prior: int, samples: int) -> Rate:
    estimate = float(weights.mean())
    if estimate == 0:
        bound = intervals.at_most(0, prior) if prior else 1.0
        return Rate("importance sampling", 0.0, 0.0, bound, samples)
    variation = float(weights.std()) / math.sqrt(samples) / estimate
    return Rate("importance sampling", estimate, *log_interval(estimate, variation), samples)
