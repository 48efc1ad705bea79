"""A training in one call, from its data to the generator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from genenv.data.dataset import Dataset
from genenv.isolation import isolated
from genenv.networks import Generator
from genenv.noise import Noise
from genenv.training.config import TrainingConfig
from genenv.training.monitor import Monitor
from genenv.training.trainer import Measure, Trainer


@isolated()
def train(
    dataset: Dataset,
    config: TrainingConfig,
    noise: Noise | None = None,
    folder: Path | str | None = None,
    monitor: Monitor | None = None,
    measure: Measure | None = None,
    advance: Callable[[int], None] | None = None,
    resume: bool = False,
) -> Generator:
    """Train a generator and return its average, with the critic kept.

    Parameters
    ----------
    dataset, config, noise, folder, monitor, measure
        See `Trainer`.
    advance
        Called with the number of steps since its last call.
    resume
        Go on from the newest whole checkpoint in `folder`, from the start if there is none.

    Returns
    -------
    The generator, on the CPU; its `notes` say what was chosen.
    """
    trainer = Trainer(dataset, config, noise, folder, monitor, measure)
    if resume:
        trainer.resume()
    trainer.fit(advance)
    return trainer.result()
