from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from genenv.checks import Mistake
from genenv.data.sequences import LSTMOracle, check_tokens

SMALL = LSTMOracle(vocabulary=4, length=3, width=8, seed=1)
EVERY = np.array(list(product(range(4), repeat=3)))


def test_probabilities_of_all_sequences_sum_to_one():
    assert np.exp(SMALL.log_prob(EVERY)).sum() == pytest.approx(1)


def test_samples_follow_the_likelihoods():
    drawn = SMALL.sample(20_000)
    index = drawn @ np.array([16, 4, 1])
    share = np.bincount(index, minlength=64) / 20_000
    assert np.abs(share - np.exp(SMALL.log_prob(EVERY))).max() < 0.015


def test_samples_are_addressed():
    oracle = LSTMOracle()
    many = oracle.sample(600, seed=3)
    assert many.shape == (600, 20)
    assert many.dtype == np.int64
    assert np.array_equal(oracle.sample(20, seed=3, start=245), many[245:265])
    assert not np.array_equal(oracle.sample(600, seed=4), many)
    assert oracle.sample(0).shape == (0, 20)


def test_the_greedy_sequence_takes_the_likeliest_token_each_time():
    oracle = LSTMOracle(vocabulary=4, length=1, width=8)
    assert oracle.greedy()[0] == oracle.log_prob(np.arange(4)[:, None]).argmax()
    usual = LSTMOracle()
    greedy = usual.log_prob(usual.greedy()[None])[0]
    assert greedy > usual.log_prob(usual.sample(500)).max()


def test_weights_are_a_function_of_the_seed():
    a, b, other = (LSTMOracle(seed=s).sample(5) for s in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, other)


def test_wrong_arguments_are_mistakes():
    with pytest.raises(Mistake, match="a vocabulary of 2 tokens or more, got 1"):
        LSTMOracle(vocabulary=1)
    with pytest.raises(Mistake, match="length to be a whole number above 0, got 0"):
        LSTMOracle(length=0)
    with pytest.raises(Mistake, match=r"sequences of shape \(any, 3\), got shape \(1, 2\)"):
        SMALL.log_prob(np.zeros((1, 2), int))
    with pytest.raises(Mistake, match="tokens from 0 to 3, got 0 to 4"):
        SMALL.log_prob(np.array([[0, 4, 1]]))
    with pytest.raises(Mistake, match="tokens from 0, got -1 to 1"):
        check_tokens(np.array([[0, -1, 1]]), None, None)
    with pytest.raises(Mistake, match="sequences of integer tokens, got dtype float64"):
        check_tokens(np.zeros((2, 3)), None, None)
    with pytest.raises(Mistake, match="sequences of integer tokens, got dtype int64, 0 tokens"):
        check_tokens(np.zeros((0, 3), int), None, None)
