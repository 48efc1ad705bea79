"""A critic of sequences of tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn

EMBEDDING = 32


class SequenceCritic(nn.Module):
    """Embedded tokens through two convolutions over time, then the mean and the largest over it.

    Parameters
    ----------
    vocabulary
        Tokens are 0 to vocabulary - 1.
    length
        Tokens of a sequence.
    width
        Channels of the convolutions, each over KERNEL neighbouring tokens.
    """

    KERNEL = 3

    def __init__(self, vocabulary: int, length: int, width: int = 64) -> None:
        super().__init__()
        self.embedding = nn.Linear(vocabulary, EMBEDDING, bias=False)
        nn.init.normal_(self.embedding.weight, std=EMBEDDING**-0.5)
        self.place = nn.Parameter(torch.zeros(length, EMBEDDING))
        padding = self.KERNEL // 2
        self.body = nn.Sequential(
            nn.Conv1d(EMBEDDING, width, self.KERNEL, padding=padding),
            nn.LeakyReLU(0.2),
            nn.Conv1d(width, width, self.KERNEL, padding=padding),
            nn.LeakyReLU(0.2),
        )
        self.head = nn.Linear(2 * width, 1)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:  # noqa: ARG002 as critics
        """One-hot tokens (n, length, vocabulary), or mixtures of them -> raw scores (n,)."""
        features = self.body((self.embedding(x) + self.place).transpose(1, 2))
        pooled = torch.cat([features.mean(2), features.amax(2)], 1)
        return self.head(pooled).squeeze(1)  # type: ignore[no-any-return]
