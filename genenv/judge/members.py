"""The audit's members: trained without each fold in turn, weighed and tempered on rows unseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from genenv import seeding
from genenv.codecs import Codec
from genenv.judge import crossfit, temper, varied
from genenv.judge.audit import Audit
from genenv.judge.crossfit import Lesson, Member
from genenv.judge.folds import COUNT, Folded
from genenv.judge.oracle import Oracle
from genenv.judge.realism import surroundings
from genenv.judge.residual import fit_residual
from genenv.judge.swapped import fit_swapped
from genenv.judge.teaching import Advance
from genenv.judge.trees import Trees

FLAT = 0.02  # share of the log-loss that a longer lesson has to save to be worth it


def flattest(
    data: Folded,
    lessons: Sequence[Lesson],
    seed: int,
    advance: Advance,
    first: Member | None = None,
) -> tuple[Audit, Lesson]:
    """Train by longer and longer lessons for as long as these save log-loss on rows unseen.

    Parameters
    ----------
    lessons
        From the shortest to the longest.
    data, seed, advance, first
        See `train_members`; the first member is the shortest lesson's.

    Returns
    -------
    The audit of least log-loss among those trained, and its lesson.
    """
    if len(lessons) == 1:
        return train_members(data, lessons[0], seed, advance, first), lessons[0]
    best: tuple[float, Audit, Lesson] | None = None
    for lesson in lessons:
        own = first if lesson is lessons[0] else None
        audit = train_members(data, lesson, seed, advance, own)
        mixed = audit.mixed(audit.by_make(data.rows, data.fold))
        loss = temper.log_loss(temper.tempered(mixed, audit.temperature), data.label)
        flat = best is not None and loss > (1 - FLAT) * best[0]
        if best is None or loss < best[0]:
            best = loss, audit, lesson
        if flat:
            break
    assert best is not None
    return best[1], best[2]


def train_members(
    data: Folded,
    lesson: Lesson,
    seed: int,
    advance: Advance,
    first: Member | None = None,
) -> Audit:
    """Train every make without each fold in turn, and weigh the makes.

    Parameters
    ----------
    data, lesson
        What members learn, and how.
    seed, advance
        Address of everything random; called with the training steps done.
    first
        The first make's member of the first fold, where it has learned already; None: it has not.
    """
    members: dict[str, list[Member]] = {make: [] for make in lesson.makes}
    around: dict[str, list[Any]] = {}
    for number in range(COUNT):
        part, unseen = data.without(number), data.of(number)[0]
        for make in lesson.makes:
            address = varied.member_seed(seed, make, number)
            member = first if number == varied.FOLD and make == lesson.makes[0] else None
            if member is None:
                member = crossfit.fit_member(make, lesson, *part, data.outputs, address, advance)
            members[make].append(member)
            if isinstance(member, Oracle):
                found = surroundings(member, part[0], unseen)
                around.setdefault(make, []).append(found)
    residual = [fit_residual(data.without(number)[0]) for number in range(COUNT)]
    swapped = _detectors(data, lesson.table, seed)
    even = dict.fromkeys(lesson.makes, 1.0)
    audit = Audit(
        members, even, even, 1.0, around, residual, swapped=swapped, variation=lesson.variation
    )
    return _weighed(audit, data)


def _detectors(data: Folded, table: Codec | None, seed: int) -> tuple[Trees, ...]:
    """Train the detector of swapped cells without each fold in turn, for tables alone."""
    if table is None:
        return ()
    return tuple(
        fit_swapped(data.without(number)[0], table, seeding.fold(seed, "swapped", number))
        for number in range(COUNT)
    )


def _weighed(audit: Audit, data: Folded) -> Audit:
    """Set temperatures and weights on rows that the members had not seen."""
    label = data.label
    raw = audit.by_make(data.rows, data.fold)
    own = {make: temper.fit_temperature(p, label) for make, p in raw.items()}
    audit = replace(audit, own_temperature=own)
    by_make = {make: temper.tempered(p, own[make]) for make, p in raw.items()}
    weight = temper.weights(torch.stack(list(by_make.values())), label)
    audit = replace(audit, weight=dict(zip(by_make, weight.tolist(), strict=True)))
    return replace(audit, temperature=temper.fit_temperature(audit.mixed(by_make), label))
