"""Training and calibrating both copies, on rows that generator and model never saw."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import seeding
from genenv.classifier import Classifier, fit_classifier, steps_to_fit
from genenv.data import Dataset, Split
from genenv.judge.audit import Audit
from genenv.judge.gates import Gates, calibrate
from genenv.judge.guide import Guide
from genenv.judge.neighbours import Neighbours
from genenv.judge.quality import measure

SMOOTHING = 0.03  # of the labels in the oracles' training: see `fit_classifier`

Advance = Callable[[int], None] | None


@dataclass(frozen=True)
class Judge:
    """Guide, audit, and what both do to real rows that set nothing."""

    guide: Guide
    audit: Audit
    quality: dict[str, Any]  # real_rejected, oracle accuracies, gates: plain values


def make_judge(
    dataset: Dataset, source: Dataset, split: Split, seed: int, advance: Advance = None
) -> Judge:
    """Train and calibrate both copies.

    Parameters
    ----------
    dataset, source
        Where the generator's rows (`split.train`) and the judge's rows come from; both labelled.
    split
        Disjoint rows.
    seed
        Address of everything random.
    advance
        Called with the training steps done.

    Raises
    ------
    Mistake
        The oracles are wrong at their greatest confidence: see `label_cut`.
    """
    assert source.label is not None
    units, label = dataset.units, source.label
    reference = units.encode(units.tensor(dataset.x[split.train]))
    neighbours = Neighbours(reference.flatten(1))

    def unit(rows: NDArray[np.int64]) -> Tensor:
        return units.encode(units.tensor(source.x[rows]))

    def network(kind: str, rows: NDArray[np.int64], copy: str) -> Classifier:
        address, outputs = seeding.fold(seed, copy, kind), len(dataset.classes)
        jitter = _spread(neighbours, unit(rows))
        return fit_classifier(
            kind, source.x[rows], label[rows], units, outputs, address, advance, SMOOTHING, jitter
        )

    calibration = unit(split.calibration), torch.from_numpy(label[split.calibration])

    networks = [network(kind, split.guide, "guide") for kind in units.oracles]
    guide = Guide(reference, networks, Gates(np.inf, 0.0))
    guide.gates = calibrate(
        guide.oracles, guide.neighbours(calibration[0].flatten(1)), *calibration
    )
    estimators = _audit_estimators(seeding.fold(seed, "audit") % 2**31)
    rows = unit(split.audit).flatten(1).numpy(), label[split.audit]
    for estimator in estimators:
        estimator.fit(*rows)
    own = network(units.classifiers[0], split.audit, "audit")
    audit = Audit(reference, own, estimators, Gates(np.inf, 0.0))
    audit.gates = calibrate(
        audit.oracles, audit.neighbours(audit.features(calibration[0])), *calibration
    )
    quality = measure(guide, audit, unit(split.test), torch.from_numpy(label[split.test]))
    return Judge(guide, audit, quality)


def _spread(neighbours: Neighbours, u: Tensor) -> float:
    """Return the standard deviation of noise that moves a row as far as its neighbours lie.

    0.31 on digits. A fixed one would drown data of few columns, where neighbours are close.
    """
    points = u.flatten(1)
    return float(neighbours(points).median()) / math.sqrt(points.shape[1])


def judge_steps(split: Split) -> int:
    """Count the training steps that `make_judge` reports through `advance`."""
    return 2 * steps_to_fit(len(split.guide)) + steps_to_fit(len(split.audit))


def _audit_estimators(seed: int) -> list[Any]:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.svm import SVC

    return [
        CalibratedClassifierCV(SVC(C=10, cache_size=500), ensemble=False, cv=5),
        ExtraTreesClassifier(300, random_state=seed),
    ]
