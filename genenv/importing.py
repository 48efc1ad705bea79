"""Objects named by an import path: `package.module:name` or `./file.py:name`.

Every import by name goes through here. A name that a person types is followed; one that a file
records is followed where the person names it again or trusts the file (`recorded`). The working
folder is searched last and for that import alone, so that a file lying there takes no other's
place; and nothing of the standard library is a model, wherever its name comes from, since much of
it runs what it is handed.
"""

from __future__ import annotations

import importlib
import inspect
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from genenv import checks
from genenv.wording import said


def is_onnx(model: Any) -> bool:
    """Whether it is a path that ends in .onnx."""
    return isinstance(model, str | Path) and str(model).lower().endswith(".onnx")


def import_model(path: str) -> Any:
    """Import a model, see `import_object`; the path of an .onnx file is returned as it is."""
    return path if is_onnx(path) else import_object(path, "a model", " or file.onnx")


def import_object(path: str, what: str = "an object", others: str = "") -> Any:
    """Import the object that a person named; the working folder is searched last.

    Parameters
    ----------
    path
        `package.module:name` or `folder/file.py:name`, where name may have dots.
    what
        In words, for errors: "a model".
    others
        What else could have been named, for errors.

    Raises
    ------
    Mistake
        The path has no colon, names something of the standard library, the module or the name does
        not exist, or the import raised (its exception is the cause).
    """
    module_name, _, name = path.rpartition(":")
    if not module_name or not name:
        raise checks.Mistake(
            f"{what} as package.module:name{others}", repr(path), "name module and object"
        )
    is_file = module_name.endswith(".py")
    found = _file(Path(module_name).expanduser()) if is_file else import_module(module_name)
    for part in name.split("."):
        if not hasattr(found, part):
            raise checks.Mistake(
                f"{name} in module {module_name}", f"no attribute {part}", "name one that it has"
            )
        found = getattr(found, part)
        _refuse_python_s_own(_home(found), path)
    return found


def import_module(name: str) -> Any:
    """Import the module that a person named, see `import_object`."""
    _refuse_python_s_own(name, name)
    with _searched(Path.cwd()):
        return _imported(name)


def recorded(path: str, trust: bool, flag: str) -> Any:
    """Import the model that a run records, if the run is trusted; prints what is imported.

    Parameters
    ----------
    path
        What the run's folder holds.
    trust
        Whether the caller trusts the folder; a path of an .onnx file needs no trust, for it runs
        no code.
    flag
        That names it again, for the error: "--model".

    Raises
    ------
    Mistake
        The folder is not trusted; or see `import_object`.
    """
    if is_onnx(path):
        return path
    if not trust:
        raise checks.Mistake(
            f"{path!r}, which the run's folder names, to be named by you as well, for importing it "
            "runs code",
            f"no {flag}",
            f"give {flag} {shlex.quote(path)}, or trust the folder with --trust (trust=True)",
        )
    print(f"importing {path}, which the run's folder names")
    return import_model(path)


def _file(path: Path) -> Any:
    """Import a file as the module of its name, from its own folder."""
    if not path.is_file():
        raise checks.Mistake(f"a file {path}", "none", "mend the path")
    _refuse_python_s_own(path.stem, str(path))
    with _searched(path.parent.resolve()):
        found = _imported(path.stem)
    file = getattr(found, "__file__", None)
    if file is None or Path(file).resolve() != path.resolve():
        raise checks.Mistake(
            f"{path} as the module {path.stem}", f"another of this name, {file}", "rename the file"
        )
    return found


@contextmanager
def _searched(folder: Path) -> Iterator[None]:
    """Let imports look into a folder after all others."""
    place = str(folder)
    if place in sys.path:
        yield
        return
    sys.path.append(place)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        if place in sys.path:  # the module may have taken it out itself
            sys.path.remove(place)


@contextmanager
def _torch_kept() -> Iterator[None]:
    """Let no module's default dtype, device or switch of gradients reach other networks."""
    torch = sys.modules.get("torch")
    dtype = None if torch is None else torch.get_default_dtype()
    device = None if torch is None else torch.get_default_device()
    slopes = torch is None or torch.is_grad_enabled()
    try:
        yield
    finally:
        torch = sys.modules.get("torch")
        if torch is not None and hasattr(torch, "set_default_dtype"):
            torch.set_default_dtype(dtype or torch.float32)
            torch.set_grad_enabled(slopes)
            if torch.get_default_device() != (device or torch.device("cpu")):
                torch.set_default_device(device)


def _imported(name: str) -> Any:
    try:
        with _torch_kept():
            return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{name}.".startswith(f"{missing}."):
            raise checks.Mistake(
                f"a module {name}",
                f"none of the name {missing}",
                "run where it can be imported, or name its file: folder/file.py:name",
            ) from error
        raise checks.Mistake(f"module {name} to import", said(error), "mend the module") from error


def _home(found: Any) -> str:
    """Name the module in which a module, class or function was made; "" for other objects."""
    if isinstance(found, ModuleType):
        return found.__name__
    if inspect.isclass(found) or inspect.isroutine(found):
        return getattr(found, "__module__", None) or ""
    return ""


def _refuse_python_s_own(module: str, path: str) -> None:
    """Refuse built-in names and the standard library: `builtins:exec` is no model."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        raise checks.Mistake(
            "a module of yours or of an installed package",
            f"{path}, which is of Python's own {top}",
            "name another, and rename your file if it bears that name",
        )
