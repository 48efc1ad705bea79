"""The study of reactions on digits, with everything small."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toys

import genenv
from genenv import bundled, data, networks, tracking
from genenv.bars import Bars
from genenv.checks import Mistake
from genenv.corruptions import through_kornia
from genenv.judge import Guide
from genenv.networks import Generator
from genenv.parts import Part
from genenv.progress import Progress
from genenv.reacting import Reacting
from genenv.reactions.layout import tag
from genenv.report.numerals import percent
from genenv.report.reactions import markdown, order_sentence, summary
from genenv.settings import ReactConfig

pytestmark = pytest.mark.slow

NOISES = ("latent:temperature", "sample:rotate", "real:rotate")
CONFIG = ReactConfig(
    learners=("logistic", "mlp"),
    noises=NOISES,
    samples=40,
    sizes=(60,),
    seeds=(0, 1),
    steps=60,
    only=("noise", "shares", "lessons"),
)


@pytest.fixture(scope="module", autouse=True)
def every_sample_is_accepted() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Guide, "look", toys.taken_for_real)
        yield


@pytest.fixture(scope="module")
def generator() -> Generator:
    return networks.load(bundled.FOLDER / "generator")


def study(
    folder: Path, generator: Generator | None, config: ReactConfig = CONFIG, **more: Any
) -> Reacting:
    return Reacting(config, data.load("digits"), generator, folder, **more)


@pytest.fixture(scope="module")
def done(
    tmp_path_factory: pytest.TempPathFactory, generator: Generator
) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("react") / "run"
    return folder, study(folder, generator).run()


def without_seconds(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key != "timings"}


def test_react_json_holds_what_the_design_names(done: tuple[Path, dict[str, Any]]) -> None:
    folder, content = done
    stored = json.loads((folder / "react.json").read_text())
    assert stored == json.loads(json.dumps(content))
    assert {"schema", "learners", "noises", "curves", "shares"} <= stored.keys()
    assert stored["noises"] == list(NOISES)
    assert len(stored["curves"]) == 3 * 6 * 2 * 2
    assert len(stored["shares"]) == 2 * 2 * 16
    assert len(stored["lessons"]) == 2 * 5
    assert stored["order"]["hard_rows"] == 40


def test_every_row_says_agreement_and_accuracy_among_accepted(
    done: tuple[Path, dict[str, Any]],
) -> None:
    for row in done[1]["curves"]:
        assert {"agreement", "accuracy_accepted", "accepted", "margin"} <= row.keys()
        assert 0 <= row["agreement"] <= 1
    plain = [r["agreement"] for r in done[1]["curves"] if r["strength"] == 0]
    hard = [
        r["agreement"]
        for r in done[1]["curves"]
        if r["strength"] == 5 and r["noise"].endswith("rotate")
    ]
    assert np.mean(plain) > np.mean(hard) + 0.1


def test_the_page_loads_nothing_and_shows_every_learner(
    done: tuple[Path, dict[str, Any]],
) -> None:
    page = (done[0] / "react.html").read_text()
    assert "://" not in page.replace("http://www.w3.org", "")
    assert "<script" not in page
    for word in ("logistic", "mlp", "rotate", "temperature", "half the margin"):
        assert word in page
    assert page.count("<svg") == 10


def test_a_learners_name_is_escaped_on_the_page(done: tuple[Path, dict[str, Any]]) -> None:
    from genenv.report.reactions import write_page

    text = json.dumps(done[1]).replace('"logistic"', '"<b>evil</b>"')
    write_page(json.loads(text), done[0] / "other.html")
    assert "<b>evil" not in (done[0] / "other.html").read_text()


def test_a_row_that_hurts_shows_the_p_of_that_and_the_way_to_read_fits_what_was_asked(
    done: tuple[Path, dict[str, Any]],
) -> None:
    from genenv.report.reactions import write_page

    row = {
        "learner": "mlp", "way": "replace", "real_rows": 50, "generated_rows": 50,
        "verdict": "hurts", "gain": -0.1, "low": -0.2, "high": -0.05, "null": "repeated",
        "gain_over_null": -0.1, "worst_class_gain": -0.1, "calibration_gain": 0.0,
        "p": 1.0, "p_hurts": 0.0042,
    }  # fmt: skip
    path = done[0] / "hurts.html"
    write_page(done[1] | {"helps": [row]}, path)
    both = path.read_text()
    assert "<td>0.0042</td>" in both
    assert "darkest cells" in both
    write_page(done[1] | {"helps": [row], "curves": [], "noises": []}, path)
    assert "darkest cells" not in path.read_text()


def test_tensorboard_has_a_run_a_learner_and_few_beside(
    done: tuple[Path, dict[str, Any]],
) -> None:
    folder, content = done
    own = tracking.read(folder / "overview" / "logistic")
    steps, values = own["agreement/sample-rotate"]
    assert steps.tolist() == [0, 1, 2, 3, 4, 5]
    rows = [
        r
        for r in content["curves"]
        if (r["learner"], r["noise"], r["strength"]) == ("logistic", "sample:rotate", 3)
    ]
    assert values[3] == pytest.approx(np.mean([r["agreement"] for r in rows]), abs=1e-6)
    assert own["gain/judge"][0].tolist() == [0, 10, 25, 50, 75, 100]
    one = tracking.read(folder / "overview" / "mlp")
    noise = "latent-temperature"
    assert {"summary/agreement_1", f"summary/agreement_3/{noise}", f"margin/{noise}"} <= one.keys()
    every = tracking.read(folder)  # a generator was given, so that the run has no curve of its own
    assert "overview/mlp/lessons/real-then-generated" in every
    assert np.array_equal(every["overview/logistic/agreement/sample-rotate"][1], values)
    assert (folder / "overview" / "projector_config.pbtxt").is_file()
    assert set(tracking.read_all(folder)) <= {".", "overview", "overview/logistic", "overview/mlp"}


def test_the_first_cards_of_tensorboard_are_the_agreement_of_all_learners(
    done: tuple[Path, dict[str, Any]],
) -> None:
    folder, content = done
    for run, curves in tracking.read_all(folder).items():
        cards = sorted(curves)
        if run.removeprefix("overview/") in content["learners"]:
            assert cards[0] == "agreement/all", run
        assert all(card >= "agreement/all" for card in cards), run
    steps, values = tracking.read(folder / "overview" / "mlp")["agreement/all"]
    assert steps.tolist() == [0, 1, 2, 3, 4, 5]
    made = [
        row["agreement"]
        for row in content["curves"]
        if row["learner"] == "mlp" and row["strength"] == 3 and row["noise"][:5] != "real:"
    ]
    assert values[3] == pytest.approx(np.mean(made), abs=1e-6)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("agreement_high", "agreement_high"),
        ("accepted", "judge_accepts"),
        ("accuracy_accepted_low", "right_if_accepted_low"),
        ("accuracy_50_rows", "taught_accuracy_50_rows"),
        ("accuracy_high", "taught_accuracy_high"),
        ("gain", "gain"),
    ],
)
def test_nothing_stands_before_agreement(key, name):
    assert tag(key) == name >= "agreement"


@pytest.fixture
def pageless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out react.html, which takes longer than the parts of a small study."""
    monkeypatch.setattr("genenv.reacting.study.write_page", lambda *_: None)


