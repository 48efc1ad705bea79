"""A generator from elsewhere: a function or file of e and labels, behind the contract."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from genenv import checks, seeding
from genenv.codecs import Codec
from genenv.data import from_arrays
from genenv.generators.base import Classes, Generator
from genenv.generators.onnx_decoder import OnnxDecoder
from genenv.generators.trial import RAISED, as_tensor, described, tried
from genenv.importing import is_onnx
from genenv.isolation import kept
from genenv.noise import NOISES, Noise

KIND = "wrapped"  # in spec.json
OUTPUTS = ("data", "unit", "tanh")


class Wrapped(Generator):
    """A decoder of the user's, made by `wrap`.

    Parameters
    ----------
    decode
        (n, noise.dim) float32, (n,) int64 -> (n, *units.shape), a tensor or an array.
    noise, units, classes
        See `Generator`.
    output
        The range of what it answers: "data", the data's own units; "unit", [0, 1]; "tanh", [-1, 1];
        the latter two from the data's least to their largest value.
    path
        Where the decoder comes from; None: as it says itself.
    """

    def __init__(
        self,
        decode: Callable[..., Any],
        noise: Noise,
        units: Codec,
        classes: Classes,
        output: str,
        path: str | None = None,
    ) -> None:
        self.decode = decode.eval() if isinstance(decode, nn.Module) else decode
        self.noise = noise
        self.units = units
        self.classes = classes
        self.output = checks.choice("output", output, OUTPUTS)
        self.path = described(decode) if path is None else path
        self._slopes = True  # until `trial.tried` has looked
        self._seeds = False  # the same
        self._gives_label = _takes(decode, 2) if classes else not _takes(decode, 1)

    @property
    def differentiable(self) -> bool:
        """Whether torch found a gradient when the decoder was tried, and the law has one."""
        return self._slopes and self.noise.differentiable

    @property
    def device(self) -> torch.device:
        """Where the decoder's weights lie, if it is a module that has any."""
        weights = self.decode.parameters() if isinstance(self.decode, nn.Module) else iter(())
        return next((w.device for w in weights), torch.device("cpu"))

    def black_box(self) -> None:
        """Ask the decoder without gradients from now on."""
        self._slopes = False

    def seeds_inside(self) -> None:
        """Put the global random states back after each call from now on: the decoder moves them."""
        self._seeds = True

    def answered(self, z: Tensor, label: Tensor | None) -> Tensor:
        """Return what the decoder answers in its own range, float32: (batch, *units.shape).

        It is given copies, and torch's settings stay as they are.

        Raises
        ------
        Mistake
            The decoder raised, or its answer has another shape or is not finite.
        """
        try:
            x = as_tensor(self._asked(z, label)).to(z.device).float()
        except RAISED as error:
            raise checks.Mistake(
                f"the decoder {self.path} to answer",
                f"{type(error).__name__}: {error}, for a batch of {len(z)}", "mend it",
            ) from error  # fmt: skip
        checks.shape(f"what {self.path} answers", x, (len(z), *self.units.shape))
        mend = "mend the decoder, so that every e makes a sample"
        checks.finite(f"what {self.path} answers", x.detach().cpu().numpy(), mend)
        return x

    def _asked(self, z: Tensor, label: Tensor | None) -> Any:
        """Return what the decoder answers, as it is; without gradients where it has none."""
        label = torch.zeros(len(z), dtype=torch.int64) if label is None else label
        given = [z.float().to(self.device).clone()]
        given += [label.to(self.device).clone()] if self._gives_label else []
        with kept(), seeding.global_state() if self._seeds else nullcontext():
            if self.differentiable:
                return self.decode(*given)
            with torch.no_grad():
                return self.decode(*(part.detach() for part in given))

    def from_base(self, e: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.base_dim), labels (batch,) -> (batch, *units.layout), about in [-1, 1]."""
        return self.from_latent(self.noise.from_base(e), label)

    def from_latent(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.dim), labels (batch,) -> (batch, *units.layout): what the decoder is given.

        Raises
        ------
        Mistake
            The decoder raised, or its answer has another shape or is not finite.
        """
        return self.units.encode(self._in_units(self.answered(z, label)))

    def _in_units(self, x: Tensor) -> Tensor:
        if self.output == "data":
            return x
        share = x if self.output == "unit" else (x + 1) / 2
        least = torch.tensor(self.units.least, device=x.device)
        most = torch.tensor(self.units.most, device=x.device)
        return least + share * (most - least)

    def facts(self) -> dict[str, Any]:
        """Tell path, law and digest."""
        return {
            "network": KIND,
            "path": self.path,
            "noise": type(self.noise).__name__,
            "base_dim": self.noise.base_dim,
            "differentiable": self.differentiable,
            "digest": self.digest(),
        }

    def digest(self) -> str:
        """Return a digest of its path and of its samples at 64 addresses."""
        x, label = self.sample(64)
        labels = b"" if label is None else label.tobytes()
        return hashlib.sha256(self.path.encode() + x.tobytes() + labels).hexdigest()

    def save(self, folder: Path) -> None:
        """Write spec.json: path, digest, units and classes; the decoder itself is the user's."""
        folder.mkdir(parents=True, exist_ok=True)
        spec = {
            "schema": 1,
            "kind": KIND,
            "units": self.units.to_json(),
            "classes": list(self.classes),
            "output": self.output,
            "law": self.noise.to_json() if "kind" in vars(type(self.noise)) else None,
            **self.facts(),
        }
        (folder / "spec.json").write_text(json.dumps(spec, indent=2) + "\n")


