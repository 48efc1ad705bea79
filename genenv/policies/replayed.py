"""The failures of a finished run of a policy, played again from their stored disturbances."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, files, importing, reading
from genenv.policies.episodes import Episodes, imported, is_code
from genenv.reading import Column
from genenv.settings import PolicyConfig

STORED = {"e": Column("f", (None, None)), "label": Column("iu", (None,), 0)}


@dataclass(frozen=True)
class Replayed(ABC):
    """Whether each stored failure fails now, in the order of the files."""

    failing: NDArray[np.bool_]  # (m,)

    def unexpected(self, expect: str) -> NDArray[np.int64]:
        """Return the rows that are not as expected: "fail" or "pass"."""
        wanted = self.failing if expect == "fail" else ~self.failing
        return np.flatnonzero(~wanted)

    @abstractmethod
    def words(self, row: int) -> str:
        """Say what a stored failure is, and what becomes of it now."""


@dataclass(frozen=True)
class PlayedAgain(Replayed):
    """Stored failures of a policy, played again."""

    seed: NDArray[np.int64]  # (m,), of the world's episode
    energy: NDArray[np.float32]  # (m,), ½‖e‖² of the codes that were used
    steps: NDArray[np.int64]  # (m,), of the world

    def words(self, row: int) -> str:
        """See `Replayed.words`."""
        now = "fails" if self.failing[row] else "does not fail"
        known = f"row {row}: seed {self.seed[row]}, energy {self.energy[row]:.4g}"
        return f"{known}, {now} in {self.steps[row]} steps"


def is_run(folder: Path) -> bool:
    """Whether `stress --env` left the folder."""
    path = folder / "config.json"
    return path.is_file() and isinstance(reading.plain(path).get("policy"), dict)


def replay(folder: Path, policy: Any = None, trust: bool = False) -> PlayedAgain:
    """Play the stored failures of a run again.

    Parameters
    ----------
    folder
        That `stress --env` left.
    policy
        In the place of the run's, see `study.PolicyStress`; None: the one that its config names.
    trust
        Import, or read as a zip, what the run's config names; a zip of the caller's, too.

    Raises
    ------
    Mistake
        The folder is damaged; its policy or environment is code that nobody named or trusted; or
        the codes are those of another world.
    """
    played = episodes(folder, named(folder, trust) if policy is None else policy, trust)
    e, label = of_world(folder, played)
    if not len(e):
        none = np.zeros(0)
        return PlayedAgain(none > 0, label, none.astype(np.float32), label)
    found = played.play(e, label)
    return PlayedAgain(found.failed, played.config.seed + label, found.energy, found.steps)


def named(folder: Path, trust: bool) -> Any:
    """Return the policy that a run's config names; None: the world's own.

    Raises
    ------
    Mistake
        It is code, and the folder is not trusted.
    """
    found = reading.plain(folder / "config.json").get("model")
    return importing.recorded(str(found), trust, "--model") if is_code(found) else found


def failing(folder: Path, policy: Any, trust: bool) -> NDArray[np.bool_]:
    """Play the stored failures of a run against a policy: whether each fails, (m,).

    Parameters
    ----------
    folder, trust
        See `replay`.
    policy
        None: the one that comes with the world.
    """
    return again(folder, episodes(folder, policy, trust))


def again(folder: Path, played: Episodes) -> NDArray[np.bool_]:
    """Play the stored failures of a run: whether each fails, (m,)."""
    e, label = of_world(folder, played)
    return played.play(e, label).failed if len(e) else np.zeros(0, np.bool_)


def of_world(folder: Path, played: Episodes) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Read the stored failures of a run, see `stored`, and check that they are of this world."""
    e, label = stored(folder)
    if len(e):
        checks.shape(f"e in {folder}/failures", e, (None, played.base_dim))
    return e, label


def stored(folder: Path) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Read codes (m, base_dim) and starts (m,) of the stored failures of a run.

    Raises
    ------
    Mistake
        A file is damaged.
    """
    parts = []
    for shard in files.shards(folder / "failures"):
        columns = reading.arrays(shard, STORED)
        reading.check(shard, columns, STORED)
        parts.append((columns["e"], columns["label"].astype(np.int64)))
    if not parts:
        return np.zeros((0, 0), np.float32), np.zeros(0, np.int64)
    e, label = zip(*parts, strict=True)
    return reading.guarded(folder / "failures", lambda: (np.concatenate(e), np.concatenate(label)))


def episodes(folder: Path, policy: Any, trust: bool) -> Episodes:
    """Return the episodes of a policy in the world of a run, see `failing`."""
    path = folder / "config.json"
    config = config_of(path, reading.plain(path)["policy"])
    if ":" in config.env and not trust:
        raise checks.Mistake(
            f"--trust, since the run's folder names {config.env}, whose import runs code", "none",
            "read it, and say so",
        )  # fmt: skip
    return Episodes(config, imported(policy), trust)


def config_of(path: Path, plain: dict[str, Any]) -> PolicyConfig:
    """Return the settings that a file holds as plain values.

    Raises
    ------
    Mistake
        They are damaged.
    """
    own: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in plain.items()
    }
    return reading.guarded(path, lambda: PolicyConfig(**own))
