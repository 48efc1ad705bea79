"""The model under test, behind one contract that hands it what it expects and counts queries."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from genenv import checks
from genenv.codecs import Codec
from genenv.downstream.answers import LEAST, OUTPUTS, TOLERANCE
from genenv.downstream.base import CHECKED_ROWS, Downstream
from genenv.downstream.estimator import Estimator
from genenv.downstream.function import Function
from genenv.downstream.normalise import Normalise, is_vec_normalize, preprocessing
from genenv.downstream.onnx_file import Onnx
from genenv.downstream.policy import Policy
from genenv.downstream.row_by_row import Answers
from genenv.downstream.torch_module import TorchModule
from genenv.downstream.views import VIEWS
from genenv.importing import import_model, import_module, import_object, recorded

__all__ = [
    "CHECKED_ROWS",
    "DOWNSTREAM",
    "LEAST",
    "OUTPUTS",
    "TOLERANCE",
    "VIEWS",
    "Answers",
    "Downstream",
    "Estimator",
    "Function",
    "Normalise",
    "Onnx",
    "Policy",
    "TorchModule",
    "import_model",
    "import_module",
    "import_object",
    "is_vec_normalize",
    "preprocessing",
    "recorded",
    "wrap",
]

DOWNSTREAM: dict[str, type[Downstream]] = {  # the first that fits takes the model
    "policy": Policy,
    "torch": TorchModule,
    "onnx": Onnx,
    "estimator": Estimator,
    "function": Function,
}


def wrap(
    model: Any,
    units: Codec,
    classes: tuple[int | str, ...],
    input: str = "auto",
    output: str = "auto",
    preprocess: Callable[[Any], Any] | None = None,
    layout: str = "auto",
    columns: Sequence[int | str] = (),
) -> Downstream:
    """Put a user's model behind the contract.

    Parameters
    ----------
    model
        A torch module, a fitted scikit-learn estimator or pipeline, the path of an .onnx file, a
        Stable-Baselines3 policy with discrete actions, or any callable; what is wrapped already is
        returned as it is.
    units, classes, input, output, preprocess, layout, columns
        See `Downstream`.

    Raises
    ------
    Mistake
        The object is of no such kind, or its kind refuses it.
    """
    if isinstance(model, Downstream):
        return model
    if inspect.ismethod(model) and TorchModule.fits(model.__self__):
        model = model.__self__  # its forward, which takes tensors
    if inspect.isclass(model):
        raise checks.Mistake(
            "a model", f"the class {model.__name__}", f"make an instance, {model.__name__}(...)"
        )
    for kind in DOWNSTREAM.values():
        if kind.fits(model):
            return kind(model, units, classes, input, output, preprocess, layout, columns)
    raise checks.Mistake(
        "a torch module, an estimator, a callable, an .onnx path or an SB3 policy",
        repr(model) if model is None or isinstance(model, str) else type(model).__name__,
        "give the model itself (downstream.import_model reads package.module:name)",
    )
