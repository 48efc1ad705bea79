"""Settings are written once: a call takes names, defaults and types of a dataclass."""

from __future__ import annotations

import ast
import inspect
import json
import re
import types
from collections.abc import Sequence
from dataclasses import MISSING, fields
from itertools import pairwise
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest
import torch

import genenv
from genenv.checks import Mistake
from genenv.cli import Command
from genenv.cli.parsing import parsed
from genenv.settings import FitConfig, LoadingConfig, ReactConfig, StressConfig, calls
from genenv.training import TrainingConfig

CALLS = {genenv.fit: FitConfig, genenv.stress: StressConfig, genenv.react: ReactConfig}
LEFT_TO_THE_PRESET = {  # which the call of `fit` does not take: `training.train` does
    *("latent", "information", "width", "critic_width", "critic_steps", "optimizer", "lr"),
    *(
        "lr_floor",
        "betas",
        "penalty",
        "penalty_every",
        "instance_noise",
        "ema",
        "compile",
        "log_every",
        "picture_every",
    ),
    *("metrics_every", "checkpoint_every", "checkpoint_seconds", "keep", "best"),
}


def plain(hint: Any) -> Any:
    """A type where a sequence and a tuple of any length are the same."""
    if get_origin(hint) in (Union, types.UnionType):
        return frozenset(plain(each) for each in get_args(hint))
    if get_origin(hint) is Sequence or (get_origin(hint) is tuple and ... in get_args(hint)):
        return "several", get_args(hint)[0]
    return hint


@pytest.mark.parametrize(("call", "config"), CALLS.items())
def test_a_call_takes_every_setting_with_its_default_and_its_type(
    call: Any, config: type[Any]
) -> None:
    taken = inspect.signature(call).parameters
    hints = get_type_hints(config)
    called = get_type_hints(call)
    left = LEFT_TO_THE_PRESET if config is FitConfig else set()
    assert {field.name for field in fields(config)} - left <= set(taken)
    for field in fields(config):
        if field.name not in left:
            assert taken[field.name].default == field.default
            if hints[field.name] is not Any:
                assert plain(called[field.name]) == plain(hints[field.name])


@pytest.mark.parametrize("config", CALLS.values())
def test_every_setting_has_a_default_and_a_sentence(config: type[Any]) -> None:
    body = ast.parse(inspect.getsource(config)).body[0].body  # type: ignore[attr-defined]
    told = {
        each.target.id
        for each, after in pairwise(body)
        if isinstance(each, ast.AnnAssign)
        and isinstance(after, ast.Expr)
        and after.value.value.endswith(".")  # type: ignore[attr-defined]
    }
    assert told == {field.name for field in fields(config)}
    assert not any(field.default is MISSING for field in fields(config))


def test_a_training_fills_in_what_is_left_to_the_preset_and_changes_nothing_else() -> None:
    asked = FitConfig()
    full = TrainingConfig()
    assert [field.name for field in fields(asked)] == [field.name for field in fields(full)]
    filled = {name for name, value in vars(full).items() if vars(asked)[name] != value}
    assert filled == {
        *("latent", "width", "critic_width", "steps", "batch", "critic_steps"),
        *("optimizer", "lr", "betas", "penalty_every", "instance_noise", "log_every"),
    }
    assert not filled & set(asked.given())


@pytest.mark.parametrize(
    "asked",
    [
        StressConfig(input="flat", search=("random",), budget=99, seeds=(3,), seed=5, anyway=True),
        ReactConfig(learners=("svm",), noises=("a:b",), samples=7, sizes=(9,), seeds=(4,), seed=6),
        FitConfig(objective="gan", network="mlp", latent=3, lr=0.1, best="kernel", metrics_every=2),
    ],
)
def test_every_setting_of_a_call_arrives(asked: Any) -> None:
    assert calls.given(type(asked), vars(asked)) == asked


