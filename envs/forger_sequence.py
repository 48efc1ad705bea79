"""genenv/ForgerSequence: the agent writes sequences, token by token, to fool a learning critic."""

from __future__ import annotations

import colorsys
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Discrete, MultiDiscrete
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from genenv import checks
from genenv.data.sequences import check_tokens
from genenv.envs import pictures
from genenv.envs.batched import BatchedEnv, Flags
from genenv.envs.single import EntryPoint
from genenv.envs.token_critic import ROWS, Sequences, TokenCritic, check_critic
from genenv.objectives import Objective

SHOWN = 20  # sequences in each panel of a picture


class ForgerSequence(BatchedEnv):
    """Write sequences of tokens, for the praise of a critic that keeps learning to tell them.

    ## Description
    The agent is the generator of SeqGAN (arXiv 1609.05473): it sees the tokens written so far, its
    action is the next one, and when the sequence is whole a critic (two convolutions over one-hot
    tokens, then mean and largest over time) scores it. The critic puts it into a replay of recent
    sequences, and after each `batch` of new ones takes `critic_steps` updates on real sequences
    against the replay. It is shared by all rows, and by all environments
    that are given the same `critic`; a seeded reset of all rows that played starts it and the
    replay afresh, of some rows it keeps them, as `reset()` does. By default real sequences come
    from a random LSTM, so that likelihoods are known: `oracle.log_prob(sequences)`.

    ## Action
    `Discrete(vocabulary)`: the next token.

    ## Observation
    `MultiDiscrete([vocabulary + 1] * length)`: the tokens so far; places not yet written hold the
    number `vocabulary`.

    ## Reward
    0 before the last token; then the critic's score before it learns from the sequence, less the
    mean score of real ones, in standard deviations of the scores of real and recent sequences at
    its latest update, clipped to [-10, 10].

    ## Start and end
    Nothing is written. `terminated` after the last of `length` tokens; `max_episode_steps` below it
    truncates without a reward.

    ## Info
    `score` (the critic's, raw; 0 before the last token); and, the same in all rows: `updates` (the
    critic's, so far), `gap` (mean score of real less recent sequences at the latest, in standard
    deviations).

    ## Arguments
    None is needed: `gymnasium.make("genenv/ForgerSequence-v0")` takes an LSTM with N(0, 1) weights,
    a vocabulary of 200, length 20 and width 32.

    ## Version history
    v0: first release.

    Parameters
    ----------
    num_envs
        Rows of the batch.
    critic
        A `genenv.envs.token_critic.TokenCritic`, or the `critic` of another environment: one game
        is played against it, and what it is (its data, `objective` to `replay`) is its own.
        Rollouts then depend on what other environments did, and the spec says `nondeterministic`.
        None: one of this environment alone, made of the arguments below.
    learn
        False: it is frozen, as an evaluation wants it, and sequences are not handed in.
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
        If the objective is unknown, a number is out of range, sequences are no rows of tokens of
        the vocabulary, or the critic is none, of other data or of another process.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 8}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        *,
        critic: TokenCritic | None = None,
        learn: bool = True,
        data: Sequences | None = None,
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
        if critic is None:
            self.critic = TokenCritic(
                data,
                vocabulary=vocabulary,
                length=length,
                oracle_seed=oracle_seed,
                rows=rows,
                objective=objective,
                penalty=penalty,
                steps=critic_steps,
                width=critic_width,
                lr=critic_lr,
                half_life=critic_half_life,
                seed=critic_seed,
                batch=batch,
                replay=replay,
                shared=False,
            )
        else:
            self.critic = check_critic(critic, data)
        self.learn = learn
        self.nondeterministic = critic is not None
        self._number = self.critic.players.join(num_envs, given=critic is not None)
        self.oracle, self.real = self.critic.oracle, self.critic.real
        self.vocabulary, self.length = self.critic.vocabulary, self.critic.length
        if max_episode_steps is not None:
            checks.integer("max_episode_steps", max_episode_steps)
        super().__init__(
            num_envs,
            MultiDiscrete(np.full(self.length, self.vocabulary + 1)),
            Discrete(self.vocabulary),
            self.length + 1 if max_episode_steps is None else max_episode_steps,  # it terminates
            autoreset_mode,
            render_mode,
        )
        self.longest = self.length
        self._tokens = np.full((num_envs, self.length), self.vocabulary)
        self._score = np.zeros(num_envs)

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Write nothing; the critic starts afresh where all rows were seeded."""
        self.critic.players.seeded(self.critic, self._number[rows[self.episode[rows] == 0]])
        self._tokens[rows] = self.vocabulary
        self._score[rows] = 0.0

    def advance(self, action: NDArray[np.int64], live: Flags) -> tuple[NDArray[Any], Flags]:
        """Write a token in each live row; score whole sequences, then hand them to the critic."""
        token = np.asarray(action)
        check_tokens(token[None], None, self.vocabulary)
        at = np.flatnonzero(live)
        self._tokens[at, self.elapsed[at] - 1] = token[at]
        reward = np.zeros(self.num_envs)
        whole = live & (self.elapsed == self.length)
        if whole.any():
            written = torch.from_numpy(self._tokens[whole])
            score = self.critic.scores(written, None)
            self._score[whole] = score.numpy()
            reward[whole] = self.critic.rewards(score)
            if self.learn:
                self.critic.players.hand_in(self.critic, self._number[whole], written)
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
        words = f"score {self._score[row]:+.2f}, gap {self.critic.gap:+.2f}"
        legend = "a colour a token: real; recent, and this one"
        return pictures.page(panels, (legend, f"{words}, {self.critic.updates} updates"))

    def _coloured(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        """Paint tokens (n, length), blank ones white: colours in [0, 1], (n, length, 3)."""
        hues = [colorsys.hsv_to_rgb(k / self.vocabulary, 0.8, 0.85) for k in range(self.vocabulary)]
        return np.array([*hues, (1.0, 1.0, 1.0)])[tokens]


single = EntryPoint(ForgerSequence)
