"""What a checkpoint says of its training beside its tensors, and whether another may go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from genenv import checks
from genenv.noise import Noise
from genenv.training.config import FREE_ON_RESUME, TrainingConfig


@dataclass(frozen=True)
class Record:
    """A training and where it runs, as a checkpoint keeps it in JSON."""

    config: TrainingConfig
    """Settings."""
    rows: int
    """To learn from."""
    noise: Noise
    """The law of the latents."""
    device: str
    """Kind of the device: cpu or cuda."""
    threads: int
    """Of the CPU."""
    processes: int
    """That train together."""

    def settings(self) -> dict[str, Any]:
        """Return what must not change on resume at all, but for FREE_ON_RESUME."""
        plain = {"config": self.config.plain(), "rows": self.rows, "noise": self.noise.to_json()}
        read: dict[str, Any] = json.loads(json.dumps(plain))  # tuples become lists, as in the file
        return read

    def machine(self) -> dict[str, Any]:
        """Return what must not change for a resume to be bit for bit."""
        return {
            "torch": torch.__version__,
            "device": self.device,
            "threads": self.threads,
            "processes": self.processes,
        }

    def check(self, plain: Mapping[str, Any], path: Path) -> None:
        """Raise a Mistake that names the settings in which the checkpoint `plain` differs."""
        now = self.settings()
        fields = now["config"].keys() - FREE_ON_RESUME
        changed = sorted(k for k in fields if now["config"][k] != plain["config"].get(k))
        changed += [k for k in ("rows", "noise") if now[k] != plain.get(k)]
        if changed:
            raise checks.Mistake(
                f"the settings and data of {path}",
                f"another value of {', '.join(changed)}",
                "use the same, or start afresh in another folder",
            )

    def resumed(self, step: int, plain: Mapping[str, Any]) -> list[str]:
        """Say from where the training goes on, and what keeps it from doing so bit for bit."""
        if step == 0:
            return ["no checkpoint was found, training started at step 0"]
        changed = [k for k, v in self.machine().items() if plain.get(k) != v]
        if not changed:
            return [f"resumed at step {step}"]
        return [
            f"resumed at step {step}",
            f"{' and '.join(changed)} differ from the checkpoint's: the run goes on, "
            "but not bit for bit",
        ]
