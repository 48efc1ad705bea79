"""Quality diversity by pyribs: failures spread over what samples look like."""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, factors, seeding
from genenv.probe import Findings
from genenv.search import Search, Space

if TYPE_CHECKING:
    from genenv.generators import Generator

SHOWN = 1000  # samples of the generator, or ten a class, that say what is usual
REACH = 3.0  # standard deviations of the measures that an archive spans, both ways
FLOOR = -5.0  # least objective: what scores below is as bad


class Illumination(Search, ABC):
    """An archive and an emitter of CMA-ES a class, over two measures of the data.

    The measures are the first two principal components of `factors` within a class of the
    generator's own samples: ink, width, height and slant of pictures, the columns of all else. The
    model has no part in them.

    Parameters
    ----------
    space, seed
        See `Search`; the space has to know its generator.
    offspring
        Of a generation of each class.
    sigma
        First step size, in base coordinates.
    cells
        Of an archive, along each measure.

    Raises
    ------
    Mistake
        pyribs is not installed, a setting is not above zero, or all samples look alike.
    """

    archive: ClassVar[dict[str, Any]]
    emitter: ClassVar[dict[str, Any]]

    def __init__(
        self, space: Space, seed: int, *, offspring: int = 8, sigma: float = 0.6, cells: int = 20
    ) -> None:
        super().__init__(space, seed)
        self.brood = checks.integer("offspring", offspring)
        checks.positive("sigma", sigma)
        checks.integer("cells", cells)
        if space.generator is None:
            raise checks.Mistake("a space with its generator", "none", "make Space(..., generator)")
        self.generator = space.generator
        self.measures = Measures(space.generator, space.classes)
        emitters = [self._emitter(label, sigma, cells) for label in range(space.classes)]
        self.archives, self.emitters = zip(*emitters, strict=True)
        self.solutions = np.zeros((space.classes, offspring, space.noise.base_dim))

    def _emitter(self, label: int, sigma: float, cells: int) -> tuple[Any, Any]:
        try:
            from ribs.archives import GridArchive
            from ribs.emitters import EvolutionStrategyEmitter
        except ImportError as error:
            raise checks.Mistake(
                "pyribs", "none installed", 'run: pip install "genenv[qd]"'
            ) from error
        dim = self.space.noise.base_dim
        archive = GridArchive(
            solution_dim=dim, dims=(cells, cells), ranges=[(-REACH, REACH)] * 2,
            seed=self._seed("archive", label), **self.archive,
        )  # fmt: skip
        start = seeding.normals(seeding.fold_rows(self.seed, "start", label), dim)[0]
        emitter = EvolutionStrategyEmitter(
            archive, x0=start, sigma0=sigma, batch_size=self.brood,
            seed=self._seed("emitter", label), **self.emitter,
        )  # fmt: skip
        return archive, emitter

    def _seed(self, what: str, label: int) -> int:
        return seeding.fold(self.seed, what, label) % 2**32

    def ask(self, limit: int) -> tuple[Tensor, Tensor]:
        """Propose a generation of every class."""
        self.solutions = np.stack([emitter.ask() for emitter in self.emitters])
        e = torch.from_numpy(self.solutions.astype(np.float32)).flatten(0, 1)
        label = torch.arange(self.space.classes).repeat_interleave(self.brood)
        return self.space.noise.project(e)[:limit], label[:limit]

    def tell(self, findings: Findings) -> None:
        """Put each class's generation into its archive; one cut off by the budget is dropped."""
        score = np.nan_to_num(findings.score, nan=FLOOR).clip(FLOOR).astype(np.float64)
        e, label = torch.from_numpy(findings.e), torch.from_numpy(findings.label)
        place = self.measures(e, label)
        for row in range(len(findings) // self.brood):
            rows = slice(row * self.brood, (row + 1) * self.brood)
            words = self.solutions[row], score[rows], place[rows]
            added = self.archives[row].add(*words)
            self.emitters[row].tell(*words, added)


@final
class CmaMe(Illumination):
    """CMA-ME (Fontaine et al. 2020, arXiv 1912.02400): climbs by improvement of the archive."""

    archive: ClassVar[dict[str, Any]] = {}
    emitter: ClassVar[dict[str, Any]] = {"ranker": "2imp"}


@final
class CmaMae(Illumination):
    """CMA-MAE (Fontaine and Nikolaidis 2023, arXiv 2205.10752): thresholds that rise slowly."""

    archive: ClassVar[dict[str, Any]] = {"learning_rate": 0.01, "threshold_min": FLOOR - 1}
    emitter: ClassVar[dict[str, Any]] = {
        "ranker": "imp", "selection_rule": "mu", "restart_rule": "basic",
    }  # fmt: skip


class Measures:
    """Two measures of samples: principal components of how their factors leave their class's mean.

    Each has the deviation 1 among the generator's own samples.

    Parameters
    ----------
    generator
        Makes what is usual, by address; no query to a model.
    classes
        Labels 0 to classes - 1.

    Raises
    ------
    Mistake
        All samples look alike, so that nothing spreads them.
    """

    def __init__(self, generator: Generator, classes: int) -> None:
        self.generator = generator
        label = torch.arange(max(SHOWN, 10 * classes)) % classes
        seen = self._factors(generator.noise.base(len(label), 0), label)
        self.mean = torch.stack([seen[label == own].mean(0) for own in range(classes)])
        apart = seen - self.mean[label]
        self.scale = apart.std(0)
        if not (self.scale > 0).any():
            raise checks.Mistake(
                "samples that differ in what they look like", "none that do",
                "take a search without measures, such as metropolis",
            )  # fmt: skip
        self.scale[self.scale == 0] = 1.0
        plain = apart / self.scale
        values, vectors = torch.linalg.eigh(plain.T @ plain / len(plain))
        self.axes = vectors[:, -2:].flip(1) / values[-2:].flip(0).clamp_min(1e-9).sqrt()

    def __call__(self, e: Tensor, label: Tensor) -> NDArray[np.float64]:
        """Measure what the generator makes of (n, base_dim) and (n,): (n, 2)."""
        plain = (self._factors(e, label) - self.mean[label]) / self.scale
        measures = (plain @ self.axes).numpy()
        if measures.shape[1] == 2:
            return np.asarray(measures)
        return np.concatenate([measures, np.zeros_like(measures)], 1)

    def _factors(self, e: Tensor, label: Tensor) -> Tensor:
        units = self.generator.units
        with torch.no_grad():
            return factors.factors(units.decode(self.generator.from_base(e, label)), units)
