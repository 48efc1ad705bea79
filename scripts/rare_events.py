"""Rare events of known probability: what each estimator says, and how often its interval is right.

python scripts/rare_events.py                  Walk1D, exact by quadrature
python scripts/rare_events.py --set            the problems on which `spread.WIDER` was set
python scripts/rare_events.py --openturns      SubsetSampling of openturns (pip) on Walk1D beside it
python scripts/rare_events.py --labelled       ten classes: one fails rarely, one only comes close
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from scipy.stats import chi2, norm
from torch import Tensor

from genenv.rate.spread import WIDER, log_interval
from genenv.rate.strata import stratified
from genenv.rate.subset import climb

STEPS = 30

Severity = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Study:
    """Repeat an estimator on known problems."""

    runs: int = 200
    """Independent runs of each problem."""
    per_level: int = 2000
    """Samples a level."""
    first_seed: int = 0
    """Runs have the seeds from here on."""
    set: bool = False
    """The problems that `WIDER` was set on, in place of the walk."""
    labelled: bool = False
    """Ten classes in place of the walk: stratified beside runs that draw the label too."""
    openturns: bool = False
    """openturns' SubsetSampling beside ours, on the walk."""


def exact_walk(edge: float, nodes: int = 400) -> float:
    """P(|x| reaches the edge in 30 steps of N(0, 1)): Gauss-Legendre, survivors' density."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    x, w = x * edge, w * edge
    density = norm.pdf(x)
    kernel = norm.pdf(x[:, None] - x[None, :])
    for _ in range(STEPS - 1):
        density = kernel @ (w * density)
    return float(1 - w @ density)


def walk(edge: float) -> Severity:
    """How far beyond the edge a walk comes at its farthest."""
    return lambda e: e.cumsum(1).abs().amax(1) - edge


def plane(beta: float) -> Severity:
    """Severity of a half-space at distance beta."""
    return lambda e: e.sum(1) / e.shape[1] ** 0.5 - beta


def problems(config: Study) -> list[tuple[str, Severity, int, float]]:
    """Name, severity, base_dim and exact probability."""
    if not config.set:
        return [(f"walk, edge {b:g}", walk(b), STEPS, exact_walk(b)) for b in (10.0, 20.0, 25.0)]
    planes = [(3.0, 2), (4.0, 20), (5.0, 50)]
    halves = [(f"half-space {b:g}, {d} dim", plane(b), d, norm.sf(b)) for b, d in planes]
    both = "two half-spaces", lambda e: e[:, 0].abs() - 3.5, 10, 2 * norm.sf(3.5)
    ball = "outside of a ball", lambda e: e.norm(dim=1) - 5, 3, chi2.sf(25, 3)
    return [*halves, both, ball]


def words(name: str, truth: float, p: NDArray[np.float64], said: NDArray[np.float64],
          queries: float, seconds: float, wider: float) -> None:  # fmt: skip
    """Print one row."""
    pairs = [log_interval(a, wider * b) for a, b in zip(p, said, strict=True) if a > 0]
    held = sum(low <= truth <= high for low, high in pairs) / len(p)
    spread = p.std() / p.mean()
    plain = (1 - truth) / truth / spread**2  # queries of Monte Carlo for that spread
    print(
        f"{name:<26} truth {truth:.4e}  bias {100 * (p.mean() / truth - 1):+.1f} %  "
        f"spread {spread:.3f}, said {said.mean():.3f}  covers {100 * held:.1f} %  "
        f"queries {queries:,.0f} = {100 * queries / plain:.2f} % of Monte Carlo's  "
        f"{seconds:.1f} CPU s",
        flush=True,
    )


def ours(config: Study) -> None:
    """Subset simulation of genenv."""
    for name, severity, dim, truth in problems(config):
        began = time.process_time()
        seeds = range(config.first_seed, config.first_seed + config.runs)
        done = [climb(severity, dim, config.per_level, seed) for seed in seeds]
        p = np.array([run.estimate for run in done])
        said = np.array([run.variation for run in done])
        queries = float(np.mean([run.queries for run in done]))
        words(name, truth, p, said, queries, time.process_time() - began, WIDER)


def of_classes(e: Tensor, label: Tensor) -> Tensor:
    """Class 7 fails beyond 3.5; class 3 comes closer to failing than it mostly does, and never."""
    rare = e[:, 0] - 3.5
    decoy = -0.01 - 0.3 * e[:, 0].square()
    return torch.where(label == 7, rare, torch.where(label == 3, decoy, -1 - e.square().sum(1)))


def labels(config: Study) -> None:
    """Stratify by label, and beside it let chains propose the label as a coordinate."""
    truth = 0.1 * float(norm.sf(3.5))
    dim = 4
    seeds = range(config.first_seed, config.first_seed + config.runs)

    def one(e: Tensor, label: int) -> Tensor:
        return of_classes(e, torch.full((len(e),), label))

    def proposed(e: Tensor) -> Tensor:
        return of_classes(e, (torch.special.ndtr(e[:, dim]) * 10).long().clamp_max(9))

    share = [0.1] * 10
    began = time.process_time()
    rates = [stratified(one, dim, share, config.per_level // 10, s, least=1e-6)[0] for s in seeds]
    p = np.array([rate.estimate for rate in rates])
    said = [np.log(rate.high / rate.low) / 2 / norm.ppf(0.975) / WIDER for rate in rates]
    queries = float(np.mean([rate.samples for rate in rates]))
    words("a run a label", truth, p, np.array(said), queries, time.process_time() - began, WIDER)
    print(f"    {np.mean(p < truth / 20):.0%} of the runs below a twentieth of the truth")
    began = time.process_time()
    discrete = [False] * dim + [True]
    done = [climb(proposed, dim + 1, config.per_level, s, discrete) for s in seeds]
    p, said = (np.array([getattr(r, n) for r in done]) for n in ("estimate", "variation"))
    queries = float(np.mean([run.queries for run in done]))
    finite = np.where(np.isfinite(said), said, 0)
    words("the label proposed", truth, p, finite, queries, time.process_time() - began, WIDER)
    print(f"    {np.mean(p < truth / 20):.0%} of the runs below a twentieth of the truth")


def theirs(config: Study) -> None:
    """SubsetSampling of openturns on the walk at 20."""
    import openturns as ot

    class Distance(ot.OpenTURNSPythonFunction):
        def __init__(self) -> None:
            super().__init__(STEPS, 1)

        def _exec_sample(self, rows: object) -> list[list[float]]:
            return np.abs(np.cumsum(np.asarray(rows), 1)).max(1)[:, None].tolist()

    truth = exact_walk(20.0)
    began = time.process_time()
    p = []
    said = []
    queries = []
    for seed in range(config.first_seed, config.first_seed + config.runs):
        ot.RandomGenerator.SetSeed(seed)
        function = ot.Function(Distance())
        output = ot.CompositeRandomVector(function, ot.RandomVector(ot.Normal(STEPS)))
        sampling = ot.SubsetSampling(ot.ThresholdEvent(output, ot.Greater(), 20.0))
        sampling.setMaximumOuterSampling(math.ceil(config.per_level / 100))
        sampling.setBlockSize(100)
        sampling.run()
        result = sampling.getResult()
        p.append(result.getProbabilityEstimate())
        said.append(result.getCoefficientOfVariation())
        queries.append(result.getOuterSampling() * 100)
    seconds = time.process_time() - began
    words("openturns, edge 20", truth, np.array(p), np.array(said), np.mean(queries), seconds, 1.0)


if __name__ == "__main__":
    torch.set_num_threads(1)
    config = tyro.cli(Study, description=__doc__)
    (labels if config.labelled else ours)(config)
    if config.openturns:
        theirs(config)
