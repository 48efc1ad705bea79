from __future__ import annotations

import copy
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeRegressor
from torch import Tensor, nn

from genenv import downstream
from genenv.checks import Mistake
from genenv.codecs import Codec, Pictures, Vectors
from genenv.downstream import DOWNSTREAM, Downstream, wrap

CLASSES = (2, 5, 7)
VECTOR = Vectors((4,), "float32", (-4.0,), (4.0,))
INTEGER = Vectors((4,), "uint8", (0.0,), (9.0,))
GREY = Pictures((4, 4), "float32", (0.0,), (16.0,))
COLOUR = Pictures((4, 4, 3), "uint8", (0.0,), (255.0,))
WEIGHT = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)  # of one linear model


def rows(units: Codec = VECTOR, count: int = 70, seed: int = 1) -> Tensor:
    share = torch.rand(count, *units.shape, generator=torch.Generator().manual_seed(seed))
    return units.decode(2 * share - 1)


def answered(x: Tensor) -> Tensor:
    """The log-probabilities of the linear model."""
    return (x.flatten(1) @ torch.from_numpy(WEIGHT).T).log_softmax(1)


def linear() -> nn.Module:
    module = nn.Linear(4, 3, bias=False)
    module.weight.data = torch.from_numpy(WEIGHT.copy())
    return module


def softmax(x: NDArray[Any]) -> NDArray[Any]:
    return torch.from_numpy(x @ WEIGHT.T).softmax(1).numpy()


def logistic(classes: Any = CLASSES, weight: NDArray[Any] = WEIGHT) -> LogisticRegression:
    model = LogisticRegression()
    model.classes_ = np.asarray(classes)
    model.coef_ = weight.astype(float)
    model.intercept_ = np.zeros(len(weight))
    return model


def policy() -> Any:
    from stable_baselines3.common.policies import ActorCriticPolicy

    made = ActorCriticPolicy(
        gymnasium.spaces.Box(-4, 4, (4,), np.float32),
        gymnasium.spaces.Discrete(3),
        lambda _: 1e-3,
        net_arch=[],
    )
    made.action_net = linear()
    return made


