"""Checks for the author of a vector environment; Gymnasium ships them for single ones only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from itertools import combinations
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, iterate
from numpy.typing import NDArray

from genenv import seeding
from genenv.singles import Singles

MakeBatch = Callable[[int, AutoresetMode], VectorEnv[Any, Any, Any]]
MakeSingle = Callable[[], gymnasium.Env[Any, Any]]
MASK_EVERY = 9  # steps between two masked resets in the middle of episodes
_TRIAL = 40  # steps of the checks that need no episode ends


def check_vector_env(
    make_batch: MakeBatch,
    make_single: MakeSingle,
    *,
    rows: int = 5,
    episode_ends: int = 50,
    seed: int = 0,
    tolerance: float = 1e-5,
    modes: Sequence[AutoresetMode] = tuple(AutoresetMode),
) -> None:
    """Check a vector environment against single ones, and against Gymnasium's contract.

    In every autoreset mode: spaces, dtypes and info masks; row i of `reset(seed=s)` equal to the
    single environment reset with s + i, through episode ends, masked resets and seeds; nothing
    returned is reused or a view of the environment's state; the same seed gives the same results,
    whatever the global random state is.

    Parameters
    ----------
    make_batch
        (rows, autoreset mode) -> a vector environment.
    make_single
        () -> the single environment.
    rows
        Rows of the batch, at least 2.
    episode_ends
        Ends of episodes to go through in each mode.
    seed
        Of the environments and the actions.
    tolerance
        On floats, absolute and relative; flags, integers and lengths must be equal.
    modes
        The modes that the environment offers.

    Raises
    ------
    AssertionError
        With the call, the row and the values that differ.
    """
    assert rows >= 2, f"expected at least 2 rows, got {rows}; a batch of one hides mistakes"
    for mode in modes:

        def make(mode: AutoresetMode = mode) -> VectorEnv[Any, Any, Any]:
            return make_batch(rows, mode)

        check_spaces(make, make_single, mode)
        check_parity(make, make_single, episode_ends, seed, tolerance)
        check_fresh_data(make, seed)
        check_determinism(make, seed)
    check_modes_apart(lambda mode: make_batch(rows, mode), modes)


def check_spaces(
    make: Callable[[], VectorEnv[Any, Any, Any]], make_single: MakeSingle, mode: AutoresetMode
) -> None:
    """Check metadata, spaces, shapes, dtypes, info masks, and that closing twice is allowed."""
    env, single = make(), make_single()
    declared = env.metadata.get("autoreset_mode")
    assert declared is mode, f"expected metadata['autoreset_mode'] {mode}, got {declared!r}"
    for name in ("observation", "action"):
        own, other = getattr(env, f"single_{name}_space"), getattr(single, f"{name}_space")
        assert own == other, f"single_{name}_space is {own}, the single environment has {other}"
        batch, want = getattr(env, f"{name}_space"), batch_space(own, env.num_envs)
        assert batch == want, f"{name}_space is {batch}, a batch of the single one is {want}"
    for call, result in _trial(env, seed=0, steps=_TRIAL):
        assert result[0] in env.observation_space, f"{call}: observation outside of its space"
        _check_info(call, result[-1], env.num_envs)
        for name, array in zip(("reward", "terminated", "truncated"), result[1:-1], strict=False):
            kinds = "f" if name == "reward" else "b"
            good = isinstance(array, np.ndarray) and array.dtype.kind in kinds
            assert good, f"{call}: {name} must be an array of dtype kind {kinds!r}, got {array!r}"
            assert array.shape == (env.num_envs,), f"{call}: {name} has shape {array.shape}"
    env.close()
    env.close()
    single.close()


def check_modes_apart(
    make: Callable[[AutoresetMode], VectorEnv[Any, Any, Any]], modes: Sequence[AutoresetMode]
) -> None:
    """Check that each instance keeps its own autoreset mode."""
    for env, mode in [(make(mode), mode) for mode in modes]:
        found = env.metadata["autoreset_mode"]
        assert found is mode, f"{mode} became {found} when another instance was made"
        env.close()


def check_parity(
    make: Callable[[], VectorEnv[Any, Any, Any]],
    make_single: MakeSingle,
    episode_ends: int,
    seed: int,
    tolerance: float,
) -> None:
    """Compare a batch with single environments, through episode ends and masked resets."""
    env = make()
    singles = Singles([make_single() for _ in range(env.num_envs)], env.metadata["autoreset_mode"])
    rng = seeding.numpy_generator(seed, "parity")
    env.action_space.seed(seed)
    everyone = np.ones(env.num_envs, np.bool_)
    observation, info = env.reset(seed=seed)
    _compare("reset", env, (observation, info), singles.reset(everyone, seed), tolerance)
    ends = step = 0
    while ends < episode_ends:
        step += 1
        action = env.action_space.sample()
        *result, info = env.step(deepcopy(action))
        expected = singles.step(list(iterate(env.action_space, action)))
        _compare(f"step {step}", env, (*result, info), expected, tolerance)
        ends += int((result[2] | result[3]).sum())
        mask = rng.random(env.num_envs) < 0.5 if step % MASK_EVERY == 0 else ~everyone
        if singles.mode is AutoresetMode.DISABLED:
            mask = mask | singles.done
        if mask.any():
            again = None if step % (2 * MASK_EVERY) else seed + step
            got = env.reset(seed=again, options={"reset_mask": mask.copy()})
            _compare(
                f"masked reset after step {step}", env, got, singles.reset(mask, again), tolerance
            )
        assert step < 1000 * (ends + 1), f"no episode ended in {step} steps; give it a time limit"
    env.close()
    singles.close()


def check_fresh_data(make: Callable[[], VectorEnv[Any, Any, Any]], seed: int) -> None:
    """Check that results share no memory, and that writing into them changes nothing."""
    kept = list(_trial(make(), seed, steps=8))
    for (call_a, a), (call_b, b) in combinations(kept, 2):
        for one in _arrays(a):
            shared = any(np.shares_memory(one, other) for other in _arrays(b))
            assert not shared, f"{call_a} and {call_b} return the same memory; return new arrays"
    spoiled = []
    for call, result in _trial(make(), seed, steps=8):
        spoiled.append((call, deepcopy(result)))
        for array in _arrays(result):
            array[...] = np.ones(1, array.dtype)
    for (call, a), (_, b) in zip(kept, spoiled, strict=True):
        _equal(f"{call}, after earlier results were written into", a, b, 0.0)


def check_determinism(make: Callable[[], VectorEnv[Any, Any, Any]], seed: int) -> None:
    """Check that the same seed gives the same results under any global random state."""
    with seeding.global_seed(1):
        first = list(_trial(make(), seed, _TRIAL))
    with seeding.global_seed(2):
        second = list(_trial(make(), seed, _TRIAL))
    for (call, a), (_, b) in zip(first, second, strict=True):
        _equal(f"{call}, run twice with seed {seed}", a, b, 0.0)


def _compare(
    call: str,
    env: VectorEnv[Any, Any, Any],
    result: tuple[Any, ...],
    expected: list[dict[str, Any]],
    tolerance: float,
) -> None:
    """Compare each row of a batched result with what the single environment gave."""
    observations = list(iterate(env.observation_space, result[0]))
    for i, want in enumerate(expected):
        info = _row(result[-1], i)
        got = {"observation": observations[i]}
        got |= {key: info.pop(key) for key in ("final_obs", "final_info") if key in info}
        names = ("reward", "terminated", "truncated")
        got |= {k: v[i].item() for k, v in zip(names, result[1:-1], strict=False)} | {"info": info}
        _equal(f"{call}, row {i}", got, want, tolerance)


def _row(info: dict[str, Any], i: int) -> dict[str, Any]:
    """Take what a batch's info says of one row."""
    return {
        key: _row(value, i) if isinstance(value, dict) else value[i]
        for key, value in info.items()
        if not key.startswith("_") and info[f"_{key}"][i]
    }


