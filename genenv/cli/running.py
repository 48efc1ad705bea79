"""What the commands that leave a run do alike: read data, choose a folder."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genenv import checks
from genenv.importing import is_onnx
from genenv.settings import LoadingConfig

if TYPE_CHECKING:
    from genenv.data import Dataset, TableOptions
    from genenv.generators import Generator
    from genenv.regression import Valued

ROWS = (".csv", ".parquet", ".npz")  # files of rows


def load_data(
    source: str,
    said: LoadingConfig,
    columns: TableOptions | None = None,
    like: Dataset | None = None,
) -> Dataset:
    """Load data by name or path, see `data.load`; NumPy is imported at the first call.

    Parameters
    ----------
    source, columns
        As there.
    said
        How images are read, and what classes are called.
    like
        Data that these are more rows of: a table's have its columns then.
    """
    from genenv import data

    if like is not None and source.endswith(data.TABLES):
        return data.more_rows(Path(source), like)
    return data.load(source, **vars(said), columns=columns, one_class=like is not None)


def load_values(source: str, columns: TableOptions | None) -> Valued | None:
    """Load data whose target is a value, see `regression.load`; None: it is a class, or none."""
    if not source.endswith(ROWS):
        return None
    from genenv import regression

    return regression.load(source, columns)


def load_generated(
    given: str,
    dataset: Dataset,
    base_dim: int | None,
    output: str = "data",
    class_names: tuple[str, ...] = (),
) -> tuple[Generator | None, Dataset | Callable[[int], Any] | None]:
    """Load what makes rows, or the rows.

    Parameters
    ----------
    given
        A file of rows; a run's folder; an .onnx file; or module:name of a generator, of a decoder,
        or of a function of a count that returns samples and labels.
    dataset, base_dim, output
        See `load_generator`.
    class_names
        Of the classes of a file of rows; (): its labels.

    Returns
    -------
    A generator or None; rows, a function of a count, or None.

    Raises
    ------
    Mistake
        It is none of these.
    """
    from genenv import naming

    if given.endswith(ROWS) and not Path(given).exists():
        raise checks.Mistake("a file of generated rows", f"none of the name {given}", "name one")
    if Path(given).is_file() and not is_onnx(given):
        return None, load_data(given, LoadingConfig(class_names=class_names), like=dataset)
    if ":" in given and not Path(given).is_dir() and base_dim is None:
        found = naming.find("generated", given, {})
        if callable(found) and not hasattr(found, "from_base"):
            _check_counts(found, given)
            return None, found
    return load_generator(given, dataset, base_dim, output), None


def _check_counts(made: Callable[..., Any], name: str) -> None:
    """Raise a Mistake where a function needs more than a count: it is a decoder, most likely."""
    try:
        inspect.signature(made).bind(1)
    except TypeError:
        raise checks.Mistake(
            "a function of a count, or the length of e with a decoder",
            f"{name} without --base-dim, which takes more",
            "give --base-dim N",
        ) from None
    except ValueError:  # it has no signature that can be read
        return


def load_generator(
    given: str, dataset: Dataset, base_dim: int | None, output: str = "data"
) -> Generator:
    """Load the generator of a run, or import one.

    Parameters
    ----------
    given
        A run's folder, an .onnx file, or module:name of a generator or of a decoder
        (e, label) -> samples.
    dataset
        What a decoder imitates.
    base_dim
        Length of e, of a decoder.
    output
        Range of its samples, see `generators.wrap`.

    Raises
    ------
    Mistake
        It is neither, or a decoder came without base_dim.
    """
    from genenv import api, generators, naming

    if not is_onnx(given) and (":" not in given or Path(given).is_dir()):
        return api.load(given)
    found = given if is_onnx(given) else naming.find("generator", given, {})
    is_decoder = is_onnx(found) or (callable(found) and not hasattr(found, "from_base"))
    if base_dim is None and is_decoder:
        raise checks.Mistake(
            "the length of e with a decoder", f"{given} without --base-dim", "give --base-dim N"
        )
    if base_dim is None:
        return generators.adopt(found)
    names = None if dataset.label is None else [dataset.classes[i] for i in dataset.label]
    made = generators.wrap(found, dataset.x, names, base_dim=base_dim, output=output)
    made.path = given
    return made


def chosen_folder(out: Path | None, resume: bool) -> Path | None:
    """Return --out; a run to go on with must be named."""
    if resume and out is None:
        raise checks.Mistake("--out with --resume", "none", "name the folder to go on with")
    return out
