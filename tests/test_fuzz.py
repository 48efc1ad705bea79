"""Every reader of files that others may have touched, on bytes that hypothesis makes up.

Whatever a file holds, it is read or refused in a sentence: no other error, and no file is written.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import toys
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from genenv import failures, judge, parts, unanswered
from genenv.checks import Mistake
from genenv.data import from_arrays
from genenv.data.idx import read_idx
from genenv.data.images import image_folder
from genenv.data.npz import npz_file
from genenv.judge import make_judge
from genenv.people.answers import Answers
from genenv.people.sheet import Sheet
from genenv.progress import Progress
from genenv.reactions.rows import load_rows
from genenv.tables import frames
from genenv.training import checkpoint

pytestmark = pytest.mark.slow

Reader = Callable[[Path], Any]
EXAMPLES = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
    database=None,
)


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def picture(kind: str) -> bytes:
    rng = np.random.default_rng(0)
    file = io.BytesIO()
    pixels = rng.integers(0, 256, (9, 9, 3), np.uint8)
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def idx() -> bytes:
    sides = np.array([4, 3, 3], ">u4").tobytes()
    return b"\0\0\x08\x03" + sides + bytes(range(36))


def csv() -> bytes:
    return b"age,job,target\n" + b"".join(b"%d,%d,yes\n" % (i, i % 3) for i in range(20))


def record(**more: Any) -> dict[str, Any]:
    whole = np.arange(5)
    return {
        "x": np.zeros((5, 8, 8), np.float32), "e": np.zeros((5, 4), np.float32),
        "label": whole % 3, "search": np.full(5, "random"), "seed": whole, "index": whole, **more,
    }  # fmt: skip


def answers(path: Path) -> None:
    Answers(path.parent / "run", "ann", 3, ("a", "b")).read_csv(path)


def seconds(path: Path) -> None:
    Progress().keep(path)


def one_folder(path: Path) -> Any:
    return image_folder(path.parent)


READERS: dict[str, tuple[Reader, bytes]] = {  # by the name of a file
    "a.idx": (read_idx, idx()),
    "a.idx.gz": (read_idx, gzip.compress(idx(), mtime=0)),
    "data.npz": (npz_file, npz(x=np.arange(24.0).reshape(6, 4), y=np.arange(6) % 2)),
    "data.csv": (frames.read, csv()),
    "filled.csv": (answers, b"item,answer\n0,a\n1,b\n2,cannot tell\n"),
    "failures.npz": (
        failures.read,
        npz(**record(output=np.zeros((5, 3), np.float32), severity=np.ones(5, np.float32),
                     p=np.ones(5, np.float32))),
    ),
    "errors.npz": (unanswered.read, npz(**record())),
    "sheet.npz": (Sheet.load, npz(**record(kind=np.arange(5), p=np.ones(5, np.float32)))),
    "cells.json": (load_rows, json.dumps([{"a": 1.5, "b": "c"}]).encode()),
    "metrics.json": (parts.load_json, json.dumps({"a": {"b": [1, 2]}}).encode()),
    "timings.json": (seconds, json.dumps({"stages": {"a": 1.0}, "parts": {}}).encode()),
    **{
        f"1.{kind.lower()}": (one_folder, picture(kind))
        for kind in ("PNG", "JPEG", "GIF", "BMP", "PPM", "TIFF", "WEBP")
    },
}  # fmt: skip


def mutated(data: bytes, draw: st.DrawFn) -> bytes:
    """Cut, flip, insert or repeat somewhere, once or a few times."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        piece = draw(st.binary(max_size=8))
        data = draw(
            st.sampled_from(
                [
                    data[:at],
                    data[:at] + piece + data[at:],
                    data[:at] + piece + data[at + len(piece) :],
                    data[:at] + data[at + len(piece) :],
                    data[:at] + data[at // 2 :],
                ]
            )
        )
    return data


@st.composite
def ruined(draw: st.DrawFn, data: bytes) -> bytes:
    return mutated(data, draw) if draw(st.booleans()) else mutated(mutated(data, draw), draw)


def outcome(read: Reader, path: Path) -> str:
    try:
        read(path)
    except Mistake as mistake:
        return str(mistake)
    return "read"


@pytest.mark.parametrize("name", READERS)
def test_ruined_bytes_are_read_or_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    read, data = READERS[name]
    path = tmp_path / "folder" / name
    path.parent.mkdir()
    path.write_bytes(data)
    assert outcome(read, path) == "read"
    said: set[str] = set()

    @EXAMPLES
    @given(ruined(data))
    def refused(ruin: bytes) -> None:
        path.write_bytes(ruin)
        said.add(outcome(read, path))
        extra = {p.name for p in tmp_path.rglob("*") if p.is_file()} - {name, "ann.json"}
        assert not extra

    refused()
    assert len(said) > 1 or name == "timings.json"  # which is counted afresh instead


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A judge, as it is kept."""
    dataset = toys.rings(600)
    from genenv.data import split

    folder = tmp_path_factory.mktemp("judge") / "judge"
    judge.save(make_judge(dataset, dataset, split(dataset, 0), 0), folder)
    return folder


@pytest.mark.parametrize(
    "name", ["judge.json", "audit.safetensors", "guide.safetensors", "rows.npz"]
)
def test_a_ruined_judge_is_read_or_refused_in_a_sentence(made: Path, name: str) -> None:
    path = made / name
    data = path.read_bytes()
    said: set[str] = set()

    @EXAMPLES
    @given(ruined(data))
    def refused(ruin: bytes) -> None:
        path.write_bytes(ruin)
        said.add(outcome(lambda _: judge.load(made), path))

    refused()
    path.write_bytes(data)
    assert outcome(lambda _: judge.load(made), path) == "read"
    assert len(said) > 1


def test_trees_that_lead_in_a_circle_are_refused(made: Path) -> None:
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    path = made / "audit.safetensors"
    data = path.read_bytes()
    tensors = load_file(path)
    with safe_open(path, "pt") as file:
        told = file.metadata()
    names = [name for name in tensors if name.endswith("/left")]
    if not names:
        pytest.skip("this judge has no trees")
    tensors[names[0]][1:] = 0
    save_file(tensors, path, metadata=told)
    with pytest.raises(Mistake, match=r"a whole judge in .*, got .*trees that do not end"):
        judge.load(made)
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["state.json", "tensors.safetensors", "sha256.json"])
def test_a_ruined_checkpoint_is_passed_over(tmp_path: Path, name: str) -> None:
    tensors = {"a": torch.arange(6.0), "b": torch.ones(2, 2)}
    for step in (1, 2):
        checkpoint.write(tmp_path, step, tensors, {"best": None})
    path = tmp_path / "step-0000002" / name
    data = path.read_bytes()

    @EXAMPLES
    @given(ruined(data))
    def passed_over(ruin: bytes) -> None:
        path.write_bytes(ruin)
        found = checkpoint.newest(tmp_path)
        assert found is not None
        if found.name != "step-0000001":  # then it says the same
            assert ruin == data or json.loads(ruin) == json.loads(data)

    passed_over()


def bomb(claimed: int) -> bytes:
    """An .npz of a few bytes whose header claims many, all of them zeros when it is inflated."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "|u1", "fortran_order": False, "shape": (claimed,)}
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", head.getvalue() + bytes(1000))
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.npz", bomb(10**15), "x is not as long as it says"),
        ("a.npz", npz(x=np.array([{}, []], object)), "pickles are not read"),
        ("a.idx", b"\0\0\x08\x02" + b"\xff" * 8, "bytes in"),
        ("a.idx.gz", gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12, mtime=0), "at most"),
        ("1.png", picture("PNG")[:60], "which cannot be read"),
        ("1.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "which cannot be read"),
        ("1.ppm", b"P6\n60000 60000\n255\n" + b"\0" * 99, "which cannot be read"),
    ],
    ids=["zeros", "pickle", "claim", "zipped claim", "cut picture", "postscript", "large picture"],
)
def test_bombs_pickles_and_other_formats_are_refused(
    tmp_path: Path, name: str, data: bytes, sentence: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    read = {"npz": npz_file, "idx": read_idx, "gz": read_idx}.get(path.suffix[1:], one_folder)
    assert sentence in outcome(read, path)


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(np.arange(24.0).reshape(6, 4)),
        np.arange(24, dtype=">f8").reshape(6, 4),
        np.arange(48.0).reshape(6, 8)[:, ::2],
    ],
)
def test_arrays_of_any_order_are_the_same_data(tmp_path: Path, array: Any) -> None:
    np.savez(tmp_path / "a.npz", x=array, y=np.arange(6) % 2)
    read = npz_file(tmp_path / "a.npz")
    assert np.array_equal(read.x, from_arrays(np.ascontiguousarray(array), np.arange(6) % 2).x)
