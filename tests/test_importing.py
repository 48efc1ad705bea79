"""Imports by name: what is followed, what is refused, and where it is looked for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import gymnasium
import pytest

from genenv import api, bundled, learners
from genenv.checks import Mistake
from genenv.downstream import import_model, import_object
from genenv.recorded import load_model, load_probe


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, empty, with nothing of it left in Python afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return tmp_path


def write(folder: Path, name: str, text: str) -> str:
    (folder / f"{name}.py").write_text(text)
    sys.modules.pop(name, None)
    return name


@pytest.fixture
def hostile(modules: Path) -> Path:
    """A run of data alone that names `path` as its model: see `naming`."""
    run = modules / "run"
    for part in ("generator", "judge"):
        shutil.copytree(bundled.FOLDER / part, run / part)
    for part in ("model", "failures"):
        (run / part).mkdir()
    return run


def naming(run: Path, path: str) -> Path:
    record = {"path": path, "input": "raw", "output": "probabilities"}
    (run / "model" / "model.json").write_text(json.dumps(record))
    return run


OWN = "import pathlib\npathlib.Path('ran').touch()\ndef model(x): return [[0.1] * 10] * len(x)\n"


def test_a_model_is_imported_from_the_working_folder(modules: Path) -> None:
    before = list(sys.path)
    write(modules, "imported_model", "class Box:\n    inner = 3\nmodel = Box()\n")
    assert import_model("imported_model:model.inner") == 3
    assert import_model("numpy:hypot")(3, 4) == 5
    assert import_model("folder/file.onnx") == "folder/file.onnx"
    assert sys.path == before


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("no_colon", "a model as package.module:name or file.onnx, got 'no_colon'; name module"),
        (":name", "a model as package.module:name or file.onnx, got ':name'"),
        ("module:", "a model as package.module:name or file.onnx, got 'module:'"),
        ("not_there_at_all:model", "expected a module not_there_at_all, got none of the name not"),
        ("genenv.nothing.deep:model", r"a module genenv\.nothing\.deep, got none of the name gen"),
        ("models/net.py:model", "expected a file models/net.py, got none; mend the path"),
        ("numpy:model", "expected model in module numpy, got no attribute model; name one"),
        (".relative:model", "expected module .relative to import, got TypeError"),
    ],
)
@pytest.mark.usefixtures("modules")
def test_an_import_path_that_leads_nowhere_is_refused(path: str, sentence: str) -> None:
    with pytest.raises(Mistake, match=sentence):
        import_model(path)


@pytest.mark.parametrize(
    ("text", "got", "cause"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero", ZeroDivisionError),
        ("import not_there_at_all", "ModuleNotFoundError: No module named", ModuleNotFoundError),
        ("raise SystemExit(3)", "SystemExit: 3", SystemExit),
        ("a b", "SyntaxError: invalid syntax", SyntaxError),
    ],
)
def test_what_a_module_raises_at_import_is_the_cause(
    modules: Path, text: str, got: str, cause: type[BaseException]
) -> None:
    name = write(modules, "raising_model", text)
    with pytest.raises(Mistake, match=f"module {name} to import, got {got}") as caught:
        import_model(f"{name}:model")
    assert isinstance(caught.value.__cause__, cause)


def test_a_file_is_named_by_its_path(modules: Path) -> None:
    (modules / "deep").mkdir()
    write(modules / "deep", "other_of_mine", "two = 2")
    write(modules / "deep", "model_of_mine", "import other_of_mine\nmodel = other_of_mine.two\n")
    before = list(sys.path)
    assert import_model("./deep/model_of_mine.py:model") == 2
    assert sys.path == before


def test_a_file_that_bears_the_name_of_another_module_is_refused(modules: Path) -> None:
    write(modules, "gymnasium_of_mine", "model = 1")
    (modules / "numpy.py").write_text("model = 1")
    with pytest.raises(Mistake, match=r"numpy\.py as the module numpy, got another .*rename the"):
        import_model("numpy.py:model")


@pytest.mark.parametrize(
    "path",
    [
        "builtins:exec",
        "os:system",
        "subprocess:run",
        "concurrent.futures:wait",
        "genenv.seeding:hashlib.sha256",  # a module of Python's own, found in another
        "aliases:run",  # and what lies in it
        "./queue.py:model",
    ],
)
def test_nothing_of_python_s_own_is_imported_wherever_its_name_comes_from(
    modules: Path, path: str
) -> None:
    write(modules, "aliases", "from os import system as run")
    (modules / "queue.py").write_text("model = 1")
    with pytest.raises(Mistake, match="a module of yours or of an installed package, got"):
        import_object(path)


def test_a_recorded_path_is_not_followed_unless_named_again_or_trusted(
    hostile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(hostile.parent, "model_of_mine", OWN)
    run = naming(hostile, "model_of_mine:model")
    sentence = r"'model_of_mine:model', which .* got no --model; give --model model_of_mine:model"
    for read in (
        lambda: api.replay(run),
        lambda: load_model(run),
        lambda: load_probe(run),
        lambda: gymnasium.make("genenv/LatentProbe-v0", run=run),
        lambda: gymnasium.make_vec("genenv/LatentProbe-v0", 2, run=run),
    ):
        with pytest.raises(Mistake, match=sentence):
            read()
    assert not Path("ran").exists()
    assert api.replay(run, "model_of_mine:model").rows == 0
    assert Path("ran").exists()
    assert (
        capsys.readouterr().out == "importing model_of_mine:model, which the run's folder names\n"
    )
    assert load_model(run, trust=True).view == "raw"
    gymnasium.make("genenv/LatentProbe-v0", run=run, trust=True).close()


def test_a_recorded_built_in_is_refused_under_trust_too(hostile: Path) -> None:
    run = naming(hostile, "builtins:exec")
    for model, trust in (("builtins:exec", False), (None, True)):
        with pytest.raises(Mistake, match="which is of Python's own builtins"):
            api.replay(run, model, trust)


def test_a_factory_of_python_s_own_makes_no_learner() -> None:
    with pytest.raises(Mistake, match="which is of Python's own os"):
        learners.named("os:popen", bundled.dataset()[0].units)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [["-m", "genenv"], ["-c", "from genenv.cli import main; main()"]]
)
def test_a_module_that_lies_in_the_working_folder_is_not_run(
    modules: Path, command: list[str]
) -> None:
    for name in ("torch", "queue", "numpy", "PIL", "tyro"):
        (modules / f"{name}.py").write_text("open('ran', 'w').close()")
    if command[0] == "-c":  # as the console script, which searches its own folder first
        command = ["-c", f"import sys; sys.path.remove(''); {command[1]}"]
    words = [*command, "replay", "nowhere", "--model", "model_of_mine:model"]
    write(modules, "model_of_mine", "import torch, queue")
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, env=os.environ.copy()
    )
    assert done.returncode == 2
    assert "expected a run's folder, got none in nowhere" in done.stderr
    assert not (modules / "ran").exists()
