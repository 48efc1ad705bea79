"""A trained agent: networks, the settings that made them, and its file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.save_util import save_to_zip_file

from genenv import checks, seeding
from genenv.agents import spaces
from genenv.agents.algorithms import Preset

SPEC, PARAMETERS = "agent.json", "parameters.zip"


@dataclass(frozen=True)
class Agent:
    """An algorithm of Stable-Baselines3 and what it was trained by."""

    env_id: str
    """Of the environment that it was trained in."""
    preset: Preset
    model: BaseAlgorithm
    steps: int
    """Steps of the environment that the training took, over all rows."""

    def act(self, seen: NDArray[Any], seed: int | None = None) -> NDArray[Any]:
        """Choose an action a row.

        Parameters
        ----------
        seen
            Observations (n, ...).
        seed
            Address of the draws of a stochastic policy; None: its most likely actions.

        Returns
        -------
        Actions (n, ...), within the action space.
        """
        with seeding.global_seed(0 if seed is None else seed):
            action, _ = self.model.predict(seen, deterministic=seed is None)
        return np.asarray(action)

    def save(self, folder: Path) -> None:
        """Write settings and spaces as JSON, and parameters as a zip of tensors."""
        folder.mkdir(parents=True, exist_ok=True)
        spec = {
            "env": self.env_id,
            "preset": self.preset.to_json(),
            "steps": self.steps,
            "observation_space": spaces.to_json(self.model.observation_space),
            "action_space": spaces.to_json(self.model.action_space),
        }
        (folder / SPEC).write_text(json.dumps(spec, indent=2))
        save_to_zip_file(folder / PARAMETERS, params=self.model.get_parameters())

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote; executes nothing that the files hold.

        Parameters
        ----------
        folder
            Of the agent, or of the run that `train` left.

        Raises
        ------
        Mistake
            If there is no agent.
        """
        folder = Path(folder)
        at = folder if (folder / SPEC).is_file() else folder / "agents"
        if not (at / SPEC).is_file():
            raise checks.Mistake(f"a folder with {SPEC}", folder, "give a run that `train` left")
        spec = json.loads((at / SPEC).read_text())
        preset = Preset.from_json(spec["preset"])
        seen, acts = (spaces.from_json(spec[f"{k}_space"]) for k in ("observation", "action"))
        model = preset.blank(seen, acts)
        model.set_parameters(str(at / PARAMETERS), device="cpu")
        return cls(spec["env"], preset, model, spec["steps"])
