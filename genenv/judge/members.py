"""The audit's members: trained without each fold in turn, weighed and tempered on rows unseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from genenv import seeding
from genenv.codecs import Codec
from genenv.judge import crossfit, temper, varied
from genenv.judge.audit import Audit
from genenv.judge.crossfit import Lesson, Member
from genenv.judge.folds import COUNT, Fold
from genenv.judge.oracle import Oracle
from genenv.judge.realism import surroundings
from genenv.judge.residual import fit_residual
from genenv.judge.swapped import fit_swapped
from genenv.judge.teaching import Advance
from genenv.judge.trees import Trees

FLAT = 0.02  # share of the log-loss that a longer lesson has to save to be worth it


def flattest(
    rows: Tensor,
    label: Tensor,
    fold: Fold,
    outputs: int,
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
    rows, label, fold, outputs, seed, advance, first
        See `train_members`; the first member is the shortest lesson's.

    Returns
    -------
    The audit of least log-loss among those trained, and its lesson.
    """
    best: tuple[float, Audit, Lesson] | None = None
    for lesson in lessons:
        own = first if lesson is lessons[0] else None
        audit = train_members(rows, label, fold, outputs, lesson, seed, advance, own)
        mixed = audit.mixed(audit.by_make(rows, fold))
        loss = temper.log_loss(temper.tempered(mixed, audit.temperature), label)
        flat = best is not None and loss > (1 - FLAT) * best[0]
        if best is None or loss < best[0]:
            best = loss, audit, lesson
        if flat:
            break
    assert best is not None
    return best[1], best[2]


def train_members(
    rows: Tensor,
    label: Tensor,
    fold: Fold,
    outputs: int,
    lesson: Lesson,
    seed: int,
    advance: Advance,
    first: Member | None = None,
) -> Audit:
    """Train every make without each fold in turn, and weigh the makes.

    Parameters
    ----------
    rows, label, fold
        As oracles see them (n, ...), their class indices (n,), and their folds (n,).
    outputs, lesson
        Classes, and how members learn.
    seed, advance
        Address of everything random; called with the training steps done.
    first
        The first make's member of the first fold, where it has learned already; None: it has not.
    """
    members: dict[str, list[Member]] = {make: [] for make in lesson.makes}
    around: dict[str, list[Any]] = {}
    for number in range(COUNT):
        learned = torch.from_numpy(fold != number)
        part = rows[learned], label[learned]
        for make in lesson.makes:
            address = varied.member_seed(seed, make, number)
            member = first if number == varied.FOLD and make == lesson.makes[0] else None
            if member is None:
                member = crossfit.fit_member(make, lesson, *part, outputs, address, advance)
            members[make].append(member)
            if isinstance(member, Oracle):
                found = surroundings(member, part[0], rows[~learned])
                around.setdefault(make, []).append(found)
    residual = [fit_residual(rows[torch.from_numpy(fold != number)]) for number in range(COUNT)]
    swapped = _detectors(rows, fold, lesson.table, seed)
    even = dict.fromkeys(lesson.makes, 1.0)
    audit = Audit(
        members, even, even, 1.0, around, residual, swapped=swapped, variation=lesson.variation
    )
    return _weighed(audit, rows, label, fold)


def _detectors(rows: Tensor, fold: Fold, table: Codec | None, seed: int) -> tuple[Trees, ...]:
    """Train the detector of swapped cells without each fold in turn, for tables alone."""
    if table is None:
        return ()
    learned = [rows[torch.from_numpy(fold != number)] for number in range(COUNT)]
    return tuple(
        fit_swapped(r, table, seeding.fold(seed, "swapped", i)) for i, r in enumerate(learned)
    )


def _weighed(audit: Audit, rows: Tensor, label: Tensor, fold: Fold) -> Audit:
    """Set temperatures and weights on rows that the members had not seen."""
    raw = audit.by_make(rows, fold)
    own = {make: temper.fit_temperature(p, label) for make, p in raw.items()}
    audit = replace(audit, own_temperature=own)
    by_make = {make: temper.tempered(p, own[make]) for make, p in raw.items()}
    weight = temper.weights(torch.stack(list(by_make.values())), label)
    audit = replace(audit, weight=dict(zip(by_make, weight.tolist(), strict=True)))
    return replace(audit, temperature=temper.fit_temperature(audit.mixed(by_make), label))
