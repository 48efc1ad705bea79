"""The training of an agent as a study: the agent, the critic it played, what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from genenv import reading, seeding
from genenv.agents.agent import FINISHED, INTERRUPTED, Agent
from genenv.agents.baselines import Worth, table
from genenv.agents.checkpoints import NAME as CHECKPOINTS
from genenv.agents.training import Practice, rows_of
from genenv.envs.retracing import critic_of
from genenv.parts import Advance, Part, save_json
from genenv.progress import Progress
from genenv.study import Study

CRITIC = "critic.safetensors"  # that pays: the one that learned along, beside the agent
PLAYERS = 5  # at most, that play the fresh episodes

Worths = dict[str, dict[str, float]]


class Practising(Study[Worths]):
    """One training of an agent in a folder, and fresh episodes of it and its baselines.

    Parameters
    ----------
    practice
        The training, without a folder.
    episodes
        Fresh ones at the end; 0: none.
    folder, stages, line
        See `Study`.

    Raises
    ------
    Mistake
        What the environment refuses.
    """

    command = "train"

    def __init__(
        self,
        practice: Practice,
        episodes: int,
        folder: Path,
        stages: Progress | None = None,
        line: str = "",
    ) -> None:
        super().__init__(folder, stages, line)
        self.episodes = episodes
        env = rows_of(practice.env_id, practice.preset, practice.arguments)
        env.close()
        self._critic = critic_of(env.unwrapped)
        self._names_problems = "problem" in getattr(env, "asks", ())
        own = {} if self._critic is None else {"critic": self._critic}
        self._plays = (practice.arguments or {}) | own
        self.practice = replace(practice, folder=folder, arguments=self._plays)

    def settings(self) -> dict[str, Any]:
        """See `Study.settings`."""
        practice = self.practice
        return {
            "env": practice.env_id,
            "preset": practice.preset.to_json(),
            "seed": practice.seed,
            "steps": practice.steps,
            "episodes": self.episodes,
        }

    def parts(self) -> Sequence[Part[Any]]:
        """See `Study.parts`."""
        return [self._agent, self._returns]

    def words(self) -> dict[str, str]:
        """See `Study.words`."""
        unfinished = {CHECKPOINTS: "checkpoints", INTERRUPTED: "the agent as it stands"}
        return unfinished | super().words()

    def work(self) -> Worths:
        """Train and play, whatever is not there."""
        self.get(self._agent)
        self.practice.forget()
        return self.get(self._returns)

    @cached_property
    def _agent(self) -> Part[Agent]:
        return Part(
            FINISHED, "the agent", self._train, self._save, self._load, "training",
            self.practice.steps,
        )  # fmt: skip

    @cached_property
    def _returns(self) -> Part[Worths]:
        return Part(
            "returns.json", "its returns", self._play, save_json, _read, "episodes", PLAYERS
        )

    def _train(self, advance: Advance) -> Agent:
        agent = self.practice.learn(self.tracker, advance, self.resuming)
        for sentence in self.practice.notes:
            self.tell(sentence)
        return agent

    def _save(self, agent: Agent, place: Path) -> None:
        agent.write(place)
        if self._critic is not None:
            save_file(self._critic.tensors(), place / CRITIC)

    def _load(self, place: Path) -> Agent:
        if self._critic is not None:
            path = place / CRITIC
            critic = self._critic
            kept = reading.tensors(path)
            reading.guarded(path, lambda: critic.restore(kept))
        return Agent.load(place)

    def _play(self, advance: Advance) -> Worths:
        """Play fresh episodes, the agent's and those of its baselines, on the same starts."""
        if not self.episodes:
            return {}
        agent = self.get(self._agent)
        practice = self.practice
        held = {} if self._critic is None else {"learn": False}
        unseen = {"split": "test"} if self._names_problems else {}
        address = seeding.fold(practice.seed, "episodes") % 2**31
        arguments = practice.preset.arguments | self._plays | held | unseen
        found = table(practice.env_id, agent.act, self.episodes, address, arguments, advance)
        return {player: asdict(worth) for player, worth in found.items()}


def _read(place: Path) -> Worths:
    """Read what players are worth; what an older version kept is damage, so that they play anew."""
    kept = reading.struct(place, dict[str, Worth])
    return {player: asdict(worth) for player, worth in kept.items()}
