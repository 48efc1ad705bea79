"""A player trained by reinforcement learning, and the search that sends it to work."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecMonitor
from torch import Tensor

from genenv import checks, seeding, unanswered
from genenv.agents.agent import Agent
from genenv.agents.off_policy import Sac
from genenv.agents.preset import Log, Preset
from genenv.agents.presets import LATENT_PROBE, LATENT_PROBE_SAC
from genenv.agents.random import starts
from genenv.agents.sb3_bridge import VectorEnvBridge
from genenv.agents.threads import OneThreadUpdates
from genenv.envs.latent_probe import LatentProbe, observation
from genenv.probe import Findings, Probe
from genenv.search import Search, Space

ID = "genenv/LatentProbe-v0"


class Player(Agent):
    """A trained agent that moves base vectors; `steps` counts queries to the model."""

    @property
    def base_dim(self) -> int:
        """Base coordinates that it moves."""
        return int(np.prod(self.model.action_space.shape or ()))

    @property
    def columns(self) -> int:
        """Columns of an observation."""
        return int(np.prod(self.model.observation_space.shape or ()))

    @property
    def horizon(self) -> int:
        """Steps of an episode that it was trained in."""
        return int(self.preset.arguments["horizon"])

    @property
    def stride(self) -> float:
        """Length of a full action along one base coordinate."""
        return float(self.preset.arguments["stride"])

    def draw(self, seen: NDArray[np.float32], keys: NDArray[np.uint64]) -> Tensor:
        """Draw actions at the addresses `keys`.

        Parameters
        ----------
        seen
            Observations (n, columns) as `envs.latent_probe.observation` lays them out.
        keys
            One a row, (n,).

        Returns
        -------
        (n, base_dim) in [-1, 1].
        """
        with torch.no_grad():
            policy: Any = self.model.policy
            noise = torch.from_numpy(seeding.normals(keys, self.base_dim))
            rows = torch.from_numpy(seen)
            if isinstance(self.preset, Sac):
                mean, log_std, _ = policy.actor.get_action_dist_params(rows)
                return (mean + log_std.exp() * noise).tanh()  # type: ignore[no-any-return]
            law = policy.get_distribution(rows).distribution
            return (law.mean + law.stddev * noise).clamp(-1.0, 1.0)  # type: ignore[no-any-return]


def check_training(preset: Preset, train_queries: int) -> None:
    """Raise a Mistake if the training queries do not cover one update."""
    least = preset.least_steps
    if train_queries < least:
        raise checks.Mistake(f"at least {least} training queries", train_queries, "give more")


def train_player(
    probe: Probe,
    preset: Preset,
    train_queries: int,
    seed: int,
    folder: Path | None = None,
    log: Log | None = None,
    advance: Callable[[int], None] | None = None,
    on_findings: Callable[[Findings], None] | None = None,
) -> Player:
    """Train an agent on LatentProbe for exactly so many queries to the model.

    Parameters
    ----------
    probe
        Generator, model and guide.
    preset
        The settings; its updates run on one thread.
    train_queries
        Queries that may be spent; the last rollout, cut off by them, is not learned from.
    seed
        Address of weights, starts and actions.
    folder
        Where the player is saved; None: nowhere.
    log
        Called with named numbers and the steps done, after every rollout, like `Tracker.scalars`.
    advance
        Called with the queries since its last call.
    on_findings
        Called with the findings of every batch of queries, in order.

    Raises
    ------
    Mistake
        If the queries do not cover one update, or the model stops answering.
    """
    check_training(preset, train_queries)
    metered = _Metered(probe, train_queries, advance, on_findings)
    batch = LatentProbe(preset.envs, probe=metered, autoreset_mode="SameStep", **preset.arguments)
    address = seeding.fold(seed, "player") % 2**31
    title = "sac" if isinstance(preset, Sac) else "policy"
    model = preset.make(VecMonitor(VectorEnvBridge(batch)), address, _prefixed(title, log))
    with seeding.global_seed(address), OneThreadUpdates() as callback, suppress(_SpentError):
        model.learn(train_queries, callback=callback)  # ends by _SpentError: a step costs a query
    player = Player(ID, preset, model, metered.queries)
    if folder is not None:
        player.save(folder)
    return player


class Played(Search, ABC):
    """A trained player on fresh starts: chains side by side, actions drawn by address.

    A chain starts afresh, with a fresh label, after its success or at the player's horizon.

    Parameters
    ----------
    space, seed
        See `Search`.
    player
        Trained on the same noise and number of classes; the model may be another.
    chains
        Side by side.

    Raises
    ------
    Mistake
        If the player was trained on another space.
    """

    agent: ClassVar[str]
    """Of the player's folder, stage and curves."""
    preset: ClassVar[Preset]
    """That its player is trained by."""

    def __init__(self, space: Space, seed: int, player: Player, *, chains: int = 64) -> None:
        super().__init__(space, seed)
        dim = space.noise.base_dim
        columns = space.noise.base_dim + 2 * space.classes + 4
        if (player.base_dim, player.columns) != (dim, columns):
            got = f"{player.base_dim} and {(player.columns - player.base_dim - 4) // 2}"
            expected = f"a player of {dim} base coordinates and {space.classes} classes"
            raise checks.Mistake(expected, got, "train one on this generator")
        self.player = player
        self.chains = checks.integer("chains", chains)
        self.begun = 0
        self.turn = 0
        self.age = np.zeros(chains, np.int64)
        self.fresh = np.ones(chains, np.bool_)
        self.seen = np.zeros((chains, columns), np.float32)
        self.label = torch.zeros(chains, dtype=torch.int64)

    def ask(self, limit: int) -> tuple[Tensor, Tensor]:
        """Propose the next step of every chain."""
        count = min(limit, self.chains)
        dim = self.space.noise.base_dim
        keys = seeding.fold_rows(self.seed, "action", self.turn, np.arange(count))
        action = self.player.draw(self.seen[:count], keys)
        e = torch.from_numpy(self.seen[:count, :dim]) + self.player.stride * action
        rows = np.flatnonzero(self.fresh[:count])
        if len(rows):
            index = np.arange(self.begun, self.begun + len(rows))
            e[rows], self.label[rows] = starts(self.space, self.seed, index)
            self.begun += len(rows)
        self.turn += 1
        self.age[:count] = np.where(self.fresh[:count], 0, self.age[:count] + 1)
        return self.space.noise.project(e), self.label[:count].clone()

    def tell(self, findings: Findings) -> None:
        """Lay out what each chain sees next; mark those that start afresh."""
        count = len(findings)
        horizon = self.player.horizon
        self.seen[:count] = observation(
            findings.e,
            findings.label,
            findings.output,
            findings.severity,
            findings.guide_log_p,
            findings.guide_distance,
            1 - self.age[:count] / horizon,
        )
        self.fresh[:count] = findings.success | (self.age[:count] >= horizon)


