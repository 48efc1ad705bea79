"""A surrogate of model and guide: climbed for nothing, asked where it promises something new."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from torch import Tensor, nn

from genenv import checks, seeding
from genenv.agents.random import starts
from genenv.agents.recent import Recent
from genenv.probe import Findings
from genenv.search import Search, Space

FLOOR = -8.0  # log-probabilities, and scores, below which the surrogate tells nothing apart
BATCH = 128  # rows an update, a quarter of them from the newest quarter
LEARNED = 50_000  # newest answers that it learns from
KEPT = 4_000  # newest unlike successes that it keeps away from
RATE = 2e-3  # of Adam, for the surrogate


@final
class Surrogate(Search):
    """A small network learns from all answers; chains climb it, and only their ends are asked.

    Papernot et al. 2017, arXiv 1602.02697, attack a black box through a substitute that learned its
    answers. Here the substitute learns what the model said, the guide's margins and the score, of
    the sample that a base vector makes (of the base vector itself where the generator has no
    slope). Chains of Adam climb its score from fresh draws until it promises a success, farther
    from every success of the same label than samples of a label lie from each other. It learns from
    the newest 50,000 answers and keeps away from the newest 4,000 unlike successes, so that a query
    costs as much late as early.

    Parameters
    ----------
    space, seed
        See `Search`.
    first
        Queries at random, from which it learns first.
    batch
        Queries a turn, at most; as many that promise nothing are asked as a quarter of that.
    width
        Units of each of its two layers.
    lessons
        Updates of it before it is climbed at all.
    updates
        Of it, a turn.
    chains
        Side by side.
    steps
        Of a chain a turn; a chain that has climbed for four turns starts afresh.
    rate
        Adam's, of the chains, in base coordinates a step.
    promise
        Score that a chain climbs to before it is asked.

    Raises
    ------
    Mistake
        A setting that is not above zero.
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        *,
        first: int = 600,
        batch: int = 96,
        width: int = 128,
        lessons: int = 500,
        updates: int = 80,
        chains: int = 256,
        steps: int = 15,
        rate: float = 0.3,
        promise: float = 0.3,
    ) -> None:
        super().__init__(space, seed)
        self.first, self.batch = checks.integer("first", first), checks.integer("batch", batch)
        self.width = checks.integer("width", width)
        self.lessons = checks.integer("lessons", lessons)
        self.updates = checks.integer("updates", updates)
        self.steps, self.rate, self.promise = checks.integer("steps", steps), rate, promise
        checks.positive("rate", rate)
        self.begun = self.turn = 0
        self.count = checks.integer("chains", chains)
        generator = space.generator
        self.through = generator if generator is not None and generator.differentiable else None
        self.seen: Recent | None = None  # features of what was asked
        self.told: Recent | None = None
        self.successes: list[tuple[Tensor, Tensor]] = []  # not yet kept: features, labels
        self.net: nn.Sequential | None = None
        self.asked = torch.zeros(0), torch.zeros(0, dtype=torch.int64)

    def ask(self, limit: int) -> tuple[Tensor, Tensor]:
        """Propose draws at first, then the ends of climbs."""
        if self.begun < self.first:
            self.asked = self._fresh(min(self.first - self.begun, limit))
        else:
            self._learn()
            self.asked = self._climbed(min(self.batch, limit))
        self.turn += 1
        return self.asked[0].clone(), self.asked[1].clone()

    def tell(self, findings: Findings) -> None:
        """Keep what was said, and where it succeeded."""
        e, label = self.asked
        with torch.no_grad():
            x = self._features(e, label)
        columns = findings.output, findings.guide_log_p, findings.guide_distance, findings.score
        told = torch.from_numpy(np.column_stack(columns).clip(FLOOR)).float()
        if self.seen is None or self.told is None:
            self.seen, self.told = Recent(LEARNED, x), Recent(LEARNED, told)
        self.seen.add(x)
        self.told.add(told)
        own = torch.from_numpy(findings.success)
        self.successes.append((x[own], label[own]))

    def _begin(self, x: Tensor, told: Tensor) -> nn.Sequential:
        """Take the scales of what was drawn; returns a network that knows nothing."""
        self.mean, self.scale = told.mean(0), told.std(0).clamp_min(1e-3)
        label = x[:, -self.space.classes :].argmax(1)
        apart = (torch.cdist(x, x) + _other(label, label)).fill_diagonal_(torch.inf).min(1).values
        near = apart[apart.isfinite() & (apart > 0)]
        self.radius = float(near.median()) if len(near) else 1e-6
        self.found, self.label_found = Recent(KEPT, x), Recent(KEPT, label)
        self.e, self.label = self._fresh(self.count)
        self.age = torch.zeros(self.count)
        self.first_moment, self.second_moment = torch.zeros(2, *self.e.shape)
        width, rng = self.width, seeding.torch_generator(self.seed, "surrogate")
        net = nn.Sequential(
            nn.Linear(x.shape[1], width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(),
            nn.Linear(width, told.shape[1]),
        )  # fmt: skip
        for parameter in net.parameters():
            bound = parameter.shape[-1] ** -0.5
            nn.init.uniform_(parameter, -bound, bound, generator=rng)
        self.adam = torch.optim.Adam(net.parameters(), RATE)
        return net

    def _fresh(self, count: int) -> tuple[Tensor, Tensor]:
        e, label = starts(self.space, self.seed, np.arange(self.begun, self.begun + count))
        self.begun += count
        return self.space.noise.project(e), label

    def _features(self, e: Tensor, label: Tensor) -> Tensor:
        """(n, base_dim), (n,) -> (n, width of a sample + classes)."""
        x = e if self.through is None else self.through.from_base(e, label).flatten(1).float()
        return torch.cat([x, nn.functional.one_hot(label, self.space.classes).float()], 1)

    def _learn(self) -> None:
        """Fit the answers, the newest more often."""
        assert self.seen is not None
        assert self.told is not None
        updates, count = self.updates, len(self.seen)
        if self.net is None:
            self.net, updates = self._begin(self.seen.all(), self.told.all()), self.lessons
        for success in self.successes:
            self._keep(*success)
        self.successes.clear()
        rng = seeding.torch_generator(self.seed, "learn", self.turn)
        newest = count - max(count // 4, 1)
        for _ in range(updates):
            rows = torch.randint(0, count, (BATCH * 3 // 4,), generator=rng)
            new = torch.randint(newest, count, (BATCH // 4,), generator=rng)
            own = torch.cat([rows, new])
            told = (self.told.at(own) - self.mean) / self.scale
            away = (self.net(self.seen.at(own)) - told).square()
            self.adam.zero_grad()
            (away[:, :-1].mean() + away[:, -1].mean()).backward()
            self.adam.step()

    def _climbed(self, limit: int) -> tuple[Tensor, Tensor]:
        """Climb, and return the chains that promise something new and some that nearly do."""
        self._renew(self.age >= 4 * self.steps)
        assert self.net is not None
        self.net.requires_grad_(False)
        x, score, promising = self._step()
        for _ in range(self.steps):
            if int(promising.sum()) >= limit:
                break
            x, score, promising = self._step(promising)
        self.net.requires_grad_(True)
        rows = self._chosen(x, score, promising, limit)
        asked = self.e[rows].clone(), self.label[rows].clone()
        done = promising.clone()
        done[rows] = True
        self._renew(done)
        return asked

    def _step(self, held: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Look at the chains, (n, width), (n,), (n,), after a step of those that are not held."""
        if held is not None:
            self._move(~held)
        with torch.no_grad():
            x = self._features(self.e, self.label)
            score = self._score(x)
            return x, score, (score > self.promise) & (self._nearest(x, self.label) > self.radius)

    def _move(self, rows: Tensor) -> None:
        """Take a step of Adam up the score, and away from what was found."""
        e, label = self.e[rows].requires_grad_(True), self.label[rows]
        x = self._features(e, label)
        crowded = (1 - self._nearest(x, label) / self.radius).clamp_min(0)
        slope = torch.autograd.grad((self._score(x) - 4 * crowded).sum(), e)[0]
        self.age[rows] += 1
        age = self.age[rows, None]
        first = 0.9 * self.first_moment[rows] + 0.1 * slope
        second = 0.999 * self.second_moment[rows] + 0.001 * slope.square()
        self.first_moment[rows], self.second_moment[rows] = first, second
        sure = (second / (1 - 0.999**age)).sqrt() + 1e-8
        moved = e.detach() + self.rate * first / (1 - 0.9**age) / sure
        self.e[rows] = self.space.noise.project(moved)

    def _score(self, x: Tensor) -> Tensor:
        assert self.net is not None
        score: Tensor = self.net(x)[:, -1] * self.scale[-1] + self.mean[-1]
        return score

    def _chosen(self, x: Tensor, score: Tensor, promising: Tensor, limit: int) -> Tensor:
        """Choose promising chains that are apart from each other, then the best of the rest."""
        chosen: list[int] = []
        for row in torch.nonzero(promising)[:, 0].tolist():
            near = torch.cdist(x[row : row + 1], x[chosen]) + _other(
                self.label[row : row + 1], self.label[chosen]
            )
            if not chosen or float(near.min()) > self.radius:
                chosen.append(row)
        rest = score.masked_fill(promising, -torch.inf)
        more = max(self.batch // 4, 1)
        best = rest.topk(min(more, len(rest))).indices
        best = best[rest[best] > -torch.inf]
        rows = torch.cat([torch.tensor(chosen, dtype=torch.int64), best])
        return rows[:limit] if len(rows) else torch.zeros(1, dtype=torch.int64)

    def _renew(self, rows: Tensor) -> None:
        """Start chains afresh."""
        count = int(rows.sum())
        if count:
            self.e[rows], self.label[rows] = self._fresh(count)
            self.age[rows] = 0
            self.first_moment[rows] = self.second_moment[rows] = 0

    def _keep(self, x: Tensor, label: Tensor) -> None:
        """Keep successes that are farther from each other than samples of a label lie."""
        for row in range(len(x)):
            own = slice(row, row + 1)
            if float(self._nearest(x[own], label[own])) > self.radius:
                self.found.add(x[own])
                self.label_found.add(label[own])

    def _nearest(self, x: Tensor, label: Tensor) -> Tensor:
        """(n,): how far the nearest kept success of the same label is."""
        if not len(self.found):
            return torch.full((len(x),), torch.inf)
        away = torch.cdist(x, self.found.all()) + _other(label, self.label_found.all())
        return away.min(1).values


def _other(one: Tensor, two: Tensor) -> Tensor:
    """(n, m): 0 where labels are the same, else infinite."""
    return torch.zeros(len(one), len(two)).masked_fill(one[:, None] != two, torch.inf)
