"""What a campaign asks where a policy is under test: nature for the generator, an exact event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from genenv import seeding
from genenv.judge import Judged, Verdict
from genenv.noise import Noise, ball_radius
from genenv.policies.episodes import Episodes
from genenv.probe import Findings


@dataclass(frozen=True)
class Codes:
    """Samples are base vectors, kept as they are."""

    base_dim: int

    def store(self, x: Tensor) -> NDArray[np.float32]:
        """Return them as they are written."""
        return x.numpy()


@dataclass(frozen=True)
class Nature:
    """The law of the disturbances, and the starts as labels."""

    noise: Noise
    classes: tuple[int, ...]


@dataclass(frozen=True)
class Ball:
    """In a guide's place: the energy that a plausible disturbance has."""

    threshold: float = 1.0  # of the distance: energy as a share of the ball's


class PolicyProbe:
    """One query is one episode.

    Energy takes the place of realism: a disturbance is plausible in the ball that holds 95 % of
    all draws, ½‖e‖² ≤ ½χ²₀.₉₅(base_dim), of the codes of a whole episode. The label is the start.

    Parameters
    ----------
    episodes
        Of the policy under test.

    Attributes
    ----------
    trouble
        "": a policy that raises ends the run.
    """

    def __init__(self, episodes: Episodes) -> None:
        self.episodes = episodes
        self.generator = Nature(episodes.noise, tuple(range(episodes.config.starts)))
        self.units, self.guide = Codes(episodes.base_dim), Ball()
        self.budget = plausible_energy(episodes.base_dim)
        self.trouble = ""

    def __call__(self, e: Tensor, label: Tensor, gradient: bool = False) -> Findings:
        """Play episodes (n, base_dim) from starts (n,); `output` holds miss, steps and returns."""
        assert not gradient, "searches of policies climb no slope"
        codes = e.detach().numpy().astype(np.float32)
        played = self.episodes.play(codes, label.numpy())
        energy = 0.5 * (codes.astype(np.float64) ** 2).sum(1)
        beyond = (energy / self.budget - 1).astype(np.float32)
        loss = 2 * np.maximum(beyond, 0)
        shown = np.nan_to_num(played.miss), played.steps, played.returns
        return Findings(
            e=codes.copy(),
            label=label.numpy().copy(),
            output=np.stack(shown, 1).astype(np.float32),
            severity=played.severity,
            energy=played.energy,
            guide_log_p=np.zeros(len(codes), np.float32),
            guide_distance=beyond,
            accepted=beyond <= 0,
            score=np.minimum(played.severity, 1.0) - loss,
            error=np.zeros(len(codes), np.bool_),
            x=codes,
        )

    def begin(self, e: Tensor, label: Tensor, gradient: bool = False) -> Callable[[], Findings]:
        """Return what queries, see `Probe.begin`."""
        return partial(self, e, label, gradient)

    def sample(self, e: Tensor, label: Tensor) -> Tensor:
        """Return the codes themselves: they are what happens to the world, from any start."""
        assert len(e) == len(label)
        return e.float()


class ExactEvent:
    """In a judge's place: whether the policy failed is known, and energy says if it is plausible.

    Parameters
    ----------
    base_dim
        Of the codes.
    """

    def __init__(self, base_dim: int) -> None:
        self.budget = plausible_energy(base_dim)

    def judged(
        self,
        x: NDArray[np.float32],
        label: NDArray[np.int64],
        severity: NDArray[np.float32],
        answer: NDArray[np.int64],
        fold: NDArray[np.int64],
    ) -> Judged:
        """Confirm failures whose codes `x` (n, base_dim) are plausible; see `Judge.judged`."""
        assert len(fold) == len(x)
        failed = severity > 0
        plausible = 0.5 * (x.astype(np.float64) ** 2).sum(1) <= self.budget
        verdict = np.where(failed, np.where(plausible, Verdict.CONFIRMED, Verdict.INVALID), 0)
        return Judged(
            verdict.astype(np.int8),
            np.where(failed, 1.0, -1.0).astype(np.float32),
            np.where(failed & plausible, label, -1),
            answer,
        )

    def answer(self, output: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the place of the largest of miss, steps and returns, (n,): it judges nothing."""
        return np.asarray(output.argmax(1))

    def of_query(self, _search: str, _seed: int, index: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the fold of each query: there is one."""
        return np.zeros(len(index), np.int64)


def plausible_energy(base_dim: int) -> float:
    """Return ½χ²₀.₉₅(base_dim): 95 % of draws have no more."""
    return 0.5 * ball_radius(base_dim) ** 2


def drawn(episodes: Episodes, rows: int, seed: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Draw codes (rows, base_dim) and starts (rows,) from the law."""
    index = np.arange(rows)
    u = seeding.uniforms(seeding.fold_rows(seed, "start", index), 1)[:, 0]
    e = episodes.noise.base(rows, seeding.fold(seed, "codes"), 0)
    return e.numpy().astype(np.float32), (u * episodes.config.starts).astype(np.int64)
