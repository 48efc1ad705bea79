"""Small classifiers that genenv trains itself: the default model under test and the oracles."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from genenv import checks, codecs, passes, reading, seeding
from genenv.codecs import Codec, planes
from genenv.data import Batches
from genenv.passes import OneRow

BATCH = 64
LEAST_STEPS = 600  # of Adam, or five epochs where these are more
LEAST_EPOCHS = 5
FEATURES = 64  # width of the last hidden layer


class Spec(msgspec.Struct):
    """What the file of a classifier says of it."""

    kind: str
    units: dict[str, Any]
    outputs: int


class Classifier(nn.Module):
    """Logits and features from samples in [-1, 1].

    Parameters
    ----------
    kind
        `cnn` (images), `mlp`, or `rbf` (random Fourier features, Rahimi and Recht 2007).
    units
        Of the data; inputs are `units.encode(x)`, in the user's layout.
    outputs
        Number of classes.

    Raises
    ------
    Mistake
        Another kind, or `cnn` for samples that are no images.
    """

    def __init__(self, kind: str, units: Codec, outputs: int) -> None:
        super().__init__()
        checks.choice("kind", kind, BODIES)
        if kind not in units.classifiers:
            got, usual = f"samples of shape {units.shape}", units.classifiers[0]
            raise checks.Mistake(f"images for a {kind}", got, f"use {usual}")
        self.kind, self.units = kind, units
        self.body = BODIES[kind](units)
        self.head = nn.Linear(FEATURES, outputs)
        # Small convolutions take a quarter of the time on a CPU with the channels last.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def features(self, u: Tensor) -> Tensor:
        """(batch, *units.layout) in [-1, 1] -> (batch, 64), the last hidden layer."""
        return passes.through(self.body, planes(u) if self.kind == "cnn" else u)

    def forward(self, u: Tensor) -> Tensor:
        """(batch, *units.layout) in [-1, 1] -> (batch, outputs) logits."""
        return passes.linear(self.head, self.features(u))

    def save(self, path: Path) -> None:
        """Write weights and their description to one safetensors file."""
        spec = {"kind": self.kind, "outputs": self.head.out_features}
        plain = json.dumps(spec | {"units": self.units.to_json()})
        tensors = {name: tensor.contiguous() for name, tensor in self.state_dict().items()}
        save_file(tensors, path, metadata={"classifier": plain})

    @staticmethod
    @seeding.global_seed(0)  # weights are drawn before those of the file replace them
    def load(path: Path) -> Classifier:
        """Read what `save` wrote, in eval mode and frozen; executes nothing."""
        spec = reading.guarded(
            path, lambda: msgspec.convert(reading.metadata(path, "classifier"), Spec)
        )
        units = reading.guarded(path, lambda: codecs.from_json(spec.units))
        make = partial(Classifier, spec.kind, units, spec.outputs)
        network = reading.build(path, [path], make)
        reading.fill(network, path)
        return network.eval().requires_grad_(False)


class InUnits(nn.Module):
    """A classifier as a user's module: (n, *units.shape) in the data's units -> logits."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, x: Tensor) -> Tensor:
        """Map to [-1, 1] and ask; a row alone, of which nobody wants a gradient, in NumPy."""
        u = self.classifier.units.encode(x)
        followed = torch.is_grad_enabled() or self.classifier.training or u.is_cuda
        if len(x) > 1 or followed or self._single is None:
            return self.classifier.forward(u)
        return torch.from_numpy(self._single(u.numpy().reshape(-1, self._shape[-1])))

    @property
    def _shape(self) -> tuple[int, ...]:
        """Of a row, planes last."""
        units = self.classifier.units
        return (*units.layout[:2], units.channels) if units.channels else (units.width,)

    @cached_property
    def _single(self) -> OneRow | None:
        """The classifier for one row, as it is when first asked; None: torch is as quick."""
        body = [*self.classifier.body, self.classifier.head]
        return OneRow(body, self._shape) if OneRow.known(body, self._shape) else None


def _cnn(units: Codec) -> nn.Sequential:
    channels, side = units.channels, min(units.layout[:2])
    layers: list[nn.Module] = []
    for width in (16, 32, 64):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        if side >= 16 or (width > 16 and side >= 4):
            layers.append(nn.MaxPool2d(2))
            side //= 2
        channels = width
    body = nn.Sequential(*layers, *([nn.AdaptiveMaxPool2d(4)] if side > 4 else []), nn.Flatten())
    inputs = body(torch.zeros(1, units.channels, *units.layout[:2])).shape[1]
    return body.extend([nn.Dropout(0.2), nn.Linear(inputs, FEATURES), nn.ReLU()])


def _mlp(units: Codec) -> nn.Sequential:
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(units.width, 256),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(256, FEATURES),
        nn.ReLU(),
    )


class _Fourier(nn.Module):
    """cos(Wx + b) with W fixed: features of a Gaussian kernel whose scale fits [-1, 1] data."""

    weight: Tensor  # (outputs, inputs)
    bias: Tensor  # (outputs,)

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.randn(outputs, inputs) / math.sqrt(inputs) * 2)
        self.register_buffer("bias", torch.rand(outputs) * 2 * math.pi)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cos(functional.linear(x, self.weight, self.bias))


def _rbf(units: Codec) -> nn.Sequential:
    return nn.Sequential(
        nn.Flatten(), _Fourier(units.width, 512), nn.Linear(512, FEATURES), nn.Tanh()
    )


BODIES: dict[str, Callable[[Codec], nn.Sequential]] = {"cnn": _cnn, "mlp": _mlp, "rbf": _rbf}


def fit_classifier(
    kind: str,
    x: Any,
    label: Any,
    units: Codec,
    outputs: int,
    seed: int,
    advance: Callable[[int], None] | None = None,
    smoothing: float = 0.0,
    jitter: float = 0.0,
) -> Classifier:
    """Train a classifier on stored samples; it comes back in eval mode and frozen.

    Parameters
    ----------
    kind
        See `Classifier`.
    x, label
        Arrays (n, *units.shape) in the data's units and (n,) of class indices.
    units, outputs
        Of the data; number of classes.
    seed
        Address of initialisation, order and dropout.
    advance
        Called with 1 after each step.
    smoothing, jitter
        Label smoothing, and the standard deviation of Gaussian noise on inputs in [-1, 1]: both
        make the confidence of an oracle worth more.
    """
    batches = Batches(x, label, min(BATCH, len(x)), seeding.fold(seed, "order"))
    steps = steps_to_fit(len(x))
    with seeding.global_seed(seeding.fold(seed, "classifier", kind)):
        network = Classifier(kind, units, outputs)
        optimizer = torch.optim.Adam(network.parameters(), 1e-3, weight_decay=1e-5)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
        for step in range(steps):
            batch, target = batches.at(step)
            assert target is not None
            u = units.encode(batch)
            logits = network(u + jitter * torch.randn_like(u) if jitter else u)
            loss = functional.cross_entropy(logits, target, label_smoothing=smoothing)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            if advance:
                advance(1)
    return network.eval().requires_grad_(False)


def steps_to_fit(rows: int) -> int:
    """Return the steps that `fit_classifier` takes on this many rows."""
    return max(LEAST_STEPS, LEAST_EPOCHS * (rows // BATCH))
