"""Is a flip a failure? Two gates, realism and label, each in a guide's and an audit's copy.

The guide is torch, differentiable, and may be seen by searches. The audit has oracles of other
kinds, trained on other rows, and is shown to no search. Realism is the mean distance to the three
nearest rows of the generator's training data; the label gate asks the mean probability of the
oracles. Both are calibrated on rows that neither generator, model nor oracle saw.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import binomtest
from torch import Tensor

from genenv import checks, seeding
from genenv.classifier import Classifier, fit_classifier, steps_to_fit
from genenv.data import Dataset, Split, Units

VERDICTS = ("passed", "invalid", "ambiguous", "confirmed")
NEIGHBOURS = 3
REALISM_QUANTILE = 0.975
WRONG_AMONG_ACCEPTED = 0.01
SMOOTHING = 0.03  # of the labels in the oracles' training: see `fit_classifier`
CHUNK = 1 << 25  # numbers held in memory at once by a search for neighbours
BATCH = 2048  # rows put to an oracle at once

Advance = Callable[[int], None] | None


def _parts(rows: Tensor, size: int) -> list[Tensor]:
    """Cut rows into stretches of at most `size`; no rows are one empty stretch."""
    return [rows[at : at + size] for at in range(0, max(len(rows), 1), size)]


class Neighbours:
    """Mean distance to the three nearest reference rows, Euclidean, exact and differentiable.

    Parameters
    ----------
    reference
        (rows, features) float32.
    """

    def __init__(self, reference: Tensor) -> None:
        self.reference = reference.contiguous()
        self._squares = self.reference.square().sum(1)

    def nearest(self, points: Tensor) -> Tensor:
        """Find the nearest rows: (n, features) -> indices (n, 3), nearest first."""
        with torch.no_grad():
            return torch.cat([self._nearest(part) for part in _parts(points, self._step)])

    def __call__(self, points: Tensor) -> Tensor:
        """Mean distance to the nearest rows: (n, features) -> (n,)."""
        return torch.cat([self._distance(part) for part in _parts(points, self._step)])

    @property
    def _step(self) -> int:
        rows, features = self.reference.shape
        return max(1, CHUNK // max(rows, NEIGHBOURS * features))

    def _nearest(self, points: Tensor) -> Tensor:
        count = min(NEIGHBOURS, len(self.reference))
        order = torch.addmm(self._squares, points, self.reference.T, alpha=-2)  # but for ‖point‖²
        return order.topk(count, dim=1, largest=False).indices

    def _distance(self, points: Tensor) -> Tensor:
        with torch.no_grad():
            near = self.reference[self._nearest(points)]
        return (points[:, None] - near).square().sum(2).clamp_min(1e-12).sqrt().mean(1)


class Oracle(Protocol):
    """Anything that names the class of samples in [-1, 1] with probabilities."""

    def __call__(self, u: Tensor) -> Tensor:
        """(n, *units.shape) -> (n, classes), rows summing to one."""


class NetworkOracle:
    """A genenv classifier as an oracle; differentiable."""

    def __init__(self, network: Classifier) -> None:
        self.network = network

    def __call__(self, u: Tensor) -> Tensor:
        """(n, *units.shape) in [-1, 1] -> (n, classes)."""
        return self.network(u).softmax(1)  # type: ignore[no-any-return]


class EstimatorOracle:
    """A scikit-learn classifier, fitted on all classes, as an oracle on flattened samples."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def __call__(self, u: Tensor) -> Tensor:
        """(n, *units.shape) in [-1, 1] -> (n, classes)."""
        rows = u.detach().flatten(1).numpy()
        return torch.from_numpy(self.estimator.predict_proba(rows).astype(np.float32))


@dataclass(frozen=True)
class Gates:
    """Realism threshold and label cut of one copy."""

    threshold: float  # realism: largest mean distance accepted
    cut: float  # label: least mean probability accepted


def mean_probability(oracles: list[Oracle], u: Tensor) -> Tensor:
    """Mean of the oracles' probabilities: (n, *units.shape) -> (n, classes)."""
    return torch.cat(
        [torch.stack([ask(part) for ask in oracles]).mean(0) for part in _parts(u, BATCH)]
    )


def label_cut(p: Tensor, label: Tensor) -> float:
    """Find the least probability t at which at most 1 % of the accepted rows are wrong.

    A row is accepted as its likeliest class where that class has probability t or more. The share
    of wrong ones need not fall as t rises: of all values that keep it at 1 %, the least is taken.

    Parameters
    ----------
    p, label
        Mean probabilities (n, classes) and true labels (n,) of calibration rows.

    Raises
    ------
    Mistake
        There is no such value.
    """
    top, guess = p.max(1)
    top, order = top.sort(descending=True, stable=True)
    wrong = (guess != label)[order].cumsum(0)
    share = wrong / torch.arange(1, len(top) + 1)
    last = torch.ones_like(top, dtype=torch.bool)  # of equal values: t accepts all or none
    last[:-1] = top[1:] < top[:-1]
    fits = torch.nonzero((share <= WRONG_AMONG_ACCEPTED) & last).flatten()
    if len(fits) == 0:
        raise checks.Mistake(
            f"the oracles to be right on {1 - WRONG_AMONG_ACCEPTED:.0%} of some calibration rows",
            "a wrong answer at their greatest confidence",
            "check the labels of the held-out data, or give more of them",
        )
    return float(top[fits[-1]])


