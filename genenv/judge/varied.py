"""How far images are varied while oracles learn, chosen by log-loss on rows unseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from torch import Tensor

from genenv import seeding
from genenv.judge import crossfit, temper
from genenv.judge.crossfit import Lesson, Member
from genenv.judge.folds import Folded
from genenv.judge.teaching import Advance
from genenv.judge.variations import GENTLER

FOLD = 0  # whose rows tell
SURE = 2.0  # standard errors of the mean loss saved, from which less variation is taken


def vary(
    data: Folded, lessons: Sequence[Lesson], seed: int, advance: Advance
) -> tuple[tuple[Lesson, ...], Member | None]:
    """Choose how far the lessons vary images.

    The first member of the audit learns with the full amounts, then with less for as long as that
    saves loss beyond chance on the fold it did not learn: strokes of digits may be turned and bent
    and stay what they are, seams of clothes are lost by it.

    Parameters
    ----------
    data, seed, advance
        See `members.train_members`.
    lessons
        From the shortest, by which the choice is made, to the longest.

    Returns
    -------
    The lessons with the variation chosen, and the first member, which learned by the first of
    them; None: the rows are no images, and nothing was tried.
    """
    if data.rows.ndim != 4:
        return tuple(lessons), None
    unseen, truth = data.of(FOLD)

    def learn(lesson: Lesson) -> tuple[Member, Tensor]:
        make = lesson.makes[0]
        address = member_seed(seed, make, FOLD)
        member = crossfit.fit_member(
            make, lesson, *data.without(FOLD), data.outputs, address, advance
        )
        p = crossfit.answers(member, unseen)
        return member, _losses(temper.tempered(p, temper.fit_temperature(p, truth)), truth)

    lesson = lessons[0]
    member, loss = learn(lesson)
    for variation in GENTLER:
        other = replace(lesson, variation=variation)
        trial, less = learn(other)
        if not _saves(loss, less):
            break
        lesson, member, loss = other, trial, less
    return tuple(replace(one, variation=lesson.variation) for one in lessons), member


def member_seed(seed: int, make: str, fold: int) -> int:
    """Return the address of an audit's member."""
    return seeding.fold(seed, "audit", make, fold)


def _losses(p: Tensor, label: Tensor) -> Tensor:
    """Return the negative log-probability of each label: (n, outputs), (n,) -> (n,), in nats."""
    return -p.gather(1, label[:, None]).squeeze(1).clamp_min(temper.LEAST).log()


def _saves(loss: Tensor, less: Tensor) -> bool:
    """Whether the second losses, (n,) of the same rows, are smaller beyond chance."""
    saved = (loss - less).numpy().astype(np.float64)
    return bool(saved.mean() > SURE * saved.std() / np.sqrt(len(saved)))
