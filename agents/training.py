"""Train the agent of a seat by its preset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
from gymnasium.vector import AutoresetMode, VectorEnv
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.vec_env import VecMonitor

from genenv import checks, seeding
from genenv.agents.agent import Agent
from genenv.agents.preset import Preset
from genenv.agents.presets import preset as preset_of
from genenv.agents.sb3_bridge import VectorEnvBridge
from genenv.agents.threads import OneThreadUpdates
from genenv.isolation import isolated
from genenv.tracking import Chart, Lines, Tracker, exactly, plain

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
        The run's folder, for TensorBoard's curves and the agent; None: nothing is written. On an
        interrupt the agent as it stands is saved.
    arguments
        Of the environment, over the preset's; objects may be among them, which no file keeps.
    advance
        Called with the steps since its last call.

    Returns
    -------
    The agent; `load` reads it back from `out`.

    Raises
    ------
    Mistake
        An id without a preset, or what the environment refuses.
    """
    preset = preset_of(env_id) if preset is None else preset
    if total_steps is not None:
        checks.whole("total_steps", total_steps)
    folder = None if out is None else Path(out)
    env = VecMonitor(VectorEnvBridge(rows_of(env_id, preset, arguments)))
    address = seeding.fold(seed, "train", env_id) % 2**31
    with Tracker(folder) as tracker:
        steps = total_steps or preset.total_steps
        asked = {"env": env_id, "algorithm": preset.kind, "seed": seed, "total_steps": steps}
        others = {k: v for k, v in preset.to_json().items() if k not in asked}
        tracker.hparams(plain(asked | others), [RETURN, LENGTH])
        tracker.layout(LAYOUT)
        model = preset.make(env, address, tracker.scalars)
        try:
            with seeding.global_seed(address), OneThreadUpdates() as threads:
                preset.prepare(model, env)
                told = CallbackList([threads, _Told(advance), *preset.callbacks(model, env)])
                model.learn(steps, callback=told)
        finally:
            env.close()
            agent = Agent(env_id, preset, model, int(model.num_timesteps))
            if folder is not None:
                agent.save(folder / "agents")
    return agent


def rows_of(
    env_id: str, preset: Preset, arguments: dict[str, Any] | None = None
) -> VectorEnv[Any, Any, Any]:
    """Make the rows that a training steps; see `train`.

    Raises
    ------
    Mistake
        The environment knows no such argument, or refuses its value.
    """
    mode, given = AutoresetMode.SAME_STEP, preset.arguments | (arguments or {})
    try:
        return gymnasium.make_vec(env_id, preset.envs, autoreset_mode=mode, **given)
    except TypeError as error:
        raise checks.Mistake(f"arguments that {env_id} takes", error, "mend them") from error


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
