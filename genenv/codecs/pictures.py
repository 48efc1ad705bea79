"""Images: (h, w) or (h, w, c) with one range, which maps to [-1, 1]."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from genenv.codecs.affine import Affine
from genenv.codecs.planes import planes

CONVOLVED = 16  # pixels of the larger side, from which convolutions are worth their time
CODED = 32  # pixels, below which codes are learned by fully connected networks


@dataclass(frozen=True)
class Pictures(Affine):
    """Images, grey or of any number of channels, which come last."""

    kind = "image"
    bounded = True
    one_scale = True
    shiftable = True
    learned_features = True
    classifiers = ("cnn", "mlp", "rbf")
    oracles = ("plain", "pooled")
    guides = ("plain", "pooled")
    learners = ("logistic", "mlp", "cnn", "forest")

    @property
    def channels(self) -> int:
        """See `Codec.channels`."""
        return 1 if len(self.shape) == 2 else self.shape[2]

    @property
    def networks(self) -> tuple[str, ...]:
        """Convolutions from 16 pixels on, else the fully connected pair."""
        if max(self.shape[:2]) >= CONVOLVED:
            return "dcgan", "deep-dcgan", "resnet", "mlp"
        return "mlp", "dcgan", "deep-dcgan", "resnet"

    @property
    def family(self) -> str:
        """`small` below 16 pixels, else `image`."""
        return "image" if max(self.shape[:2]) >= CONVOLVED else "small"

    @property
    def coded_family(self) -> str:
        """`small` below 32 pixels, else `image`."""
        return "image" if max(self.shape[:2]) >= CODED else "small"

    def packed(self, pack: int) -> Pictures:
        """Images with `pack` times the channels."""
        return replace(self, shape=(*self.shape[:2], self.channels * pack), ends=None)

    def pack(self, u: Tensor) -> Tensor:
        """See `Codec.pack`."""
        return u.movedim(1, -1) if u.ndim == 4 else u.movedim(1, -2).flatten(-2)

    def module_view(self, x: Tensor) -> Tensor:
        """See `picture`."""
        return self.picture(x).contiguous()

    def picture(self, x: Tensor) -> Tensor:
        """Map images in the data's units, (n, h, w) or (n, h, w, c), to (n, c, h, w) in [0, 1].

        Float32, (x - low) / (high - low); images of one value throughout are 0.5.
        """
        low = self.low[0]
        span = self.high[0] - self.low[0]
        low, span = (low, span) if span else (low - 0.5, 1.0)
        return planes((x.float() - low).div_(span) if low else x.float() / span)
