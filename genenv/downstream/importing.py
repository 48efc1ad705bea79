"""Models named by an import path."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from genenv import checks
from genenv.downstream.onnx_file import Onnx
from genenv.downstream.wording import said


def import_model(path: str) -> Any:
    """Import the object that `package.module:name` names; the working folder is searched first.

    Parameters
    ----------
    path
        `package.module:name`, where name may have dots; or the path of an .onnx file, which is
        returned as it is.

    Raises
    ------
    Mistake
        The path has no colon, the module or the name does not exist, or the import raised (its
        exception is the cause).
    """
    if Onnx.fits(path):
        return path
    module_name, _, name = path.partition(":")
    if not module_name or not name:
        raise checks.Mistake(
            "a model as package.module:name or file.onnx", repr(path), "name module and object"
        )
    if os.getcwd() not in sys.path:  # a console script does not search the working folder
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{module_name}.".startswith(f"{missing}."):
            raise checks.Mistake(
                f"a module {module_name}",
                f"none of the name {missing}",
                "run where it can be imported, and name it with dots and without .py",
            ) from error
        raise checks.Mistake(
            f"module {module_name} to import", said(error), "mend the module"
        ) from error
    for part in name.split("."):
        if not hasattr(found, part):
            raise checks.Mistake(
                f"{name} in module {module_name}", f"no attribute {part}", "name one that it has"
            )
        found = getattr(found, part)
    return found