def test_lists_become_tuples_and_names_stay_words() -> None:
    config = calls.given(ReactConfig, vars(ReactConfig()) | {"seeds": [1, 2], "other": 3})
    assert config.seeds == (1, 2)
    assert config.objective == "relativistic"
    with pytest.raises(KeyError):
        calls.given(ReactConfig, {"seeds": (1,)})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: StressConfig(objective="wgna"), "objective to be one of gan, .*module:name, got"),
        (lambda: StressConfig(criterion="missclassified"), "criterion to be one of misclassified"),
        (lambda: FitConfig(network="mpl"), "network to be one of auto, mlp"),
        (lambda: FitConfig(optimizer="adan"), "optimizer to be one of adam, rmsprop"),
        (lambda: FitConfig(latent=-1), "latent of 0 or more, got -1"),
        (lambda: FitConfig(best="frechet"), "metrics_every above 0 with best"),
        (lambda: ReactConfig(learners=("boost",)), "learner to be one of logistic"),
        (lambda: ReactConfig(seeds=()), "at least one seed"),
    ],
)
def test_a_setting_that_cannot_be_is_one_sentence(make: Any, sentence: str) -> None:
    with pytest.raises(Mistake, match=sentence):
        make()


def test_own_kinds_are_left_to_whoever_imports_them() -> None:
    config = StressConfig(search=("mine:Walk", Walk), objective="mine:Aim", criterion="target:3")
    assert config.search == ("mine:Walk", Walk)


class Walk:
    """Stands for a search of one's own."""


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"seed": np.int64(3)}, {"seed": 3}),
        ({"seed": torch.tensor(3)}, {"seed": 3}),
        ({"seeds": np.arange(2)}, {"seeds": (0, 1)}),
        ({"seeds": 0}, {"seeds": (0,)}),
        ({"seeds": np.array(5)}, {"seeds": (5,)}),
        ({"seeds": range(3)}, {"seeds": (0, 1, 2)}),
        ({"search": "random"}, {"search": ("random",)}),
        ({"budget": np.uint16(500)}, {"budget": 500}),
        ({"mean": np.float32(0.5), "std": [1]}, {"mean": (0.5,), "std": (1.0,)}),
        ({"anyway": np.True_}, {"anyway": True}),
        ({"input": np.str_("flat")}, {"input": "flat"}),
        ({"classes": np.array([2, 1])}, {"classes": (2, 1)}),
        ({"classes": np.array(["b", "a"])}, {"classes": ("b", "a")}),
        ({"steps": np.int32(9)}, {"steps": 9}),
    ],
)
def test_numbers_of_numpy_and_lone_values_are_taken(
    given: dict[str, Any], wanted: dict[str, Any]
) -> None:
    config = calls.given(StressConfig, vars(StressConfig()) | given)
    for name, value in wanted.items():
        assert getattr(config, name) == value
        assert type(getattr(config, name)) is type(value)
    assert json.dumps([getattr(config, name) for name in wanted])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"seed": 1.5}, "seed to be a whole number, got 1.5"),
        ({"seed": "1"}, "seed to be a whole number, got '1'"),
        ({"seed": True}, "seed to be a whole number, got True"),
        ({"seeds": [0, 0.5]}, "seeds to be a whole number, got 0.5"),
        ({"steps": 10.5}, "steps to be a whole number, got 10.5"),
        ({"anyway": 1}, "anyway to be True or False, got 1"),
        ({"mean": ["a"]}, "mean to be a number, got 'a'"),
        ({"input": 3}, "input to be a text, got 3"),
    ],
)
def test_a_value_of_another_type_is_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Mistake, match=re.escape(sentence)):
        calls.given(StressConfig, vars(StressConfig()) | given)


@pytest.mark.parametrize("command", ["fit", "stress", "judge", "react", "harden"])
def test_what_is_said_of_data_is_said_alike_to_every_command(command: str) -> None:
    words = ["x", "--class-names", "shoe", "2", "--background", "#ff0000", "--size", "32"]
    said = parsed(Command, [command, *words]).loading
    assert said == LoadingConfig(32, None, "#ff0000", ("shoe", "2"))
