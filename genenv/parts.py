"""The parts of a run: what is made once and kept in a folder, each file with its digest."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from genenv import checks, files, reading

SUMS = "parts.json"  # in the folder: path of a part -> file -> bytes and sha256

T = TypeVar("T")
Advance = Callable[[int], None]


@dataclass(frozen=True)
class Part(Generic[T]):
    """What a study makes once, and a later process reads."""

    path: str
    """In the run's folder: a file if it has a suffix, else a folder."""
    words: str
    """What the last words of an interrupted run call it: "the generator"."""
    make: Callable[[Advance], T]
    """Makes it; takes `advance`, which is called with the units done since its last call."""
    save: Callable[[T, Path], object]
    """Writes the file, or into the empty folder."""
    load: Callable[[Path], T] | None
    """Reads what `save` wrote; None: it is written for others, and made anew by every process."""
    stage: str | None = None
    """The bar and the clock that it shares with other parts; None: it takes no time."""
    units: int = 0
    """Of work, that `make` reports."""
    key: Callable[[], str] | None = None
    """Returns its name in the cache, see `cache.key`; None: it is not kept beyond the run."""


class Shelf:
    """A folder of parts, with what each file held when it was written.

    Parameters
    ----------
    folder
        Of a run, or of an entry in the cache; it need not be there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def holds(self, path: str) -> bool:
        """Whether there is something under the path of a part."""
        place = self.folder / path
        return place.is_file() or (place.is_dir() and any(place.iterdir()))

    def cut_off(self, path: str) -> bool:
        """Whether a file of a part is gone, or shorter than it was written."""
        return any(
            not file.is_file() or file.stat().st_size < size
            for file, (size, _) in self._files(path)
        )

    def check(self, path: str) -> None:
        """Raise a Mistake that names the first file of a part with other bytes than were written.

        What was never recorded, by an older version, is taken as it is.
        """
        for file, (_, digest) in self._files(path):
            if files.sha256(file) != digest:
                raise checks.Mistake(
                    f"{file} as it was written", "other bytes",
                    f"delete {self.folder / path}, and it is made again",
                )  # fmt: skip

    def put(self, path: str, write: Callable[[Path], object]) -> None:
        """Write a part, whole or not at all, and record its files."""
        sums = self._sums()
        if sums.pop(path, None) is not None:
            self._record(sums)
        place = self.folder / path
        (files.placed if place.suffix else files.folder)(place, write)
        self.record(path)

    def record(self, path: str) -> None:
        """Record the files of a part as they are."""
        place = self.folder / path
        own = {
            str(file.relative_to(self.folder)): [file.stat().st_size, files.sha256(file)]
            for file in files.inside(place)
        }
        self._record(self._sums() | {path: own})

    def recorded(self, path: str) -> bool:
        """Whether the files of a part were recorded."""
        return path in self._sums()

    def digests(self, path: str) -> dict[str, str]:
        """Return file -> sha256 of a part, as it was recorded; {}: it was not."""
        return {name: digest for name, (_, digest) in self._sums().get(path, {}).items()}

    def _record(self, sums: dict[str, Any]) -> None:
        files.write_json(self.folder / SUMS, sums)

    def _files(self, path: str) -> list[tuple[Path, tuple[int, str]]]:
        own = self._sums().get(path, {})
        return [(self.folder / name, (size, digest)) for name, (size, digest) in own.items()]

    def _sums(self) -> dict[str, Any]:
        path = self.folder / SUMS
        if not path.is_file():
            return {}
        try:
            plain = msgspec.convert(reading.plain(path), dict[str, dict[str, tuple[int, str]]])
        except (checks.Mistake, msgspec.ValidationError) as error:
            raise checks.Mistake(
                f"{path} to hold the digests of a run's parts",
                f"{error}",
                "delete it: the parts are then taken as they are",
            ) from error
        return plain


def checked(run: Path, path: str) -> Path:
    """Return where a part of a finished run lies, each file as it was written.

    Raises
    ------
    Mistake
        A file has other bytes than were recorded; see `Shelf.check`.
    """
    Shelf(run).check(path)
    return run / path


def save_json(plain: Any, place: Path) -> None:
    """Write plain values, as the `save` of a part."""
    place.write_text(json.dumps(plain, indent=2) + "\n")


def load_json(place: Path) -> Any:
    """Read plain values, as the `load` of a part."""
    return reading.any_json(place)
