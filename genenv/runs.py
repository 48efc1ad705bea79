"""A run is a folder: how one begins, what stands in config.json, and files that are whole."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, criteria, downstream, files, importing, lock, naming, networks, reading
from genenv.boosted import Boosted
from genenv.classifier import Classifier, InUnits
from genenv.codecs import Codec, Rows
from genenv.criteria import Criterion
from genenv.data import Dataset, Split
from genenv.downstream import Downstream
from genenv.failures import OUTPUT_TOLERANCE, ask
from genenv.generators import Generator
from genenv.judge import load_guide
from genenv.probe import Probe
from genenv.reading import Column
from genenv.training.config import FREE_ON_RESUME
from genenv.wording import shortened

PACKAGES = ("genenv", "torch", "numpy", "gymnasium", "stable-baselines3", "scikit-learn", "cmaes")
MODEL = "model.safetensors"  # in RUN/model, where genenv trained the model itself
CHECK_ROWS = 64  # fixed rows whose outputs tell one model from another

LONGEST = 60  # letters of a value in a refusal


def next_folder(name: str) -> Path:
    """Return runs/NAME-000, or the next free number."""
    stems = [path.name.rpartition("-") for path in Path("runs").glob("*")]
    taken = [int(end) for stem, _, end in stems if stem == name and end.isdecimal()]
    return Path("runs") / f"{name}-{max(taken, default=-1) + 1:03d}"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide figures."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def settings(config: Any) -> dict[str, Any]:
    """Return a frozen dataclass as plain values, as JSON reads them back; see `naming.spelled`."""
    plain: dict[str, Any] = json.loads(json.dumps(vars(config), default=naming.spelled))
    return plain


def describe(dataset: Dataset) -> dict[str, Any]:
    """Name a data set and fingerprint its content."""
    digest = hashlib.sha256(np.ascontiguousarray(dataset.x).tobytes())
    if dataset.label is not None:
        digest.update(dataset.label.tobytes())
    return {
        "name": dataset.name,
        "rows": len(dataset),
        "shape": list(dataset.units.shape),
        "dtype": dataset.units.dtype,
        "classes": list(dataset.classes),
        "sha256": digest.hexdigest(),
    }


def rows_of(split: Split) -> dict[str, Any]:
    """Return a split as plain values."""
    own = vars(split).items()
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in own}


def begin(
    folder: Path,
    command: str,
    content: dict[str, Any],
    resume: bool | None,
    repeat: str = "",
    resolved: dict[str, Any] | None = None,
) -> tuple[str, ...]:
    """Make a run's folder and write config.json, or check that the one there is this run.

    Parameters
    ----------
    folder, command
        The run's folder; `fit`, `stress` or `train`.
    content
        Settings that make the run what it is.
    resume
        Whether a run may be there already; None: the command cannot go on with one.
    repeat
        The command line that repeats the run.
    resolved
        What settings left to a rule came to, which another machine may decide otherwise.

    Returns
    -------
    On resume, a sentence on what may keep the rest from being bit for bit the same, if anything.

    Raises
    ------
    Mistake
        The folder holds another run or other files; on resume, other settings or none.
    """
    check(folder, command, content, resume)
    path = folder / "config.json"
    if path.is_file():
        return _moved(_read(path))
    folder.mkdir(parents=True, exist_ok=True)
    plain = _plain(command, content)
    beside = {} if resolved is None else {"resolved": resolved}
    files.write_json(path, plain | beside | {"repeat": repeat} | _machine())
    return ()


def check(folder: Path, command: str, content: dict[str, Any], resume: bool | None) -> None:
    """Raise the mistakes that `begin` would, and write nothing."""
    path = folder / "config.json"
    if folder.exists() and not folder.is_dir():
        raise checks.Mistake("a folder for the run", f"the file {folder}", "choose another --out")
    if path.is_file():
        if not resume:
            again = "" if resume is None else "add --resume to go on with it, or "
            raise checks.Mistake(
                f"an empty folder {folder}", "one that holds a run", f"{again}choose another --out"
            )
        _same(_read(path), _plain(command, content), folder)
        return
    if resume:
        raise checks.Mistake(
            f"a run to resume in {folder}", "no config.json", "check --out or leave out --resume"
        )
    if folder.is_dir() and any(each.name not in lock.NAMES for each in folder.iterdir()):
        raise checks.Mistake(
            f"an empty folder {folder}", "one that holds other files", "choose another --out"
        )


def _plain(command: str, content: dict[str, Any]) -> dict[str, Any]:
    """Return settings as config.json reads them back."""
    plain: dict[str, Any] = json.loads(json.dumps(content))
    return plain | {"command": command}


def _machine() -> dict[str, Any]:
    return {
        "versions": versions(),
        "machine": platform.machine(),
        "torch_threads": torch.get_num_threads(),
    }


def _moved(old: dict[str, Any]) -> tuple[str, ...]:
    """Say so where a run goes on under other versions, threads or another kind of machine."""
    before, now = ({**m.pop("versions", {}), **m} for m in (dict(old), _machine()))
    changed = [name for name in now if before.get(name) != now[name]]
    if not changed:
        return ()
    words = ", ".join(f"{name} {before.get(name)} > {now[name]}" for name in changed)
    return (f"This run goes on under other conditions, so figures may differ: {words}.",)


def _read(path: Path) -> dict[str, Any]:
    return reading.plain(path)


def _same(old: dict[str, Any], new: dict[str, Any], folder: Path, where: str = "") -> None:
    for name, value in new.items():
        if name in FREE_ON_RESUME:
            continue
        before = old.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            _same(before, value, folder, f"{where}{name}.")
        elif before != value:
            now, then = (shortened(str(setting), LONGEST) for setting in (value, before))
            raise checks.Mistake(
                f"the settings of the run in {folder}",
                f"{where}{name} = {now} where it has {then}",
                "repeat the first command with --resume, or choose another --out",
            )


def fingerprint(generator: Generator) -> str:
    """Return what tells a generator from another, see `generators.Generator.digest`."""
    return generator.digest()


def trained_on(folder: Path, dataset: Dataset) -> NDArray[np.int64] | None:
    """Return the rows of `dataset` that the generator of a run was trained on.

    Parameters
    ----------
    folder
        What `fit` or `stress` left.
    dataset
        Data that may be those of that run.

    Returns
    -------
    Row numbers; None where the run does not tell, or learned other data.
    """
    path = folder / "config.json"
    plain = _read(path) if path.is_file() else {}
    if plain.get("data") != describe(dataset) or plain.get("generator", "fitted") != "fitted":
        return None
    rows = plain["split"]["train"] if "split" in plain else plain.get("train")
    return np.arange(len(dataset)) if rows is None else np.array(rows, np.int64)


def seen_by_generator(run: Path | None, dataset: Dataset, split: Split) -> str:
    """Say which rows of the judge a given generator was trained on; "" for none.

    Parameters
    ----------
    run
        That the generator was loaded from; None: it came as an object.
    dataset, split
        Whose rows both share.
    """
    seen = None if run is None else trained_on(run, dataset)
    if seen is None:
        return "The generator was trained elsewhere and may have seen rows of the judge."
    rows = np.concatenate([split.guide, split.audit, split.calibration, split.test])
    both = int(np.isin(rows, seen).sum())
    told = f"The generator was trained on {both:,} of the {len(rows):,} rows of the judge."
    return f"{told} Held-out data would keep them apart." if both else ""


def recorded_settings(folder: Path) -> dict[str, Any]:
    """Return what a run's config.json holds.

    Raises
    ------
    Mistake
        There is none, or it is no run of `stress`.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise checks.Mistake(f"the file {path}", "none", "give a folder that `stress` left")
    plain = _read(path)
    if not isinstance(plain.get("stress"), dict):
        raise checks.Mistake("a run of `stress`", f"{folder}", "give a folder that `stress` left")
    return plain


