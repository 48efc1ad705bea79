"""What models return beside a plain array, and the names of its columns."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from genenv.checks import Mistake
from genenv.codecs import Pictures, Vectors
from genenv.downstream import wrap
from genenv.downstream.picking import picked

UNITS = Vectors((3,), "float32", (0.0,) * 3, (1.0,) * 3)
NAMES = ("a", "b", "c")
X = torch.rand(5, 3, generator=torch.Generator().manual_seed(0))
P = (X / X.sum(1, keepdim=True)).numpy()
Pair = namedtuple("Pair", "hidden logits")


def share(x: Any) -> Any:
    return x / x.sum(1, keepdims=True)


RETURNED = {
    "a table in another order": lambda p: pd.DataFrame(p[:, [2, 0, 1]], columns=["c", "a", "b"]),
    "a mapping of parts": lambda p: {"features": p[:, :2], "probabilities": p},
    "a mapping with two that fit": lambda p: {"logits": 5 * p, "probs": p, "loss": 0.3},
    "a mapping from class to column": lambda p: {"b": p[:, 1], "c": p[:, 2], "a": p[:, 0]},
    "a lone part in a mapping": lambda p: {"out": p},
    "a tuple with features": lambda p: (np.ones((len(p), 7)), p),
    "a tuple of one": lambda p: (p,),
    "a list of tensors, one a row": lambda p: [torch.from_numpy(row) for row in p],
    "a list of arrays, one a row": lambda p: list(p),
    "nested lists": lambda p: p.tolist(),
    "rows of mappings": lambda p: [dict(zip("cab", r[[2, 0, 1]], strict=True)) for r in p],
    "rows of labels and scores": lambda p: [
        [{"label": n, "score": v} for n, v in sorted(zip("abc", r, strict=True), key=str)]
        for r in p
    ],
    "an object with logits": lambda p: Pair(p, np.log(p)),
}


@pytest.mark.parametrize("name", RETURNED)
def test_the_part_with_a_number_a_class_is_read(name: str) -> None:
    model = wrap(lambda x: RETURNED[name](share(x)), UNITS, NAMES)
    assert np.allclose(model.log_probabilities(X).exp(), P, atol=1e-5)


def test_a_choice_between_parts_is_told_once() -> None:
    model = wrap(lambda x: {"features": x[:, :2], "p": share(x)}, UNITS, NAMES)
    model.log_probabilities(X)
    model.log_probabilities(X)
    assert model.notes[0] == "Of the parts 'features', 'p' that it returns, 'p' is read."
    assert len(model.notes) == 3


def test_a_gradient_goes_through_what_is_picked() -> None:
    class Two(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return {"features": x[:, :2], "logits": 2 * x}

    x = X.clone().requires_grad_()
    log_p = wrap(Two(), UNITS, NAMES).log_probabilities(x)
    assert torch.allclose(log_p, (2 * x).log_softmax(1), atol=1e-6)
    log_p[:, 0].sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda x: np.array(["a"] * len(x)), "not names of classes"),
        (lambda x: ["a"] * len(x), "not names of classes"),
        (lambda x: np.zeros(len(x)), r"predict_proba in the place of predict"),
        (lambda x: {"loss": 0.3, "features": x[:, :2]}, "the model to return numbers, got dict"),
    ],
)
def test_what_holds_no_number_a_class_is_refused(answer: Any, sentence: str) -> None:
    with pytest.raises(Mistake, match=sentence):
        wrap(answer, UNITS, NAMES).log_probabilities(X)


def test_columns_are_ordered_by_the_classes_that_are_named() -> None:
    model = wrap(lambda x: share(x)[:, [2, 0, 1]], UNITS, (10, 20, 30), columns=["30", "10", "20"])
    assert np.allclose(model.log_probabilities(X).exp(), P, atol=1e-5)


def test_classes_10_20_30_of_a_model_of_0_to_2_are_named() -> None:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression().fit(X.numpy(), [2, 0, 1, 2, 0])
    model = wrap(fitted, UNITS, (10, 20, 30))
    assert "The estimator's classes are taken as indices into the data's." in model.notes
    assert np.allclose(model.log_probabilities(X).exp(), fitted.predict_proba(X), atol=1e-5)
    model = wrap(fitted, UNITS, (10, 20, 30), columns=(20, 10, 30))
    wanted = fitted.predict_proba(X)[:, [1, 0, 2]]
    assert np.allclose(model.log_probabilities(X).exp(), wanted, atol=1e-5)
    fitted.classes_ = np.array([1, 2, 3])
    with pytest.raises(Mistake, match=r"in the order of its columns \(--classes\)"):
        wrap(fitted, UNITS, (10, 20, 30))


@pytest.mark.parametrize("columns", [(10, 20), (10, 20, 20), (10, 20, 40)])
def test_classes_that_are_not_the_data_s_are_refused(columns: Any) -> None:
    with pytest.raises(Mistake, match=r"classes that are the data's, 10, 20, 30, .*name each once"):
        wrap(share, UNITS, (10, 20, 30), columns=columns)


@pytest.mark.parametrize(
    ("units", "settings", "sentence"),
    [
        (UNITS, {"layout": "last"}, "images with a layout, got vectors"),
        (Pictures((8, 8), "uint8", (0.0,), (255.0,)), {"layout": "hwc"}, "layout to be one of"),
        (
            Pictures((8, 8), "uint8", (0.0,), (255.0,)),
            {"layout": "last", "input": "flat"},
            "input raw, unit or stored with a layout, got input flat",
        ),
        (
            Pictures((8, 8, 3), "uint8", (0.0,), (255.0,)),
            {"layout": "plain"},
            "grey images with layout plain, got 3 channels",
        ),
    ],
)
def test_a_layout_that_is_none_is_refused(units: Any, settings: Any, sentence: str) -> None:
    with pytest.raises(Mistake, match=sentence):
        wrap(share, units, NAMES, **settings)


@pytest.mark.filterwarnings("ignore:Sparse CSR")
def test_what_a_sparse_answer_leaves_out_is_filled_in() -> None:
    dense = torch.tensor([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5]])
    for sparse in (dense.to_sparse(), dense.to_sparse_csr(), csr_matrix(dense.numpy())):
        part, told = picked(sparse, ("a", "b", "c"))
        assert np.array_equal(np.asarray(part), dense.numpy())
        assert not told
