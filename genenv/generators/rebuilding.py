"""A decoder from elsewhere in the place that a run left for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from genenv import checks, codecs, noise, reading
from genenv.generators.base import Generator
from genenv.generators.onnx_decoder import OnnxDecoder
from genenv.generators.trial import tried
from genenv.generators.wrapped import KIND, Wrapped
from genenv.importing import is_onnx


def rebuilt(folder: Path, decode: Callable[..., Any] | str | Path | None = None) -> Generator:
    """Put a decoder where a run had one: units, classes, law and range are the run's.

    Parameters
    ----------
    folder
        RUN/generator, with the spec.json of a decoder from elsewhere.
    decode
        See `wrap`; None: the .onnx file that the run names, which runs no code of anyone's.

    Raises
    ------
    Mistake
        The run's was no decoder, it is not at hand, or this one makes other samples.
    """
    path = folder / "spec.json"
    spec = reading.plain(path)
    if spec.get("kind") != KIND:
        raise checks.Mistake(
            f"the run of a decoder from elsewhere in {folder}", "one whose generator is stored",
            "leave the decoder out",
        )  # fmt: skip
    named = str(spec.get("path"))
    if decode is None and not (is_onnx(named) and Path(named).is_file()):
        raise checks.Mistake(
            f"the generator of this run, {named}, which is not stored there", "none",
            f"give it again: --generator {named}, generator= in Python",
        )  # fmt: skip

    def make() -> Wrapped:
        units, classes = codecs.from_json(spec["units"]), tuple(spec["classes"])
        law = noise.from_json(spec["law"])
        found: Any = named if decode is None else decode
        if is_onnx(found):
            found = OnnxDecoder(found, units, len(classes), law.dim)
        return Wrapped(found, law, units, classes, spec["output"], named)

    made = tried(reading.guarded(path, make))
    digest = reading.value(path, str, "digest")
    if made.digest() != digest:
        raise checks.Mistake(
            f"the decoder {named} of the run, digest {digest[:12]}",
            f"one that makes other samples, digest {made.digest()[:12]}",
            "give the same, or wrap this one by genenv.wrap_generator",
        )
    return made