def wrap(
    decode: Callable[..., Any] | str | Path,
    x: ArrayLike,
    y: ArrayLike | None = None,
    *,
    base_dim: int,
    noise: str | Noise = "gaussian",
    conditional: bool | None = None,
    output: str = "data",
) -> Wrapped:
    """Put a generator from elsewhere behind the contract, and try it once.

    Parameters
    ----------
    decode
        (e, label) -> samples: e float32 (n, base_dim), label int64 (n,), samples (n, ...) as `x`
        has them, a tensor or an array. A torch module (put into eval mode) or function keeps its
        gradient; anything else is a black box. One that takes e alone is unconditional. The path
        of an .onnx file: see `OnnxDecoder`.
    x, y
        The data that it imitates, and their labels: units and classes are theirs.
    base_dim
        Length of e.
    noise
        The law of what decode is given: a name in `noise.NOISES` or a Noise of `dim` base_dim.
    conditional
        Whether samples are made on request of a class; None: where `y` is given.
    output
        "data": in the units of `x`; "unit": [0, 1]; "tanh": [-1, 1], which stand for the range
        of `x`.

    Raises
    ------
    Mistake
        The decoder fails, answers with another shape, out of range, with NaN or infinity, not the
        same twice, or depending on the batch; or there are no labels to ask for.
    """
    dataset = from_arrays(x, y)
    wanted = y is not None if conditional is None else conditional
    if wanted and y is None:
        raise checks.Mistake("labels of a conditional decoder", "none", "give y")
    if isinstance(decode, str | Path) and is_onnx(decode):
        decode = OnnxDecoder(decode, dataset.units, len(dataset.classes), base_dim)
    if not callable(decode):
        raise checks.Mistake("a decoder to call", type(decode).__name__, "give a function of e")
    if wanted and not _takes(decode, 2):
        raise checks.Mistake(
            "a decoder of e and label", f"{described(decode)}, which takes e alone",
            "let it take both, or give conditional=False",
        )  # fmt: skip
    law = _law(noise, checks.integer("base_dim", base_dim))
    classes = dataset.classes if wanted else ()
    return tried(Wrapped(decode, law, dataset.units, classes, output))


def _law(noise: str | Noise, dim: int) -> Noise:
    if isinstance(noise, Noise):
        if noise.dim != dim:
            raise checks.Mistake(f"a noise of {dim} dimensions", noise.dim, "change one of them")
        return noise
    return NOISES[checks.choice("noise", noise, NOISES)](dim)


def _takes(decode: Any, arguments: int) -> bool:
    """Whether a decoder can be called with so many; yes, where that is not known."""
    if isinstance(decode, OnnxDecoder):
        return arguments == 1 or decode.takes_label
    try:
        inspect.signature(getattr(decode, "forward", decode)).bind(*[None] * arguments)
    except TypeError:
        return False
    except ValueError:
        return True
    return True
