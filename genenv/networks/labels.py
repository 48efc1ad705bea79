"""How labels enter a generator."""

from __future__ import annotations

from torch import Tensor, nn


def embedded(embedding: nn.Embedding, label: Tensor | None) -> Tensor:
    """Look labels up, or mix them.

    Parameters
    ----------
    embedding
        A row a class.
    label
        Class indices (batch,), or weights of the classes (batch, classes): a sample between them.

    Returns
    -------
    (batch, length of a row).
    """
    assert label is not None, "a conditional generator is called with labels"
    mixed = label.is_floating_point()
    return label @ embedding.weight if mixed else embedding(label)
