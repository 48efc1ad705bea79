"""What a line names has to be there: told before torch is imported."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

from genenv import checks
from genenv.settings import names

REACHED = 10  # seconds in which a cluster has to answer
STACKED = "stacked-digits:"  # and a path, which `data.load` looks at


def data(*sources: str | None) -> None:
    """Raise a Mistake unless each of these is a name of data or there on disk.

    Parameters
    ----------
    *sources
        None: nothing was named.
    """
    for source in sources:
        if source is None or source.startswith(STACKED) or source in names.data():
            continue
        if not source or not Path(source).expanduser().exists():
            raise checks.Mistake(
                f"one of {', '.join(names.data())}, a folder, an .npz file or a table",
                f"{source!r}, which does not exist",
                "check the name or path",
            )


def run(*folders: str) -> None:
    """Raise a Mistake unless each of these is a folder."""
    for folder in folders:
        if not Path(folder).is_dir():
            raise checks.Mistake("a run's folder", f"none in {folder}", "check the path")


def cluster(address: str | None) -> None:
    """Raise a Mistake where an address of a Ray cluster names a port at which nothing listens.

    Parameters
    ----------
    address
        None, or without a port, as `local` and `auto` are: Ray finds it.
    """
    if address is None or ":" not in address:
        return
    try:
        place = urlsplit(address if "://" in address else f"ray://{address}")
        socket.create_connection((place.hostname or "", place.port or 0), REACHED).close()
    except (OSError, ValueError) as error:
        do = "check HOST:PORT, or leave --ray out"
        raise checks.Mistake(f"a Ray cluster at {address}", str(error), do) from error
