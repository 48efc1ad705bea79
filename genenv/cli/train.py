"""The command `train`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from genenv import checks
from genenv.settings.shown import Number, Whole, shown

if TYPE_CHECKING:
    from genenv.agents import Agent

Id = Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="ENV_ID")]


@dataclass(frozen=True)
class Train:
    """Train the agent of an environment by its preset; leaves a run folder.

    Its curves are in TensorBoard, `genenv.agents.load(RUN)` reads the agent back. At the end it
    plays fresh episodes beside random actions, a constant, its own open loop and, where there is
    one, a rule made by hand, on the same starts.
    """

    env_id: Id
    """Such as genenv/TrainingGame-v0; `genenv envs` lists them."""
    out: Annotated[Path | None, shown("RUN", "runs/train-NAME-000, the next free number")] = None
    """The run's folder; it must be new or empty."""
    steps: Whole = None
    """Steps of the environment, over all rows."""
    seed: Number = 0
    """Address of weights, episodes and actions."""
    episodes: Number = 64
    """Fresh episodes that are played at the end; 0: none."""
    arguments: Annotated[str | None, shown("JSON", "those of the preset")] = None
    """Of the environment, over the preset's: '{"world": "CartPole-v1", "policy": "mine.zip"}'."""
    trust: bool = False
    """Read a policy's zip that the arguments name, or import the model that their run records:
    either runs code that the files hold or name."""

    def __call__(self, line: str) -> int:
        """Train, play, and say where the run lies."""
        from genenv import files, runs
        from genenv.agents import train
        from genenv.agents.presets import preset
        from genenv.agents.training import rows_of
        from genenv.stages import Stages

        settings = preset(self.env_id)
        settings = replace(settings, arguments=settings.arguments | self._given())
        steps = settings.total_steps if self.steps is None else checks.whole("steps", self.steps)
        if self.episodes < 0 or self.episodes == 1:  # one has no interval
            raise checks.Mistake("2 episodes or more, or 0", self.episodes, "give 0 for none")
        env = rows_of(self.env_id, settings, self._trusted())  # before there is a folder
        env.close()
        critic = getattr(env, "critic", None)  # that pays: the one that learned along, at the end
        plays = self._trusted() | ({"critic": critic} if critic else {})
        name = self.env_id.rpartition("/")[2].lower()
        out = self.out or runs.next_folder(f"train-{name}")
        given = {"seed": self.seed, "steps": steps, "episodes": self.episodes}
        content = {"env": self.env_id, "preset": settings.to_json(), **given}
        runs.begin(out, "train", content, resume=None, repeat=line)
        stages = Stages(display=True)
        stages.plan({"training": steps, "episodes": 5})
        try:
            with stages.stage("training") as advance:
                agent = train(
                    self.env_id,
                    settings,
                    seed=self.seed,
                    total_steps=steps,
                    out=out,
                    arguments=plays,
                    advance=advance,
                )
            with stages.stage("episodes") as advance:
                held = {"learn": False} if critic else {}
                unseen = {"split": "test"} if getattr(env, "names_problems", False) else {}
                played = self._play(agent, plays | held | unseen, advance)
        except KeyboardInterrupt as error:
            error.add_note(f"{out}/agents holds the agent as it stands")
            raise
        finally:
            stages.close()
        files.write_json(out / "returns.json", played)
        if played:
            print(f"mean returns of {self.episodes} fresh episodes, intervals of 95 %")
        for player, row in played.items():
            print(f"{player:22} {row['mean']:9.4g} [{row['low']:.4g}, {row['high']:.4g}]")
        print(f"agent:  {out}/agents\ncurves: tensorboard --logdir {shlex.quote(str(out))}")
        return 0

    def _given(self) -> dict[str, Any]:
        """Read the arguments of the environment."""
        try:
            given = json.loads(self.arguments or "{}")
        except json.JSONDecodeError as error:
            got = f"{self.arguments!r} ({error})"
            raise checks.Mistake("arguments in JSON", got, "write '{\"name\": value}'") from error
        if not isinstance(given, dict):
            do = "write '{\"name\": value}'"
            raise checks.Mistake("arguments as a JSON object", repr(self.arguments), do)
        if "trust" in given:
            raise checks.Mistake("no trust among the arguments", self.arguments, "give --trust")
        return given

    def _trusted(self) -> dict[str, Any]:
        """Return what no file keeps: that what the arguments name may run code."""
        return {"trust": True} if self.trust else {}

    def _play(
        self, agent: Agent, plays: dict[str, Any], advance: Callable[[int], None]
    ) -> dict[str, dict[str, float]]:
        """Play fresh episodes, the agent's and those of its baselines, on the same starts."""
        from dataclasses import asdict

        from genenv import seeding
        from genenv.agents.baselines import table

        if not self.episodes:
            return {}
        address = seeding.fold(self.seed, "episodes") % 2**31
        arguments = agent.preset.arguments | plays
        found = table(self.env_id, agent.act, self.episodes, address, arguments, advance)
        return {player: asdict(worth) for player, worth in found.items()}