def _equal(where: str, a: Any, b: Any, tolerance: float) -> None:
    """Compare nested data; floats within the tolerance, all else exactly."""
    if isinstance(b, dict):
        assert a.keys() == b.keys(), f"{where}: keys {sorted(a)}, expected {sorted(b)}"
        for key in b:
            _equal(f"{where}, {key}", a[key], b[key], tolerance)
    elif isinstance(b, (tuple, list)) or (isinstance(b, np.ndarray) and b.dtype == object):
        assert len(a) == len(b), f"{where}: {len(a)} parts, expected {len(b)}"
        for i, (one, other) in enumerate(zip(a, b, strict=True)):
            _equal(f"{where}, part {i}", one, other, tolerance)
    elif b is None or isinstance(b, str):
        assert a == b, f"{where}: got {a!r}, expected {b!r}"
    else:
        one, other = np.asarray(a), np.asarray(b)
        slack = tolerance if other.dtype.kind == "f" else 0.0
        same = np.array_equal(one, other) or (
            one.shape == other.shape and np.allclose(one, other, slack, slack, equal_nan=True)
        )
        assert same, f"{where}: got {one}, expected {other}"


def _trial(
    env: VectorEnv[Any, Any, Any], seed: int, steps: int
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Run an environment and yield every call's name and result."""
    env.action_space.seed(seed)
    yield "reset with a seed", env.reset(seed=seed)
    for step in range(1, steps + 1):
        action = env.action_space.sample()
        before = deepcopy(action)
        result = env.step(action)
        done = result[2] | result[3]
        _equal(f"step {step}, the actions handed over", action, before, 0.0)
        yield f"step {step}", result
        if env.metadata["autoreset_mode"] is AutoresetMode.DISABLED and done.any():
            mask = done.copy()
            yield f"masked reset after step {step}", env.reset(options={"reset_mask": mask})
    yield "reset without a seed", env.reset()


def _arrays(data: Any) -> Iterator[NDArray[Any]]:
    """All arrays of nested data."""
    if isinstance(data, np.ndarray):
        yield from _arrays(list(data)) if data.dtype == object else [data]
    elif isinstance(data, (dict, tuple, list)):
        for part in data.values() if isinstance(data, dict) else data:
            yield from _arrays(part)


def _check_info(call: str, info: dict[str, Any], rows: int) -> None:
    """Check that info holds numeric arrays of one entry a row, each with its mask."""
    for key, value in info.items():
        if isinstance(value, dict) and key != "final_obs":
            _check_info(call, value, rows)
        elif not key.startswith("_") and key != "final_obs":
            good = isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
            assert good, f"{call}: info[{key!r}] must be a numeric array, got {value!r}"
            assert len(value) == rows, f"{call}: info[{key!r}] has {len(value)} rows, not {rows}"
        if not key.startswith("_"):
            mask = info.get(f"_{key}")
            good = isinstance(mask, np.ndarray) and mask.dtype == np.bool_ and mask.shape == (rows,)
            assert good, f"{call}: info['_{key}'] must be a bool mask of the rows, got {mask!r}"
