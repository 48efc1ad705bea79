"""Files of a run that somebody touched: the outcome is what was written, or one sentence."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from boards import answered, stress_run
from safetensors.torch import save_file
from torch import nn

from genenv import agents, bundled, failures, networks, reading
from genenv.agents.algorithms import Ppo
from genenv.checks import Mistake
from genenv.classifier import Classifier
from genenv.failures import Confirmed
from genenv.ledger import Ledger
from genenv.reading import Column


class Named(msgspec.Struct):
    """A record for these tests."""

    name: str
    threshold: float | None = None


def test_unknown_names_are_ignored_and_nan_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"name": "x", "threshold": NaN, "more": [1]}')
    assert reading.struct(path, Named) == Named("x", None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        '{"name": 3}',
        "{}",
        '{"name": "x"',
        "\ufeff{}",
        '{"name": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"name": 1' + "0" * 10_000 + "}",
    ],
)
def test_damaged_json_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(Mistake, match="expected a whole file") as caught:
        reading.struct(path, Named)
    assert len(str(caught.value)) < 600


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    for read in (reading.plain, reading.arrays, reading.tensors, reading.check_archive):
        with pytest.raises(Mistake, match="expected a plain file"):
            read(tmp_path / "a")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"expected the file .*a\.npz, got none"):
        reading.arrays(tmp_path / "a.npz")


def test_an_array_that_claims_more_than_it_may_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
    header = header.ljust(117) + b"\n"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x.npy", b"\x93NUMPY\x01\x00\x76\x00" + header)
    with pytest.raises(Mistake, match="x is not as long as it says"):
        reading.arrays(path)
    np.savez_compressed(path, x=np.zeros(100_000))
    with pytest.raises(Mistake, match="more than"):
        reading.arrays(path, most=10_000)


def test_objects_and_locked_members_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.array([{}], object))
    with pytest.raises(Mistake, match="pickled objects"):
        reading.arrays(path)
    np.savez(path, x=np.zeros(3))
    locked = bytearray(path.read_bytes())
    for at in (6, locked.index(b"PK\x01\x02") + 8):
        locked[at] |= 1  # says that it is encrypted
    path.write_bytes(locked)
    with pytest.raises(Mistake, match="encrypted"):
        reading.arrays(path)


@pytest.mark.parametrize(
    ("array", "column", "sentence"),
    [
        (np.zeros(3), Column("iu", (None,)), "x is of float64"),
        (np.zeros((3, 2)), Column("f", (None,)), r"x in .* of shape \(any\), got shape \(3, 2\)"),
        (np.array([0, 9]), Column("iu", (None,), 0, 8), "x goes from 0 to 9"),
        (np.array([-1, 3]), Column("iu", (None,), 0), "x goes from -1 to 3"),
        (np.array([1.0, np.nan]), Column("f", (None,)), "x holds NaN"),
        (np.zeros(()), Column("f", (None,)), "x in .* of shape"),
    ],
)
def test_columns_are_checked(array: Any, column: Column, sentence: str) -> None:
    with pytest.raises(Mistake, match=sentence):
        reading.check(Path("a.npz"), {"x": array}, {"x": column})
    with pytest.raises(Mistake, match="no array x"):
        reading.check(Path("a.npz"), {}, {"x": column})


def test_columns_of_different_lengths_are_refused() -> None:
    columns = {name: Column("f", (None,)) for name in "ab"}
    with pytest.raises(Mistake, match="columns of 2 and 3 rows"):
        reading.check(Path("a.npz"), {"a": np.zeros(2), "b": np.zeros(3)}, columns)


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"weight": torch.full((2, 3), torch.nan), "bias": torch.zeros(2)}, "NaN or infinity in"),
        ({"weight": torch.zeros(2, 3)}, "1 tensors too many or too few, such as bias"),
        (
            {"weight": torch.zeros(3, 2), "bias": torch.zeros(2)},
            r"weight is torch.float32 \(3, 2\)",
        ),
        ({"weight": torch.zeros(2, 3), "bias": torch.zeros(2).int()}, "bias is torch.int32"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    tmp_path: Path, weights: dict[str, Any], sentence: str
) -> None:
    path = tmp_path / "a.safetensors"
    save_file(weights, path)
    with pytest.raises(Mistake, match=sentence):
        reading.fill(nn.Linear(3, 2), path)


def test_a_spec_that_claims_a_huge_network_takes_no_memory(tmp_path: Path) -> None:
    folder = tmp_path / "generator"
    shutil.copytree(bundled.FOLDER / "generator", folder)
    spec = json.loads((folder / "spec.json").read_text())
    spec["generator"]["width"] = 10**6
    (folder / "spec.json").write_text(json.dumps(spec))
    with pytest.raises(Mistake, match=r"a network of .* bytes beside weights of"):
        networks.load(folder)


# --- mutations -------------------------------------------------------------------------------


def _agent(folder: Path) -> None:
    from gymnasium.spaces import Box

    preset = Ppo(hidden=(4,))
    seen = Box(-1, 1, (3,), np.float32)
    agents.Agent("genenv/Forger-v0", preset, preset.blank(seen, seen), 1).save(folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of every kind, as they were written."""
    run = tmp_path_factory.mktemp("whole") / "run"
    stress_run(run)
    shutil.copytree(bundled.FOLDER / "model", run / "model", dirs_exist_ok=True)
    _agent(run / "agents")
    with np.load(run / "findings" / "00000.npz") as file:
        columns = {name: file[name] for name in file.files if name != "verdict"}
        other = {"verdict": file["verdict"], "other_label": file["severity"] > 5}
    other |= {"model_answer": other["other_label"], "taken_for": columns["label"]}
    columns["p"] = np.full(40, 0.95, np.float32)
    np.savez(run / "findings" / "00000.npz", **columns, **other)
    (run / "failures").mkdir()
    Confirmed(x=np.zeros((40, 8, 8), np.float32), **columns).save(run / "failures" / "00000.npz")
    return run