def realism_threshold(distances: Tensor) -> float:
    """Return the 97.5th percentile of the calibration rows' distances (n,)."""
    return float(np.quantile(distances.numpy(), REALISM_QUANTILE))


class Guide:
    """The gates that a search may see: two networks, and distance in sample space.

    Parameters
    ----------
    reference
        (rows, *units.shape) in [-1, 1]: the generator's training data.
    networks
        The oracles.
    gates
        Calibrated thresholds.
    """

    def __init__(self, reference: Tensor, networks: list[Classifier], gates: Gates) -> None:
        self.reference, self.networks, self.gates = reference, networks, gates
        self.oracles: list[Oracle] = [NetworkOracle(network) for network in networks]
        self.neighbours = Neighbours(reference.flatten(1))

    @property
    def threshold(self) -> float:
        """Realism distance above which a sample is refused."""
        return self.gates.threshold

    def look(self, u: Tensor, label: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Judge samples in [-1, 1] as instances of `label`.

        Returns
        -------
        log_p, distance, accepted
            Log-probability of the label, realism distance - threshold (> 0: refused), and
            whether both gates accept; each (n,), the first two differentiable.
        """
        log_p, excess, labelled = self.gate(u, label)
        return log_p, excess, labelled & (excess <= 0)

    def gate(self, u: Tensor, label: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Judge like `look`, but with the label gate's own answer in place of both gates'."""
        p = mean_probability(self.oracles, u)
        own = p.gather(1, label[:, None]).squeeze(1)
        excess = self.neighbours(u.flatten(1)) - self.gates.threshold
        labelled = (p.argmax(1) == label) & (own >= self.gates.cut)
        return own.clamp_min(1e-12).log(), excess, labelled

    def save(self, folder: Path, reference: NDArray[Any]) -> None:
        """Write the guide; `reference` are its rows as stored, in the data's units."""
        folder.mkdir(parents=True, exist_ok=True)
        for i, network in enumerate(self.networks):
            network.save(folder / f"guide-{i}.safetensors")
        np.savez_compressed(folder / "reference.npz", x=reference)
        spec = {"networks": len(self.networks), "threshold": self.gates.threshold}
        (folder / "guide.json").write_text(json.dumps(spec | {"cut": self.gates.cut}, indent=2))


def load_guide(folder: Path, units: Units) -> Guide:
    """Read what `Guide.save` wrote; executes nothing."""
    spec = json.loads((folder / "guide.json").read_text())
    with np.load(folder / "reference.npz", allow_pickle=False) as file:
        reference = units.to_unit(units.tensor(file["x"]))
    networks = [Classifier.load(folder / f"guide-{i}.safetensors") for i in range(spec["networks"])]
    return Guide(reference, networks, Gates(spec["threshold"], spec["cut"]))


class Audit:
    """The gates that no search has seen: other oracles, and distance in a network's features.

    Parameters
    ----------
    reference
        (rows, *units.shape) in [-1, 1]: the generator's training data.
    network
        Whose features measure realism; an oracle too.
    estimators
        Fitted scikit-learn classifiers, the other oracles.
    gates
        Calibrated thresholds.
    """

    def __init__(
        self, reference: Tensor, network: Classifier, estimators: list[Any], gates: Gates
    ) -> None:
        self.network, self.gates = network, gates
        self.oracles: list[Oracle] = [NetworkOracle(network), *map(EstimatorOracle, estimators)]
        self.neighbours = Neighbours(self.features(reference))

    def features(self, u: Tensor) -> Tensor:
        """Features of the audit's own network: (n, *units.shape) in [-1, 1] -> (n, 64)."""
        with torch.no_grad():
            return torch.cat([self.network.features(part) for part in _parts(u, BATCH)])

    def gate(self, u: Tensor, label: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Ask both gates: realistic, label accepted, another class accepted; each (n,) bool."""
        with torch.no_grad():
            p = mean_probability(self.oracles, u)
        top, guess = p.max(1)
        realistic = self.neighbours(self.features(u)) <= self.gates.threshold
        sure = top >= self.gates.cut
        return realistic, sure & (guess == label), sure & (guess != label)

    def verdicts(
        self, u: Tensor, label: Tensor, severity: Tensor
    ) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
        """Judge queries: indices into VERDICTS, and which ambiguous ones show another class.

        Parameters
        ----------
        u, label, severity
            Samples (n, *units.shape) in [-1, 1], conditions (n,), severities (n,).

        Returns
        -------
        Verdicts (n,), the first that applies: passed (severity ≤ 0), invalid (not realistic),
        ambiguous (the label is not accepted), confirmed; and (n,) bool.
        """
        verdict = np.zeros(len(label), np.int8)
        other = np.zeros(len(label), np.bool_)
        flipped = np.nonzero(severity.numpy() > 0)[0]
        if len(flipped):
            realistic, accepted, another = self.gate(u[flipped], label[flipped])
            verdict[flipped] = np.where(realistic, np.where(accepted, 3, 2), 1)
            other[flipped] = realistic & another
        return verdict, other


def _calibrate(oracles: list[Oracle], distances: Tensor, u: Tensor, label: Tensor) -> Gates:
    with torch.no_grad():
        cut = label_cut(mean_probability(oracles, u), label)
    return Gates(realism_threshold(distances), cut)


@dataclass(frozen=True)
class Judge:
    """Guide, audit, and what both do to real rows that set nothing."""

    guide: Guide
    audit: Audit
    quality: dict[str, Any]  # real_rejected, oracle accuracies, gates: plain values


def guide_kinds(units: Units) -> tuple[str, ...]:
    """Name the kinds of the guide's oracles, of two different architectures."""
    return ("cnn", "mlp") if units.is_image else ("mlp", "rbf")


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
    reference = units.to_unit(units.tensor(dataset.x[split.train]))
    neighbours = Neighbours(reference.flatten(1))

    def unit(rows: NDArray[np.int64]) -> Tensor:
        return units.to_unit(units.tensor(source.x[rows]))

    def network(kind: str, rows: NDArray[np.int64], copy: str) -> Classifier:
        address, outputs = seeding.fold(seed, copy, kind), len(dataset.classes)
        jitter = _spread(neighbours, unit(rows))
        return fit_classifier(
            kind, source.x[rows], label[rows], units, outputs, address, advance, SMOOTHING, jitter
        )

    calibration = unit(split.calibration), torch.from_numpy(label[split.calibration])

    networks = [network(kind, split.guide, "guide") for kind in guide_kinds(units)]
    guide = Guide(reference, networks, Gates(np.inf, 0.0))
    guide.gates = _calibrate(
        guide.oracles, guide.neighbours(calibration[0].flatten(1)), *calibration
    )
    estimators = _audit_estimators(seeding.fold(seed, "audit") % 2**31)
    rows = unit(split.audit).flatten(1).numpy(), label[split.audit]
    for estimator in estimators:
        estimator.fit(*rows)
    own = network("cnn" if units.is_image else "mlp", split.audit, "audit")
    audit = Audit(reference, own, estimators, Gates(np.inf, 0.0))
    audit.gates = _calibrate(
        audit.oracles, audit.neighbours(audit.features(calibration[0])), *calibration
    )
    quality = _quality(guide, audit, unit(split.test), torch.from_numpy(label[split.test]))
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


def rate(count: int, total: int) -> dict[str, float | int]:
    """Return a share with its 95 % Wilson interval; of no rows nothing is known: 0 to 1."""
    if total == 0:
        return {"share": 0.0, "low": 0.0, "high": 1.0, "rows": 0}
    low, high = binomtest(count, total).proportion_ci(method="wilson")
    return {"share": count / total, "low": float(low), "high": float(high), "rows": total}


def _quality(guide: Guide, audit: Audit, u: Tensor, label: Tensor) -> dict[str, Any]:
    """Measure what the gates reject of real test rows, and how good the oracles are on them."""
    _, excess, guide_labelled = guide.gate(u, label)
    realistic, labelled, another = audit.gate(u, label)
    total = len(label)

    def count(mask: Tensor) -> dict[str, float | int]:
        return rate(int(mask.sum()), total)

    def accuracy(oracle: Oracle) -> float:
        return float((mean_probability([oracle], u).argmax(1) == label).float().mean())

    sure = realistic & (labelled | another)
    return {
        "real_rejected": {
            "joint": count(~(realistic & labelled)),
            "realism": count(~realistic),
            "label": count(~labelled),
        },
        "guide_real_rejected": {
            "joint": count((excess > 0) | ~guide_labelled),
            "realism": count(excess > 0),
            "label": count(~guide_labelled),
        },
        "wrong_among_accepted": rate(int((sure & another).sum()), int(sure.sum())),
        "oracle_accuracy": {
            **{
                f"guide {network.kind}": accuracy(oracle)
                for network, oracle in zip(guide.networks, guide.oracles, strict=True)
            },
            **{
                f"audit {name}": accuracy(oracle)
                for name, oracle in zip(("network", "svm", "trees"), audit.oracles, strict=True)
            },
        },
        "gates": {
            "guide": {"threshold": guide.gates.threshold, "cut": guide.gates.cut},
            "audit": {"threshold": audit.gates.threshold, "cut": audit.gates.cut},
        },
        "test_rows": total,
    }
