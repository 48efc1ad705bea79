"""ONNX files as exporters make them: types, layouts, several outputs, an input a column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from genenv.checks import Mistake
from genenv.codecs import Codec, Pictures, Vectors
from genenv.downstream import Downstream, wrap
from genenv.downstream.normalise import Normalise

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
helper = onnx.helper
TYPE = onnx.TensorProto
EXPORTED = Path(__file__).parent / "exported"
CLASSES = (2, 5, 7)
RNG = np.random.default_rng(0)
GREY = Pictures((8, 9), "uint8", (0.0,), (255.0,))
COLOUR = Pictures((8, 9, 3), "uint8", (0.0,), (255.0,))
VECTOR = Vectors((4,), "int64", (-4.0,) * 4, (4.0,) * 4)


def graph(folder: Path, inputs: list[Any], size: int, outputs: list[str]) -> str:
    """Write features = Flatten(x) in float32, logits = features @ w, and their softmax."""
    (folder / "w.npy").unlink(missing_ok=True)
    np.save(folder / "w.npy", weight := RNG.normal(size=(size, 3)).astype(np.float32))
    names = [f"f{i}" for i in range(len(inputs))]
    nodes = [
        helper.make_node("Cast", [each.name], [name], to=TYPE.FLOAT)
        for each, name in zip(inputs, names, strict=True)
    ]
    nodes += [
        helper.make_node("Concat", names, ["all"], axis=1),
        helper.make_node("Flatten", ["all"], ["features"], axis=1),
        helper.make_node("MatMul", ["features", "w"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probs"], axis=1),
    ]
    made = [helper.make_tensor_value_info(name, TYPE.FLOAT, None) for name in outputs]
    stored = onnx.numpy_helper.from_array(weight, "w")
    model = helper.make_model(
        helper.make_graph(nodes, "linear", inputs, made, [stored]),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    onnx.save(model, folder / "linear.onnx")
    return str(folder / "linear.onnx")


def taking(folder: Path, kind: int, shape: list[Any], units: Codec, **settings: Any) -> Downstream:
    each = helper.make_tensor_value_info("x", kind, shape)
    return wrap(graph(folder, [each], units.size, ["logits"]), units, CLASSES, **settings)


def drawn(units: Codec, count: int = 5) -> Any:
    low, high = (0, 256) if units.channels else (-4, 5)
    return units.tensor(RNG.integers(low, high, (count, *units.shape)))


def wanted(folder: Path, rows: Any) -> Any:
    return rows.reshape(len(rows), -1).astype(np.float32) @ np.load(folder / "w.npy")


@pytest.mark.parametrize(
    ("shape", "units", "axes"),
    [
        (["n", 8, 9, 3], COLOUR, (0, 1, 2, 3)),  # tf2onnx
        (["n", 3, 8, 9], COLOUR, (0, 3, 1, 2)),
        ([None] * 4, COLOUR, (0, 3, 1, 2)),
        ([None, 216], COLOUR, (0, 3, 1, 2)),
        ([None, 8, 9, 1], GREY, (0, 1, 2)),
        ([None, 8, 9], GREY, (0, 1, 2)),
        ([1, 72], GREY, (0, 1, 2)),
    ],
)
def test_the_layout_is_read_off_the_input(
    tmp_path: Path, shape: list[Any], units: Codec, axes: tuple[int, ...]
) -> None:
    model = taking(tmp_path, TYPE.FLOAT, shape, units)
    x = drawn(units)
    out = wanted(tmp_path, (x.numpy() / 255).transpose(axes))
    assert np.allclose(model(x).numpy(), out, atol=1e-3)


def test_a_layout_can_be_given(tmp_path: Path) -> None:
    model = taking(tmp_path, TYPE.FLOAT, [None] * 4, COLOUR, layout="last")
    x = drawn(COLOUR)
    assert np.allclose(model(x).numpy(), wanted(tmp_path, x.numpy() / 255), atol=1e-3)


@pytest.mark.parametrize("kind", [TYPE.UINT8, TYPE.INT64, TYPE.INT32])
def test_an_input_of_integers_gets_the_stored_ones(tmp_path: Path, kind: int) -> None:
    model = taking(tmp_path, kind, ["n", 8, 9, 3], COLOUR)
    x = drawn(COLOUR)
    model.check(COLOUR.store(x))
    assert model.view == "stored"
    assert np.allclose(model(x).numpy(), wanted(tmp_path, x.numpy()), rtol=1e-4)
    name = {TYPE.UINT8: "uint8", TYPE.INT64: "int64", TYPE.INT32: "int32"}[kind]
    assert f"handed {name} of shape (n, 8, 9, 3), input stored" in " ".join(model.notes)


def test_floats_are_rounded_for_an_input_of_integers(tmp_path: Path) -> None:
    units = Pictures((8, 9), "float32", (0.0,), (300.0,))
    model = taking(tmp_path, TYPE.UINT8, ["n", 8, 9], units)
    x = units.tensor(RNG.uniform(0, 300, (5, 8, 9)))
    rounded = np.rint(x.numpy()).clip(0, 255)
    assert np.allclose(model(x).numpy(), wanted(tmp_path, rounded), rtol=1e-4)


def test_what_a_type_does_not_hold_is_cut_off_and_told(tmp_path: Path) -> None:
    small, wide = (
        taking(tmp_path, kind, ["n", 8, 9, 3], COLOUR, **moved)
        for kind, moved in ((TYPE.INT8, {}), (TYPE.INT8, {"preprocess": Normalise((128,), (1,))}))
    )
    x = drawn(COLOUR)
    for model in (small, wide):
        model.check(COLOUR.store(x))
    assert "takes int8, -128 to 127: of values from 0 to 25" in " ".join(small.notes)
    assert "cut off" not in " ".join(wide.notes)
    assert np.allclose(wide(x).numpy(), wanted(tmp_path, x.numpy() - 128), rtol=1e-3)


@pytest.mark.parametrize("view", ["auto", "raw", "flat"])
def test_integer_rows_go_into_an_input_of_floats(tmp_path: Path, view: str) -> None:
    model = taking(tmp_path, TYPE.FLOAT, ["n", 4], VECTOR, input=view)
    x = drawn(VECTOR)
    assert np.allclose(model(x).numpy(), wanted(tmp_path, x.numpy()), atol=1e-4)


def test_vectors_go_into_an_input_a_column(tmp_path: Path) -> None:
    kinds = [TYPE.FLOAT, TYPE.INT64, TYPE.DOUBLE, TYPE.FLOAT]
    inputs = [helper.make_tensor_value_info(f"c{i}", k, [None, 1]) for i, k in enumerate(kinds)]
    model = wrap(graph(tmp_path, inputs, 4, ["logits"]), VECTOR, CLASSES)
    x = drawn(VECTOR)
    assert np.allclose(model(x).numpy(), wanted(tmp_path, x.numpy()), atol=1e-4)


@pytest.mark.parametrize(
    ("outputs", "output", "read"),
    [
        (["features", "logits"], "auto", "logits"),
        (["logits", "features", "probs"], "auto", "probs"),
        (["probs", "logits"], "logits", "logits"),
    ],
)
def test_of_several_outputs_one_with_a_column_a_class_is_read(
    tmp_path: Path, outputs: list[str], output: str, read: str
) -> None:
    each = helper.make_tensor_value_info("x", TYPE.FLOAT, ["n", 4])
    model = wrap(graph(tmp_path, [each], 4, outputs), VECTOR, CLASSES, output=output)
    x = drawn(VECTOR)
    log_p = wanted(tmp_path, x.numpy())
    log_p -= np.log(np.exp(log_p).sum(1, keepdims=True))
    assert np.allclose(model.log_probabilities(x), log_p, atol=1e-4)
    assert any(f"{read!r} is read" in sentence for sentence in model.notes)


def test_an_input_of_texts_is_refused(tmp_path: Path) -> None:
    each = helper.make_tensor_value_info("x", TYPE.STRING, ["n", 4])
    with pytest.raises(Mistake, match=r"inputs are numbers, got x of tensor\(string\)"):
        wrap(graph(tmp_path, [each], 4, ["logits"]), VECTOR, CLASSES)


def test_skl2onnx_s_rows_of_mappings_are_read_by_class(tmp_path: Path) -> None:
    to_onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed").to_onnx
    from sklearn.linear_model import LogisticRegression

    x = drawn(VECTOR, 60).numpy()
    y = np.array(["b", "a", "c"])[np.arange(60) % 3]
    fitted = LogisticRegression().fit(x, y)
    (tmp_path / "rows.onnx").write_bytes(to_onnx(fitted, x[:1]).SerializeToString())
    model = wrap(tmp_path / "rows.onnx", VECTOR, ("a", "b", "c"))
    log_p = model.log_probabilities(VECTOR.tensor(x)).numpy()
    assert np.allclose(np.exp(log_p), fitted.predict_proba(x), atol=1e-5)


class Convolved(nn.Module):
    """A small network of colour images with the features beside the logits."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3, padding=1)
        self.linear = nn.Linear(288, 3)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.convolution(x).relu().flatten(1)
        return features, self.linear(features)


