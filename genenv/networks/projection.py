"""How a label enters a critic: by projection on its features."""

from __future__ import annotations

from torch import Tensor, nn


def projected(embedding: nn.Embedding, label: Tensor | None, features: Tensor) -> Tensor:
    """v(label)·φ(x), summed over the labels of a row (arXiv 1802.05637, equation 3).

    Parameters
    ----------
    embedding
        v: a row a label.
    label
        (batch,), or (batch, slots) where a row is a pack of samples.
    features
        φ(x), (batch, length of a row of v).

    Returns
    -------
    What the label adds to the score, (batch,).
    """
    assert label is not None, "a conditional critic is called with labels"
    rows = embedding(label)
    if label.ndim == 2:
        rows = rows.sum(1)
    return (rows * features).sum(1)  # type: ignore[no-any-return]
