"""What the gates do to real test rows, which set nothing."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from genenv import intervals
from genenv.judge.audit import Audit
from genenv.judge.guide import Guide
from genenv.judge.oracles import Oracle, mean_probability


def rate(count: int, total: int) -> dict[str, float | int]:
    """Return a share with its 95 % Wilson interval; of no rows nothing is known: 0 to 1."""
    low, high = intervals.wilson(count, total)
    return {"share": count / total if total else 0.0, "low": low, "high": high, "rows": total}


def measure(guide: Guide, audit: Audit, u: Tensor, label: Tensor) -> dict[str, Any]:
    """Measure what the gates reject of real test rows, and how good the oracles are on them.

    Parameters
    ----------
    guide, audit
        Calibrated.
    u, label
        Samples (n, *units.layout) in [-1, 1] and true labels (n,) of the test rows.

    Returns
    -------
    Shares with their intervals, accuracies of the oracles and thresholds: plain values.
    """
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
