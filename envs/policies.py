"""The policy under attack, as a function of a batch of observations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
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
        own = getattr(policy, f"{name}_space", None) or space
        if not _alike(own, space):
            raise checks.Mistake(f"a policy with {name} space {space}", own, "take another policy")
    if hasattr(policy, "predict"):
        return partial(_predicted, policy)
    if not callable(policy):
        got = type(policy).__name__
        raise checks.Mistake("a function, a Stable-Baselines3 model or its zip", got, "give one")
    return partial(_called, policy)


def _predicted(policy: Any, observation: Array) -> Array:
    return policy.predict(observation, deterministic=True)[0]  # type: ignore[no-any-return]


def _called(policy: Callable[[Array], Any], observation: Array) -> Array:
    return np.asarray(policy(observation))


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
    """Whether kind, shape, number of values and those limits agree that are finite in both."""
    sizes = [(type(one), one.shape, getattr(one, "n", None)) for one in (own, space)]
    if sizes[0] != sizes[1] or not isinstance(space, Box):
        return sizes[0] == sizes[1]
    pairs = [(own.low, space.low), (own.high, space.high)]
    bounded = [np.isfinite(a) & np.isfinite(b) for a, b in pairs]
    return all(np.allclose(a[at], b[at]) for (a, b), at in zip(pairs, bounded, strict=True))


def _load(path: Path, trust: bool, algorithm: str) -> Any:
    checks.choice("algorithm", algorithm, ALGORITHMS)
    if not path.is_file():
        raise checks.Mistake("the zip of a Stable-Baselines3 model", path, "give an existing file")
    if not trust:
        do = "give trust=True if you know where the file comes from"
        raise checks.Mistake("a policy that runs no code of others", f"the file {path}", do)
    import stable_baselines3

    try:
        return getattr(stable_baselines3, algorithm).load(path, device="cpu")
    except (AttributeError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        got = f"{path} ({type(error).__name__}: {error})"
        do = "give the algorithm that saved it"
        raise checks.Mistake(f"a zip that {algorithm} saved", got, do) from error
