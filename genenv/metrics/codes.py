"""What codes that were learned without labels have to do with the classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genenv import checks


def purity(group: ArrayLike, label: ArrayLike) -> float:
    """Return the share of rows in the majority class of their group.

    From the share of the largest class to 1. It grows with the number of groups: compare at equal
    numbers of them. Manning et al. 2008, Introduction to Information Retrieval, section 16.3.

    Parameters
    ----------
    group, label
        (n,) each: the code or cluster of a row, and its class; integers or strings.

    Raises
    ------
    Mistake
        They differ in length, or are empty.
    """
    from sklearn.metrics.cluster import contingency_matrix

    group, label = np.asarray(group), np.asarray(label)
    checks.shape("groups", group, (None,))
    checks.shape("labels", label, (len(group),))
    if not len(group):
        raise checks.Mistake("at least one row", 0, "give groups and labels")
    return float(contingency_matrix(label, group).max(0).sum() / len(group))


def k_means_purity(real: NDArray[Any], other: NDArray[Any], label: ArrayLike, groups: int) -> float:
    """Return the purity of k-means in the place of a code: what clustering finds without training.

    Parameters
    ----------
    real
        Rows that the clusters are fitted on, (n, ...); images as they are, columns of vectors in
        standard deviations.
    other, label
        Rows whose clusters are judged, (m, ...), and their classes (m,).
    groups
        Clusters, as many as the code has classes; no more than rows.
    """
    from sklearn.cluster import KMeans

    rows, asked = (x.reshape(len(x), -1).astype(np.float64) for x in (real, other))
    if real.ndim == 2:
        mean, spread = rows.mean(0), rows.std(0)
        rows, asked = ((x - mean) / np.where(spread == 0, 1, spread) for x in (rows, asked))
    clusters = KMeans(min(groups, len(rows)), n_init=10, random_state=0).fit(rows)
    return purity(clusters.predict(asked), label)
