"""A trained agent: networks, the settings that made them, and its file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.save_util import save_to_zip_file

from genenv import checks, files, reading, seeding
from genenv.agents import spaces
from genenv.agents.algorithms import from_json
from genenv.agents.preset import Preset

SPEC, PARAMETERS = "agent.json", "parameters.zip"
FINISHED, INTERRUPTED = "agents", "interrupted"  # of a run's folder
MOST_HIDDEN = 2**14  # units of a layer in a file


class Spec(msgspec.Struct):
    """What agent.json says."""

    env: str
    preset: dict[str, Any]
    steps: int
    observation_space: dict[str, Any]
    action_space: dict[str, Any]


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
        """Write settings and spaces as JSON, and parameters as a zip of tensors, or nothing."""
        files.folder(folder, self.write)

    def write(self, folder: Path) -> None:
        """Write the files of `save` into a folder that is there."""
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
            If there is no agent, or its files are damaged.
        """
        folder = Path(folder)
        places = folder, folder / FINISHED, folder / INTERRUPTED
        at = next((place for place in places if (place / SPEC).is_file()), None)
        if at is None:
            raise checks.Mistake(f"a folder with {SPEC}", folder, "give a run that `train` left")
        path, zipped = at / SPEC, at / PARAMETERS
        spec = reading.struct(path, Spec)
        preset = reading.guarded(path, lambda: from_json(spec.preset))
        if max(preset.hidden, default=0) > MOST_HIDDEN:
            raise reading.damaged(path, f"hidden layers of {max(preset.hidden):,}")
        seen, acts = (
            reading.guarded(path, partial(spaces.from_json, plain))
            for plain in (spec.observation_space, spec.action_space)
        )
        reading.check_archive(zipped)
        model = reading.guarded(path, lambda: preset.blank(seen, acts))
        reading.guarded(zipped, lambda: model.set_parameters(str(zipped), device="cpu"))
        return cls(spec.env, preset, model, spec.steps)
