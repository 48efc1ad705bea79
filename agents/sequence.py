"""Reading prefixes of tokens: a features extractor for Stable-Baselines3, and its pre-training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import Tensor, nn

from genenv import checks, seeding
from genenv.agents.preset import Watch

HELD_OUT = 0.1  # share of the sequences that tells when to stop


class PrefixReader(BaseFeaturesExtractor):
    """The state of a GRU after a start token and the tokens written so far.

    Parameters
    ----------
    observation_space
        `MultiDiscrete` of `length` numbers from 0 to `vocabulary`, which stands where nothing is
        written yet. Stable-Baselines3 hands them over one-hot.
    width
        Of the GRU's state, and the features.
    embedding
        Numbers for a token.
    """

    def __init__(
        self, observation_space: gymnasium.Space[np.ndarray], width: int = 64, embedding: int = 32
    ) -> None:
        super().__init__(observation_space, width)
        assert isinstance(observation_space, gymnasium.spaces.MultiDiscrete)
        self.length = len(observation_space.nvec)
        self.blank = int(observation_space.nvec[0]) - 1
        self.embedding = nn.Embedding(self.blank + 1, embedding)
        self.memory = nn.GRU(embedding, width, batch_first=True)

    def forward(self, observations: Tensor) -> Tensor:
        """Observations (n, length · (vocabulary + 1)), one-hot -> features (n, width)."""
        tokens = observations.view(len(observations), self.length, -1).argmax(2)
        written = (tokens != self.blank).sum(1)
        states = self.states(tokens[:, : int(written.max())])
        return states[torch.arange(len(tokens)), written]

    def states(self, tokens: Tensor) -> Tensor:
        """Features after each prefix of tokens (n, steps): (n, steps + 1, width)."""
        start = torch.full_like(tokens[:, :1], self.blank)
        if tokens.shape[1] == 0:
            start = tokens.new_full((len(tokens), 1), self.blank)
        states, _ = self.memory(self.embedding(torch.cat([start, tokens], 1)))
        return states  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Fit:
    """What maximum-likelihood training came to; in nats a token."""

    epochs: int
    """Passes over the data up to the best weights, which are kept."""
    train: float
    """Mean negative log-likelihood of the sequences learned from, at the last pass."""
    held_out: float
    """Of those kept apart, by the best weights."""


def log_prob(policy: ActorCriticPolicy, tokens: Tensor) -> Tensor:
    """Log-probabilities that a policy writes sequences (n, length): each token's, (n, length)."""
    reader = policy.pi_features_extractor
    assert isinstance(reader, PrefixReader)
    states = reader.states(tokens[:, :-1])
    logits = policy.action_net(policy.mlp_extractor.forward_actor(states))
    return logits.log_softmax(2).gather(2, tokens[:, :, None]).squeeze(2)  # type: ignore[no-any-return]


@torch.no_grad()
def written(policy: ActorCriticPolicy, count: int, length: int, seed: int) -> NDArray[np.int64]:
    """Let a policy write sequences, each token drawn from its distribution: (count, length)."""
    reader = policy.pi_features_extractor
    assert isinstance(reader, PrefixReader)
    rng = seeding.torch_generator(seed, "written")
    token = torch.full((count, 1), reader.blank)
    state = None
    tokens = []
    for _ in range(length):
        features, state = reader.memory(reader.embedding(token), state)
        logits = policy.action_net(policy.mlp_extractor.forward_actor(features[:, 0]))
        token = torch.multinomial(logits.softmax(1), 1, generator=rng)
        tokens.append(token)
    return torch.cat(tokens, 1).numpy()


def likeliest(
    policy: ActorCriticPolicy,
    sequences: NDArray[np.int64],
    *,
    held_out: float = HELD_OUT,
    epochs: int = 100,
    patience: int = 3,
    batch: int = 128,
    lr: float = 5e-3,
    seed: int = 0,
) -> Fit:
    """Train a policy to write sequences by maximum likelihood, until held-out ones gain no more.

    Parameters
    ----------
    policy
        Of PPO or A2C, with a PrefixReader. The one of its value, if apart, gets the same weights.
    sequences
        Tokens (n, length).
    held_out
        Share of the sequences that tells when to stop.
    epochs
        Passes at most.
    patience
        Passes without a better likelihood of held-out sequences, before it stops.
    batch
        Sequences of an update.
    lr
        Of Adam.
    seed
        Address of the split and of the order.

    Returns
    -------
    What it came to; the policy has the weights that were best on held-out sequences.
    """
    checks.shape("sequences", sequences, (None, None))
    kept, rest = apart(sequences, seed, held_out)
    optimizer = torch.optim.Adam(policy.parameters(), lr)
    best = _copied(policy)
    fit = Fit(0, np.inf, np.inf)
    epoch = 0
    while epoch < epochs and epoch - fit.epochs < patience:
        epoch += 1
        losses = []
        shuffled = seeding.torch_generator(seed, "epoch", epoch)
        order_now = torch.randperm(len(rest), generator=shuffled)
        for rows in torch.split(order_now, batch):
            loss = -log_prob(policy, rest[rows]).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(float(loss.detach()))
        with torch.no_grad():
            now = -float(log_prob(policy, kept).mean())
        if now < fit.held_out:
            best, fit = _copied(policy), Fit(epoch, float(np.mean(losses)), now)
    policy.load_state_dict(best)
    if policy.vf_features_extractor is not policy.pi_features_extractor:
        policy.vf_features_extractor.load_state_dict(policy.pi_features_extractor.state_dict())
    return fit


def apart(
    sequences: NDArray[np.int64], seed: int, share: float = HELD_OUT
) -> tuple[Tensor, Tensor]:
    """Split sequences (n, length) by address into those held out and those to learn from."""
    order = torch.from_numpy(seeding.numpy_generator(seed, "split").permutation(len(sequences)))
    count, rows = max(1, round(share * len(sequences))), torch.from_numpy(sequences)
    return rows[order[:count]], rows[order[count:]]


class Anchored(Watch):
    """Ends the training when held-out sequences have become this much less likely.

    Praise for what is likely costs a policy the variety of the data, which the likelihood of real
    sequences shows without any oracle.

    Parameters
    ----------
    held_out
        Sequences (n, length) that the policy has not learned from.
    rise
        Share by which their negative log-likelihood may rise from where it is at the start.
    """

    def __init__(self, held_out: Tensor, rise: float) -> None:
        super().__init__()
        self.held_out, self.rise = held_out, rise
        self.start = self.now = np.nan
        self.over = False

    def kept(self) -> dict[str, Any]:
        """Return where it was at the start."""
        return {"start": self.start}

    def restore(self, kept: dict[str, Any]) -> None:
        """Measure the rise from that start, and not from here."""
        self.start = kept["start"]

    def _on_training_start(self) -> None:
        if np.isnan(self.start):
            self.start = self._measured()

    def _on_rollout_start(self) -> None:
        self.now = self._measured()
        self.over = self.now > self.start * (1 + self.rise)

    def _on_step(self) -> bool:
        return not self.over

    @torch.no_grad()
    def _measured(self) -> float:
        policy = self.model.policy
        assert isinstance(policy, ActorCriticPolicy)
        return -float(log_prob(policy, self.held_out).mean())


def _copied(policy: ActorCriticPolicy) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in policy.state_dict().items()}
