from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = {"genenv": "genenv", "envs": "genenv/envs", "agents": "genenv/agents"}
KINDS = {".js", ".py", ".typed", ".json", ".safetensors", ".npz", ".html", ".css"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Names in a wheel that is built from a copy of what belongs into it."""
    pytest.importorskip("setuptools", reason="setuptools builds the wheel")
    source = tmp_path_factory.mktemp("source")
    out = tmp_path_factory.mktemp("wheel")
    for file in [*files(), *(ROOT / n for n in ("pyproject.toml", "LICENSE", "README.md"))]:
        if file.is_file():
            copy = source / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q"]
    built = subprocess.run(
        [*command, str(source), "-w", str(out)], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    (path,) = out.glob("*.whl")
    with zipfile.ZipFile(path) as file:
        return set(file.namelist())


def files():
    return [
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix in KINDS
    ]


@pytest.mark.slow
def test_the_wheel_holds_what_the_folders_hold(wheel):
    expected = {
        str(Path(FOLDERS[path.relative_to(ROOT).parts[0]], *path.relative_to(ROOT).parts[1:]))
        for path in files()
    }
    packed = {name for name in wheel if ".dist-info/" not in name}
    assert packed == expected


def test_no_file_in_the_folders_is_of_a_kind_that_would_be_left_out():
    kinds = {
        path.suffix
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert kinds <= KINDS


@pytest.mark.slow
def test_the_wheel_carries_the_licence_and_the_command(wheel):
    assert any(name.endswith("licenses/LICENSE") for name in wheel)
    assert any(name.endswith("entry_points.txt") for name in wheel)


def test_the_bundled_set_is_under_two_megabytes():
    sizes = [p.stat().st_size for p in (ROOT / "genenv" / "bundled").rglob("*") if p.is_file()]
    assert sum(sizes) < 2e6


def test_importing_genenv_brings_neither_torch_nor_scikit_learn():
    code = (
        "import sys, gymnasium, genenv\n"
        "assert 'genenv/LatentProbe-v0' in gymnasium.registry\n"
        "print([m for m in ('torch', 'sklearn', 'stable_baselines3', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/"
    )
    assert done.stdout.strip() == "[]"


def test_the_version_is_the_packages():
    import genenv

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert genenv.__version__ == project["version"]


def test_no_submodule_bears_the_name_of_a_public_function():
    import genenv

    modules = {path.stem for path in files() if path.parent == ROOT / "genenv"}
    assert not modules & set(genenv.__all__)
