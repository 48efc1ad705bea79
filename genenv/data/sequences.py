"""Sequences of tokens whose likelihood is known: a random LSTM as the law of the data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from genenv import checks, seeding

CHUNK = 250  # sequences a pass
Tokens = NDArray[np.int64]


class LSTMOracle:
    """An LSTM with weights drawn from N(0, 1), as SeqGAN's oracle (arXiv 1609.05473, section 5.1).

    p(sequence) is the product over its tokens of softmax(W h), h the state after those before; the
    state before the first comes from an embedded start token, number `vocabulary`.

    Parameters
    ----------
    vocabulary
        Tokens are 0 to vocabulary - 1.
    length
        Tokens of every sequence.
    width
        Of embedding and state.
    seed
        Address of the weights.

    Raises
    ------
    Mistake
        If a number is not whole and above 0, or the vocabulary is below 2.
    """

    def __init__(
        self, vocabulary: int = 200, length: int = 20, width: int = 32, seed: int = 0
    ) -> None:
        self.length, self.width = checks.integer("length", length), checks.integer("width", width)
        self.vocabulary = checks.integer("vocabulary", vocabulary)
        if vocabulary < 2:
            raise checks.Mistake("a vocabulary of 2 tokens or more", vocabulary, "give more")
        draw = seeding.numpy_generator(seed, "oracle").standard_normal
        self._embedding = draw((vocabulary + 1, width))
        self._gates = draw((2 * width, 4 * width)), draw(4 * width)
        self._head = draw((width, vocabulary)), draw(vocabulary)

    def sample(self, count: int, seed: int = 0, start: int = 0) -> Tokens:
        """Draw sequences by address: `sample(10, start=5)` gives rows 5 to 14 of the same seed.

        Returns
        -------
        (count, length) int64.
        """
        rows = np.arange(start, start + count)
        shares = seeding.uniforms(seeding.fold_rows(seed, "sequence", rows), self.length)
        parts = [self._draw(shares[at : at + CHUNK]) for at in range(0, count, CHUNK)]
        return np.concatenate(parts) if parts else np.empty((0, self.length), np.int64)

    def greedy(self) -> Tokens:
        """Return the sequence of each step's likeliest token, (length,)."""
        (tokens,) = self._draw(None)
        return tokens  # type: ignore[no-any-return]

    def log_prob(self, sequences: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Log-probabilities of whole sequences (n, length): (n,), in nats.

        Raises
        ------
        Mistake
            If sequences are of another length, or tokens beyond the vocabulary.
        """
        tokens = check_tokens(sequences, self.length, self.vocabulary)
        total = np.zeros(len(tokens))
        for at in range(0, len(tokens), CHUNK):
            piece = tokens[at : at + CHUNK]
            state, every = self._start(len(piece)), np.arange(len(piece))
            for column in piece.T:
                logits = self._next(state)
                total[at : at + CHUNK] += logits[every, column] - np.log(np.exp(logits).sum(1))
                state = self._after(state, column)
        return total

    def _draw(self, shares: NDArray[np.float64] | None) -> Tokens:
        """Pick tokens by inverse CDF at shares (n, length) in (0, 1); None: one row, likeliest."""
        count = 1 if shares is None else len(shares)
        state, tokens = self._start(count), np.empty((count, self.length), np.int64)
        for step in range(self.length):
            logits = self._next(state)
            if shares is None:
                tokens[:, step] = logits.argmax(1)
            else:
                mass = np.exp(logits).cumsum(1)
                tokens[:, step] = (mass < shares[:, step, None] * mass[:, -1:]).sum(1)
            state = self._after(state, tokens[:, step])
        return tokens

    def _start(self, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        zeros = np.zeros((count, self.width))
        return self._after((zeros, zeros), np.full(count, self.vocabulary))

    def _after(
        self, state: tuple[NDArray[np.float64], NDArray[np.float64]], token: Tokens
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Go through the LSTM's cell: state (h, c), each (n, width), after tokens (n,)."""
        h, c = state
        weight, bias = self._gates
        gates = np.concatenate([self._embedding[token], h], 1) @ weight + bias
        keep, write, show, value = np.split(gates, 4, axis=1)
        c = expit(keep) * c + expit(write) * np.tanh(value)
        return expit(show) * np.tanh(c), c

    def _next(self, state: tuple[NDArray[np.float64], NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return logits of the next token (n, vocabulary): tens at most, so that exp is safe."""
        weight, bias = self._head
        return state[0] @ weight + bias


def check_tokens(
    sequences: NDArray[np.integer[Any]], length: int | None, vocabulary: int | None
) -> Tokens:
    """Return sequences as int64 (n, length).

    Parameters
    ----------
    sequences
        Rows of tokens.
    length, vocabulary
        What they must have; None: any.

    Raises
    ------
    Mistake
        If there are none, they are not whole numbers, of another length, or outside of the
        vocabulary.
    """
    array = np.asarray(sequences)
    checks.shape("sequences", array, (None, length))
    if array.dtype.kind not in "ui" or array.size == 0:
        got = f"dtype {array.dtype}, {array.size} tokens"
        raise checks.Mistake("sequences of integer tokens", got, "number the tokens from 0")
    least, most = int(array.min()), int(array.max())
    if least < 0 or (vocabulary is not None and most >= vocabulary):
        limit = "" if vocabulary is None else f" to {vocabulary - 1}"
        raise checks.Mistake(f"tokens from 0{limit}", f"{least} to {most}", "renumber them")
    return array.astype(np.int64)
