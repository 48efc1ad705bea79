"""The model under test, behind one contract that hands it what it expects and counts its queries.

A kind says what it takes (`fits`) and answers a batch (`__call__`); it hands its model
`self.array(x)` or `self.tensor(x)`. All else is kept by the base, in methods nobody overrides.
"""

from __future__ import annotations

import importlib
import inspect
import math
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, final

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from genenv import checks
from genenv.data.dataset import Units

VIEWS = ("raw", "unit", "flat")
OUTPUTS = ("probabilities", "logits")
CHECKED_ROWS = 64  # rows that `check` looks at
TOLERANCE = 1e-3  # of a row of probabilities: on its sum, and below 0
LEAST = 1e-12  # probability below which log p is cut off


class Downstream(ABC):
    """A model under test.

    Parameters
    ----------
    model
        The user's object; see the kinds.
    units
        Of the data: layout, dtype and range of one sample.
    classes
        The user's labels, sorted. Column j of every answer belongs to the j-th.
    input
        What the model is handed. `raw`: (n, *units.shape) in the data's units; `unit`: images as
        float32 (n, c, h, w) in [0, 1], vectors as float32 in the data's units; `flat`: raw, with
        rows flattened; `auto`: the kind's `usual_view`. Arrays of `raw` and `flat` have the data's
        dtype, so that integers are integers; tensors are of the model's floating-point type.
    output
        `probabilities` or `logits`. `auto`: what the kind knows, else recognised from the values of
        the first answer, which is that of `check` if it is called first.

    Attributes
    ----------
    queries
        Samples put to the model so far by `log_probabilities`.
    view
        One of VIEWS.
    output
        One of OUTPUTS, or `auto` as long as it was not recognised.
    told
        Sentences on what was recognised; complete after the first answer.

    Raises
    ------
    Mistake
        Fewer than two classes, an `input` or `output` that does not exist, or a model that the kind
        cannot ask.
    """

    kind_name: ClassVar[str]  # for people: "torch module"
    differentiable: ClassVar[bool] = False
    usual_view: ClassVar[str] = "raw"

    def __init__(
        self,
        model: Any,
        units: Units,
        classes: tuple[int | str, ...],
        input: str = "auto",
        output: str = "auto",
    ) -> None:
        if len(classes) < 2:
            raise checks.Mistake("data of two or more classes", len(classes), "give labelled data")
        view = checks.choice("input", input, ("auto", *VIEWS))
        self.model, self.units, self.classes = model, units, tuple(classes)
        self.view = self.usual_view if view == "auto" else view
        self.output = checks.choice("output", output, ("auto", *OUTPUTS))
        self.queries = 0
        self.told: tuple[str, ...] = ()
        self._recognised = False
        self._handed: tuple[object, tuple[int, ...]] | None = None  # dtype and shape, for errors

    @classmethod
    @abstractmethod
    def fits(cls, model: Any) -> bool:
        """Whether the kind takes this object."""

    @abstractmethod
    def __call__(self, x: Tensor) -> Tensor:
        """Answer (batch, *units.shape) in the data's units with (batch, classes); not counted."""

    @final
    def log_probabilities(self, x: Tensor) -> Tensor:
        """Answer samples with log-probabilities, and count them.

        Parameters
        ----------
        x
            (n, *units.shape), float32 in the data's units.

        Returns
        -------
        (n, classes) float32 in the order of `classes`, not below log(1e-12); differentiable in x if
        the kind is. The cut-off passes the gradient of logits.

        Raises
        ------
        Mistake
            The model raised (its exception is the cause), or its answer has another shape, is not
            finite, or is neither probabilities nor logits as said or recognised.
        """
        checks.shape("x", x, (None, *self.units.shape))
        self.queries += len(x)
        return self._answer(x)

    @final
    def check(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """Ask the model about the first 64 rows without counting, and recognise its output.

        Parameters
        ----------
        x
            (n, *units.shape), real rows as stored, n ≥ 1.

        Returns
        -------
        Log-probabilities (min(n, 64), classes).

        Raises
        ------
        Mistake
            As `log_probabilities`; or there are no rows.
        """
        checks.shape("x", x, (None, *self.units.shape))
        if not len(x):
            raise checks.Mistake("rows to check the model on", "none", "give at least one")
        with torch.no_grad():
            return self._answer(self.units.tensor(x[:CHECKED_ROWS])).numpy()

    @final
    def array(self, x: Tensor) -> NDArray[Any]:
        """Turn (n, *units.shape) into the NumPy array that the model is handed, a copy."""
        if self.view == "unit":
            array = self._unit(x.detach()).cpu().numpy()
        else:
            array = self.units.store(x)
            array = array.reshape(len(x), -1) if self.view == "flat" else array
        self._handed = array.dtype, array.shape
        return array

    @final
    def tensor(self, x: Tensor, module: nn.Module) -> Tensor:
        """Turn (n, *units.shape) into what a module is handed, a copy, where its weights lie."""
        batch = self._unit(x) if self.view == "unit" else x.clone()
        batch = batch.flatten(1) if self.view == "flat" else batch
        weight = next(module.parameters(), None)
        if weight is not None:
            batch = batch.to(weight.device, weight.dtype if weight.is_floating_point() else None)
        self._handed = batch.dtype, tuple(batch.shape)
        return batch

    def _unit(self, x: Tensor) -> Tensor:
        return self.units.picture(x).contiguous() if self.units.is_image else x.float().clone()

    def _answer(self, x: Tensor) -> Tensor:
        if not len(x):
            return torch.empty(0, len(self.classes))
        try:
            values = self(x)
        except checks.Mistake:
            raise
        except Exception as error:
            dtype, shape = self._handed or (x.dtype, tuple(x.shape))
            raise checks.Mistake(
                f"the {self.kind_name} to answer {_name(dtype)} of shape {shape} "
                f"(input {self.view})",
                _said(error),
                "mend it, or choose input raw, unit or flat",
            ) from error
        values = values.to(x.device, torch.promote_types(values.dtype, torch.float32))
        self._check_values(values.detach(), len(x))
        if not self._recognised:
            self._recognise(values.detach())
        return self._log(values).float()

    def _check_values(self, values: Tensor, rows: int) -> None:
        k = len(self.classes)
        if values.shape != (rows, k):
            raise checks.Mistake(
                f"the {self.kind_name} to answer with shape ({rows}, {k})",
                f"shape {tuple(values.shape)}",
                f"return {k} probabilities or logits a row, one for each class",
            )
        bad = _rows_not_finite(values)
        if bad:
            raise checks.Mistake(
                f"the {self.kind_name} to answer with finite numbers",
                f"NaN or infinity in {len(bad)} of {rows} rows, the first at row {bad[0]}",
                "mend the model",
            )
        if self.output == "probabilities" and not _are_probabilities(values):
            raise checks.Mistake(
                "probabilities, which are at least 0 and sum to 1 in each row",
                f"values from {float(values.min()):.3g} to {float(values.max()):.3g} "
                f"and a row that sums to {_worst_sum(values):.3g}",
                "normalise them, or choose output logits",
            )

    def _recognise(self, values: Tensor) -> None:
        dtype, shape = self._handed or ("data", ())
        size = ", ".join(("n", *map(str, shape[1:])))
        what = f"{_name(dtype)} of shape ({size}), input {self.view}"
        told = [f"The {self.kind_name} is handed {what}."]
        if self.output == "auto":
            if _are_probabilities(values):
                self.output = "probabilities"
            elif values.min() >= 0 and values.max() <= 1:
                raise checks.Mistake(
                    "probabilities or logits that can be told apart",
                    f"values within 0 and 1, and a row that sums to {_worst_sum(values):.3g}",
                    "choose output probabilities or logits",
                )
            else:
                self.output = "logits"
            told.append(f"Its outputs were recognised as {self.output}.")
        self.told = (*self.told, *told)
        self._recognised = True

    def _log(self, values: Tensor) -> Tensor:
        if self.output == "probabilities":
            return values.clamp_min(LEAST).log()
        log_p = values.T.log_softmax(0).T.contiguous()  # five times as fast as along short rows
        cut = log_p.clamp_min(math.log(LEAST))
        return cut.detach() + (log_p - log_p.detach()) if log_p.requires_grad else cut


class Policy(Downstream):
    """A Stable-Baselines3 policy (or the algorithm that holds it) whose actions are the classes.

    Action j belongs to the j-th class. Actor-critic policies answer with the probabilities of their
    actions, read as the logits behind them; DQN's with Q-values, taken as logits. Observations are
    the raw samples, images moved to channels first if the policy's space is.
    The module is put into eval mode and stays there; nothing else of it changes.
    """

    kind_name = "policy"
    differentiable = True

    def __init__(self, model: Any, *args: Any, **kw: Any) -> None:
        super().__init__(model, *args, **kw)
        if self.output == "probabilities":
            raise checks.Mistake("output auto or logits for a policy", self.output, "leave it out")
        self.output = "logits"
        self.policy = getattr(model, "policy", model)
        actions, seen = self.policy.action_space, self.policy.observation_space
        if not isinstance(actions, gymnasium.spaces.Discrete):
            raise checks.Mistake("a policy with discrete actions", actions, "wrap it in a function")
        if not (hasattr(self.policy, "get_distribution") or hasattr(self.policy, "q_net")):
            raise checks.Mistake(
                "a policy with get_distribution or q_net",
                type(self.policy).__name__,
                "wrap it in a function",
            )
        shape = tuple(self.tensor(torch.zeros(1, *self.units.shape), self.policy).shape[1:])
        self._first = len(shape) == 3 and seen.shape == (shape[2], *shape[:2]) != shape
        if seen.shape != shape and not self._first:
            raise checks.Mistake(
                f"a policy for observations of shape {shape}",
                seen.shape,
                "choose input raw or flat",
            )

    @classmethod
    def fits(cls, model: Any) -> bool:
        """Take policies and algorithms; without SB3 imported, there are none."""
        policies = sys.modules.get("stable_baselines3.common.policies")
        algorithms = sys.modules.get("stable_baselines3.common.base_class")
        return (policies is not None and isinstance(model, policies.BasePolicy)) or (
            algorithms is not None and isinstance(model, algorithms.BaseAlgorithm)
        )

    def __call__(self, x: Tensor) -> Tensor:
        """Answer with action logits."""
        with _constant(self.policy, x):
            seen = self.tensor(x, self.policy)
            seen = seen.permute(0, 3, 1, 2).contiguous() if self._first else seen
            if hasattr(self.policy, "get_distribution"):
                return self.policy.get_distribution(seen).distribution.logits  # type: ignore[no-any-return]
            return self.policy.q_net(seen)  # type: ignore[no-any-return]


class TorchModule(Downstream):
    """A torch module, on any device, that returns a tensor or an object with one in `.logits`.

    The module is put into eval mode and stays there; nothing else of it changes: parameters keep
    their `requires_grad` and get no gradient, while the gradient in x flows.
    """

    kind_name = "torch module"
    differentiable = True
    usual_view = "unit"

    @classmethod
    def fits(cls, model: Any) -> bool:
        """Take modules."""
        return isinstance(model, nn.Module)

    def __call__(self, x: Tensor) -> Tensor:
        """Answer with what forward returns."""
        with _constant(self.model, x):
            out = self.model(self.tensor(x, self.model))
        out = getattr(out, "logits", out)
        if not isinstance(out, Tensor):
            raise checks.Mistake(
                f"the {self.kind_name} to return a tensor",
                type(out).__name__,
                "wrap it in a module that returns probabilities or logits alone",
            )
        return out


class Onnx(Downstream):
    """An .onnx file with one input and a batch axis of any length, run by onnxruntime on the CPU.

    Of several outputs the first of floating-point numbers is read.
    """

    kind_name = "ONNX model"
    usual_view = "unit"

    def __init__(self, model: Any, *args: Any, **kw: Any) -> None:
        super().__init__(model, *args, **kw)
        self.session = _session(Path(model))
        inputs, outputs = self.session.get_inputs(), self.session.get_outputs()
        if len(inputs) != 1:
            raise checks.Mistake("an ONNX model with one input", len(inputs), "export it so")
        if isinstance((inputs[0].shape or [None])[0], int):
            raise checks.Mistake(
                "an ONNX model for batches of any length",
                f"input shape {inputs[0].shape}",
                "export it with a dynamic batch axis",
            )
        floats = [out.name for out in outputs if out.type in _ONNX_FLOATS]
        if not floats:
            got = ", ".join(f"{out.name}: {out.type}" for out in outputs)
            raise checks.Mistake(
                "an ONNX model with an output of floating-point numbers",
                got,
                "export probabilities or logits (skl2onnx: zipmap=False)",
            )
        if len(outputs) > 1:
            self.told = (f"Of the ONNX model's outputs, {floats[0]!r} is read.",)
        self._input, self._output = inputs[0].name, floats[0]
        self._cast = _ONNX_FLOATS.get(inputs[0].type)

    @classmethod
    def fits(cls, model: Any) -> bool:
        """Take paths that end in .onnx."""
        return isinstance(model, str | Path) and str(model).lower().endswith(".onnx")

    def __call__(self, x: Tensor) -> Tensor:
        """Answer with the output of the graph."""
        batch = self.array(x)
        if self._cast and batch.dtype.kind == "f":
            batch = batch.astype(self._cast, copy=False)
        return _numbers(self.session.run([self._output], {self._input: batch})[0])


class Estimator(Downstream):
    """A fitted scikit-learn estimator or pipeline, or what behaves like one.

    Asked by `predict_proba`, else by `decision_function`, whose scores are taken as logits: the
    class they favour is the estimator's own, their confidence is not. `output` chooses between the
    two. Columns follow `classes_`, which may also be 0..K-1 where the data's labels are strings.
    """

    kind_name = "estimator"
    usual_view = "flat"

    def __init__(self, model: Any, *args: Any, **kw: Any) -> None:
        super().__init__(model, *args, **kw)
        has = [o for o in OUTPUTS if hasattr(model, _METHODS[o]) and self.output in (o, "auto")]
        if not has:
            wanted = " or ".join(_METHODS[o] for o in OUTPUTS if self.output in (o, "auto"))
            raise checks.Mistake(
                f"an estimator with {wanted}",
                type(model).__name__,
                "take another, or calibrate it by CalibratedClassifierCV",
            )
        self.output = has[0]
        self._ask = getattr(model, _METHODS[self.output])
        self._order = self._columns(getattr(model, "classes_", None))
        self.told = (*self.told, f"The estimator is asked by {_METHODS[self.output]}.")

    @classmethod
    def fits(cls, model: Any) -> bool:
        """Take what has scikit-learn's methods; what can merely predict is refused by name."""
        methods = (hasattr(model, name) for name in _METHODS.values())
        return any(methods) or (hasattr(model, "predict") and not callable(model))

    def __call__(self, x: Tensor) -> Tensor:
        """Answer with the estimator's scores, columns in the order of `classes`."""
        values = _numbers(self._ask(self.array(x)))
        if self.output == "logits" and len(self.classes) == 2 and values.ndim == 1:
            values = torch.stack([torch.zeros_like(values), values], 1)
        if self._order is not None and values.ndim == 2 and values.shape[1] == len(self._order):
            values = values[:, self._order]
        return values

    def _columns(self, learned: Any) -> list[int] | None:
        """Where each of the data's classes stands in `classes_`; None: in order."""
        if learned is None:
            return None
        own = np.asarray(learned).tolist()
        if own == list(range(len(self.classes))) and all(isinstance(c, str) for c in self.classes):
            self.told = ("The estimator's classes are taken as indices into the data's.",)
            return None
        if sorted(map(str, own)) != sorted(map(str, self.classes)) or any(
            c not in own for c in self.classes
        ):
            raise checks.Mistake(
                f"an estimator of the classes {_listed(self.classes)}",
                f"classes_ {_listed(own)}",
                "fit it on the data's labels",
            )
        order = [own.index(c) for c in self.classes]
        return None if order == list(range(len(order))) else order


class Function(Downstream):
    """Any callable from an array of a batch to an array, tensor or nested list of numbers."""

    kind_name = "function"

    @classmethod
    def fits(cls, model: Any) -> bool:
        """Take callables."""
        return callable(model)

    def __call__(self, x: Tensor) -> Tensor:
        """Answer with what the function returns."""
        return _numbers(self.model(self.array(x)))


DOWNSTREAM: dict[str, type[Downstream]] = {  # the first that fits takes the model
    "policy": Policy,
    "torch": TorchModule,
    "onnx": Onnx,
    "estimator": Estimator,
    "function": Function,
}


def wrap(
    model: Any,
    units: Units,
    classes: tuple[int | str, ...],
    input: str = "auto",
    output: str = "auto",
) -> Downstream:
    """Put a user's model behind the contract.

    Parameters
    ----------
    model
        A torch module, a fitted scikit-learn estimator or pipeline, the path of an .onnx file, a
        Stable-Baselines3 policy with discrete actions, or any callable; what is wrapped already is
        returned as it is.
    units, classes, input, output
        See `Downstream`.

    Raises
    ------
    Mistake
        The object is of no such kind, or its kind refuses it.
    """
    if isinstance(model, Downstream):
        return model
    if inspect.isclass(model):
        raise checks.Mistake(
            "a model", f"the class {model.__name__}", f"make an instance, {model.__name__}(...)"
        )
    for kind in DOWNSTREAM.values():
        if kind.fits(model):
            return kind(model, units, classes, input, output)
    raise checks.Mistake(
        "a torch module, an estimator, a callable, an .onnx path or an SB3 policy",
        repr(model) if model is None or isinstance(model, str) else type(model).__name__,
        "give the model itself (downstream.import_model reads package.module:name)",
    )


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
            f"module {module_name} to import", _said(error), "mend the module"
        ) from error
    for part in name.split("."):
        if not hasattr(found, part):
            raise checks.Mistake(
                f"{name} in module {module_name}", f"no attribute {part}", "name one that it has"
            )
        found = getattr(found, part)
    return found


