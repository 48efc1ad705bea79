"""The generator of a run, read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genenv import checks, networks, tables
from genenv.generators import Generator, adopt, rebuilt
from genenv.parts import checked


def load(run: str | Path, network: networks.Kind | None = None, generator: Any = None) -> Generator:
    """Load the generator of a run; executes nothing that the folder holds.

    A table's makes rows of numbers here, and frames by its `frame`.

    Parameters
    ----------
    run
        A folder that `fit` or `stress` left.
    network
        The class of its network, where that is one of your own.
    generator
        The decoder (e, label) -> samples, where the run's came from elsewhere: a function or the
        path of an .onnx file; None: the file that the run names.

    Raises
    ------
    Mistake
        It holds no generator, or a damaged one.
    """
    run = Path(run).expanduser()
    folder = run / "generator"
    if not folder.is_dir():
        got, do = f"none in {run}", "give a folder that `fit` left"
        raise checks.Mistake("a run that holds a generator", got, do)
    if tables.holds_table(run) and not (folder / "spec.json").is_file():
        return adopt(tables.load(run))
    checked(run, "generator")
    if generator is not None:
        return rebuilt(folder, generator)
    return networks.stored(folder) if network is None else networks.load(folder, network)


def table(folder: Path) -> tables.Mixture | networks.TableRows:
    """Load what makes frames from the folder of a table's generator.

    Raises
    ------
    Mistake
        It holds none, or a damaged one.
    """
    if not tables.is_network(folder):
        return tables.Mixture.load(folder)
    made = networks.stored(folder)
    assert isinstance(made, networks.TableRows)
    return made