def _bytes(value: Any) -> Any:
    """What a load came to, as something that can be compared."""
    if isinstance(value, nn.Module):
        return {k: v.numpy().tobytes() for k, v in value.state_dict().items()}
    if isinstance(value, dict):
        return {k: v.tobytes() for k, v in value.items()}
    if isinstance(value, Confirmed):
        return {k: v.tobytes() for k, v in vars(value).items()}
    return {k: v.numpy().tobytes() for k, v in value.model.policy.state_dict().items()}


READERS: dict[str, tuple[Callable[[Path], Any], bool]] = {  # and whether a sum guards its bytes
    "generator/spec.json": (lambda run: networks.load(run / "generator"), False),
    "generator/generator.safetensors": (lambda run: networks.load(run / "generator"), False),
    "model/model.safetensors": (
        lambda run: Classifier.load(run / "model/model.safetensors"),
        False,
    ),
    "findings/00000.npz": (lambda run: Ledger(run).read("random", 0), True),
    "failures/00000.npz": (lambda run: failures.load(run / "failures"), True),
    "agents/agent.json": (lambda run: agents.Agent.load(run), False),
    "agents/parameters.zip": (lambda run: agents.Agent.load(run), True),
}


def _mutated(data: bytes, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(len(data)))
    kind = int(rng.integers(4))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + bytes([data[at] ^ int(rng.integers(1, 256))]) + data[at + 1 :]
    if kind == 2:
        return data[:at] + rng.bytes(4) + data[at:]
    return data[:at] + data[at + int(rng.integers(1, 9)) :]


def _changed_json(data: bytes, rng: np.random.Generator) -> bytes:
    """Put another value in the place of one, at any depth."""
    values = [None, -1, 0, 10**12, 1.5, "", "x", [], {}, [[1]], True, float("nan")]
    plain = json.loads(data)
    at = plain
    place = rng.choice(list(plain))
    while isinstance(at[place], dict) and at[place] and rng.random() < 0.7:
        at, place = at[place], rng.choice(list(at[place]))
    at[place] = values[int(rng.integers(len(values)))]
    return json.dumps(plain).encode()


@pytest.mark.parametrize("name", READERS)
def test_a_mutated_file_is_refused_in_a_sentence_or_read_as_it_was(
    name: str, whole: Path, tmp_path: Path
) -> None:
    read, is_guarded = READERS[name]
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    wanted = _bytes(read(run))
    data = (run / name).read_bytes()
    rng = np.random.default_rng(5)
    refused = 0
    ways = [_mutated, *([_changed_json] if name.endswith(".json") else [])]
    for i in range(30):
        (run / name).write_bytes(ways[i % len(ways)](data, rng))
        try:
            found = read(run)
        except Mistake:
            refused += 1
        else:
            assert not is_guarded or found is None or _bytes(found) == wanted
    assert refused


# --- the tab ---------------------------------------------------------------------------------


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _nan_seed(path: Path) -> None:
    with np.load(path) as file:
        columns = dict(file) | {"seed": np.full(40, np.nan)}
    np.savez(path, **columns)


@pytest.mark.parametrize(
    ("name", "ruin"),
    [
        ("generator/spec.json", lambda path: path.write_text("[" * 100_000)),
        ("generator/spec.json", _fifo),
        ("generator/generator.safetensors", _fifo),
        ("findings/00000.npz", _fifo),
        ("findings/00000.npz", _nan_seed),
        ("model/model.json", _fifo),
        ("model/model.json", lambda path: path.write_text('{"path": ' + "[" * 100_000)),
    ],
)
def test_the_tab_answers_a_ruined_run_in_a_sentence(
    tmp_path: Path, name: str, ruin: Callable[[Path], Any]
) -> None:
    stress_run(tmp_path / "run")
    ruin(tmp_path / "run" / name)
    code, answer = answered(tmp_path / "run", "flips")
    if name == "model/model.json":
        assert (code, answer["rows"][0]["model"]) == (200, "model")
    else:
        assert code == 400
        assert answer["error"].startswith("expected ")


def test_reading_is_repeated_alike(whole: Path) -> None:
    load = partial(networks.load, whole / "generator")
    assert _bytes(load()) == _bytes(load())