@pytest.mark.parametrize(
    ("dynamo", "fixed"),
    [(False, False), (False, True), pytest.param(True, False, marks=pytest.mark.slow)],
)
@pytest.mark.filterwarnings("ignore")  # torch's exporters warn of themselves
def test_what_torch_exports_answers_as_the_module_does(
    tmp_path: Path, dynamo: bool, fixed: bool
) -> None:
    torch.manual_seed(0)
    module = Convolved().eval()
    path = tmp_path / "module.onnx"
    free = {"dynamic_shapes": ({0: "n"},)} if dynamo else {"dynamic_axes": {"x": {0: "n"}}}
    torch.onnx.export(
        module, (torch.zeros(2, 3, 8, 9),), path, input_names=["x"],
        output_names=["features", "logits"], dynamo=dynamo, verbose=False, **{} if fixed else free,
    )  # fmt: skip
    asked = wrap(path, COLOUR, CLASSES)
    x = drawn(COLOUR, 5)
    own = wrap(module, COLOUR, CLASSES)
    assert torch.allclose(asked.log_probabilities(x), own.log_probabilities(x), atol=1e-5)
    assert any("in pieces of 2" in sentence for sentence in asked.notes) == fixed


def test_what_tf2onnx_exports_answers_as_keras_did() -> None:
    """Both files are of scripts/export_keras.py."""
    with np.load(EXPORTED / "keras.npz") as file:
        x = file["x"]
        p = file["p"]
    units = Pictures((8, 8), "float32", (0.0,), (16.0,))
    model = wrap(EXPORTED / "keras.onnx", units, tuple(range(10)))
    log_p = model.log_probabilities(units.tensor(x))
    assert np.allclose(log_p.exp().numpy(), p, atol=1e-5)
    assert any("of shape (n, 8, 8, 1), input unit" in sentence for sentence in model.notes)
