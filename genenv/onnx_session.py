"""An .onnx file, opened by onnxruntime on the CPU, and the types of its numbers."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genenv import checks
from genenv.wording import said

TYPES = {
    f"tensor({name})": np.dtype(dtype)
    for name, dtype in {
        "float": "float32", "double": "float64", "float16": "float16",
        "uint8": "uint8", "uint16": "uint16", "uint32": "uint32", "uint64": "uint64",
        "int8": "int8", "int16": "int16", "int32": "int32", "int64": "int64",
    }.items()
}  # fmt: skip
OPEN = 2  # files that stay open: a model's and a generator's


def session(path: Path) -> Any:
    """Open an .onnx file, with as many threads as torch has.

    Raises
    ------
    Mistake
        No such file, onnxruntime is not installed, or it cannot read the file.
    """
    path = path.expanduser()
    if not path.is_file():
        raise checks.Mistake("an .onnx file", f"no file {path}", "mend the path")
    return _opened(path, path.stat().st_mtime_ns, torch.get_num_threads())


@lru_cache(maxsize=OPEN)
def _opened(path: Path, _written: int, threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise checks.Mistake(
            "onnxruntime, which runs .onnx files", "none installed", "pip install 'genenv[onnx]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors: its warnings are of no use to who runs a graph
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise checks.Mistake(
            "an ONNX file that onnxruntime reads", said(error), "export it again"
        ) from error