@pytest.mark.usefixtures("pageless")
def test_the_same_seeds_give_the_same_figures_and_an_interrupt_costs_nothing(
    done: tuple[Path, dict[str, Any]], generator: Generator, tmp_path: Path
) -> None:
    run = study(tmp_path / "run", generator)
    get = run.get
    calls: list[str] = []

    def interrupted(part: Part[Any]) -> Any:
        calls.append(part.path)
        if calls.count("cells/shares-1-logistic.json"):
            raise KeyboardInterrupt
        return get(part)

    run.get = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        run.run()
    answers = (tmp_path / "run" / "cells" / "answers-0.npz").stat().st_mtime_ns
    again = study(tmp_path / "run", generator).run(resume=True)
    assert without_seconds(again) == without_seconds(done[1])
    assert (tmp_path / "run" / "cells" / "answers-0.npz").stat().st_mtime_ns == answers


@pytest.fixture
def again(done: tuple[Path, dict[str, Any]], tmp_path: Path) -> Path:
    """Copy the finished study, to be damaged."""
    return Path(shutil.copytree(done[0], tmp_path / "again"))


def told_afresh(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in ("timings", "told")}


@pytest.mark.usefixtures("pageless")
@pytest.mark.parametrize(
    "name", ["answers-1.npz", "points-0.npz", "shares-1-mlp.json", "lessons-0-mlp.json"]
)
def test_a_part_that_is_cut_off_is_made_again_and_told(
    done: tuple[Path, dict[str, Any]], generator: Generator, again: Path, name: str
) -> None:
    path = again / "cells" / name
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    content = study(again, generator).run(resume=True)
    assert f"cells/{name} could not be read, so it was made again." in content["told"]
    assert told_afresh(content) == told_afresh(json.loads(json.dumps(done[1])))
    assert len(path.read_bytes()) == len(whole)