def _rows_not_finite(values: Tensor) -> list[int]:
    if math.isfinite(values.sum().item()):  # a tenth of the cost of looking at each number
        return []
    return (~torch.isfinite(values).all(1)).nonzero()[:, 0].tolist()


def _are_probabilities(values: Tensor) -> bool:
    """Whether each row of (n, k) is at least 0 and sums to 1, within 1e-3."""
    low, high = values.sum(1).aminmax()
    in_sum = low.item() >= 1 - TOLERANCE and high.item() <= 1 + TOLERANCE
    return in_sum and values.amin().item() >= -TOLERANCE


def _said(error: BaseException) -> str:
    """Name an exception and the first line of what it said."""
    lines = str(error).strip().splitlines() or ["no message"]
    return f"{type(error).__name__}: {lines[0][:200].rstrip('.;')}"


_METHODS = {"probabilities": "predict_proba", "logits": "decision_function"}
_ONNX_FLOATS = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
}


@contextmanager
def _constant(module: nn.Module, x: Tensor) -> Iterator[None]:
    """Ask a module in eval mode, its parameters constants; no graph unless x wants a gradient."""
    if module.training:
        module.eval()
    if not (torch.is_grad_enabled() and x.requires_grad):
        with torch.no_grad():
            yield
        return
    learning = [p for p in module.parameters() if p.requires_grad]
    try:
        for p in learning:
            p.requires_grad_(False)
        yield
    finally:
        for p in learning:
            p.requires_grad_(True)