@final
class Policy(Played):
    """The chains of a player that PPO trained."""

    agent = "policy"
    preset = LATENT_PROBE


@final
class SoftPolicy(Played):
    """The chains of a player that SAC trained."""

    agent = "sac"
    preset = LATENT_PROBE_SAC


class _SpentError(Exception):
    """The training queries are used up."""


class _Metered(Probe):
    """A probe with a budget: its last batch is cut to what is left."""

    def __init__(
        self,
        probe: Probe,
        budget: int,
        advance: Callable[[int], None] | None,
        on_findings: Callable[[Findings], None] | None,
    ) -> None:
        super().__init__(probe.generator, probe.model, probe.guide, probe.criterion)
        self.budget = budget
        self.queries = 0
        self.recent = np.zeros(0, np.bool_)
        self.advance, self.on_findings = advance, on_findings

    def __call__(self, e: Tensor, label: Tensor, gradient: bool = False) -> Findings:
        left = self.budget - self.queries
        if left == 0:
            raise _SpentError
        findings = super().__call__(e[:left], label[:left], gradient)
        self.queries += len(findings)
        self.recent = np.concatenate([self.recent, findings.error])[-unanswered.WINDOW :]
        unanswered.check(self.recent, self.budget, self.trouble)
        if self.advance:
            self.advance(len(findings))
        if self.on_findings:
            self.on_findings(findings)
        if len(findings) < len(e):
            raise _SpentError
        return findings


def _prefixed(title: str, log: Log | None) -> Log | None:
    if log is None:
        return None
    return lambda values, step: log({f"{title}/{k}": v for k, v in values.items()}, step)