def onnx_file(folder: Path, shape: list[Any], **kw: Any) -> str:
    """Write x @ W.T; `kw`: type (of x and W), kept (outputs), softmax."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    helper = onnx.helper
    numbers = kw.get("type", onnx.TensorProto.FLOAT)
    kind = helper.tensor_dtype_to_np_dtype(numbers)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["logits"]),
        helper.make_node("ArgMax", ["logits"], ["chosen"], axis=1, keepdims=0),
    ]
    made = {
        "logits": helper.make_tensor_value_info("logits", numbers, None),
        "chosen": helper.make_tensor_value_info("chosen", onnx.TensorProto.INT64, None),
    }
    inputs = [helper.make_tensor_value_info("x", numbers, shape)]
    if kw.get("two"):
        inputs.append(helper.make_tensor_value_info("y", numbers, shape))
    graph = helper.make_graph(
        nodes,
        "linear",
        inputs,
        [made[name] for name in kw.get("kept", ["logits"])],
        [onnx.numpy_helper.from_array(np.ascontiguousarray(WEIGHT.T).astype(kind), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = folder / "linear.onnx"
    onnx.save(model, path)
    return str(path)


EXAMPLES: dict[str, Callable[[Path], Any]] = {  # of each kind, the linear model above
    "policy": lambda _: policy(),
    "torch": lambda _: linear(),
    "onnx": lambda folder: onnx_file(folder, ["n", 4]),
    "estimator": lambda _: logistic(),
    "function": lambda _: softmax,
}


def as_function(answer: Callable[[NDArray[Any]], Any], **kw: Any) -> Downstream:
    return wrap(answer, VECTOR, CLASSES, **kw)


def wrong(answer: Any, **kw: Any) -> str:
    """The sentence for a function that answers so."""
    with pytest.raises(Mistake) as caught:
        as_function(lambda _: answer, **kw).log_probabilities(rows(count=5))
    return str(caught.value)


# --- every kind ------------------------------------------------------------------------------


def test_each_kind_has_an_example() -> None:
    assert EXAMPLES.keys() == DOWNSTREAM.keys(), "give the new kind an example here"


@pytest.fixture(params=DOWNSTREAM)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Downstream:
    return wrap(EXAMPLES[request.param](tmp_path), VECTOR, CLASSES)


def test_wrap_finds_the_kind(model: Downstream, request: pytest.FixtureRequest) -> None:
    assert type(model) is DOWNSTREAM[request.node.callspec.params["model"]]


def test_answers_are_log_probabilities_in_the_order_of_the_classes(model: Downstream) -> None:
    x = rows()
    log_p = model.log_probabilities(x)
    assert log_p.dtype == torch.float32
    assert torch.allclose(log_p, answered(x), atol=1e-5)


def test_queries_are_counted_and_those_of_check_are_not(model: Downstream) -> None:
    x = rows()
    checked = model.check(VECTOR.store(x))
    assert checked.shape == (64, 3)
    assert checked.dtype == np.float32
    assert model.queries == 0
    model.log_probabilities(x)
    model.log_probabilities(x[:7])
    assert model.queries == 77
    assert np.allclose(checked, answered(x[:64]), atol=1e-5)


def test_an_empty_batch_is_answered_without_asking(model: Downstream) -> None:
    assert model.log_probabilities(rows()[:0]).shape == (0, 3)


def test_view_and_output_are_known_and_told_after_check(model: Downstream) -> None:
    model.check(VECTOR.store(rows()))
    assert model.view in downstream.VIEWS
    assert model.output in downstream.OUTPUTS
    assert any("is handed float32 of shape (n, 4)" in sentence for sentence in model.notes)
    told = model.notes
    model.log_probabilities(rows())
    assert model.notes == told


def test_the_samples_stay_as_they_are_and_no_graph_is_left_without_a_gradient(
    model: Downstream,
) -> None:
    x = rows()
    before = x.clone()
    assert not model.log_probabilities(x).requires_grad
    assert torch.equal(x, before)


def test_the_gradient_flows_exactly_where_the_kind_says_so(model: Downstream) -> None:
    x = rows(count=3).requires_grad_()
    log_p = model.log_probabilities(x)
    assert log_p.requires_grad == model.differentiable
    if model.differentiable:
        expected = torch.autograd.grad(answered(x)[:, 0].sum(), x)[0]
        assert torch.allclose(torch.autograd.grad(log_p[:, 0].sum(), x)[0], expected, atol=1e-5)
        with torch.no_grad():
            assert not model.log_probabilities(x).requires_grad


def test_each_kind_takes_its_own_example_alone_or_comes_first(model: Downstream) -> None:
    kinds = list(DOWNSTREAM.values())
    assert type(model).fits(model.model)
    assert not any(kind.fits(model.model) for kind in kinds[: kinds.index(type(model))])
    assert not type(model).fits(None)


def test_samples_of_another_shape_are_refused(model: Downstream) -> None:
    with pytest.raises(Mistake, match=r"expected x of shape \(any, 4\), got shape \(3, 5\)"):
        model.log_probabilities(torch.zeros(3, 5))
    with pytest.raises(Mistake, match=r"expected x of shape \(any, 4\), got shape \(3, 5\)"):
        model.check(np.zeros((3, 5), np.float32))


def test_check_wants_rows(model: Downstream) -> None:
    with pytest.raises(Mistake, match="expected rows to check the model on, got none"):
        model.check(np.zeros((0, 4), np.float32))


def test_an_unknown_input_or_output_and_a_single_class_are_refused(model: Downstream) -> None:
    kind = type(model)
    plain = model.model
    with pytest.raises(Mistake, match="expected input to be one of auto, raw, unit, flat"):
        kind(plain, VECTOR, CLASSES, input="rgb")
    with pytest.raises(Mistake, match="expected output to be one of auto, probabilities, logits"):
        kind(plain, VECTOR, CLASSES, output="labels")
    with pytest.raises(Mistake, match="expected data of two or more classes, got 1"):
        kind(plain, VECTOR, (3,))


# --- what the model is handed ----------------------------------------------------------------


def handed(units: Codec, view: str) -> NDArray[Any]:
    seen: list[NDArray[Any]] = []

    def keep(x: NDArray[Any]) -> NDArray[Any]:
        seen.append(x)
        return np.zeros((len(x), 3)) - 1

    model = wrap(keep, units, CLASSES, input=view)
    model.log_probabilities(rows(units))
    assert re.search(re.escape(f"{seen[0].dtype} of shape (n"), model.notes[0])
    return seen[0]


@pytest.mark.parametrize("units", [VECTOR, INTEGER, GREY, COLOUR])
def test_a_function_is_handed_the_data_as_stored(units: Codec) -> None:
    x = units.store(rows(units))
    for view in ("auto", "raw"):
        raw = handed(units, view)
        assert raw.dtype == x.dtype == units.dtype
        assert np.array_equal(raw, x)
    flat = handed(units, "flat")
    assert flat.dtype == units.dtype
    assert np.array_equal(flat, x.reshape(70, -1))


def test_the_unit_view_is_channels_first_in_0_to_1_for_images_and_stored_for_vectors() -> None:
    grey = handed(GREY, "unit")
    colour = handed(COLOUR, "unit")
    vector = handed(INTEGER, "unit")
    x = COLOUR.store(rows(COLOUR))
    assert (grey.shape, colour.shape) == ((70, 1, 4, 4), (70, 3, 4, 4))
    assert {v.dtype for v in (grey, colour, vector)} == {np.dtype("float32")}
    assert np.allclose(grey[:, 0], GREY.store(rows(GREY)) / 16, atol=1e-6)
    assert np.allclose(colour, x.transpose(0, 3, 1, 2) / 255, atol=1e-6)
    assert np.array_equal(vector, INTEGER.store(rows(INTEGER)))


class Keeping(nn.Module):
    def __init__(self, k: int = 3) -> None:
        super().__init__()
        self.k = k

    def forward(self, x: Tensor) -> Tensor:
        self.seen = x
        return x.view(len(x), -1)[:, : self.k] - 2  # view asks for contiguous memory


@pytest.mark.parametrize(
    ("view", "shape"), [("auto", (70, 3, 4, 4)), ("raw", (70, 4, 4, 3)), ("flat", (70, 48))]
)
def test_a_torch_module_is_handed_float32(view: str, shape: tuple[int, ...]) -> None:
    module = Keeping()
    x = rows(COLOUR)
    wrap(module, COLOUR, CLASSES, input=view, output="logits").log_probabilities(x)
    assert module.seen.dtype == torch.float32
    assert tuple(module.seen.shape) == shape
    assert (module.seen.max() <= 1) == (view == "auto")


def test_an_estimator_is_handed_flat_rows_as_stored() -> None:
    class Asked(BaseEstimator):  # type: ignore[misc]
        def predict_proba(self, x: NDArray[Any]) -> NDArray[Any]:
            self.seen = x
            return np.full((len(x), 3), 1 / 3)

    estimator = Asked()
    model = wrap(estimator, COLOUR, CLASSES)
    model.check(COLOUR.store(rows(COLOUR)))
    assert estimator.seen.dtype == np.uint8
    assert estimator.seen.shape == (8, 48)  # the last of two questions


def test_a_model_that_works_in_place_does_not_change_the_samples() -> None:
    def spoil(x: NDArray[Any]) -> NDArray[Any]:
        x[:] = 3
        return np.zeros((len(x), 3)) - 1

    class Spoil(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mul_(0)[:, :3] - 1

    for plain in (spoil, Spoil()):
        for view in downstream.VIEWS:
            x = rows()
            before = x.clone()
            wrap(plain, VECTOR, CLASSES, input=view).log_probabilities(x)
            assert torch.equal(x, before)
    x = rows().requires_grad_()
    wrap(Spoil(), VECTOR, CLASSES).log_probabilities(x).sum().backward()  # type: ignore[no-untyped-call]


# --- probabilities and logits ----------------------------------------------------------------


def test_probabilities_and_logits_are_recognised_and_told() -> None:
    x = VECTOR.store(rows())
    for answer, output in [(softmax, "probabilities"), (lambda x: x @ WEIGHT.T, "logits")]:
        model = as_function(answer)
        assert model.output == "auto"
        model.check(x)
        assert model.output == output
        assert f"Its outputs were recognised as {output}." in model.notes
        assert torch.allclose(model.log_probabilities(rows()), answered(rows()), atol=1e-5)


def test_the_first_batch_decides_where_nothing_was_checked() -> None:
    model = as_function(softmax)
    model.log_probabilities(rows())
    assert model.output == "probabilities"


def test_values_within_0_and_1_that_do_not_sum_to_1_ask_for_an_output() -> None:
    assert wrong(np.full((5, 3), 0.5)) == (
        "expected probabilities or logits that can be told apart, got values within 0 and 1, and a "
        "row that sums to 1.5; choose output probabilities or logits; where each column is a label "
        "of its own, wrap one of them"
    )


def test_the_user_says_logits() -> None:
    model = as_function(lambda x: np.full((len(x), 3), 0.5), output="logits")
    assert torch.allclose(model.log_probabilities(rows()), torch.tensor(1 / 3).log())


def test_unnormalised_probabilities_are_refused_in_any_batch() -> None:
    sentence = "at least 0 and sum to 1 in each row, got values from 0.5 to 0.5 and a row that sums"
    assert sentence in wrong(np.full((5, 3), 0.5), output="probabilities")
    assert "got values from -1 to 1" in wrong(np.array([[1, 1, -1]] * 5), output="probabilities")
    scale = [1.0]
    model = as_function(lambda x: softmax(x) * scale[0])
    model.check(VECTOR.store(rows()))
    scale[0] = 1.01
    with pytest.raises(Mistake, match=r"a row that sums to 1\.01; normalise them"):
        model.log_probabilities(rows())


def test_probabilities_are_cut_off_at_1e_12() -> None:
    cut = pytest.approx(np.log(1e-12))
    certain = as_function(lambda x: np.tile([1, 0, 0], (len(x), 1)))
    assert certain.log_probabilities(rows())[0].tolist() == [0, cut, cut]


@pytest.mark.parametrize("far", [900.0, 1e4, 1e20])
def test_logits_are_not_cut_off(far: float) -> None:
    certain = as_function(lambda x: np.tile([far, 0, -far], (len(x), 1)))
    expected = pytest.approx([0, -far, -2 * far])
    assert certain.log_probabilities(rows())[0].tolist() == expected


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_logits_as_far_apart_as_numbers_can_be_stay_finite(kind: Any) -> None:
    far = np.finfo(kind).max
    certain = as_function(lambda x: np.tile(np.array([far, 0, -far], kind), (len(x), 1)))
    log_p = certain.log_probabilities(rows())
    assert log_p.sum().isfinite()
    assert (log_p[:, 0] == 0).all()
    assert (log_p[:, 1:] < -1e29).all()


def test_a_model_that_is_sure_of_itself_still_has_a_slope() -> None:
    module = linear()
    module.load_state_dict({"weight": torch.from_numpy(1000 * WEIGHT)})
    model = wrap(module, VECTOR, CLASSES)
    x = rows().requires_grad_()
    log_p = model.log_probabilities(x)
    least = log_p.amin(1)
    assert least.min() < -1000
    assert (torch.autograd.grad(least.sum(), x)[0].norm(dim=1) > 1).all()
    assert not torch.equal(least, model.log_probabilities(1.01 * x).amin(1))


def test_small_probabilities_of_doubles_keep_their_digits() -> None:
    model = as_function(lambda x: np.tile([1 - 1e-9, 1e-9, 0], (len(x), 1)))
    assert float(model.log_probabilities(rows())[0, 0]) == pytest.approx(-1e-9, rel=1e-3)


# --- the same row, the same answer -----------------------------------------------------------


def test_a_model_that_answers_at_random_is_refused_by_check() -> None:
    rng = np.random.default_rng(0)
    model = as_function(lambda x: x @ WEIGHT.T + 0.1 * rng.normal(size=(len(x), 3)))
    with pytest.raises(Mistake) as caught:
        model.check(VECTOR.store(rows()))
    assert re.fullmatch(
        r"expected a model that answers the same row alike, whenever and beside whatever it is "
        r"asked, got probabilities that are 0\.\d+ apart; switch off dropout, batch statistics and "
        r"randomness \(eval mode, a fixed seed\)",
        str(caught.value),
    )


@pytest.mark.parametrize("layer", [nn.Dropout(0.1), nn.BatchNorm1d(4)])
def test_a_network_in_training_mode_behind_a_function_is_refused(layer: nn.Module) -> None:
    network = nn.Sequential(layer, linear()).train()
    model = as_function(lambda x: network(torch.from_numpy(x)))
    with pytest.raises(Mistake, match="expected a model that answers the same row alike"):
        model.check(VECTOR.store(rows()))


@pytest.mark.parametrize("count", [2, 3, 9])
def test_few_rows_are_enough_to_notice_batch_statistics(count: int) -> None:
    model = as_function(lambda x: (x - x.mean(0)) @ WEIGHT.T)
    with pytest.raises(Mistake, match="answers the same row alike"):
        model.check(VECTOR.store(rows(count=count)))


def test_rounding_that_depends_on_the_batch_passes() -> None:
    model = as_function(lambda x: x @ WEIGHT.T + 1e-5 * len(x) * np.array([1, -1, 1]))
    assert model.check(VECTOR.store(rows())).shape == (64, 3)


# --- torch -----------------------------------------------------------------------------------


class Training(nn.Module):
    """Batch norm and dropout: answers differ outside eval mode."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(), linear())

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)  # type: ignore[no-any-return]


