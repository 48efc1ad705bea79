"""Known failures of a policy as a file of pytest: disturbances, and the world that they disturb."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, files, reading
from genenv.policies.episodes import Episodes, imported
from genenv.policies.replayed import config_of, stored
from genenv.settings import PolicyConfig


@dataclass(frozen=True, eq=False)
class Known:
    """Disturbances under which a policy failed."""

    e: NDArray[np.float32]
    """(m, base_dim)."""
    label: NDArray[np.int64]
    """(m,), the starts."""
    row: NDArray[np.int64]
    """(m,), their numbers in RUN/failures."""
    config: PolicyConfig

    def __len__(self) -> int:
        return len(self.e)

    @property
    def ids(self) -> list[str]:
        """Name each for pytest."""
        return [f"failure-{row:05d}" for row in self.row]

    def failing(self, policy: Any) -> NDArray[np.bool_]:
        """Play each against a policy, as `stress --policy` names it: whether it fails, (m,).

        The policy is read and the world imported: both are named by who calls.
        """
        return Episodes(self.config, imported(policy), True).play(self.e, self.label).failed

    def sentence(self, row: int) -> str:
        """Say what is expected of a row."""
        return f"{self.ids[row]}: an episode of {self.config.env} without a failure"

    def save(self, path: Path) -> None:
        """Write one .npz file."""
        about = json.dumps(asdict(self.config))
        arrays: dict[str, Any] = {"e": self.e, "label": self.label, "row": self.row}
        files.write_atomically(path, lambda file: np.savez(file, about=about, **arrays))


def load(path: Path, env: str) -> Known:
    """Read what `Known.save` wrote.

    Parameters
    ----------
    path
        Of the file.
    env
        The environment, which the caller names: of module:ID an import runs code.

    Raises
    ------
    Mistake
        The file is damaged, or of another environment.
    """
    held = reading.arrays(path)
    about = reading.guarded(path, lambda: json.loads(str(held.pop("about"))))
    config = config_of(path, about)
    if config.env != env:
        raise checks.Mistake(f"disturbances of {env}", f"those of {config.env}", "export anew")
    return reading.guarded(path, lambda: Known(config=config, **held))


def of_run(folder: Path, count: int) -> Known:
    """Choose the likeliest failures of a run, those with the least energy.

    Raises
    ------
    Mistake
        The run found none.
    """
    e, label = stored(folder)
    if not len(e):
        raise checks.Mistake(f"failures in {folder}/failures", "none", "give a run that found some")
    energy = (e.astype(np.float64) ** 2).sum(1)
    chosen = np.argsort(energy, kind="stable")[: checks.integer("count", count)]
    plain = reading.plain(folder / "config.json")
    return Known(e[chosen], label[chosen], chosen, config_of(folder, plain["policy"]))
