"""The policy under attack, as a function of a batch of observations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from genenv import checks

Array = NDArray[Any]
ALGORITHMS = ("A2C", "DDPG", "DQN", "PPO", "SAC", "TD3")


def wrap(
    policy: Any, seen: gymnasium.Space[Any], done: gymnasium.Space[Any], trust: bool, algorithm: str
) -> Callable[[Array], Array]:
    """Make a function of a batch of observations (rows, ...) that returns actions (rows, ...).

    Parameters
    ----------
    policy
        A function of a batch; a Stable-Baselines3 model or policy, asked for its deterministic
        actions; or the path of the zip that such a model saved.
    seen, done
        The world's observation and action space.
    trust
        Whether a path may be read: loading runs code that the file holds.
    algorithm
        That saved the file.

    Raises
    ------
    Mistake
        The spaces do not match, the path is not trusted or missing, or it is none of these.
    """
    if isinstance(policy, str | Path):
        policy = _load(Path(policy), trust, algorithm)
    for name, space in (("observation", seen), ("action", done)):
        own = getattr(policy, f"{name}_space", space)
        if not _alike(own, space):
            raise checks.Mistake(f"a policy with {name} space {space}", own, "take another policy")
    if hasattr(policy, "predict"):
        return lambda observation: policy.predict(observation, deterministic=True)[0]
    if not callable(policy):
        got = type(policy).__name__
        raise checks.Mistake("a function, a Stable-Baselines3 model or its zip", got, "give one")
    return lambda observation: np.asarray(policy(observation))


def check_answer(answer: Array, rows: int, space: gymnasium.Space[Any]) -> None:
    """Raise a Mistake unless `answer` holds one action of the space a row."""
    checks.shape("the policy's actions", answer, (rows, *(space.shape or ())))
    kind = "f" if isinstance(space, Box) and space.dtype.kind == "f" else "iu"
    if answer.dtype.kind not in kind:
        raise checks.Mistake(f"actions of {space}", f"dtype {answer.dtype}", "convert them")
    checks.finite("the policy's actions", answer)
    outside = [a for a in answer.astype(space.dtype) if not space.contains(a)]
    if outside:
        raise checks.Mistake(f"actions in {space}", outside[0], "clip or round them")


def _alike(own: Any, space: Any) -> bool:
    """Whether shape, kind and number of values agree; limits may differ."""
    sizes = [(type(one), one.shape, getattr(one, "n", None)) for one in (own, space)]
    return sizes[0] == sizes[1]


def _load(path: Path, trust: bool, algorithm: str) -> Any:
    checks.choice("algorithm", algorithm, ALGORITHMS)
    if not path.is_file():
        raise checks.Mistake("the zip of a Stable-Baselines3 model", path, "give an existing file")
    if not trust:
        do = "give trust=True if you know where the file comes from"
        raise checks.Mistake("a policy that runs no code of others", f"the file {path}", do)
    import stable_baselines3

    return getattr(stable_baselines3, algorithm).load(path, device="cpu")