@pytest.mark.usefixtures("pageless")
@pytest.mark.parametrize("text", ["[]", "{}", "[1]", ""])
def test_rows_that_are_none_are_made_again(generator: Generator, again: Path, text: str) -> None:
    path = again / "cells" / "lessons-1-mlp.json"
    before = json.loads(path.read_text())
    path.write_text(text)
    study(again, generator).run(resume=True)
    assert json.loads(path.read_text()) == before


@pytest.mark.parametrize("text", ['{"stages": {"jud', "[]", "{}", '{"stages": 3, "parts": 4}'])
def test_seconds_that_cannot_be_read_are_counted_afresh(again: Path, text: str) -> None:
    (again / "timings.json").write_text(text)
    stages = Progress()
    stages.keep(again / "timings.json")
    with stages.stage("judge"):
        pass
    assert list(json.loads((again / "timings.json").read_text())["stages"]) == ["judge"]


@pytest.mark.parametrize("text", ["[]", "3", '{"re'])
def test_settings_that_cannot_be_read_are_one_sentence(
    generator: Generator, again: Path, text: str
) -> None:
    (again / "config.json").write_text(text)
    with pytest.raises(Mistake, match=r"expected a whole file .*config\.json, got "):
        study(again, generator).run(resume=True)


@pytest.mark.usefixtures("pageless")
def test_what_is_finished_is_shown_as_done_on_resume(generator: Generator, again: Path) -> None:
    stages = shown()
    study(again, generator, stages=stages).run(resume=True)
    assert {bar.percentage for bar in stages._shown._bars.tasks} == {100}


def shown() -> Progress:
    """Progress that a terminal shows."""
    stages = Progress(display=True)
    stages._shown = Bars()
    return stages


def test_a_stage_that_is_entered_again_is_not_shown_as_done() -> None:
    stages = shown()
    stages.plan({"shares": 4})
    with stages.stage("shares", ends=False) as advance:
        advance(1)
    (bar,) = stages._shown._bars.tasks
    assert bar.completed == 1
    stages.reach("shares", 3)
    stages.reach("shares", 2)
    assert bar.completed == 3
    stages.reach("shares")
    assert bar.completed == 4
    stages.close()


def test_noises_of_a_package_that_is_not_there_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(through_kornia, "find_spec", lambda _: None)
    x = np.random.default_rng(0).integers(0, 256, (300, 32, 32), np.uint8)
    large = data.from_arrays(x, np.arange(300) % 3)
    (told,) = Reacting(ReactConfig(), large, None, tmp_path).notes
    assert "elastic, motion-blur, jpeg were left out, for the package kornia is not" in told
    assert Reacting(ReactConfig(noises=("real:blur",)), large, None, tmp_path).notes == []
    small = replace(ReactConfig(), learners=("mlp",))
    assert Reacting(small, data.load("digits"), None, tmp_path).notes == []


def test_other_settings_do_not_resume(
    done: tuple[Path, dict[str, Any]], generator: Generator
) -> None:
    with pytest.raises(Mistake, match="samples"):
        study(done[0], generator, replace(CONFIG, samples=50)).run(resume=True)


