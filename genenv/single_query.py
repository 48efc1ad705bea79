"""A query of one row in NumPy, all but the model: an agent that plays alone asks no batches.

The same formulas as `Probe` and `judge.Guide`, to 1e-5, a test holds them together; what torch
spends on the way to its kernels is three quarters of a query otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from genenv.codecs.affine import Affine
from genenv.judge.guide import Guide
from genenv.judge.neighbours import NEIGHBOURS
from genenv.judge.oracle import Oracle
from genenv.judge.temper import LEAST
from genenv.networks.mlp import MLPGenerator
from genenv.passes import OneRow

if TYPE_CHECKING:
    from genenv.generators import Generator

Array = NDArray[Any]


class SingleSample:
    """A generator and its codec for one row.

    Parameters
    ----------
    generator
        One that `fits`.
    """

    def __init__(self, generator: Generator) -> None:
        assert isinstance(generator, MLPGenerator)
        units, embedding = generator.units, generator.embedding
        assert isinstance(units, Affine)
        self._body = OneRow(list(generator.body), _inputs(generator))
        self._noise = generator.noise
        self._shape = units.shape
        self._integer = units.integer
        self._classes = None if embedding is None else embedding.weight.detach().numpy()
        low, high = np.array([units.low, units.high], np.float32)
        self._middle: Array = (high + low) / 2
        self._half: Array = (high - low) / 2
        self._scale = np.where(self._half == 0, np.float32(1), self._half)
        self._least, self._most = np.array([units.least, units.most], np.float32)

    @staticmethod
    def fits(generator: Generator) -> bool:
        """Whether it is a small fully connected network on the CPU, of samples in plain units."""
        if not isinstance(generator, MLPGenerator) or not isinstance(generator.units, Affine):
            return False
        known = OneRow.known(list(generator.body), _inputs(generator))
        return known and generator.device.type == "cpu"

    def __call__(self, e: Tensor, label: Tensor) -> tuple[Array, Array]:
        """(1, base_dim), (1,) -> the sample in the data's units and in [-1, 1], (1, numbers)."""
        z = self._noise.from_base(e).numpy()
        if self._classes is not None:
            z = np.concatenate([z, self._classes[label.numpy()]], 1)
        x = self._body(z) * self._half + self._middle
        if self._integer:
            x = np.rint(x).clip(self._least, self._most)
        return x, (x - self._middle) / self._scale

    def stored(self, x: Array) -> Array:
        """(1, numbers) -> (1, *units.shape)."""
        return x.reshape(1, *self._shape)


class SingleLook:
    """A guide that looks at one row, see `Guide.look`.

    Parameters
    ----------
    guide
        One that `fits`.
    """

    def __init__(self, guide: Guide) -> None:
        self._guide = guide
        self._planes = guide.units.channels or guide.units.width
        self._bodies = [OneRow(list(oracle.body), _shape(oracle)) for oracle in guide.oracles]
        heads = [oracle.head for oracle in guide.oracles]
        self._heads = [(h.weight.detach().numpy().T, h.bias.detach().numpy()) for h in heads]
        self._known = guide.around.neighbours.reference.numpy()
        self._squares = np.square(self._known).sum(1)

    @staticmethod
    def fits(guide: Any) -> bool:
        """Whether it is a Guide whose networks have a function of one row."""
        if type(guide) is not Guide:
            return False
        return all(OneRow.known(list(o.body), _shape(o)) for o in guide.oracles)

    def __call__(self, u: Array, label: Array) -> tuple[Array, Array, Array]:
        """(1, numbers) in [-1, 1], (1,) -> log-probability, distance - threshold, accepted."""
        guide, row = self._guide, u.reshape(-1, self._planes)
        features = [body(row) for body in self._bodies]
        each = [_softmax(f @ w + b) for f, (w, b) in zip(features, self._heads, strict=True)]
        mean = sum(each[1:], each[0]) / len(each)
        p = _softmax(np.log(mean.clip(LEAST)) / guide.temperature)
        own, excess = p[:, label[0]], self._distance(features[0]) - guide.threshold
        accepted = (p.argmax(1) == label) & (own >= guide.cut) & (excess <= 0)
        return np.log(own.clip(1e-12)), excess, accepted

    def _distance(self, point: Array) -> Array:
        """(1, 64) -> (1,), see `Surroundings`."""
        order = self._squares - 2 * (self._known @ point[0])
        count = min(NEIGHBOURS, len(order))
        near = self._known[np.argpartition(order, count - 1)[:count]]
        lengths = np.sqrt(np.square(point - near).sum(1).clip(1e-12))
        mean: Array = lengths.mean(keepdims=True) / self._guide.around.scale
        return mean


def _inputs(generator: MLPGenerator) -> tuple[int, ...]:
    """Return the shape of what its layers take: latents, and the numbers that tell the class."""
    coded = 0 if generator.embedding is None else generator.embedding.embedding_dim
    return (generator.noise.dim + coded,)


def _shape(oracle: Oracle) -> tuple[int, ...]:
    """Return the shape of an oracle's row, planes last."""
    return oracle.shape if len(oracle.shape) == 1 else (*oracle.shape[1:], oracle.shape[0])


def _softmax(logits: Array) -> Array:
    """(1, outputs) -> (1, outputs), see torch.softmax."""
    share: Array = np.exp(logits - logits.max())
    share /= share.sum()
    return share
