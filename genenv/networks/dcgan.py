"""All-convolutional pair after DCGAN (Radford et al., arXiv 1511.06434), for 8 to 64 pixels.

As in its section 3: strided and fractionally strided convolutions, batch norm except at the
generator's output and the critic's input, ReLU with tanh out, LeakyReLU 0.2, weights from
N(0, 0.02), the critic's last map straight to its score. What differs:

- An image is halved while both sides are even and 8 pixels or more (28 -> 14 -> 7); the paper has
  64 pixels and four halvings. Sides that are no multiple of 4 are padded and cropped.
- Kernels are 4 x 4, which doubles a side exactly; figure 1 and the authors' code have 5 x 5.
- `width` is 32 unless told; the paper's networks are of width 128 at 64 pixels.
- The score is raw: the sigmoid is the objective's.
- Labels enter, by embedding and by projection; the paper's networks have none. The noise is any,
  the paper's uniform in 100 dimensions.
- Batch norm is over each channel in the first map, too, where the authors' code has it over each
  unit; its scales start from N(1, 0.02) as there. Layers without batch norm have biases.
- A critic without batch norm keeps torch's scale by fan-in, for 0.02 without normalisation shrinks
  the signal at every layer (digits at 16 x 16, relativistic, 1,600 steps, one seed: 87.0 %
  GAN-train with 0.02, 93.5 % by fan-in).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from genenv.codecs import Codec, from_planes, planes
from genenv.generators.base import Classes
from genenv.networks.base import Critic, Generator
from genenv.networks.images import canvas
from genenv.networks.labels import embedded
from genenv.networks.projection import projected
from genenv.networks.residual import residual_before_rectifier, residual_behind_norm
from genenv.noise import Noise

EMBEDDING = 32  # numbers that tell the generator its class


class DCGANGenerator(Generator):
    """z and an embedding of the label through fractionally strided convolutions.

    Parameters
    ----------
    noise, units, classes
        See `Generator`. Sides that are no multiple of 4 are made larger and cropped.
    width
        Channels at full size's half; doubled at every halving below.

    Raises
    ------
    Mistake
        The data are no images, or a side is below 8 or above 64 pixels.
    """

    kind = "dcgan"
    blocks = 0  # residual convolutions at the smallest map, see `deep_dcgan`

    def __init__(self, noise: Noise, units: Codec, classes: Classes, width: int = 32) -> None:
        super().__init__(noise, units, classes, {"width": width})
        self.canvas = canvas(units, self.kind)
        self.notes = self.canvas.notes
        halvings = self.canvas.halvings
        self.embedding = nn.Embedding(len(classes), EMBEDDING) if classes else None
        inputs = noise.dim + (EMBEDDING if classes else 0)
        outputs = width * 2 ** (halvings - 1)
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(inputs, outputs, self.canvas.start, bias=False),
            *(residual_behind_norm(outputs) for _ in range(self.blocks)),
        ]
        for left in reversed(range(halvings)):
            inputs = outputs
            outputs = outputs // 2 if left else units.channels
            layers += [nn.BatchNorm2d(inputs), nn.ReLU()]
            layers.append(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=not left))
        self.body = nn.Sequential(*layers, nn.Tanh())
        self.body.apply(_initialise)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.dim), (batch,) -> (batch, *units.layout) in [-1, 1]."""
        if self.embedding is not None:
            z = torch.cat([z, embedded(self.embedding, label)], 1)
        x = self.body(z[:, :, None, None])
        return from_planes(self.canvas.crop(x), self.units.layout)


class DCGANCritic(Critic):
    """Strided convolutions; the label enters by projection (arXiv 1802.05637, equation 3).

    Parameters
    ----------
    units, classes
        See `Critic`.
    width
        Channels of the first layer; doubled at every halving.
    batch_norm
        Batch norm after every convolution but the first; for objectives without a penalty.

    Raises
    ------
    Mistake
        The data are no images, or a side is below 8 or above 64 pixels.
    """

    kind = "dcgan"
    blocks = 0  # residual convolutions at the smallest map, see `deep_dcgan`

    def __init__(
        self, units: Codec, classes: Classes, width: int = 32, batch_norm: bool = False
    ) -> None:
        super().__init__(units, classes, {"width": width, "batch_norm": batch_norm})
        self.canvas = canvas(units, self.kind)
        inputs = units.channels
        outputs = width
        layers: list[nn.Module] = []
        for i in range(self.canvas.halvings):
            norm = batch_norm and i > 0
            layers.append(nn.Conv2d(inputs, outputs, 4, 2, 1, bias=not norm))
            layers += [nn.BatchNorm2d(outputs)] if norm else []
            layers.append(nn.LeakyReLU(0.2))
            inputs = outputs
            outputs = outputs * 2
        size = inputs * math.prod(self.canvas.start)
        layers += [residual_before_rectifier(inputs, batch_norm) for _ in range(self.blocks)]
        self.body = nn.Sequential(*layers, nn.Flatten())
        self.head = nn.Linear(size, 1)  # the paper's last convolution, over the whole map
        self.projection = nn.Embedding(len(classes), size) if classes else None
        if batch_norm:
            self.apply(_initialise)
        elif self.projection is not None:
            nn.init.normal_(self.projection.weight, std=size**-0.5)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, *units.layout) in [-1, 1], (batch,) or (batch, slots) -> (batch,)."""
        features = self.body(self.canvas.pad(planes(x)))
        score = self.head(features).squeeze(1)
        if self.projection is not None:
            score = score + projected(self.projection, label, features)
        return score  # type: ignore[no-any-return]


def _initialise(module: nn.Module) -> None:
    """Draw weights as section 3 of the paper has it, the batch norm's around 1."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
