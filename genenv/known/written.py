"""Known failures as a file of pytest, and as pictures."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Protocol

from genenv import checks, files
from genenv.known.samples import Known
from genenv.tracking import picture

TEST = '''"""Known failures of a model, by `genenv export`: each test asserts that it is mended."""

from pathlib import Path

import pytest

from genenv import known

KNOWN = known.load(Path(__file__).with_suffix(".npz"))


@pytest.fixture(scope="module")
def answers():
    return KNOWN.asked({model!r}, criterion={criterion!r}, preprocess={preprocess!r})


@pytest.mark.parametrize("row", range(len(KNOWN)), ids=KNOWN.ids)
def test_a_known_failure_is_mended(answers, row):
    assert not answers.failing[row], answers.sentence(row)
'''


REPLAYED = '''"""Known failures of a {kind}, by `genenv export`: each test asserts its mending."""

from pathlib import Path

import pytest

from genenv.{room} import known

KNOWN = known.load(Path(__file__).with_suffix(".npz"){named})


@pytest.fixture(scope="module")
def failing():
    return KNOWN.failing({model!r})


@pytest.mark.parametrize("row", range(len(KNOWN)), ids=KNOWN.ids)
def test_a_known_failure_is_mended(failing, row):
    assert not failing[row], KNOWN.sentence(row)
'''


class Writable(Protocol):
    """Failures that know how to be written down."""

    def save(self, path: Path) -> None:
        """Write one .npz file."""


def export_replayed(
    known: Writable, path: Path, model: Any, kind: str, room: str, named: str
) -> Path:
    """Write a file of pytest for what has no classes and, beside it, its failures.

    Parameters
    ----------
    known
        Of `room`, which has a `load`.
    path
        Of the .py file.
    model
        As `stress` takes it on the command line.
    kind, room
        What is under test, and the package that knows of it: "policy", "policies".
    named
        Further arguments of `load`, as code.

    Returns
    -------
    Path of the failures.
    """
    arrays = _beside(path)
    known.save(arrays)
    text = REPLAYED.format(kind=kind, room=room, model=model, named=named)
    files.write_atomically(path, lambda file: file.write(text.encode()))
    return arrays


def _beside(path: Path) -> Path:
    if path.suffix != ".py":
        raise checks.Mistake("the name of a .py file", path.name, "give tests/test_known.py")
    return path.with_suffix(".npz")


def export(known: Known, path: Path, model: str, criterion: str, preprocess: str) -> Path:
    """Write a file of pytest and, beside it, its samples.

    Parameters
    ----------
    known
        What to test on.
    path
        Of the .py file.
    model, criterion, preprocess
        See `Known.asked`; import paths or names.

    Returns
    -------
    Path of the samples.

    Raises
    ------
    Mistake
        The file's name is not that of a Python file.
    """
    arrays = _beside(path)
    known.save(arrays)
    text = TEST.format(model=model, criterion=criterion, preprocess=preprocess)
    files.write_atomically(path, lambda file: file.write(text.encode()))
    return arrays


def pictures(known: Known, folder: Path) -> list[Path]:
    """Write each sample as a .png file named by its row and class index; returns their paths.

    Raises
    ------
    Mistake
        The samples are no pictures.
    """
    from PIL import Image

    shown = picture(known.x, known.asking.units)
    if shown is None:
        raise checks.Mistake("pictures", "rows of numbers", "leave --png out")
    places = []
    for row, label, image in zip(known.row, known.label, shown, strict=True):
        made = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
        places.append(folder / f"failure-{row:05d}-class-{label}.png")
        files.write_atomically(places[-1], partial(made.save, format="PNG"))
    return places
