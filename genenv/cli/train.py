"""The command `train`."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from genenv import checks
from genenv.cli.running import chosen_folder
from genenv.settings import names
from genenv.settings.fit import CHECKPOINT_SECONDS
from genenv.settings.shown import Number, Switch, Whole, shown
from genenv.wording import said, shortened

LONGEST = 60  # letters of arguments in a refusal

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
    """The run's folder."""
    resume: Switch = False
    """Go on with a run that was stopped: from its newest checkpoint."""
    checkpoint_seconds: Annotated[float, shown("SECONDS")] = CHECKPOINT_SECONDS
    """Between two checkpoints, at least; 0: as often as there are updates."""
    steps: Whole = None
    """Steps of the environment, over all rows."""
    seed: Number = 0
    """Address of weights, episodes and actions."""
    episodes: Number = 64
    """Fresh episodes that are played at the end; 0: none."""
    arguments: Annotated[str | None, shown("JSON", "those of the preset")] = None
    """Of the environment, over the preset's: '{"world": "CartPole-v1", "policy": "mine.zip"}'."""
    trust: Switch = False
    """Read a policy's zip that the arguments name, or import the model that their run records:
    either runs code that the files hold or name."""

    def __call__(self, line: str) -> int:
        """Train, play, and say where the run lies."""
        checks.choice("an environment with a preset", self.env_id, names.seats())
        given = self._given()
        from genenv import runs
        from genenv.agents.presets import preset
        from genenv.agents.training import Practice
        from genenv.isolation import isolated
        from genenv.practising import Practising
        from genenv.progress import Progress

        settings = preset(self.env_id)
        settings = replace(settings, arguments=settings.arguments | given)
        steps = settings.total_steps if self.steps is None else checks.integer("steps", self.steps)
        if self.episodes < 0 or self.episodes == 1:  # one has no interval
            raise checks.Mistake("2 episodes or more, or 0", self.episodes, "give 0 for none")
        checks.none_or_more("checkpoint_seconds", self.checkpoint_seconds)
        practice = Practice(
            self.env_id, settings, self.seed, steps,
            arguments=self._trusted(), checkpoint_seconds=self.checkpoint_seconds,
        )  # fmt: skip
        name = self.env_id.rpartition("/")[2].lower()
        out = chosen_folder(self.out, self.resume) or runs.next_folder(f"train-{name}")
        stages = Progress(display=True)
        with isolated():
            played = Practising(practice, self.episodes, out, stages, line).run(self.resume)
        if played:
            print(f"returns of {self.episodes} fresh episodes: interquartile mean [95 %], mean")
        for player, row in played.items():
            interval = f"[{row['low']:.4g}, {row['high']:.4g}]"
            print(f"{player:22} {row['interquartile_mean']:9.4g} {interval} {row['mean']:9.4g}")
        print(f"agent:  {out}/agents\ncurves: {runs.curves(out)}")
        return 0

    def _given(self) -> dict[str, Any]:
        """Read the arguments of the environment."""
        try:
            given = json.loads(self.arguments or "{}")
        except (ValueError, RecursionError) as error:
            got = f"{shortened(repr(self.arguments), LONGEST)} ({said(error)})"
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