def data_name(folder: Path) -> str | None:
    """Return the name of the data that a run learned, None where it tells none."""
    path = folder / "config.json"
    recorded = (_read(path) if path.is_file() else {}).get("data")
    return str(recorded["name"]) if isinstance(recorded, dict) else None


def record_outputs(
    folder: Path, model: Downstream, x: NDArray[Any], label: NDArray[np.int64]
) -> None:
    """Write what the model says of the first 64 rows, and their labels, for `compare_outputs`."""
    rows, own = x[:CHECK_ROWS], label[:CHECK_ROWS]
    log_p = _ask_uncounted(model, rows)
    path = folder / "outputs.npz"
    files.whole(path, lambda file: np.savez(file, x=rows, label=own, log_p=log_p))


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
        `mean`, `std` and `preprocess` as the user said.
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
    files.write_json(place / "model.json", spec)


def compare_outputs(folder: Path, model: Downstream) -> tuple[str, ...]:
    """Say so if the model answers the fixed rows otherwise than it did; () if it does not."""
    path = folder / "outputs.npz"
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
    record = folder / "model" / "model.json"
    path = (_read(record) if record.is_file() else {}).get("path")
    return path if isinstance(path, str) else None


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
    units, classes = networks.described(folder / "generator")
    weights, record = folder / "model" / MODEL, folder / "model" / "model.json"
    spec = _read(record) if record.is_file() else {}
    path, again = recorded_path(folder), is_recorded(folder, model)
    before = _before(spec, trust or again)
    if model is not None and not again:
        model = downstream.import_model(model) if isinstance(model, str) else model
        return downstream.wrap(model, units, classes, *_asked(spec, "asked_", before))
    if weights.is_file():
        return wrap_trained(load_trained(weights, units), classes)
    if not spec:
        raise checks.Mistake(f"the file {record}", "none", "give a folder that `stress` left")
    if path is None:
        raise checks.Mistake(
            "a model with an import path", "an object given in Python", "give the model itself"
        )
    named = downstream.recorded(path, trust or again, "--model")
    return downstream.wrap(named, units, classes, *_asked(spec, "", before))


