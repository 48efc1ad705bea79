"""The lights of a run: each threshold of its table, from both sides."""

from __future__ import annotations

import pytest

from genenv import trust
from genenv.metrics.light import BAD, DOUBTFUL, GOOD, Light


def share(part, rows=1000, half=0.02):
    return {"share": part, "low": part - half, "high": part + half, "rows": rows}


def left_out(joint):
    parts = {"realism": 0.02, "unsure": joint - 0.03, "other": 0.01}
    return {name: share(part) for name, part in ({"joint": joint} | parts).items()}


def quality(**changes):
    return {
        "real_rejected": left_out(0.1),
        "real_rejected_by_class": [share(0.1), share(0.1)],
        "unreal_by_class": [share(0.02), share(0.02)],
        "wrong_among_accepted": share(0.01),
        "accuracy": share(0.97),
        "largest_class": 0.5,
        "controls": {"stripes": control(0.0)},
        "promise": {"met": True, "rows": 100, "words": "at most 1 % wrong of what it accepts"},
    } | changes


def control(accepted, **changes):
    row = {"accepted": share(accepted, 500), "limit": 0.01, "trained_on": False, "decides": True}
    return row | changes


def test_a_judge_that_keeps_real_rows_and_refuses_controls_is_good():
    light = trust.judge_light(quality(), (0, 1))
    assert light.light == GOOD
    assert light.advice == ""
    assert "refuses 2.0% [0.0%, 4.0%] of 1,000 untouched real rows as unreal" in light.figure
    assert "cannot tell the class of 7.0% [5.0%, 9.0%] and takes 1.0% for another" in light.figure


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"real_rejected": left_out(0.76)}, "most real rows are left out"),
        ({"unreal_by_class": [share(0.1), share(0.8)]}, "of class shirt as unreal"),
        ({"wrong_among_accepted": share(0.13)}, "is wrong on 13.0% [11.0%, 15.0%] of those"),
        ({"controls": {"stripes": control(0.012)}}, "accepts 1.2% [-0.8%, 3.2%] of stripes"),
        ({"accuracy": share(0.515)}, "where the largest class is 50.0%"),
    ],
)
def test_each_fault_alone_makes_a_judge_bad_and_is_named_with_a_cure(changes, named):
    light = trust.judge_light(quality(**changes), ("top", "shirt"))
    assert light.light == BAD
    assert named in light.figure
    assert light.advice


@pytest.mark.parametrize(
    "changes",
    [
        {"real_rejected": left_out(0.75)},
        {"real_rejected_by_class": [share(0.1), share(1.0, rows=0)]},
        {"unreal_by_class": [share(0.1), share(0.75)]},
        {"wrong_among_accepted": share(0.12)},
        {"wrong_among_accepted": share(0.5, rows=0)},
        {"controls": {"stripes": control(0.01)}},
        {"controls": {"uniform noise": control(0.5, decides=False)}},
        {"controls": {"stripes": control(0.5, trained_on=True)}},
        {"accuracy": share(0.53)},
    ],
)
def test_at_its_limit_a_judge_is_not_bad(changes):
    assert trust.judge_light(quality(**changes), (0, 1)).light == GOOD


def test_a_class_that_can_hardly_be_told_leaves_a_judge_doubtful_and_is_named():
    noisy = quality(real_rejected_by_class=[share(0.3), share(0.85)])
    light = trust.judge_light(noisy, ("poor", "rich"))
    assert light.light == DOUBTFUL
    assert "leaves out 85.0% [83.0%, 87.0%] of class rich" in light.figure


def test_a_promise_that_could_not_be_tested_makes_a_judge_doubtful():
    untested = {"met": False, "rows": 12, "words": ""}
    light = trust.judge_light(quality(promise=untested), (0, 1))
    assert light.light == DOUBTFUL
    assert "12" in light.figure


def test_a_promise_beside_another_model_makes_a_given_judge_doubtful():
    promise = quality()["promise"] | {"rule": "contradictions"}
    taken = quality(promise=promise, taken_from="that of RUN")
    assert trust.judge_light(taken, (0, 1)).light == DOUBTFUL
    assert "contradicts another model" in trust.judge_light(taken, (0, 1)).figure
    assert trust.judge_light(quality(promise=promise), (0, 1)).light == GOOD
    plain = quality(taken_from="that of RUN")
    assert trust.judge_light(plain, (0, 1)).light == GOOD


def test_a_model_ten_points_behind_the_audit_is_doubtful_and_asked_anyway_bad():
    audit = share(0.97)
    assert trust.model_light(share(0.88), audit).light == GOOD
    assert trust.model_light(share(0.86), audit).light == DOUBTFUL
    light = trust.model_light(share(0.35), audit, "with input flat it is right on 99.8 %")
    assert light.light == BAD
    assert "input flat" in light.figure


def test_until_people_have_looked_the_light_says_so():
    assert trust.people_light(None).light == DOUBTFUL
    assert "nobody" in trust.people_light(None).figure
    audited = {"precision": 0.8, "low": 0.6, "high": 0.9, "labels": 60}
    assert trust.people_light(audited).light == GOOD
    assert trust.people_light(audited | {"precision": 0.49}).light == BAD


def test_people_and_controls_alone_leave_no_run_undecided():
    good = Light(GOOD, "", "")
    worst = Light(BAD, "", "")
    run = trust.Trust(good, good, good, worst, {"stripes": control(0.0)})
    assert trust.bad(run.to_json()) == ()
    run = trust.Trust(worst, good, worst, good, {})
    assert trust.bad(run.to_json()) == ("generator", "model")
    assert list(run.to_json()) == ["generator", "judge", "model", "people", "controls"]
