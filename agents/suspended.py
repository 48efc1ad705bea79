"""A training of Stable-Baselines3 between two rollouts, as tensors and plain values, and back."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import numpy as np
import torch
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.vec_env import VecMonitor
from torch import Tensor, nn
from torch.optim import Optimizer

from genenv.agents.sb3_bridge import VectorEnvBridge
from genenv.envs.retracing import Trace
from genenv.training import state

ENV = "env/"  # before the names of the environment's tensors
REPLAY = "replay/"
REPLAYED = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
COUNTERS = ("num_timesteps", "_n_updates", "_episode_num", "_current_progress_remaining")


class TracedBridge(VectorEnvBridge):
    """A bridge that keeps the environment's trace."""

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        super().__init__(env)
        self.trace = Trace(env.unwrapped)  # type: ignore[arg-type]

    def reset(self) -> Any:
        """See `VectorEnvBridge.reset`."""
        seen = super().reset()
        self.trace.began()
        return seen

    def step_wait(self) -> tuple[Any, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """See `VectorEnvBridge.step_wait`."""
        outcome = super().step_wait()
        self.trace.stepped(self._actions, outcome[2])
        return outcome


def pack(
    model: BaseAlgorithm, env: VecMonitor, trace: Trace
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return all that decides how a training goes on, as a rollout is about to start.

    Parameters
    ----------
    model, env
        The algorithm, and the environment that it steps.
    trace
        Of that environment.
    """
    assert model.ep_info_buffer is not None
    arrays = {
        "seen": np.asarray(model._last_obs),
        "starts": np.asarray(model._last_episode_starts),
        "returns": env.episode_returns,
        "lengths": env.episode_lengths,
        "episodes": np.array([(e["r"], e["l"]) for e in model.ep_info_buffer]).reshape(-1, 2),
        **_replayed(model),
    }
    tensors = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    weights = state.pack(*_networks(model)) | _variables(model)
    tensors |= {n: t.detach().clone() for n, t in weights.items()}  # some networks share a part
    tensors |= {ENV + name: tensor for name, tensor in trace.tensors().items()}
    draws, plain_draws = _drawn(model)
    plain = {name: getattr(model, name) for name in COUNTERS}
    plain |= {"ended": env.episode_count, "draws": plain_draws}
    return tensors | draws, plain


def unpack(
    tensors: Mapping[str, Tensor],
    plain: Mapping[str, Any],
    model: BaseAlgorithm,
    env: VecMonitor,
    trace: Trace,
) -> None:
    """Bring a new training of the same settings to where `pack` was called.

    The global random state is set last: nothing may draw from it before `learn`.

    Raises
    ------
    RuntimeError
        A name is missing, unknown, or has another shape.
    """
    networks = {n: t for n, t in tensors.items() if n.startswith(("module/", "optimizer/"))}
    state.unpack(networks, *_networks(model))
    for name, variable in _variables(model).items():
        with torch.no_grad():
            variable.copy_(tensors[name])
    for name in COUNTERS:
        setattr(model, name, plain[name])
    trace.retrace({n.removeprefix(ENV): t for n, t in tensors.items() if n.startswith(ENV)})
    model._last_obs = tensors["seen"].numpy()
    model._last_episode_starts = tensors["starts"].numpy()
    env.episode_returns, env.episode_lengths = (tensors[n].numpy() for n in ("returns", "lengths"))
    env.episode_count = plain["ended"]
    _fill(model, tensors)
    _draw_on(model, tensors, plain["draws"])


def _networks(model: BaseAlgorithm) -> tuple[dict[str, nn.Module], dict[str, Optimizer]]:
    """Name what the algorithm saves of itself: its networks, and their optimizers."""
    found = {name: attrgetter(name)(model) for name in model._get_torch_save_params()[0]}
    modules = {name: own for name, own in found.items() if isinstance(own, nn.Module)}
    return modules, {name: own for name, own in found.items() if name not in modules}


def _variables(model: BaseAlgorithm) -> dict[str, Tensor]:
    """Name the tensors that are in no network: SAC's temperature."""
    return {name: attrgetter(name)(model) for name in model._get_torch_save_params()[1]}


def _replayed(model: BaseAlgorithm) -> dict[str, NDArray[Any]]:
    """Return the rows of a replay buffer that are taken, and where the next one goes."""
    buffer = getattr(model, "replay_buffer", None)
    if not isinstance(buffer, ReplayBuffer):
        return {}
    taken = {REPLAY + name: getattr(buffer, name)[: buffer.size()] for name in REPLAYED}
    return taken | {REPLAY + "at": np.array([buffer.pos, buffer.full])}


def _fill(model: BaseAlgorithm, tensors: Mapping[str, Tensor]) -> None:
    """Put back the latest episodes and the replay buffer."""
    model.ep_info_buffer = deque(maxlen=model._stats_window_size)
    model.ep_success_buffer = deque(maxlen=model._stats_window_size)
    for worth, length in tensors["episodes"].tolist():
        model.ep_info_buffer.append({"r": np.float32(worth), "l": np.int32(length)})
    buffer = getattr(model, "replay_buffer", None)
    if isinstance(buffer, ReplayBuffer):
        for name in REPLAYED:
            rows = tensors[REPLAY + name].numpy()
            getattr(buffer, name)[: len(rows)] = rows
        at, full = tensors[REPLAY + "at"].tolist()
        buffer.pos = at
        buffer.full = bool(full)


def _drawn(model: BaseAlgorithm) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the random states that the algorithm draws from."""
    numpy = np.random.get_state(legacy=False)
    keys = torch.from_numpy(numpy["state"]["key"].astype(np.int64))
    tensors = {"draws/torch": torch.get_rng_state(), "draws/numpy": keys}
    actions: dict[str, Any] = dict(model.action_space.np_random.bit_generator.state)
    numbers = {name: str(number) for name, number in actions["state"].items()}  # of 128 bits
    plain = {
        "numpy": [numpy["state"]["pos"], numpy["has_gauss"], numpy["gauss"]],
        "python": random.getstate(),
        "actions": actions | {"state": numbers},
    }
    return tensors, plain


def _draw_on(model: BaseAlgorithm, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
    """Set the random states as they were."""
    actions = plain["actions"]
    numbers = {name: int(number) for name, number in actions["state"].items()}
    model.action_space.np_random.bit_generator.state = {**actions, "state": numbers}
    keys = tensors["draws/numpy"].numpy().astype(np.uint32)
    np.random.set_state(("MT19937", keys, *plain["numpy"]))
    version, words, normal = plain["python"]
    random.setstate((version, tuple(words), normal))
    torch.set_rng_state(tensors["draws/torch"])
