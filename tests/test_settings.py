"""Settings are written once: a call takes names, defaults and types of a dataclass."""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Sequence
from dataclasses import MISSING, fields
from itertools import pairwise
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

import genenv
from genenv.checks import Mistake
from genenv.settings import FitConfig, ReactConfig, StressConfig, calls
from genenv.training import TrainingConfig

CALLS = {genenv.fit: FitConfig, genenv.stress: StressConfig, genenv.react: ReactConfig}
LEFT_TO_THE_PRESET = {  # which the call of `fit` does not take: `training.train` does
    *("latent", "information", "width", "critic_width", "critic_steps", "optimizer", "lr"),
    *("lr_floor", "betas", "penalty", "ema", "compile", "log_every", "picture_every"),
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
    taken, hints = inspect.signature(call).parameters, get_type_hints(config)
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
    asked, full = FitConfig(), TrainingConfig()
    assert [field.name for field in fields(asked)] == [field.name for field in fields(full)]
    filled = {name for name, value in vars(full).items() if vars(asked)[name] != value}
    assert filled == {
        *("latent", "width", "critic_width", "steps", "batch", "critic_steps"),
        *("optimizer", "lr", "betas"),
    }
    assert not filled & set(asked.told())


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
