"""Problems with known answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from genenv import seeding
from genenv.codecs import Codec, Pictures, Vectors
from genenv.data import Dataset, from_arrays
from genenv.downstream import Answers
from genenv.envs.batched import BatchedEnv
from genenv.envs.single import Single
from genenv.generators import Generator
from genenv.judge import Guide, Judged, Verdict
from genenv.noise import Gaussian
from genenv.probe import Probe

DIM = 4
CLASSES = 3


def codec(shape: tuple[int, ...], *arguments: Any) -> Codec:
    """Make the codec of samples of a shape: vectors, or images."""
    return Vectors(shape, *arguments) if len(shape) == 1 else Pictures(shape, *arguments)


def rows(
    x: NDArray[Any], label: NDArray[np.int64] | None, units: Codec, classes: tuple[int | str, ...]
) -> Dataset:
    """Make a data set of rows that are taken as they are."""
    return Dataset("rows", x, label, classes, units)


def taken_for_real(_guide: Guide, _u: Tensor, label: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Accept every sample, in the place of `Guide.look`: a small guide accepts too few."""
    none = torch.zeros(len(label))
    return none, none - 1, torch.ones(len(label), dtype=torch.bool)


class LinearGenerator(Generator):
    """x = (e, one-hot label): the half-space that fails is known in the base space."""

    differentiable = True

    def __init__(self) -> None:
        super().__init__()
        self.noise = Gaussian(DIM)
        self.classes = tuple(range(CLASSES))
        self.units = Vectors((DIM + CLASSES,), "float32", (-10.0,), (10.0,))

    def from_base(self, e: Tensor, label: Tensor) -> Tensor:
        one_hot = nn.functional.one_hot(label, CLASSES).to(e.dtype)
        return torch.cat([e, one_hot], 1) / 10


class Threshold:
    """Fails where w·e > beta, for any label; severity is w·e - beta; P(failure) = Φ(-beta)."""

    differentiable = True

    def __init__(self, beta: float = 1.0) -> None:
        self.beta = beta
        self.normal = torch.full((DIM,), DIM**-0.5)
        self.queries = 0

    def begin(self, x: Tensor) -> Callable[[], Answers]:
        return lambda: self.answers(x)

    def answers(self, x: Tensor) -> Answers:
        return Answers(self.log_probabilities(x), torch.zeros(len(x), dtype=torch.bool), "")

    def log_probabilities(self, x: Tensor) -> Tensor:
        self.queries += len(x)
        margin = self.beta - (x[:, :DIM] * self.normal).sum(1, keepdim=True)
        return (x[:, DIM:] * margin).log_softmax(1)


class BallGuide:
    """Accepts where ‖e‖ ≤ radius; sure of every label."""

    threshold = 1.0
    units = Vectors((DIM + CLASSES,), "float32", (-10.0,), (10.0,))

    def __init__(self, radius: float = 2.8) -> None:
        self.radius = radius

    def look(self, u: Tensor, label: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        distance = 10 * u[:, :DIM].norm(dim=1) / self.radius - 1
        return torch.full((len(label),), -0.01), distance, distance <= 0


class BallJudge:
    """Confirms flips with ‖e‖ ≤ radius; beyond it, they are invalid."""

    def __init__(self, radius: float = 2.8) -> None:
        self.radius = radius

    def judged(self, x: Any, label: Any, severity: Any, answer: Any, fold: Any) -> Judged:
        assert len(fold) == len(x)
        inside = np.linalg.norm(x[:, :DIM], axis=1) <= self.radius
        verdict = np.where(severity > 0, np.where(inside, 3, 1), 0).astype(np.int8)
        verdict[np.isnan(severity)] = Verdict.ERROR
        p = np.full(len(label), 0.95, np.float32)
        return Judged(verdict, p, np.asarray(label), np.asarray(answer))

    def answer(self, output: Any) -> NDArray[np.int64]:
        return np.asarray(output).argmax(1)

    def of_query(self, _search: str, _seed: int, index: NDArray[np.int64]) -> NDArray[np.int64]:
        return index


def rings(rows: int, seed: int = 0) -> Dataset:
    """Three classes of plane vectors on circles of radius 1, 2 and 3: no line separates them."""
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 3
    angle = rng.uniform(0, 2 * np.pi, rows)
    radius = 1 + y + rng.normal(0, 0.1, rows)
    x = np.stack([np.cos(angle), np.sin(angle)], 1) * radius[:, None]
    return from_arrays(x.astype(np.float32), y, "rings")


def walk_severity(edge: float) -> Callable[[Tensor], Tensor]:
    """Walk1D: x ← x + e_t for 30 steps; how far it leaves ±edge at its farthest."""
    return lambda e: e.cumsum(1).abs().amax(1) - edge


def probe(beta: float = 1.0, radius: float = 2.8) -> Probe:
    return Probe(LinearGenerator(), Threshold(beta), BallGuide(radius))  # type: ignore[arg-type]


class Walk(gymnasium.Env[NDArray[np.float32], NDArray[np.float32]]):
    """A random walk on the line: ends beyond 3, truncated after 12 steps; Gymnasium alone."""

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012
    observation_space = gymnasium.spaces.Box(-10.0, 10.0, (2,), np.float32)
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:  # noqa: ARG002
        super().reset(seed=seed)
        self.x = float(self.np_random.normal())
        self.t = 0
        return self._observe(), {"x": self.x}

    def step(self, action: NDArray[np.float32]) -> Any:
        self.x += float(action[0]) + float(self.np_random.normal())
        self.t += 1
        return self._observe(), -abs(self.x), abs(self.x) > 3, self.t >= 12, {"x": self.x}

    def _observe(self) -> NDArray[np.float32]:
        return np.array([self.x, self.t / 12], np.float32).clip(-10, 10)


class BatchedWalk(BatchedEnv):
    """The same law in a batch, drawn by address; `Single(BatchedWalk(1))` is its single one."""

    def __init__(self, num_envs: int = 1, **kw: Any) -> None:
        super().__init__(num_envs, Walk.observation_space, Walk.action_space, 12, **kw)
        self.x = np.zeros(num_envs)

    def begin(self, rows: NDArray[np.int64]) -> None:
        self.x[rows] = seeding.normals(self.keys(rows, "x"), 1)[:, 0]

    def advance(self, action: NDArray[Any], live: NDArray[np.bool_]) -> Any:
        push = seeding.normals(self.keys(np.arange(self.num_envs), "push"), 1)[:, 0]
        self.x = np.where(live, self.x + action[:, 0] + push, self.x)
        return -np.abs(self.x), np.abs(self.x) > 3

    def observe(self) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        seen = np.stack([self.x, self.elapsed / 12], 1).astype(np.float32).clip(-10, 10)
        return seen, {"x": self.x.copy(), "steps": self.elapsed.copy()}


def single_walk() -> Single:
    return Single(BatchedWalk(autoreset_mode="Disabled"))


def two_piles(rows: int = 400) -> Dataset:
    """Label 0 lies at (-1, 1), label 1 at (1, -1), sigma 0.1: the best Forger answers the label."""
    rng = np.random.default_rng(0)
    y = np.arange(rows) % 2
    x = np.where(y[:, None] == 0, [-1.0, 1.0], [1.0, -1.0]) + rng.normal(0, 0.1, (rows, 2))
    return from_arrays(x.astype(np.float32), y, "two piles")
