"""The generator of a run, read back."""

from __future__ import annotations

from pathlib import Path

from genenv import checks, networks, tables
from genenv.generators import Generator, adopt
from genenv.parts import checked


def load(run: str | Path, network: networks.Kind | None = None) -> Generator:
    """Load the generator of a run; executes nothing that the folder holds.

    A table's makes rows of numbers here; `tables.load` returns the mixture, which makes frames.

    Parameters
    ----------
    run
        A folder that `fit` or `stress` left.
    network
        The class of its network, where that is one of your own.

    Raises
    ------
    Mistake
        It holds no generator, or a damaged one.
    """
    folder = Path(run) / "generator"
    if not folder.is_dir():
        got, do = f"none in {run}", "give a folder that `fit` left"
        raise checks.Mistake("a run that holds a generator", got, do)
    if tables.holds_table(run) and not (folder / "spec.json").is_file():
        return adopt(tables.load(run))
    checked(Path(run), "generator")
    return networks.stored(folder) if network is None else networks.load(folder, network)