def test_a_module_is_asked_in_eval_mode_and_not_changed_otherwise() -> None:
    module = Training().train()
    module.layers[2].requires_grad_(False)
    before = copy.deepcopy(module.state_dict())
    flags = [p.requires_grad for p in module.parameters()]
    model = wrap(module, VECTOR, CLASSES)
    x = rows().requires_grad_()
    first = model.log_probabilities(x)
    module.train()  # someone trained on meanwhile
    assert torch.equal(model.log_probabilities(x), first)
    first.sum().backward()  # type: ignore[no-untyped-call]
    assert not module.training
    assert [p.requires_grad for p in module.parameters()] == flags
    assert all(p.grad is None for p in module.parameters())
    assert all(torch.equal(t, before[name]) for name, t in module.state_dict().items())


def test_parameters_keep_their_flags_when_the_module_raises() -> None:
    class Raising(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = linear()

        def forward(self, _: Tensor) -> Tensor:
            raise KeyError("pixels")

    module = Raising()
    with pytest.raises(Mistake, match="KeyError: 'pixels'"):
        wrap(module, VECTOR, CLASSES).log_probabilities(rows().requires_grad_())
    assert module.inner.weight.requires_grad


def test_a_module_of_doubles_is_handed_doubles_and_logits_are_found_in_an_object() -> None:
    class Output:
        def __init__(self, logits: Tensor) -> None:
            self.logits = logits

    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = linear().double()

        def forward(self, x: Tensor) -> Output:
            return Output(self.inner(x))

    model = wrap(Wrapped(), VECTOR, CLASSES)
    log_p = model.log_probabilities(rows())
    assert log_p.dtype == torch.float32
    assert torch.allclose(log_p, answered(rows()), atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no second device")
def test_a_module_on_another_device_answers_where_the_samples_lie() -> None:
    x = rows().requires_grad_()
    log_p = wrap(linear().cuda(), VECTOR, CLASSES).log_probabilities(x)
    assert log_p.device == x.device
    assert torch.allclose(log_p, answered(x), atol=1e-4)
    assert torch.autograd.grad(log_p[:, 0].sum(), x)[0].device == x.device


def test_samples_go_to_the_device_of_the_weights() -> None:
    model = wrap(linear().to("meta"), VECTOR, CLASSES)
    assert model.tensor(rows(), model.model).device.type == "meta"


def test_a_module_that_returns_no_tensor_is_refused() -> None:
    class Pair(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return x, x

    with pytest.raises(Mistake, match="expected the torch module to return a tensor, got tuple"):
        wrap(Pair(), VECTOR, CLASSES).log_probabilities(rows())


# --- scikit-learn ----------------------------------------------------------------------------


def labelled(classes: Any, count: int = 90) -> tuple[NDArray[Any], NDArray[Any]]:
    x = VECTOR.store(rows(count=count))
    return x, np.asarray(classes)[(x @ WEIGHT[: len(classes)].T).argmax(1)]


def test_columns_follow_classes_whatever_their_order() -> None:
    turned = logistic((7, 2, 5), WEIGHT[[2, 0, 1]])
    log_p = wrap(turned, VECTOR, CLASSES).log_probabilities(rows())
    assert torch.allclose(log_p, answered(rows()), atol=1e-5)


def test_classes_that_are_strings_may_be_learned_as_strings_or_as_indices() -> None:
    names = ("cat", "dog", "newt")
    for model, told in [(logistic(names), False), (logistic((0, 1, 2)), True)]:
        wrapped = wrap(model, VECTOR, names)
        assert torch.allclose(wrapped.log_probabilities(rows()), answered(rows()), atol=1e-5)
        assert (
            "The estimator's classes are taken as indices into the data's." in wrapped.notes
        ) == (told)


@pytest.mark.parametrize(
    ("own", "data", "order", "told"),
    [
        (("2", "5", "7"), (2, 5, 7), [0, 1, 2], "its '2' is the data's 2"),
        ((2, 5, 7), ("2", "5", "7"), [0, 1, 2], "its 2 is the data's '2'"),
        (("1", "10", "2"), (1, 2, 10), [0, 2, 1], "its '1' is the data's 1"),
        ((0, 1, 2), ("0", "1", "2"), [0, 1, 2], "its 0 is the data's '0'"),
    ],
)
def test_classes_written_otherwise_are_matched_by_name_and_told(
    own: Any, data: Any, order: list[int], told: str
) -> None:
    model = wrap(logistic(own), VECTOR, data)
    sentence = f"The estimator's classes are matched by name: {told}."
    assert sentence in model.notes
    logits = rows() @ torch.from_numpy(WEIGHT).T
    log_p = logits.log_softmax(1)[:, order]
    assert torch.allclose(model.log_probabilities(rows()), log_p, atol=1e-5)


def test_classes_that_count_from_nought_are_indices_and_it_is_told() -> None:
    model = wrap(logistic((0, 1, 2)), VECTOR, CLASSES)
    assert "The estimator's classes are taken as indices into the data's." in model.notes
    assert torch.allclose(model.log_probabilities(rows()), answered(rows()), atol=1e-5)


def test_classes_that_are_equal_numbers_are_the_same() -> None:
    model = wrap(logistic((2.0, 5.0, 7.0)), VECTOR, CLASSES)
    assert torch.allclose(model.log_probabilities(rows()), answered(rows()), atol=1e-5)


@pytest.mark.parametrize("classes", [(2, 5), (2, 5, 7, 9), (1, 2, 3), ("2", "5", "x")])
def test_an_estimator_of_other_classes_is_refused(classes: tuple[Any, ...]) -> None:
    with pytest.raises(Mistake) as caught:
        wrap(logistic(classes, np.ones((len(classes), 4))), VECTOR, CLASSES)
    got = ", ".join(map(repr, classes))
    assert str(caught.value) == (
        f"expected an estimator of the classes 2, 5, 7, got classes_ {got}; "
        "fit it on the data's labels, or name them in the order of its columns (--classes)"
    )


def test_texts_among_the_classes_are_quoted() -> None:
    sentence = r"of the classes '02', '05', got classes_ 2, 5; fit"
    with pytest.raises(Mistake, match=sentence):
        wrap(logistic((2, 5), WEIGHT[:1]), VECTOR, ("02", "05"))


def test_decision_functions_are_logits_and_favour_what_the_estimator_predicts() -> None:
    x, y = labelled(CLASSES)
    for estimator in (LinearSVC(), make_pipeline(StandardScaler(), SVC())):
        model = wrap(estimator.fit(x, y), VECTOR, CLASSES)
        assert model.output == "logits"
        assert "The estimator is asked by decision_function." in model.notes
        chosen = model.check(x).argmax(1)
        assert np.array_equal(np.asarray(CLASSES)[chosen], estimator.predict(x[:64]))


def test_a_binary_decision_function_of_one_column_is_the_log_odds_of_the_second_class() -> None:
    x, y = labelled(("no", "yes"))
    estimator = LogisticRegression().fit(x, y)
    model = wrap(estimator, VECTOR, ("no", "yes"), output="logits")
    odds = torch.from_numpy(estimator.decision_function(x[:64]))
    expected = torch.stack([nn.functional.logsigmoid(-odds), nn.functional.logsigmoid(odds)], 1)
    assert np.allclose(model.check(x), expected, atol=1e-5)


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize("squashed", [True, False])
def test_a_binary_model_of_one_column_is_recognised_and_told(flat: bool, squashed: bool) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 1), *([nn.Sigmoid()] if squashed else []))
    model = wrap(lambda x: net(torch.as_tensor(x).float())[:, 0 if flat else slice(None)],
                 VECTOR, ("no", "yes"))  # fmt: skip
    found = model.check(VECTOR.store(rows()))
    odds = net[:2](torch.as_tensor(model.array(rows()[:64])).float())[:, 0].detach()
    assert np.allclose(found[:, 1] - found[:, 0], odds, atol=1e-4)
    assert np.allclose(np.exp(found).sum(1), 1, atol=1e-5)
    assert "Its one column is taken for that of the second class, yes." in model.notes
    assert model.output == ("probabilities" if squashed else "logits")


def test_one_column_of_labels_or_beside_three_classes_is_refused() -> None:
    with pytest.raises(Mistake, match="predict_proba in the place of predict"):
        wrap(lambda x: (x[:, 0] > 0).astype(float), VECTOR, ("a", "b")).check(VECTOR.store(rows()))
    with pytest.raises(Mistake, match="return 3 probabilities or logits a row"):
        wrap(lambda x: x[:, 0] / 10, VECTOR, ("a", "b", "c")).check(VECTOR.store(rows()))


def test_several_labels_a_row_are_refused_by_name() -> None:
    model = wrap(lambda x: 1 / (1 + np.exp(-x[:, :3])), VECTOR, ("a", "b", "c"))
    with pytest.raises(Mistake, match="where each column is a label of its own, wrap one of them"):
        model.check(VECTOR.store(rows()))


def test_the_output_chooses_the_method() -> None:
    x, y = labelled(CLASSES)
    estimator = LogisticRegression().fit(x, y)
    for output, method in [("probabilities", "predict_proba"), ("logits", "decision_function")]:
        model = wrap(estimator, VECTOR, CLASSES, output=output)
        assert f"The estimator is asked by {method}." in model.notes
        assert np.allclose(model.check(x), estimator.predict_log_proba(x[:64]), atol=1e-5)


def test_an_estimator_without_scores_is_refused() -> None:
    x, y = labelled(CLASSES)
    with pytest.raises(Mistake, match="with predict_proba or decision_function, got DecisionTree"):
        wrap(DecisionTreeRegressor().fit(x, y), VECTOR, CLASSES)
    with pytest.raises(Mistake, match="an estimator with predict_proba, got LinearSVC; take anoth"):
        wrap(LinearSVC().fit(x, y), VECTOR, CLASSES, output="probabilities")


def test_an_estimator_that_is_not_fitted_says_so() -> None:
    with pytest.raises(Mistake, match="NotFittedError: This LogisticRegression instance is not"):
        wrap(LogisticRegression(), VECTOR, CLASSES).check(VECTOR.store(rows()))


# --- functions -------------------------------------------------------------------------------


def test_a_function_may_return_arrays_tensors_and_lists() -> None:
    answers: list[Callable[[Any], Any]] = [
        softmax,
        lambda x: torch.from_numpy(softmax(x)).requires_grad_(),
        lambda x: softmax(x).tolist(),
        lambda x: np.asfortranarray(softmax(x))[:, ::1],
        lambda x: softmax(x)[:, ::-1][:, ::-1],
        lambda x: torch.from_numpy(softmax(x)).to(torch.float64),
    ]
    for answer in answers:
        log_p = as_function(answer).log_probabilities(rows())
        assert torch.allclose(log_p, answered(rows()), atol=1e-5)


def test_whole_numbers_are_numbers() -> None:
    one_hot = as_function(lambda x: np.eye(3, dtype=int)[[0] * len(x)])
    assert one_hot.log_probabilities(rows())[0, 0] == 0
    assert one_hot.output == "probabilities"


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        (np.zeros((5, 4)), "shape (5, 4)"),
        (np.zeros((4, 3)), "shape (4, 3)"),
        (np.zeros(5), "shape (5,)"),
        (np.zeros((5, 3, 1)), "shape (5, 3, 1)"),
        (1.0, "shape ()"),
    ],
)
def test_an_answer_of_another_shape_is_refused(answer: Any, got: str) -> None:
    assert wrong(answer).startswith(
        f"expected the function to answer with shape (5, 3), got {got}; "
        "return 3 probabilities or logits a row, one for each class"
    )


