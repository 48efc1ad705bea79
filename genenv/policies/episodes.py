"""A policy's episodes as a function of the base space: codes and a start in, what happened out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks
from genenv.columns import Columns
from genenv.envs.disturbance import Disturbance
from genenv.envs.world import columns
from genenv.importing import import_object
from genenv.noise import Gaussian
from genenv.settings import PolicyConfig

BATCH = 64  # episodes that run side by side
MOMENTS = 8  # of an episode at which its state is kept
CLOSE = 1e-6  # the least distance from a failure that did not happen


@dataclass(frozen=True)
class Played(Columns):
    """What happened, an episode a row."""

    failed: NDArray[np.bool_]  # (n,)
    severity: NDArray[np.float32]  # (n,), > 0: failed, the earlier the more; else minus the miss
    energy: NDArray[np.float32]  # (n,), ½‖e‖² of the codes that were used
    steps: NDArray[np.int64]  # (n,), of the world
    returns: NDArray[np.float32]  # (n,), sum of the world's rewards
    miss: NDArray[np.float32]  # (n,), least distance from the failure; nan without one
    path: NDArray[np.float32]  # (n, MOMENTS, columns), states at even shares of the episode


@dataclass(frozen=True)
class Walk:
    """One episode step by step."""

    codes: NDArray[np.float32]  # (steps, each)
    states: NDArray[np.float32]  # (steps + 1, columns)
    miss: NDArray[np.float32]  # (steps + 1,)
    frames: tuple[NDArray[np.uint8], ...]  # pictures at even moments; (): the world draws none


class Episodes:
    """Episodes of one policy in one disturbed world.

    A base vector holds the codes of all steps, then those of dynamics and start; see
    `envs.disturbance.Disturbance`, which plays them. Start k is the world's seed + k.

    Parameters
    ----------
    config
        Settings.
    policy
        A function of a batch of observations, a Stable-Baselines3 model, the path of its zip, or
        None: the one that comes with the world.
    trust
        Whether a zip may be read.

    Raises
    ------
    Mistake
        What Disturbance refuses; or nothing is disturbed.
    """

    def __init__(self, config: PolicyConfig, policy: Any, trust: bool) -> None:
        self.config = config
        self.options: dict[str, Any] = {
            "world": config.env, "world_arguments": config.world_arguments(),
            "policy": policy, "trust": trust, "algorithm": config.algorithm,
            "channels": config.strengths(), "failure": config.failure,
            "threshold": config.threshold, "horizon": config.horizon, "plausible": False,
        }  # fmt: skip
        self.env: Disturbance = self._guarded(Disturbance, BATCH, **self.options)
        drive = self.env.drive
        self.windows, self.each, self.once = drive.windows, drive.each, drive.once
        self.base_dim = self.windows * self.each + self.once
        if not self.base_dim:
            raise checks.Mistake("a channel that is disturbed", "none", "give --channels action=1")
        self.noise = Gaussian(self.base_dim)
        self.width = columns(self.env.world.observation_space)

    @property
    def has_miss(self) -> bool:
        """Whether there is a distance from the failure, which searches climb."""
        return self.env.miss is not None

    def play(self, e: NDArray[np.float32], start: NDArray[np.int64]) -> Played:
        """Play episodes (n, base_dim) from starts (n,).

        Raises
        ------
        Mistake
            The policy or the world raised.
        """
        parts = []
        for at in range(0, len(e), BATCH):
            own = e[at : at + BATCH]
            rows = len(own)
            filled = np.concatenate([own, np.repeat(own[:1], BATCH - rows, 0)])
            begins = np.concatenate([start[at : at + BATCH], np.repeat(start[at], BATCH - rows)])
            parts.append(self._block(filled, begins).rows(np.arange(rows)))
        return Played.concatenate(parts)

    def _block(self, e: NDArray[np.float32], start: NDArray[np.int64]) -> Played:
        seen, info = self._guarded(self.env.reset, seed=(self.config.seed + start).tolist())
        over = np.zeros(BATCH, np.bool_)
        last = {name: info[name].copy() for name in ("energy", "failed", "returns", "steps")}
        least = final = info["miss"].astype(np.float64)
        states = [seen[:, : self.width]]
        length = np.zeros(BATCH, np.int64)
        for action in self._actions(e):
            seen, _, terminated, truncated, info = self._guarded(self.env.step, action)
            for name, column in last.items():
                last[name] = np.where(over, column, info[name])
            final = np.where(over, final, info["miss"])
            least = np.minimum(least, final)
            states.append(np.where(over[:, None], states[-1], seen[:, : self.width]))
            length += ~over
            over |= terminated | truncated
            if over.all():
                break
        miss = final if self.env.decided_at_end else least
        return self._played(last, miss, np.stack(states, 1), length)

    def _played(
        self,
        last: dict[str, NDArray[Any]],
        miss: NDArray[np.float64],
        states: NDArray[np.float32],
        length: NDArray[np.int64],
    ) -> Played:
        failed = last["failed"].astype(np.bool_)
        steps = last["steps"]
        horizon = self.env.horizon
        near = np.maximum(miss, CLOSE) if self.has_miss else np.ones(BATCH)
        moments = np.rint(np.linspace(0, 1, MOMENTS) * length[:, None]).astype(np.int64)
        return Played(
            failed=failed,
            severity=np.where(failed, (horizon - steps + 1) / horizon, -near).astype(np.float32),
            energy=last["energy"].astype(np.float32),
            steps=steps.astype(np.int64),
            returns=last["returns"].astype(np.float32),
            miss=(miss if self.has_miss else np.full(BATCH, np.nan)).astype(np.float32),
            path=np.take_along_axis(states, moments[:, :, None], 1),
        )

    def walk(self, e: NDArray[np.float32], start: int, frames: int) -> Walk:
        """Play one episode (base_dim,) and keep its steps, and so many pictures of the world."""
        env, draws = _drawn(self.options)
        seen, info = env.reset(seed=[self.config.seed + start])
        states = [seen[0, : self.width]]
        miss = [info["miss"][0]]
        codes = []
        film = [_frame(env)] if draws else []
        for action in self._actions(e[None]):
            seen, _, terminated, truncated, info = env.step(action)
            codes.append(action[0, : self.each])
            states.append(seen[0, : self.width])
            miss.append(info["miss"][0])
            film += [_frame(env)] if draws else []
            if terminated[0] or truncated[0]:
                break
        env.close()
        moments = np.rint(np.linspace(0, max(len(film) - 1, 0), frames)).astype(int)
        kept = tuple(film[i] for i in moments[: frames * bool(film)])
        return Walk(np.stack(codes), np.stack(states), np.asarray(miss, np.float32), kept)

    def _actions(self, e: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Yield the codes of one step after the other, with those that act once behind them."""
        once = e[:, self.windows * self.each :]
        for step in range(self.windows):
            own = e[:, step * self.each : (step + 1) * self.each]
            yield np.concatenate([own, once], 1)

    def _guarded(self, call: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return call(*arguments, **named)
        except (checks.Mistake, KeyboardInterrupt):
            raise
        except Exception as error:
            raise checks.Mistake(
                f"the policy to act in {self.config.env}",
                f"{type(error).__name__}: {error}",
                "mend the policy or the world",
            ) from error


def is_code(policy: Any) -> bool:
    """Whether a policy is named as module:name, and is no path of a file."""
    return isinstance(policy, str) and ":" in policy and not Path(policy).exists()


def imported(policy: Any) -> Any:
    """Return a policy that a person named as module:name; any other as it is."""
    return import_object(policy, "a policy", " or a zip") if is_code(policy) else policy


def undisturbed(episodes: Episodes) -> Played:
    """Play each start once without any disturbance."""
    starts = np.arange(episodes.config.starts)
    return episodes.play(np.zeros((len(starts), episodes.base_dim), np.float32), starts)


def _drawn(options: dict[str, Any]) -> tuple[Disturbance, bool]:
    """Make one environment whose world draws itself, where it can: (it, whether it does)."""
    drawn = options["world_arguments"] | {"render_mode": "rgb_array"}
    shown = options | {"world_arguments": drawn}
    try:
        env = Disturbance(1, **shown)
        env.reset(seed=0)
        env.world.env.render()
    except Exception:  # whatever a world raises that cannot draw here: its page has no film
        return Disturbance(1, **options), False
    return env, True


def _frame(env: Disturbance) -> NDArray[np.uint8]:
    drawn: Any = env.world.env.render()
    return np.asarray(drawn[0], np.uint8)
