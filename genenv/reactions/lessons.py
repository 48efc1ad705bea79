"""Networks in training, watched: learning curves by share, and what a change of share costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from genenv import seeding
from genenv.classifier import BATCH, Classifier, steps_to_fit
from genenv.data import Batches
from genenv.generators import Generator
from genenv.reactions.mixing import Labelled, Pools

RATE = 1e-3  # of Adam, constant: a decay would hide what a late change of share does
POINTS = 20  # of a curve

Row = dict[str, Any]
# name -> share of generated rows before and after the middle of the training
SCHEDULES = {
    "real": (0.0, 0.0),
    "half": (0.5, 0.5),
    "generated": (1.0, 1.0),
    "real, then generated": (0.0, 1.0),
    "generated, then real": (1.0, 0.0),
}
WATCHED = ("mlp", "cnn")  # learners that learn step by step


def watch(
    kind: str,
    pools: Pools,
    generator: Generator,
    test: Labelled,
    seed: int,
    advance: Callable[[int], None] | None = None,
) -> list[Row]:
    """Train a network under each schedule and look at it 20 times.

    Parameters
    ----------
    kind
        One of WATCHED.
    pools
        Real and generated rows (unfiltered) to learn from.
    generator
        Whose units and classes the data have.
    test
        Real rows that set nothing.
    seed
        Of weights and order.
    advance
        Called with 1 after each schedule.

    Returns
    -------
    A row a schedule: steps and accuracy (20,) each, and forgetting: the accuracy at the middle
    less the lowest one after it, at least 0; None where the share does not change.
    """
    rows = []
    lesson = _Lesson(kind, pools, generator, test, seed)
    for name, (before, after) in SCHEDULES.items():
        steps, accuracy = lesson.curve(before, after)
        middle = POINTS // 2 - 1
        forgot = max(0.0, accuracy[middle] - min(accuracy[middle + 1 :]))
        rows.append(
            {
                "learner": kind,
                "seed": seed,
                "schedule": name,
                "steps": steps,
                "accuracy": accuracy,
                "forgetting": forgot if before != after else None,
            }
        )
        if advance:
            advance(1)
    return rows


class _Lesson:
    """What all schedules of one network have in common."""

    def __init__(
        self, kind: str, pools: Pools, generator: Generator, test: Labelled, seed: int
    ) -> None:
        self.kind = kind
        self.units = generator.units
        self.seed = seed
        self.classes = len(generator.classes)
        rows = {"real": pools.real, "generated": pools.generated["none"]}
        self.batch = min(BATCH, *(len(x) for x, _ in rows.values()))
        self.feeds = {
            source: Batches(x, label, self.batch, seeding.fold(seed, "lesson", source))
            for source, (x, label) in rows.items()
        }
        self.every = max(1, steps_to_fit(len(pools.real[0])) // POINTS)
        self.asked = self.units.encode(self.units.tensor(test[0])), torch.from_numpy(test[1])

    def curve(self, before: float, after: float) -> tuple[list[int], list[float]]:
        """Train with one share of generated rows and, from the middle on, another."""
        steps, accuracy = [], []
        with seeding.global_seed(seeding.fold(self.seed, "lesson", self.kind)):
            network = Classifier(self.kind, self.units, self.classes)
            optimizer = torch.optim.Adam(network.parameters(), RATE)
            for step in range(self.every * POINTS):
                share = before if step < self.every * POINTS // 2 else after
                u, label = self._mixed(step, share)
                loss = functional.cross_entropy(network(u), label)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                if (step + 1) % self.every == 0:
                    steps.append(step + 1)
                    accuracy.append(_accuracy(network, *self.asked))
        return steps, accuracy

    def _mixed(self, step: int, share: float) -> tuple[Tensor, Tensor]:
        """Take a share of a generated batch and the rest of a real one."""
        made = round(share * self.batch)
        (x, label), (more, own) = self.feeds["real"].at(step), self.feeds["generated"].at(step)
        assert label is not None
        assert own is not None
        rows = torch.cat([x[: self.batch - made], more[:made]])
        return self.units.encode(rows), torch.cat([label[: self.batch - made], own[:made]])


def _accuracy(network: Classifier, u: Tensor, label: Tensor) -> float:
    network.eval()
    with torch.no_grad():
        hit = torch.cat([network(part).argmax(1) for part in torch.split(u, 1024)]) == label
    network.train()
    return float(hit.float().mean())
