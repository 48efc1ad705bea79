"""Train the agent of a seat by its preset."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium
from gymnasium.vector import AutoresetMode, VectorEnv
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.vec_env import VecMonitor

from genenv import checks, seeding
from genenv.agents.agent import INTERRUPTED, Agent
from genenv.agents.checkpoints import NAME as CHECKPOINTS
from genenv.agents.checkpoints import Checkpoints
from genenv.agents.preset import Preset
from genenv.agents.presets import preset as preset_of
from genenv.agents.suspended import TracedBridge
from genenv.agents.threads import OneThreadUpdates
from genenv.interrupt import Interrupt
from genenv.isolation import isolated
from genenv.settings.fit import CHECKPOINT_SECONDS
from genenv.tracking import Chart, Lines, Tracker, exactly, plain
from genenv.wording import said

RETURN, LENGTH = "rollout/ep_rew_mean", "rollout/ep_len_mean"
LAYOUT: dict[str, list[Chart]] = {
    "Agent": [
        Lines("mean return of an episode", (exactly(RETURN),)),
        Lines("mean length of an episode, steps", (exactly(LENGTH),)),
        Lines("losses", ("train/.*loss",)),
    ]
}


@isolated()
def train(
    env_id: str,
    preset: Preset | None = None,
    *,
    seed: int = 0,
    total_steps: int | None = None,
    out: Path | str | None = None,
    arguments: dict[str, Any] | None = None,
    advance: Callable[[int], None] | None = None,
    resume: bool = False,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> Agent:
    """Train an agent with the preset of an environment.

    Parameters
    ----------
    env_id
        Such as "genenv/TrainingGame-v0".
    preset
        The settings; None: those in PRESETS.
    seed
        Address of weights, episodes and actions.
    total_steps
        Steps of the environment over all rows; None: the preset's. Whole updates are done, so a
        few more may be taken.
    out
        The run's folder, for TensorBoard's curves, checkpoints and the agent; None: nothing is
        written. On an interrupt the agent as it stands is saved.
    arguments
        Of the environment, over the preset's; objects may be among them, which no file keeps.
    advance
        Called with the steps since its last call.
    resume
        Go on from the newest whole checkpoint in `out`, from the start if there is none.
    checkpoint_seconds
        Between two checkpoints, at least.

    Returns
    -------
    The agent; `load` reads it back from `out`.

    Raises
    ------
    Mistake
        An id without a preset, what the environment refuses, or a checkpoint of other settings.
    """
    preset = preset_of(env_id) if preset is None else preset
    steps = (
        preset.total_steps if total_steps is None else checks.integer("total_steps", total_steps)
    )
    folder = None if out is None else Path(out).expanduser()
    practice = Practice(env_id, preset, seed, steps, folder, arguments, checkpoint_seconds)
    with Tracker(folder) as tracker:
        agent = practice.learn(tracker, advance, resume)
    if folder is not None:
        agent.save(folder / "agents")
        practice.forget()
    return agent


@dataclass(frozen=True)
class Practice:
    """One training of an agent."""

    env_id: str
    preset: Preset
    seed: int
    """Address of weights, episodes and actions."""
    steps: int
    """Of the environment, over all rows."""
    folder: Path | None = None
    """The run's, for checkpoints; None: none are written."""
    arguments: dict[str, Any] | None = None
    """Of the environment, over the preset's."""
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    """Between two checkpoints, at least."""
    notes: list[str] = field(default_factory=list)
    """Sentences on a resume."""

    def learn(
        self, tracker: Tracker, advance: Callable[[int], None] | None = None, resume: bool = False
    ) -> Agent:
        """Train, or go on with it; see `train`.

        An interrupt is held back until the running update is done; then a checkpoint is written. A
        second one interrupts at once. Either leaves the agent as it stands in `INTERRUPTED`.
        """
        asked = self._settings()
        others = {k: v for k, v in self.preset.to_json().items() if k not in asked}
        tracker.hparams(plain(asked | others), [RETURN, LENGTH])
        tracker.layout(LAYOUT)
        env = VecMonitor(TracedBridge(rows_of(self.env_id, self.preset, self.arguments)))
        address = seeding.fold(self.seed, "train", self.env_id) % 2**31
        model = self.preset.make(env, address, tracker.scalars)
        try:
            with seeding.global_seed(address), OneThreadUpdates() as threads:
                self._learn(model, env, [threads, _Told(advance)], tracker, resume)
        except KeyboardInterrupt:
            if self.folder is not None:
                self._agent(model).save(self.folder / INTERRUPTED)
            raise
        except ValueError as error:  # of a law whose parameters are NaN
            if isinstance(error, checks.Mistake) or _finite(model):
                raise
            wanted, got = (
                "weights of the agent to stay finite",
                f"NaN by step {model.num_timesteps}",
            )
            raise checks.Mistake(wanted, got, "try a smaller learning_rate") from error
        finally:
            env.close()
        return self._agent(model)

    def forget(self) -> None:
        """Remove what a finished training needs no more."""
        assert self.folder is not None
        for name in (CHECKPOINTS, INTERRUPTED):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def _learn(
        self,
        model: BaseAlgorithm,
        env: VecMonitor,
        looking: list[BaseCallback],
        tracker: Tracker,
        resume: bool,
    ) -> None:
        preset = self.preset
        settings = self._settings() | {"preset": preset.to_json()}
        watches = preset.callbacks(model, env)
        kept = Checkpoints(self.folder, settings, env, watches, self.checkpoint_seconds)
        self.notes.extend(kept.resume(model) if resume else [])
        done = model.num_timesteps
        if done:
            tracker.forget(done + 1)
        else:
            preset.prepare(model, env)
        with Interrupt() as interrupt:
            words = CallbackList([*looking, kept.within(interrupt), *watches])
            model.learn(self.steps - done, callback=words, reset_num_timesteps=not done)

    def _settings(self) -> dict[str, Any]:
        kind = self.preset.kind
        asked = {"env": self.env_id, "algorithm": kind, "seed": self.seed}
        return asked | {"total_steps": self.steps}

    def _agent(self, model: BaseAlgorithm) -> Agent:
        return Agent(self.env_id, self.preset, model, int(model.num_timesteps))


def rows_of(
    env_id: str, preset: Preset, arguments: dict[str, Any] | None = None
) -> VectorEnv[Any, Any, Any]:
    """Make the rows that a training steps; see `train`.

    Raises
    ------
    Mistake
        The environment knows no such argument, or can do nothing with its value.
    """
    mode, given = AutoresetMode.SAME_STEP, preset.arguments | (arguments or {})
    try:
        return gymnasium.make_vec(env_id, preset.envs, autoreset_mode=mode, **given)
    except checks.Mistake:
        raise
    except (TypeError, AttributeError, LookupError, ValueError, OverflowError) as error:
        raise checks.Mistake(f"arguments that {env_id} takes", said(error), "mend them") from error


def load(folder: Path | str) -> Agent:
    """Read the agent of a run; executes nothing that its files hold.

    Raises
    ------
    Mistake
        If there is no agent.
    """
    return Agent.load(folder)


class _Told(BaseCallback):
    """Tells how many steps were taken."""

    def __init__(self, advance: Callable[[int], None] | None) -> None:
        super().__init__()
        self.advance = advance

    def _on_step(self) -> bool:
        if self.advance is not None:
            self.advance(self.training_env.num_envs)
        return True


def _finite(model: BaseAlgorithm) -> bool:
    """Whether the weights are numbers."""
    return all(bool(weight.isfinite().all()) for weight in model.policy.parameters())
