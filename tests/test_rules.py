from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from people import people

from genenv import data, rules
from genenv.checks import Mistake
from genenv.judge import Verdict
from genenv.judge.audit import Judged

TABLE = data.from_frame(people(200), data.TableOptions("loan"))


def adult(frame):
    return frame["age"] >= 40


def broken(*given):
    return rules.find(given).broken(TABLE.units, TABLE.units.tensor(TABLE.x))


def test_what_breaks_any_rule_is_told_on_the_users_own_frame():
    age = people(200)["age"].to_numpy()
    assert np.array_equal(broken(adult), age < 40)
    both = broken(adult, lambda frame: frame["age"] < 60)
    assert np.array_equal(both, (age < 40) | (age >= 60))
    assert not broken().any()


def test_rules_are_named_as_they_were_given():
    assert rules.find([adult]).named[0][0] == f"{__name__}:adult"


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (lambda frame: frame["wealth"] > 0, "to answer, got KeyError"),
        (lambda frame: frame["age"], "a truth value a row"),
        (lambda _: True, "a truth value a row"),
        ("nothing", "a rule as package.module:name"),
        (3, "rules that are functions"),
    ],
)
def test_a_rule_that_is_none_is_refused_in_one_sentence(rule, told):
    with pytest.raises(Mistake, match=told):
        broken(rule)


def test_a_flip_that_breaks_a_rule_is_invalid_and_nothing_else_changes():
    held = [Verdict.PASSED, Verdict.ERROR, Verdict.INVALID, Verdict.AMBIGUOUS, Verdict.CONFIRMED]
    judged = Judged(np.array(held, np.int8), *(np.zeros(5) for _ in range(3)))
    kept = judged.without(np.array([False] * 5)).verdict
    assert kept.tolist() == held
    now = judged.without(np.array([True] * 5)).verdict
    assert now.tolist() == [*held[:3], Verdict.INVALID, Verdict.INVALID]


def test_images_are_met_as_arrays():
    digits = data.load("digits")
    bright = rules.find([lambda x: x.reshape(len(x), -1).max(1) >= 16])
    found = bright.broken(digits.units, torch.from_numpy(digits.x[:50]))
    assert np.array_equal(found, digits.x[:50].reshape(50, -1).max(1) < 16)


def test_the_rules_of_a_run_are_found_again_with_trust_alone(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"stress": {"rules": [f"{__name__}:adult"]}}))
    with pytest.raises(Mistake, match="a run with rules to be trusted"):
        rules.recorded(tmp_path)
    ((name, _),) = rules.recorded(tmp_path, trust=True).named
    assert name == f"{__name__}:adult"
    path.write_text(json.dumps({"stress": {"rules": [3]}}))
    with pytest.raises(Mistake, match="rules"):
        rules.recorded(tmp_path, trust=True)
    assert not rules.recorded(tmp_path / "none")
