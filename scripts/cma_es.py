"""CMA-ES by `cmaes` beside ribs: known functions, and successes on the bundled probe.

Prints, for both libraries at λ = 8: evaluations to 1e-8 on a sphere, an ellipsoid and Rosenbrock's
function (medians over seeds; a dash: not within the budget), and on the bundled digits the
queries on which the model fails and the guide accepts, of so many, with CPU seconds.
ribs is no dependency of genenv: `pip install ribs`.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from cmaes import CMA
from ribs.emitters.opt import CMAEvolutionStrategy

from genenv import bundled, seeding
from genenv.agents.cma_es import CmaEs
from genenv.agents.random import starts
from genenv.recorded import load_probe
from genenv.search import Space

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--seeds", type=int, default=10, help="of each cell")
parser.add_argument("--budget", type=int, default=8_000, help="queries on the bundled probe")
arguments = parser.parse_args()
OFFSPRING = 8
SIGMA = 0.6
REACHED = 1e-8
LIMIT = 60_000


def sphere(x):
    """Return Σ x²."""
    return (x**2).sum(1)


def ellipsoid(x):
    """Return Σ 10^(4 i / (n - 1)) x_i²."""
    return (10 ** np.linspace(0, 4, x.shape[1]) * x**2).sum(1)


def rosenbrock(x):
    """Return Σ 100 (x_(i+1) - x_i²)² + (1 - x_i)²."""
    return (100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1 - x[:, :-1]) ** 2).sum(1)


class Ours:
    """cmaes behind ask and tell of a generation."""

    def __init__(self, mean, seed):
        self.strategy = CMA(mean.astype(float), SIGMA, population_size=OFFSPRING, seed=seed)

    def ask(self):
        """Propose a generation."""
        self.asked = np.array([self.strategy.ask() for _ in range(OFFSPRING)])
        return self.asked

    def tell(self, cost):
        """Take its costs."""
        self.strategy.tell(list(zip(self.asked, cost.tolist(), strict=True)))


class Ribs:
    """ribs behind the same."""

    def __init__(self, mean, seed):
        self.strategy = CMAEvolutionStrategy(
            sigma0=SIGMA, solution_dim=len(mean), batch_size=OFFSPRING, seed=seed
        )
        self.strategy.reset(mean)

    def ask(self):
        """Propose a generation."""
        return self.strategy.ask()

    def tell(self, cost):
        """Take its costs."""
        order = np.argsort(cost, kind="stable")
        self.strategy.tell(order, -cost[:, None], OFFSPRING // 2)


class RibsSearch(CmaEs):
    """The search with ribs in the place of cmaes, without the latter's criteria of stopping."""

    def _start(self):
        mean, _ = starts(self.space, self.seed, np.array([self.begun]))
        seed = seeding.fold(self.seed, "cma", self.begun)
        self.begun += 1
        return Ribs(self.space.noise.project(mean)[0].numpy(), seed)

    def ask(self, limit):
        """Propose a generation of every class."""
        e = np.concatenate([s.ask() for s in self.strategies]).astype(np.float32)
        label = torch.arange(self.space.classes).repeat_interleave(OFFSPRING)
        return self.space.noise.project(torch.from_numpy(e))[:limit], label[:limit]

    def tell(self, findings):
        """Rank each class's generation."""
        self.ages = getattr(self, "ages", np.zeros(self.space.classes, int))
        for row in range(len(findings) // OFFSPRING):
            rows = findings.rows(slice(row * OFFSPRING, (row + 1) * OFFSPRING))
            self.strategies[row].tell(-rows.score)
            self.ages[row] += 1
            if rows.success.any() or self.ages[row] >= self.generations:
                self.strategies[row] = self._start()
                self.ages[row] = 0


def evaluations(kind, function, dim, seed):
    """Count evaluations until a value below 1e-8, infinity beyond the limit."""
    strategy = kind(np.random.default_rng(seed).standard_normal(dim), seed)
    for spent in range(OFFSPRING, LIMIT, OFFSPRING):
        cost = function(strategy.ask())
        if cost.min() < REACHED:
            return spent
        strategy.tell(cost)
    return np.inf


for function in (sphere, ellipsoid, rosenbrock):
    for dim in (8, 32):
        cells = []
        for kind in (Ours, Ribs):
            counts = [evaluations(kind, function, dim, s) for s in range(arguments.seeds)]
            low, middle, high = np.quantile(counts, [0.0, 0.5, 1.0], method="nearest")
            cells.append(f"{kind.__name__} {middle:,.0f} [{low:,.0f}, {high:,.0f}]")
        print(f"{function.__name__:10} {dim:>3}  {'   '.join(cells)}", flush=True)

probe = load_probe(bundled.FOLDER)
space = Space(probe.generator.noise, len(probe.generator.classes))
for kind in (CmaEs, RibsSearch):
    counts = []
    began = time.process_time()
    for seed in range(arguments.seeds):
        search = kind(space, seed)
        left = arguments.budget
        found = 0
        while left:
            findings = probe(*search.ask(left))
            search.tell(findings)
            left -= len(findings)
            found += int(findings.success.sum())
        counts.append(found)
    spent = (time.process_time() - began) / arguments.seeds
    mean = f"{np.mean(counts):7.1f} of {arguments.budget:,}"
    print(f"{kind.__name__:10} {mean}  {counts}  {spent:.1f} CPU s")
