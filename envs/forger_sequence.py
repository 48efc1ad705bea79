"""genenv/ForgerSequence: the agent writes sequences, token by token, to fool a learning critic."""

from __future__ import annotations

import colorsys
from functools import partial
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray
from torch import Tensor, nn

from genenv import checks, objectives, seeding
from genenv.data.sequences import LSTMOracle, check_tokens
from genenv.envs import pictures
from genenv.envs.batched import BatchedEnv, Flags
from genenv.envs.single import EntryPoint
from genenv.networks.sequence import SequenceCritic
from genenv.objectives import Objective
from genenv.training.learning_critic import LearningCritic

SHOWN = 20  # sequences in each panel of a picture
ROWS = 5000  # real sequences that the oracle gives


class ForgerSequence(BatchedEnv):
    """Write sequences of tokens, for the praise of a critic that keeps learning to tell them.

    ## Description
    The agent is the generator of SeqGAN (arXiv 1609.05473): it sees the tokens written so far, its
    action is the next one, and when the sequence is whole a critic scores it. The critic puts it
    into a replay of recent sequences, and after each `batch` of new ones takes `critic_steps`
    updates on real sequences against the replay. It is shared by all rows; `reset(seed=...)` of any
    row starts it and the replay afresh, `reset()` keeps them. By default real sequences come from
    a random LSTM, so that likelihoods are known: `oracle.log_prob(sequences)`.

    ## Action
    `Discrete(vocabulary)`: the next token.

    ## Observation
    `Box(0, vocabulary, (length,), int64)`: the tokens so far; places not yet written hold the
    number `vocabulary`.

    ## Reward
    0 before the last token; then the critic's score before it learns from the sequence, less the
    mean score of real ones, in standard deviations of scores (see `LearningCritic`), clipped to
    [-10, 10].

    ## Start and end
    Nothing is written. `terminated` after the last of `length` tokens.

    ## Info
    score (the critic's, raw; 0 before the last token); and, the same in all rows: updates (the
    critic's, so far), gap (mean score of real less recent sequences at the latest, in standard
    deviations).

    ## Arguments
    See the parameters; `gymnasium.make("genenv/ForgerSequence-v0")` without any takes an LSTM
    with a vocabulary of 200, length 20 and width 32.

    ## Version history
    v0: first release.

    Parameters
    ----------
    num_envs
        Rows of the batch.
    data
        Real sequences: an `LSTMOracle`, an integer array (rows, length), or None: an oracle of the
        next four arguments.
    vocabulary, length, oracle_seed
        Tokens are 0 to vocabulary - 1; tokens of a sequence; address of the oracle's weights.
        None: 200 and 20 of an oracle, of arrays as they are.
    rows
        Real sequences that an oracle gives, at addresses 0 to rows - 1 of seed 0.
    objective
        The critic's: a name in `genenv.objectives.OBJECTIVES`, or an Objective; sequences enter
        it one-hot.
    penalty
        Weight of the gradient penalty of a named objective; None: its default.
    critic_steps
        Updates of the critic for each `batch` of sequences; 0: it never learns.
    critic_width
        Channels of its two convolutions.
    critic_lr
        Learning rate of its Adam.
    critic_half_life
        Updates after which that has halved, again and again; None: it is constant.
    critic_seed
        Address of its initial weights and of what it draws.
    batch
        Real sequences of an update, and as many recent ones.
    replay
        Recent sequences that are kept.
    max_episode_steps
        Truncates earlier than the last token, without a reward; None: no earlier.
    autoreset_mode, render_mode
        See `BatchedEnv`; "rgb_array" draws real and recent sequences and the one being written.

    Raises
    ------
    Mistake
        If the objective is unknown, a number is out of range, or sequences are no rows of tokens
        of the vocabulary.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 8}  # noqa: RUF012
    rewards_drift = True

    def __init__(
        self,
        num_envs: int = 1,
        *,
        data: LSTMOracle | NDArray[np.integer[Any]] | None = None,
        vocabulary: int | None = None,
        length: int | None = None,
        oracle_seed: int = 0,
        rows: int = ROWS,
        objective: str | Objective = "relativistic",
        penalty: float | None = None,
        critic_steps: int = 1,
        critic_width: int = 64,
        critic_lr: float = 1e-3,
        critic_half_life: int | None = None,
        critic_seed: int = 0,
        batch: int = 64,
        replay: int = 1024,
        max_episode_steps: int | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ) -> None:
        self.oracle, real = find_sequences(data, vocabulary, length, oracle_seed, rows)
        self.vocabulary = self.oracle.vocabulary if self.oracle else vocabulary or real.max() + 1
        self.vocabulary, self.length = int(self.vocabulary), real.shape[1]
        if max_episode_steps is not None:
            checks.whole("max_episode_steps", max_episode_steps)
        super().__init__(
            num_envs,
            Box(0, self.vocabulary, (self.length,), np.int64),
            Discrete(self.vocabulary),
            self.length + 1 if max_episode_steps is None else max_episode_steps,  # it terminates
            autoreset_mode,
            render_mode,
        )
        self.longest = self.length
        checks.whole("critic_width", critic_width)
        self.real = torch.from_numpy(real)
        self.critic = LearningCritic(
            partial(_critic, self.vocabulary, self.length, critic_width, critic_seed),
            objectives.find(objective, penalty),
            self.real,
            None,
            steps=critic_steps,
            batch=batch,
            replay=replay,
            lr=critic_lr,
            half_life=critic_half_life,
            seed=critic_seed,
            encode=self._one_hot,
        )
        self._tokens = np.full((num_envs, self.length), self.vocabulary)
        self._score = np.zeros(num_envs)

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Write nothing; the critic starts afresh where a row was seeded."""
        if (self.episode[rows] == 0).any():
            self.critic.restart()
        self._tokens[rows] = self.vocabulary
        self._score[rows] = 0.0

    def advance(self, action: NDArray[np.int64], live: Flags) -> tuple[NDArray[Any], Flags]:
        """Write a token in each live row; score whole sequences, then hand them to the critic."""
        token = np.asarray(action)
        check_tokens(token[None], None, self.vocabulary)
        at = np.flatnonzero(live)
        self._tokens[at, self.elapsed[at] - 1] = token[at]
        reward, whole = np.zeros(self.num_envs), live & (self.elapsed == self.length)
        if whole.any():
            written = torch.from_numpy(self._tokens[whole])
            score = self.critic.scores(written, None)
            self._score[whole] = score.numpy()
            reward[whole] = self.critic.rewards(score)
            self.critic.hand_in(written, None)
        return reward, whole

    def observe(self) -> tuple[NDArray[np.int64], dict[str, NDArray[Any]]]:
        """Observations (num_envs, length) and the info named above."""
        return self._tokens.copy(), {
            "score": self._score.copy(),
            "updates": np.full(self.num_envs, self.critic.updates),
            "gap": np.full(self.num_envs, self.critic.gap),
        }

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Draw sequences as rows of coloured tokens: real ones; recent ones above the one begun."""
        recent = self.critic.recent[2 - SHOWN :].numpy()
        blank = np.full((SHOWN - 1 - len(recent), self.length), self.vocabulary)
        stacks = self.real[:SHOWN].numpy(), np.concatenate([recent, blank, self._tokens[[row]]])
        panels = [pictures.enlarged(2 * self._coloured(tokens) - 1) for tokens in stacks]
        told = f"score {self._score[row]:+.2f}, gap {self.critic.gap:+.2f}"
        legend = "a colour a token: real; recent, and this one"
        return pictures.page(panels, (legend, f"{told}, {self.critic.updates} updates"))

    def _coloured(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        """Paint tokens (n, length), blank ones white: colours in [0, 1], (n, length, 3)."""
        hues = [colorsys.hsv_to_rgb(k / self.vocabulary, 0.8, 0.85) for k in range(self.vocabulary)]
        return np.array([*hues, (1.0, 1.0, 1.0)])[tokens]

    def _one_hot(self, tokens: Tensor) -> Tensor:
        return nn.functional.one_hot(tokens, self.vocabulary).float()


def _critic(vocabulary: int, length: int, width: int, seed: int) -> nn.Module:
    with seeding.global_seed(seeding.fold(seed, "critic")):
        return SequenceCritic(vocabulary, length, width)


def find_sequences(
    source: LSTMOracle | NDArray[np.integer[Any]] | None,
    vocabulary: int | None,
    length: int | None,
    oracle_seed: int,
    rows: int,
) -> tuple[LSTMOracle | None, NDArray[np.int64]]:
    """Take real sequences (n, length) as they are, or draw them from an oracle."""
    if source is None:
        size = 200 if vocabulary is None else vocabulary, 20 if length is None else length
        source = LSTMOracle(*size, seed=oracle_seed)
    if isinstance(source, LSTMOracle):
        own = source.vocabulary, source.length
        if vocabulary not in (None, own[0]) or length not in (None, own[1]):
            expected = f"vocabulary and length of the oracle, {own[0]} and {own[1]}"
            raise checks.Mistake(expected, f"{vocabulary} and {length}", "leave them out")
        return source, source.sample(checks.whole("rows", rows))
    if not isinstance(source, np.ndarray):
        raise checks.Mistake("an LSTMOracle or an array of tokens", repr(source), "give one")
    return None, check_tokens(source, length, vocabulary)


single = EntryPoint(ForgerSequence)
