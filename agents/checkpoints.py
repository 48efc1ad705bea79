"""Checkpoints of an agent's training, between two rollouts: by the clock, and at an interrupt."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecMonitor

from genenv import checks, reading
from genenv.agents import suspended
from genenv.agents.preset import Watch
from genenv.agents.suspended import TracedBridge
from genenv.interrupt import Interrupt
from genenv.training import checkpoint

NAME = "checkpoints"  # in the run's folder
KEEP = 2


class Checkpoints(BaseCallback):
    """Writes checkpoints, and reads the newest one back.

    Parameters
    ----------
    folder
        The run's; None: nothing is written.
    settings
        Of the training, as JSON can hold them: a checkpoint of others is refused.
    env
        That the training steps.
    watches
        What else looks on.
    seconds
        Between two checkpoints, at least.
    """

    def __init__(
        self,
        folder: Path | None,
        settings: dict[str, Any],
        env: VecMonitor,
        watches: Sequence[Watch],
        seconds: float,
    ) -> None:
        super().__init__()
        assert isinstance(env.venv, TracedBridge)
        self.folder = None if folder is None else folder / NAME
        self.settings: dict[str, Any] = json.loads(json.dumps(settings))
        self.env = env
        self.trace = env.venv.trace
        self.watches = watches
        self.seconds = seconds
        self._saved = time.monotonic()  # when, or when this process began
        self._interrupt: Callable[[], None] = lambda: None

    def resume(self, model: BaseAlgorithm) -> list[str]:
        """Bring a new training to the newest whole checkpoint, if there is one.

        Parameters
        ----------
        model
            Made by the same settings; its environment is this one.

        Returns
        -------
        Sentences on what was found; none where there is nothing.

        Raises
        ------
        Mistake
            It is one of other settings, or damaged.
        """
        path = None if self.folder is None else checkpoint.newest(self.folder)
        if path is None:
            return []
        tensors, plain = checkpoint.read(path)
        if plain.get("settings") != self.settings:
            do = "use the same, or start afresh in another folder"
            raise checks.Mistake(f"the settings of {path}", "others", do)
        kept = plain["watches"]
        reading.guarded(
            path,
            lambda: suspended.unpack(tensors, plain, model, self.env, self.trace),
        )
        for watch, own in zip(self.watches, kept, strict=True):
            watch.restore(own)
        words = [f"resumed at step {model.num_timesteps:,}"]
        if plain["machine"] != _machine():
            words.append("torch or threads differ: the run goes on, but not bit for bit")
        return words

    def within(self, interrupt: Interrupt) -> Checkpoints:
        """Look for an interrupt between rollouts; returns itself."""
        self._interrupt = interrupt.check
        return self

    def save(self) -> None:
        """Write one; right only as a rollout is about to start."""
        if self.folder is None:
            return
        tensors, plain = suspended.pack(self.model, self.env, self.trace)
        plain |= {"settings": self.settings, "machine": _machine()}
        plain["watches"] = [watch.kept() for watch in self.watches]
        checkpoint.write(self.folder, self.model.num_timesteps, tensors, plain)
        checkpoint.prune(self.folder, KEEP)
        self._saved = time.monotonic()

    def _on_rollout_start(self) -> None:
        try:
            self._interrupt()
        except KeyboardInterrupt:
            self.save()
            raise
        if time.monotonic() - self._saved >= self.seconds:
            self.save()

    def _on_step(self) -> bool:
        return True


def _machine() -> dict[str, Any]:
    """Return what must not change for a resume to be bit for bit."""
    return {"torch": torch.__version__, "threads": torch.get_num_threads()}
