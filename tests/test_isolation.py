"""What a caller did to torch does not reach a call, and a call moves nothing of the caller's."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import genenv
from genenv import criteria, downstream, learners, rules
from genenv.data import from_arrays
from genenv.downstream import forms
from genenv.importing import import_model
from genenv.isolation import isolated

X = np.random.default_rng(0).normal(size=(80, 2)).astype(np.float32)


def fitted() -> Any:
    generator = genenv.fit(X, np.arange(80) % 2, steps=2, batch=8)
    return generator.sample(4, seed=0)[0]


def states() -> tuple[Any, ...]:
    numpy = np.random.get_state()
    return random.getstate(), numpy[1].tobytes(), numpy[2], torch.get_rng_state().tolist()  # type: ignore[union-attr]


@pytest.mark.parametrize("around", [torch.no_grad, torch.inference_mode, nullcontext])
def test_a_fit_is_the_same_whatever_lies_around_it(
    around: Callable[[], AbstractContextManager[Any]],
) -> None:
    wanted = fitted()
    with around():
        assert np.array_equal(fitted(), wanted)


def test_a_default_of_float64_changes_nothing_and_stays() -> None:
    wanted = fitted()
    torch.set_default_dtype(torch.float64)
    try:
        assert np.array_equal(fitted(), wanted)
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_another_default_device_does_not_reach_inside() -> None:
    with torch.device("meta"):
        with isolated():
            assert torch.zeros(1).device.type == "cpu"
        assert torch.zeros(1).device.type == "meta"


def test_global_random_states_stay_as_they_were() -> None:
    before = states()
    fitted()
    with isolated():
        random.random(), np.random.random(), torch.rand(1)
    assert states() == before


def test_they_stay_after_an_error_too() -> None:
    before = states()
    with pytest.raises(ZeroDivisionError), isolated():
        1 / int(random.random())
    assert states() == before


def changing(x: Any) -> Any:
    """A model that sets torch up as it likes it, in every call."""
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.set_num_threads(3)
    return np.full((len(x), 2), 0.5)


def test_what_a_model_does_to_torch_ends_with_its_call() -> None:
    model = downstream.wrap(changing, from_arrays(X).units, (0, 1), "raw", "probabilities")
    before = torch.get_num_threads()
    try:
        model.log_probabilities(torch.from_numpy(X))
        assert torch.get_default_dtype() == torch.float32
        assert forms.handed(model, forms.Form("raw", "auto"), torch.from_numpy(X)) is not None
        assert torch.get_default_dtype() == torch.float32
        assert torch.is_grad_enabled()
        assert torch.get_num_threads() == before
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
        torch.set_num_threads(before)


class Learner:
    """Sets torch up as it likes it where it is made and where it learns."""

    def __init__(self) -> None:
        changing(())

    def fit(self, _x: Any, label: Any) -> Learner:
        changing(())
        self.classes_ = np.unique(label)
        return self

    def predict_proba(self, x: Any) -> Any:
        return changing(x)


def severe(output: torch.Tensor, _label: torch.Tensor) -> Any:
    return changing(output)[:, 0]


def possible(x: Any) -> Any:
    return changing(x)[:, 0] > 0


@pytest.mark.parametrize("kind", ["criterion", "rule", "learner"])
def test_what_other_code_of_the_user_does_to_torch_ends_with_its_call(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    units, label = from_arrays(X).units, np.arange(80) % 2
    monkeypatch.setattr(learners.downstream, "import_object", lambda *_: Learner)
    before = torch.get_num_threads()
    try:
        if kind == "criterion":
            criteria.severity(severe, torch.zeros(3, 2), torch.zeros(3))
        elif kind == "rule":
            rules.find([possible]).broken(units, torch.from_numpy(X))
        else:
            learners.named("mine:Learner", units)(X, label, units, (0, 1), 0)
        assert torch.get_default_dtype() == torch.float32
        assert torch.is_grad_enabled()
        assert torch.get_num_threads() == before
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
        torch.set_num_threads(before)


def test_what_a_module_does_to_torch_ends_with_its_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "doubled.py").write_text(
        "import torch\ntorch.set_default_dtype(torch.float64)\nmodel = torch.nn.Linear(2, 2)\n"
        "torch.set_default_device('meta')\ntorch.set_grad_enabled(False)\n"
    )
    try:
        assert import_model("doubled.py:model").weight.dtype == torch.float64
        assert torch.get_default_dtype() == torch.float32
        assert torch.get_default_device().type == "cpu"
        assert torch.is_grad_enabled()
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
        torch.set_grad_enabled(True)
