"""The model under test as a run records it, and how it is found again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import (
    checks,
    criteria,
    downstream,
    files,
    importing,
    model_spec,
    networks,
    reading,
    rules,
)  # fmt: skip
from genenv.boosted import Boosted
from genenv.classifier import Classifier, InUnits
from genenv.codecs import Codec, Rows
from genenv.criteria import Criterion
from genenv.downstream import Downstream
from genenv.failures import OUTPUT_TOLERANCE, ask
from genenv.generators import Generator, adopt, rebuilt, wrapped
from genenv.judge import load_guide
from genenv.model_spec import ModelSpec
from genenv.parts import checked
from genenv.probe import Probe
from genenv.reading import Column

MODEL = "model.safetensors"  # in RUN/model, where genenv trained the model itself
CHECK_ROWS = 64  # fixed rows whose outputs tell one model from another


def record_outputs(
    folder: Path, model: Downstream, x: NDArray[Any], label: NDArray[np.int64]
) -> None:
    """Write what the model says of the first 64 rows, and their labels, for `compare_outputs`."""
    rows, own = x[:CHECK_ROWS], label[:CHECK_ROWS]
    log_p = _ask_uncounted(model, rows)
    path = folder / "outputs.npz"
    files.write_atomically(path, lambda file: np.savez(file, x=rows, label=own, log_p=log_p))


def record_model(
    folder: Path,
    model: Downstream,
    path: str | None,
    asked: dict[str, Any],
    before: dict[str, Any],
    x: NDArray[Any],
    label: NDArray[np.int64],
) -> None:
    """Write what model a run asks, or check that it is the one that was asked before.

    Parameters
    ----------
    folder
        The run's.
    model, path
        Under test, and its import path; None: an object of the caller's.
    asked
        `input`, `output`, `layout` and `classes` as the user said.
    before
        `mean`, `std`, `preprocess` and `query_timeout` as the user said.
    x, label
        Real rows and their class indices.

    Raises
    ------
    Mistake
        The run had a model that answers otherwise.
    """
    place = folder / "model"
    place.mkdir(exist_ok=True)
    if (place / "outputs.npz").is_file() and compare_outputs(place, model):
        raise checks.Mistake(
            f"the model of the run in {folder}", "one that answers real rows otherwise",
            "give that model with --resume, or choose another --out",
        )  # fmt: skip
    record_outputs(place, model, x, label)
    spec = {
        "path": path,
        "kind": model.kind_name,
        "input": model.view,
        "output": model.output,
        "layout": model.layout,
        **{f"asked_{name}": value for name, value in asked.items()},
        **before,
    }
    files.write_json(folder / model_spec.WHERE, spec)


def compare_outputs(folder: Path, model: Downstream) -> tuple[str, ...]:
    """Say so if the model answers the fixed rows otherwise than it did; () if it does not.

    A run that was forwarded without real rows has none to ask about: ().
    """
    path = folder / "outputs.npz"
    if not path.exists():
        return ()
    stored = reading.arrays(path, ("x", "log_p"))
    reading.check(path, stored, {"x": Column("fiu", None), "log_p": Column("f", (None, None))})
    now = _ask_uncounted(model, stored["x"])
    checks.shape(f"log_p in {path}", stored["log_p"], now.shape)
    drift = float(np.abs(np.exp(now) - np.exp(stored["log_p"])).max())
    if drift <= OUTPUT_TOLERANCE:
        return ()
    return (f"the model is not the recorded one: outputs on fixed rows differ by {drift:.3g}",)


def _ask_uncounted(model: Downstream, x: NDArray[Any]) -> NDArray[np.float32]:
    before = model.queries
    log_p: NDArray[np.float32] = ask(model, x).log_p.numpy()
    model.queries = before
    return log_p


def wrap_trained(model: Classifier | Boosted, classes: tuple[int | str, ...]) -> Downstream:
    """Put a model that genenv trained behind the contract of models under test."""
    if isinstance(model, Boosted):
        return downstream.wrap(model, model.units, classes, "raw", "probabilities")
    return downstream.wrap(InUnits(model), model.units, classes, "raw", "logits")


def load_trained(weights: Path, units: Codec) -> Classifier | Boosted:
    """Load the model that genenv trained on data of these units."""
    return (Boosted if units.kind == Rows.kind else Classifier).load(weights)


def recorded_path(folder: Path) -> str | None:
    """Return the import path that a run records of its model; None: weights, or no path."""
    spec = model_spec.read_if_any(folder)
    return None if spec is None else spec.path


def is_recorded(folder: Path, model: Any) -> bool:
    """Whether `model` is the import path that the run records: its user names it again."""
    return isinstance(model, str) and model == recorded_path(folder)


def load_model(folder: Path, model: Any = None, trust: bool = False) -> Downstream:
    """Load the model under test of a run, or put another one in its place.

    Parameters
    ----------
    folder
        The run's.
    model
        Whatever `downstream.wrap` takes, or an import path; None: the recorded one, by weights or
        import path.
    trust
        Follow a recorded import path, which runs the code that it names.

    Raises
    ------
    Mistake
        The run holds no model, the recorded one was an object that had no import path, or has one
        and `trust` is false.
    """
    spec = model_spec.read_if_any(folder)
    found = _loaded(folder, spec, model, trust)
    found.timeout = 0.0 if spec is None else spec.query_timeout
    return found


def _loaded(folder: Path, spec: ModelSpec | None, model: Any, trust: bool) -> Downstream:
    units, classes = networks.described(folder / "generator")
    weights = folder / "model" / MODEL
    again = is_recorded(folder, model)
    said = spec or ModelSpec()
    before = _before(said, trust or again)
    if model is not None and not again:
        model = downstream.import_model(model) if isinstance(model, str) else model
        asked = said.asked_input, said.asked_output, before, said.asked_layout
        return downstream.wrap(model, units, classes, *asked, said.asked_classes)
    if weights.is_file():
        return wrap_trained(load_trained(weights, units), classes)
    if spec is None:
        wanted = f"the file {folder / model_spec.WHERE}"
        raise checks.Mistake(wanted, "none", "give a folder that `stress` left")
    if spec.path is None:
        raise checks.Mistake(
            "a model with an import path", "an object given in Python", "give the model itself"
        )
    named = downstream.recorded(spec.path, trust or again, "--model")
    asked = spec.input, spec.output, before, spec.layout
    return downstream.wrap(named, units, classes, *asked, spec.asked_classes)


def _before(spec: ModelSpec, trust: bool) -> Callable[[Any], Any] | None:
    """Return what lies before a recorded model."""
    if downstream.is_vec_normalize(spec.preprocess):
        return downstream.preprocessing(preprocess=spec.preprocess)
    if spec.preprocess:
        return downstream.recorded(spec.preprocess, trust, "--model")  # type: ignore[no-any-return]
    return downstream.preprocessing(spec.mean, spec.std)


def load_criterion(folder: Path, given: Any = None, trust: bool = False) -> Criterion:
    """Load the criterion of failure of a run, or put another one in its place.

    Parameters
    ----------
    folder
        The run's.
    given
        Whatever `criteria.find` takes; None: the recorded one.
    trust
        Import a recorded function, which runs the code that it names.

    Raises
    ------
    Mistake
        The recorded one is a function and the run is not trusted.
    """
    if given is not None:
        return criteria.find(given)
    path = folder / "config.json"
    settings = (reading.plain(path) if path.is_file() else {}).get("stress", {})
    recorded = reading.guarded(path, lambda: settings.get("criterion", str(criteria.DEFAULT)))
    if not isinstance(recorded, str):
        raise reading.damaged(path, f"a criterion {recorded!r}")
    if recorded.partition(":")[0] in criteria.CRITERIA:
        return criteria.find(recorded)
    return criteria.find(importing.recorded(recorded, trust, "--criterion"))


def load_probe(
    folder: Path, model: Any = None, trust: bool = False, generator: Any = None
) -> Probe:
    """Load generator, model and guide of a run.

    Parameters
    ----------
    folder, model, trust
        See `load_model`.
    generator
        In the place of the run's: a generator, or the decoder that the run had; None: the run's.

    Raises
    ------
    Mistake
        A part is missing, or the generator makes other samples or classes.
    """
    generator = _generator(folder, generator)
    guide = load_guide(checked(folder, "judge"), generator.units)
    criterion = load_criterion(folder, None, trust)
    asked = load_model(folder, model, trust)
    return Probe(generator, asked, guide, criterion, rules.recorded(folder, trust))


def not_stored(folder: Path) -> tuple[str, ...]:
    """Say what of a run cannot be made again from its folder: a generator from elsewhere."""
    path = folder / "generator" / "spec.json"
    spec = reading.plain(path) if path.is_file() else {}
    if spec.get("kind") != wrapped.KIND:
        return ()
    return (
        f"The generator, {spec.get('path')} (digest {str(spec.get('digest'))[:12]}), is not stored "
        "in the run: failures are asked from their arrays, and new samples need it again.",
    )


def _generator(folder: Path, given: Any) -> Generator:
    """Return a run's generator, or the one in its place."""
    stored = folder / "generator"
    if given is None:
        return networks.stored(checked(folder, "generator"))
    if not hasattr(given, "from_base"):
        return rebuilt(stored, given)
    made = adopt(given)
    units, classes = networks.described(stored)
    if (made.units.shape, made.classes) != (units.shape, classes):
        raise checks.Mistake(
            f"a generator of samples {units.shape} and the run's {len(classes)} classes",
            f"{made.units.shape} and {len(made.classes)} classes",
            "give one of the same data",
        )
    return made