def _session(path: Path) -> Any:
    """Open an .onnx file, with as many threads as torch has."""
    try:
        import onnxruntime
    except ImportError as error:
        raise checks.Mistake(
            "onnxruntime, which runs .onnx files", "none installed", "pip install genenv[onnx]"
        ) from error
    if not path.is_file():
        raise checks.Mistake("an .onnx file", f"no file {path}", "mend the path")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise checks.Mistake(
            "an ONNX file that onnxruntime reads", _said(error), "export it again"
        ) from error


def _numbers(answer: Any) -> Tensor:
    """Copy numbers from NumPy, torch or nested lists to float64 on the CPU."""
    if isinstance(answer, Tensor):
        return answer.detach().cpu().double()
    array = np.asarray(answer)
    if array.dtype.kind not in "fiub":
        raise checks.Mistake(
            "the model to return numbers",
            f"{type(answer).__name__} of {array.dtype}",
            "return probabilities or logits, an array (n, classes)",
        )
    return torch.from_numpy(array.astype(np.float64, order="C"))


def _name(dtype: object) -> str:
    return str(dtype).removeprefix("torch.")


def _worst_sum(values: Tensor) -> float:
    """Return the row sum that is farthest from 1."""
    sums = values.sum(1)
    return float(sums[(sums - 1).abs().argmax()])


def _listed(classes: Any) -> str:
    words = [str(c) for c in classes]
    return ", ".join(words if len(words) <= 12 else [*words[:12], f"… ({len(words)})"])
