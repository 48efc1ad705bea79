"""Where a seat's objects come from: a folder that `stress` left, or the bundled set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genenv import checks, downstream, networks
from genenv.classifier import Classifier
from genenv.data.dataset import Units
from genenv.downstream import Downstream
from genenv.judge import load_guide
from genenv.probe import Probe

MODEL = "model.safetensors"  # in RUN/model, where genenv trained the model itself


def channels_last(network: Classifier) -> Classifier:
    """Lay out weights so that batches of small images take a quarter of the time on a CPU."""
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


class InUnits(nn.Module):
    """A genenv classifier as a user's module: (n, *units.shape) in the data's units -> logits."""

    def __init__(self, classifier: Classifier, units: Units) -> None:
        super().__init__()
        self.classifier, self.units = channels_last(classifier), units

    def forward(self, x: Tensor) -> Tensor:
        """Map to [-1, 1] and ask."""
        return self.classifier(self.units.to_unit(x))  # type: ignore[no-any-return]


def wrap_classifier(
    classifier: Classifier, units: Units, classes: tuple[int | str, ...]
) -> Downstream:
    """Put a classifier that genenv trained behind the contract of models under test."""
    return downstream.wrap(InUnits(classifier, units), units, classes, "raw", "logits")


def load_probe(run: Path, model: Any = None) -> Probe:
    """Load generator, guide and model from a run; executes nothing that the folder holds.

    Parameters
    ----------
    run
        A folder with `generator/`, `judge/` and, unless `model` is given, `model/`.
    model
        The model under test in place of the recorded one: anything `downstream.wrap` takes.

    Raises
    ------
    Mistake
        If a part is missing, or the model is the user's own and was not given.
    """
    generator = networks.load(run / "generator")
    units, classes = generator.units, generator.classes
    if not (run / "judge" / "guide.json").is_file():
        raise checks.Mistake("a folder with judge/guide.json", run, "give one that `stress` left")
    guide = load_guide(run / "judge", units)
    for network in guide.networks:
        channels_last(network)
    if model is None:
        path = run / "model" / MODEL
        if not path.is_file():
            raise checks.Mistake(f"the file {path}", "none", "give the model itself as model=")
        return Probe(generator, wrap_classifier(Classifier.load(path), units, classes), guide)
    return Probe(generator, downstream.wrap(model, units, classes), guide)