def test_an_answer_that_is_not_finite_is_refused() -> None:
    for bad in (np.nan, np.inf, -np.inf):
        answer = np.zeros((5, 3)) - 1
        answer[[1, 3], 2] = bad
        assert wrong(answer) == (
            "expected the function to answer with finite numbers, got NaN or infinity in 2 of 5 "
            "rows, the first at row 1; mend the model"
        )


def test_large_numbers_are_finite() -> None:
    answer = as_function(lambda x: np.tile([1.7e308, 1.7e308, 0], (len(x), 1)))
    assert answer.log_probabilities(rows())[0, 0] == pytest.approx(np.log(0.5))


@pytest.mark.parametrize(
    ("answer", "got"), [(None, "NoneType of object"), (["cat"] * 5, "list of <U3")]
)
def test_an_answer_of_no_numbers_is_refused(answer: Any, got: str) -> None:
    assert wrong(answer) == (
        f"expected the model to return numbers, got {got}; "
        "return probabilities or logits, an array (n, classes), not names of classes"
    )


def test_what_the_model_raises_is_told_in_one_line_with_its_cause() -> None:
    def raising(_: NDArray[Any]) -> None:
        raise RuntimeError("no such layer\nand much more")

    model = wrap(raising, COLOUR, CLASSES)
    with pytest.raises(Mistake) as caught:
        model.log_probabilities(rows(COLOUR))
    assert str(caught.value) == (
        "expected the function to answer uint8 of shape (70, 4, 4, 3) (input raw), got "
        "RuntimeError: no such layer; mend it: this is what it raised itself"
    )
    assert isinstance(caught.value.__cause__, RuntimeError)
    with pytest.raises(Mistake, match=r"answer float32 of shape \(64, 1, 4, 4\) \(input unit\)"):
        wrap(raising, GREY, CLASSES, input="unit").check(GREY.store(rows(GREY)))