def test_words_say_what_the_figures_say(done: tuple[Path, dict[str, Any]]) -> None:
    content = done[1]
    assert order_sentence(content) in summary(content)
    assert "| logistic |" in markdown(content)
    rows = [r for r in content["shares"] if (r["learner"], r["filter"]) == ("logistic", "none")]
    size = max(row["size"] for row in rows)
    alone = np.mean([r["accuracy"] for r in rows if (r["share"], r["size"]) == (1, size)])
    assert f", {percent(alone)} with as many generated ones alone." in summary(content)
    changed = [r for r in content["lessons"] if r["schedule"] == "real, then generated"]
    lost = np.mean([r["forgetting"] for r in changed if r["learner"] == "mlp"])
    assert f"mlp forgets at most {percent(lost)} (real, then generated)" in summary(content)
    found = {"estimate": 0.4, "low": 0.1, "high": 0.7, "cells": 20}

    def said(correlation: dict[str, float] | None) -> str:
        return order_sentence({"order": content["order"] | {"correlation": correlation}})

    assert "are harder with real hard rows" in said(found)
    assert "Over the 20 of 20 cells of learner and class that have 5 samples" in said(found)
    assert "rows that these oracles find hard" in said(found)
    assert "are easier with real hard rows" in said(found | {"low": -0.7, "high": -0.1})
    assert "do not say that the orders agree" in said(found | {"low": -0.1})
    none = {"correlation": None, "missing": "Accuracy is the same.", "hard_rows": 1}
    assert order_sentence({"order": none}) == "Accuracy is the same."


def test_a_learner_is_printed_with_its_whole_name(done: tuple[Path, dict[str, Any]]) -> None:
    name = "package.module:a_factory_with_a_long_name"
    content = json.loads(json.dumps(done[1]).replace('"logistic"', f'"{name}"'))
    lines = summary(content).splitlines()
    assert lines[0].startswith(f"{name} drops from ")
    at = next(i for i, line in enumerate(lines) if "agreement at 0" in line)
    head, *rows = lines[at:]
    assert rows[0].startswith(f"{name} ")
    assert head.index("agreement at 0") == len(name) + 1


@pytest.mark.usefixtures("pageless")
def test_on_vectors_with_a_generator_of_their_own(tmp_path: Path) -> None:
    rings = toys.rings(600)
    config = ReactConfig(
        learners=("logistic",), noises=("latent:laplace", "real:drift"), samples=30, steps=40,
        sizes=(50,), only=("noise", "shares"),
    )  # fmt: skip
    content = Reacting(config, rings, None, tmp_path / "run").run()
    assert (tmp_path / "run" / "generator" / "spec.json").is_file()
    assert len(content["curves"]) == 2 * 6
    assert all(math.isfinite(row["margin"]) for row in content["curves"])


@pytest.mark.usefixtures("pageless")
def test_the_front_door_takes_arrays(generator: Generator) -> None:
    digits = data.load("digits")
    content = genenv.react(
        digits.x[:600],
        digits.label[:600],
        held_out=(digits.x[600:900], digits.label[600:900]),
        generator=generator,
        residuals=generator,
        learners=["logistic"],
        noises=["latent:temperature", "real:learned"],
        samples=20,
        sizes=[40],
        only=["noise"],
    )
    assert content["learners"] == ["logistic"]
    assert content["noises"] == ["latent:temperature", "real:learned"]


def test_a_run_without_a_generator_is_named(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"expected a run that holds a generator, got none in .*miss"):
        genenv.load(tmp_path / "missing")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"learners": ("boost",)}, "expected learner to be one of"),
        ({"learners": ("mlp", "mlp")}, "expected each of learners once"),
        ({"seeds": ()}, "expected at least one seed, got none"),
        ({"samples": 0}, "expected samples to be a whole number above 0"),
        ({"sizes": (5000,)}, "expected sizes up to 800, the rows to learn from, got 5000"),
        ({"threads": -1}, "expected threads of 0 or more"),
        ({"noises": ("sample:fog",)}, "expected noise to be one of latent:temperature"),
    ],
)
def test_what_cannot_be_studied_is_a_mistake(
    tmp_path: Path, generator: Generator, change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Mistake, match=sentence):
        study(tmp_path / "run", generator, replace(CONFIG, **change))


def test_data_and_generators_that_do_not_fit_are_mistakes(
    tmp_path: Path, generator: Generator
) -> None:
    bare = replace(data.load("digits"), label=None)
    with pytest.raises(Mistake, match="expected labelled data, got none in digits"):
        Reacting(CONFIG, bare, None, tmp_path)
    with pytest.raises(Mistake, match="expected a generator of shape"):
        Reacting(CONFIG, toys.rings(60), generator, tmp_path)
    with pytest.raises(Mistake, match=r"expected residuals of shape \(2,\)"):
        Reacting(CONFIG, toys.rings(600), None, tmp_path, residuals=generator)