def _asked(spec: dict[str, Any], how: str, before: Callable[[Any], Any] | None) -> tuple[Any, ...]:
    """Return how a recorded model is asked, or ("asked_") how its user said that it be."""
    view, output, layout = (spec.get(how + n, "auto") for n in ("input", "output", "layout"))
    return view, output, before, layout, tuple(spec.get("asked_classes", ()))


def _before(spec: dict[str, Any], trust: bool) -> Callable[[Any], Any] | None:
    """Return what lies before a recorded model."""
    if path := spec.get("preprocess"):
        return downstream.recorded(str(path), trust, "--model")  # type: ignore[no-any-return]
    return downstream.preprocessing(tuple(spec.get("mean", ())), tuple(spec.get("std", ())))


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
    plain = _read(path) if path.is_file() else {}
    recorded = plain.get("stress", {}).get("criterion", str(criteria.DEFAULT))
    if recorded.partition(":")[0] in criteria.CRITERIA:
        return criteria.find(recorded)
    return criteria.find(importing.recorded(recorded, trust, "--criterion"))


def load_probe(folder: Path, model: Any = None, trust: bool = False) -> Probe:
    """Load generator, model and guide of a run.

    Parameters
    ----------
    folder, model, trust
        See `load_model`.

    Raises
    ------
    Mistake
        A part is missing.
    """
    generator = networks.stored(folder / "generator")
    guide = load_guide(folder / "judge", generator.units)
    criterion = load_criterion(folder, None, trust)
    return Probe(generator, load_model(folder, model, trust), guide, criterion)