def test_an_interrupt_passes() -> None:
    def interrupted(_: NDArray[Any]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        as_function(interrupted).log_probabilities(rows())


# --- onnx ------------------------------------------------------------------------------------


def test_an_onnx_graph_of_doubles_is_handed_doubles(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    path = onnx_file(tmp_path, ["n", 4], type=onnx.TensorProto.DOUBLE)
    log_p = wrap(Path(path), VECTOR, CLASSES).log_probabilities(rows())
    assert torch.allclose(log_p, answered(rows()), atol=1e-5)


def test_of_several_onnx_outputs_the_numbers_are_read_and_told(tmp_path: Path) -> None:
    model = wrap(onnx_file(tmp_path, ["n", 4], kept=["chosen", "logits"]), VECTOR, CLASSES)
    model.check(VECTOR.store(rows()))
    assert model.notes[0] == "Of the ONNX model's outputs, 'logits' is read."
    assert model.output == "logits"


@pytest.mark.parametrize("length", [1, 16, 70, 100])
def test_an_onnx_graph_of_a_fixed_batch_is_asked_in_pieces_and_told(
    tmp_path: Path, length: int
) -> None:
    model = wrap(onnx_file(tmp_path, [length, 4]), VECTOR, CLASSES)
    for count in (1, 15, 70):
        x = rows(count=count)
        assert torch.allclose(model.log_probabilities(x), answered(x), atol=1e-5)
    assert f"The ONNX model is asked in pieces of {length}, its batch." in model.notes
    assert model.queries == 86


@pytest.mark.parametrize(
    ("shape", "kw", "sentence"),
    [
        (["n", 4], {"two": True}, "one input, or one for each of 4 columns, got 2; export it so"),
        (["n", 4], {"kept": ["chosen"]}, r"got chosen: tensor\(int64\); export probabilities"),
    ],
)
def test_an_onnx_graph_that_cannot_be_asked_is_refused(
    tmp_path: Path, shape: list[Any], kw: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Mistake, match=sentence):
        wrap(onnx_file(tmp_path, shape, **kw), VECTOR, CLASSES)


def test_an_onnx_file_that_is_missing_or_broken_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    broken = tmp_path / "broken.onnx"
    with pytest.raises(Mistake, match=r"expected an .onnx file, got no file .*broken\.onnx; mend"):
        wrap(broken, VECTOR, CLASSES)
    broken.write_bytes(b"no graph")
    with pytest.raises(Mistake, match="expected an ONNX file that onnxruntime reads, got Invalid"):
        wrap(str(broken), VECTOR, CLASSES)


def test_without_onnxruntime_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (tmp_path / "model.onnx").touch()
    with pytest.raises(Mistake, match=r"got none installed; pip install 'genenv\[onnx\]'"):
        wrap(tmp_path / "model.onnx", VECTOR, CLASSES)


# --- policies --------------------------------------------------------------------------------


def test_an_algorithm_answers_by_its_policy_and_dqn_by_its_values() -> None:
    from stable_baselines3 import DQN, PPO

    for algorithm in (PPO, DQN):
        agent = algorithm("MlpPolicy", Seen(), device="cpu", seed=0)
        model = wrap(agent, VECTOR, CLASSES)
        x = rows()
        chosen = agent.predict(x.numpy(), deterministic=True)[0]
        assert np.array_equal(model.log_probabilities(x).argmax(1).numpy(), chosen)


class Seen(gymnasium.Env[Any, Any]):
    """What SB3 needs to build a network."""

    observation_space = gymnasium.spaces.Box(-4, 4, (4,), np.float32)
    action_space = gymnasium.spaces.Discrete(3)


def test_images_are_moved_to_channels_first_where_the_policy_has_them_so() -> None:
    from stable_baselines3.common.policies import ActorCriticCnnPolicy

    units = Pictures((36, 36, 3), "uint8", (0.0,), (255.0,))
    space = gymnasium.spaces.Box(0, 255, (3, 36, 36), np.uint8)
    made = ActorCriticCnnPolicy(space, gymnasium.spaces.Discrete(3), lambda _: 1e-3)
    x = rows(units, 4)
    log_p = wrap(made, units, CLASSES).log_probabilities(x)
    seen, _ = made.obs_to_tensor(units.store(x).transpose(0, 3, 1, 2))
    chosen: Any = made.get_distribution(seen).distribution
    assert torch.allclose(log_p, chosen.probs.log(), atol=1e-5)


def test_policies_that_cannot_be_asked_are_refused() -> None:
    made = policy()
    with pytest.raises(Mistake, match="output auto or logits for a policy, got probabilities"):
        wrap(made, VECTOR, CLASSES, output="probabilities")
    with pytest.raises(Mistake, match=r"a policy for observations of shape \(4, 4\), got \(4,\)"):
        wrap(made, GREY, CLASSES)
    made.action_space = gymnasium.spaces.Box(-1, 1, (2,))
    with pytest.raises(Mistake, match="expected a policy with discrete actions, got Box"):
        wrap(made, VECTOR, CLASSES)


def test_a_policy_without_action_scores_is_refused() -> None:
    from stable_baselines3.common.policies import BasePolicy

    class Silent(BasePolicy):
        def _predict(self, observation: Any, deterministic: bool = False) -> Any:
            return observation, deterministic

    silent = Silent(Seen.observation_space, Seen.action_space)
    with pytest.raises(Mistake, match="a policy with get_distribution or q_net, got Silent"):
        wrap(silent, VECTOR, CLASSES)


# --- wrap -------------------------------------------------------------------


def test_what_is_wrapped_is_returned_as_it_is() -> None:
    model = as_function(softmax)
    assert wrap(model, VECTOR, CLASSES) is model


@pytest.mark.parametrize(
    ("plain", "got"),
    [
        (None, "None"),
        ("model.pt", "'model.pt'"),
        ("package.module:name", "'package.module:name'"),
        ({"weight": 1}, "dict"),
        (StandardScaler(), "StandardScaler"),
    ],
)
def test_what_no_kind_takes_is_refused(plain: Any, got: str) -> None:
    with pytest.raises(Mistake) as caught:
        wrap(plain, VECTOR, CLASSES)
    assert str(caught.value) == (
        "expected a torch module, an estimator, a callable, an .onnx path or an SB3 policy, got "
        f"{got}; give the model itself (downstream.import_model reads package.module:name)"
    )


@pytest.mark.parametrize("plain", [Keeping, LogisticRegression])
def test_a_class_is_no_model(plain: type) -> None:
    with pytest.raises(Mistake, match=f"got the class {plain.__name__}; make an instance"):
        wrap(plain, VECTOR, CLASSES)
