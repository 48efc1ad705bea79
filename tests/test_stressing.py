"""The main job on digits, with everything small; `.ci/run` does the real one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import genenv
from genenv import (
    api,
    auditing,
    cli,
    data,
    failures,
    lock,
    people,
    prepared,
    rating,
    report,
    runs,
    trust,
    unanswered,
)  # fmt: skip
from genenv.api import replay
from genenv.checks import Mistake
from genenv.cluster import Cluster
from genenv.data import splits
from genenv.given_judge import given_judge
from genenv.judge import Verdict
from genenv.recorded import load_probe
from genenv.report import Report
from genenv.settings import StressConfig
from genenv.stressing import Stressing

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("every_verdict")]

CONFIG = StressConfig(
    search=("random", "evolution", "policy"), budget=600, train_queries=2200, steps=20
)


def job(
    folder: Path, config: StressConfig = CONFIG, model: Any = None, no_cache: bool = False
) -> Stressing:
    digits = data.load("digits")
    return Stressing(config, digits, None, model, None, folder, line="again", no_cache=no_cache)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    folder = tmp_path_factory.mktemp("stress") / "run"
    return folder, job(folder).run()


def without_seconds(folder: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    report.pop("timings")
    for row in report["searches"]:
        row.pop("seconds")
    return report


def test_a_run_leaves_the_folder_that_the_design_names(done: tuple[Path, Report]) -> None:
    folder, _ = done
    for name in (
        "config.json",
        "generator/generator.safetensors",
        "generator/critic.safetensors",
        "generator/spec.json",
        "model/model.safetensors",
        "model/outputs.npz",
        "judge/guide.safetensors",
        "judge/judge.json",
        "agents/policy/agent.json",
        "metrics.json",
        "samples.png",
        "findings/00000.npz",
        "report.json",
        "report.html",
    ):
        assert (folder / name).is_file(), name
    assert list(folder.glob("events.out.tfevents*"))
    assert not list(folder.rglob("*.tmp"))


def test_the_rows_of_the_report_add_up(done: tuple[Path, Report]) -> None:
    folder, report = done
    rows = report.searches
    assert [row["name"] for row in rows] == ["random", "evolution", "policy"]
    for row in rows:
        assert row["queries"] == 600
        assert row["flips"] == row["invalid"] + row["ambiguous"] + row["confirmed"]
        assert row["realistic"] == row["ambiguous"] + row["confirmed"]
        assert row["other_label"] <= row["ambiguous"]
        assert row["modes"] <= row["distinct"] <= row["confirmed"]
    assert [row["training_queries"] for row in rows] == [0, 0, 2200]
    by_class = report.data["classes"]
    assert [row["class"] for row in by_class] == list(range(10))
    assert sum(row["confirmed"] for row in by_class) == sum(row["confirmed"] for row in rows)
    wrong = sum(row["errors"]["share"] * row["errors"]["rows"] for row in by_class)
    tested = report.data["judge"]["test_rows"]
    assert wrong == pytest.approx((1 - report.data["model"]["test_accuracy"]) * tested)
    unseen = set(runs.recorded_rows(folder, "test"))
    assert all(unseen >= set(mode["near"]["rows"]) for mode in report.data["modes"])
    findings = [np.load(path) for path in sorted((folder / "findings").glob("*.npz"))]
    assert sum(len(part["index"]) for part in findings) == 1800
    confirmed = sum(int((part["verdict"] == 3).sum()) for part in findings)
    assert confirmed == sum(row["confirmed"] for row in rows) == len(report.failures)


def test_a_run_of_a_generator_that_learned_little_is_undecided(done: tuple[Path, Report]) -> None:
    data = done[1].data
    assert "generator" in trust.bad(data["trust"])
    assert "of the variety of the data" in data["trust"]["generator"]["figure"]
    assert data["failure_probability"] is None
    assert data["failure_probabilities"] == []
    assert {mode["mass"] for mode in data["modes"]} <= {None}
    assert str(done[1]).count("Undecided") == 1
    assert data["trust"]["controls"]["an untrained generator"]["accepted"]["rows"] == 500


def test_what_people_see_is_written_into_report_and_page(
    done: tuple[Path, Report], tmp_path: Path
) -> None:
    run = tmp_path / "audited"
    shutil.copytree(done[0], run)
    audit = auditing.open_audit(run, count=40)
    answers = audit.answers("ann")
    assert auditing.publish(audit) is None
    for item, (kind, label) in enumerate(zip(audit.sheet.kind, audit.sheet.label, strict=True)):
        answers.set(item, int(label) if kind == Verdict.CONFIRMED else people.NONE_OF_THESE)
    found = auditing.publish(audit)
    assert found is not None
    assert found["precision"] == 1.0
    assert found["flips"] == sum(audit.flips.counts.values())
    again = report.load(run).data
    assert again["people"] == found
    assert again["trust"]["people"]["light"] == "good"
    page = (run / "report.html").read_text()
    assert "people see the condition in 100%" in page
    assert "nobody has looked" not in page
    assert "Nobody has looked" in (done[0] / "report.html").read_text()
    assert "Nobody has looked" not in page
    assert "The q of a failure is the expected share" in page
    assert audit.sheet.x.dtype == np.float32
    x = audit.sheet.x
    kept = audit.flips
    row = int(np.flatnonzero(audit.sheet.kind == Verdict.CONFIRMED)[0])
    stored = failures.load(run / "failures")
    assert stored is not None
    address = audit.sheet.search[row], audit.sheet.seed[row], audit.sheet.index[row]
    same = (stored.search == address[0]) & (stored.seed == address[1])
    assert np.allclose(stored.x[same & (stored.index == address[2])][0], x[row], atol=1e-4)
    assert len(kept.p) == found["flips"]


def test_the_split_in_the_config_is_disjoint(done: tuple[Path, Report]) -> None:
    parts = [runs.recorded_rows(done[0], name) for name in splits.PARTS]
    assert [len(part) for part in parts] == [800, 250, 400, 200, 147]
    assert len(set().union(*map(set, parts))) == 1797


def test_the_same_seed_gives_the_same_report_but_for_seconds_from_any_working_folder(
    done: tuple[Path, Report], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    job(tmp_path / "again", no_cache=True).run()
    twin = without_seconds(tmp_path / "again")
    assert twin == without_seconds(done[0])


@pytest.mark.parametrize("kept", ["generator", "judge", "agents"])
def test_an_interrupted_run_resumes_to_the_same_report(
    done: tuple[Path, Report], tmp_path: Path, kept: str
) -> None:
    folder = tmp_path / "half"
    shutil.copytree(done[0], folder)
    order = ["generator", "model", "judge", "agents", "findings", "failures"]
    for name in order[order.index(kept) + 1 :]:
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "report.json").unlink()
    job(folder).run(resume=True)
    assert without_seconds(folder) == without_seconds(done[0])


@pytest.mark.parametrize("name", ["judge/audit.safetensors", "generator/generator.safetensors"])
def test_a_byte_flipped_in_a_part_is_named_and_never_used(
    done: tuple[Path, Report], tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "flipped"
    shutil.copytree(done[0], folder)
    path = folder / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])  # still a number
    with pytest.raises(Mistake, match=rf"{path} as it was written, got other bytes; delete"):
        job(folder).run(resume=True)
    readers = {"judge": (given_judge, load_probe), "generator": (genenv.load, load_probe)}
    for read in readers[path.parent.name]:
        with pytest.raises(Mistake, match=rf"{path} as it was written, got other bytes"):
            read(folder)


def test_a_run_that_broke_between_shards_resumes_to_the_same_report(
    done: tuple[Path, Report], tmp_path: Path
) -> None:
    folder = tmp_path / "half"
    shutil.copytree(done[0], folder)
    for part in ("findings", "failures"):
        for path in sorted((folder / part).glob("*.npz"))[1:]:
            if path.stem != "00000":
                path.unlink()
    job(folder).run(resume=True)
    assert without_seconds(folder) == without_seconds(done[0])


def test_judge_and_metrics_of_an_earlier_run_are_taken_from_the_cache(
    done: tuple[Path, Report], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENENV_CACHE", str(tmp_path / "cache"))
    digits = data.load("digits")
    digits = digits.at(np.arange(700))
    generator = api.load(done[0])
    config = StressConfig(search=("random",), budget=64)
    first = Stressing(config, digits, None, None, generator, tmp_path / "first")
    first.run()
    kept = [p for p in (tmp_path / "cache").rglob("*") if p.is_file() and p.name not in lock.NAMES]
    assert {p.suffix for p in kept} == {".safetensors", ".json", ".npz"}  # and no pickle

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr("genenv.prepared.make_judge", refuse)
    monkeypatch.setattr("genenv.prepared.generator_metrics", refuse)
    second = Stressing(config, digits, None, None, generator, tmp_path / "second")
    second.run()
    assert without_seconds(tmp_path / "first") == without_seconds(tmp_path / "second")
    assert sum("came from the cache" in sentence for sentence in second.cached) == 2
    other = Stressing(replace(config, seed=1), digits, None, None, generator, tmp_path / "third")
    with pytest.raises(AssertionError, match="made again"):
        other.run()


def test_stored_failures_fail_again_and_another_model_may_pass(
    done: tuple[Path, Report],
) -> None:
    folder, report = done
    again = replay(folder)
    assert again.rows == len(report.failures) > 0
    assert again.same.all()
    assert len(again.unexpected("fail")) == 0
    assert len(again.unexpected("pass")) == again.rows
    labels = iter(again.label)
    mended = replay(folder, lambda x: np.eye(10)[[next(labels) for _ in x]])
    assert len(mended.unexpected("pass")) == 0


def test_a_run_that_cannot_be_trusted_spends_nothing_on_rates(
    done: tuple[Path, Report], tmp_path: Path
) -> None:
    config = replace(CONFIG, search=("random",), budget=64, rate=True)
    given = data.load("digits"), None, None, api.load(done[0])
    report = Stressing(config, *given, tmp_path / "run").run()
    assert report.data["rate"] is None
    assert not (tmp_path / "run" / "rate.json").exists()
    assert any("No rate was estimated" in note for note in report.evidence.notes)


def test_rates_of_a_finished_run_are_entered_into_report_and_page(
    done: tuple[Path, Report],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = tmp_path / "rated"
    shutil.copytree(done[0], run)
    counted = next(row for row in done[1].searches if row["samples_law"])
    assert counted["confirmed"] < counted["flips"]  # which are counted, the confirmed ones rare
    monkeypatch.setattr(rating, "ENOUGH", counted["confirmed"] + 1)
    command = f"rate {run} --rate-budget 400"
    assert main_code(command) == 3  # its generator learned little
    assert "Undecided" in capsys.readouterr().out
    path = run / "report.json"
    content = json.loads(path.read_text())
    for part in trust.DECIDING:
        content["trust"][part]["light"] = "good"
    path.write_text(json.dumps(content))
    assert main_code(command) == 0
    printed = capsys.readouterr().out
    again = report.load(run).data
    random = next(row for row in content["searches"] if row["samples_law"])
    rows = again["failure_probabilities"]
    assert [row["event"] for row in rows] == ["failure", "confirmed"]
    assert rows[0]["estimate"] == random["flips"] / 600
    assert again["failure_probability"]["samples"] == 600
    assert 0 < again["rate"]["queries"] <= 400
    page = (run / "report.html").read_text()
    for text in (printed, page):
        assert "takes about 15,000 queries or more for it" in text
    assert "How often it fails" in page
    assert "Undecided" not in page.split("<!-- verdict -->")[1].split("<!-- end of verdict -->")[0]
    (run / "model" / "outputs.npz").unlink()
    np.savez(run / "model" / "outputs.npz", x=data.load("digits").x[:3], log_p=np.zeros((3, 10)))
    assert main_code(command) == 2


def main_code(line: str) -> Any:
    with pytest.raises(SystemExit) as left:
        cli.main(line.split())
    return left.value.code


def test_the_failures_of_a_run_are_asked_first_of_the_next_model(
    done: tuple[Path, Report], tmp_path: Path
) -> None:
    digits = data.load("digits")
    out = tmp_path / "next"
    report = genenv.stress(
        None, None, digits.x, digits.label, search=["random"], budget=64, seed=1,
        starts_from=str(done[0]), reference="default", out=out,
    )  # fmt: skip
    assert (out / "reference" / "model.safetensors").is_file()
    assert json.loads((out / "config.json").read_text())["stress"]["reference"] == "default"
    assert [row["name"] for row in report.searches] == ["random", "stored"]
    assert report.data["judge"]["taken_from"] == f"that of {done[0]}"
    found = [np.load(path) for path in sorted((out / "findings").glob("*.npz"))]
    asked = next(part for part in found if part["search"][0] == "stored")
    known = failures.load(done[0] / "failures")
    assert known is not None
    nearest = np.abs(asked["e"][:, None] - known.e[None]).max(2).min(1)
    assert (nearest[: min(len(known), 64)] < 1e-5).all()


def test_starts_of_another_generator_or_of_no_run_are_refused(
    done: tuple[Path, Report], tmp_path: Path
) -> None:
    digits = data.load("digits")
    other = genenv.fit(digits.x, digits.label, steps=1)
    with pytest.raises(Mistake, match="whose failures are addresses in it, got another one"):
        genenv.stress(None, other, digits.x, digits.label, starts_from=str(done[0]))
    with pytest.raises(Mistake, match="a folder that `stress` left"):
        genenv.stress(None, other, digits.x, digits.label, starts_from=str(tmp_path))
    with pytest.raises(Mistake, match="a run to start from with the search 'stored'"):
        genenv.stress(None, other, digits.x, digits.label, search=["stored"])


def test_arrays_and_an_estimator_go_through_the_python_front_door() -> None:
    digits = data.load("digits")
    x = digits.x[:1200]
    y = digits.label[:1200]
    held_out = digits.x[1200:], digits.label[1200:]
    model = LogisticRegression(tol=0.1).fit(x.reshape(len(x), -1), y)
    generator = genenv.fit(x, y, steps=10)
    report = genenv.stress(model, generator, x, y, held_out=held_out, budget=128)
    assert [row["name"] for row in report.searches] == ["random", "evolution"]
    assert report.data["model"]["kind"] == "estimator"
    assert "random" in str(report)


def test_integer_images_keep_their_dtype_for_model_and_disk(tmp_path: Path) -> None:
    digits = data.load("digits")
    x = (digits.x * 15).astype(np.uint8)
    seen = []

    def model(batch: np.ndarray) -> np.ndarray:
        seen.append((batch.dtype, batch.shape[1:]))
        return np.eye(10)[(batch.reshape(len(batch), -1).sum(1) % 10).astype(int)]

    generator = genenv.fit(x, digits.label, steps=10)
    report = genenv.stress(
        model,
        generator,
        x,
        digits.label,
        search=["random"],
        budget=128,
        anyway=True,
        out=tmp_path / "run",
    )
    assert set(seen) == {(np.dtype(np.uint8), (8, 8))}
    assert report.failures.x.dtype == np.uint8


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"search": ("random", "chess")}, "expected search to be one of random"),
        ({"search": ()}, "expected at least one search"),
        ({"budget": 63}, "expected a budget of at least 64 queries, one batch, got 63"),
        ({"seeds": (1, 1)}, "expected each of seeds once"),
        ({"budget": 0}, "expected budget to be a whole number above 0"),
        ({"train_queries": 50}, "expected at least 2112 training queries, got 50"),
        ({"threads": -1}, "expected threads of 0 or more"),
    ],
)
def test_a_wrong_setting_is_one_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Mistake, match=sentence):
        job(Path("never"), StressConfig(**change))


def test_a_folder_that_holds_a_run_is_refused_and_other_settings_do_not_resume(
    done: tuple[Path, Report],
) -> None:
    with pytest.raises(Mistake, match="add --resume"):
        job(done[0]).run()
    with pytest.raises(Mistake, match=r"stress\.budget = 700 where it has 600"):
        job(done[0], StressConfig(**(vars(CONFIG) | {"budget": 700}))).run(resume=True)


def test_a_given_generator_brings_its_own_map_to_the_unit_range(tmp_path: Path) -> None:
    digits = data.load("digits")
    x = np.asarray(digits.x)
    generator = genenv.fit(x[:400], digits.label[:400], steps=1)
    wider = data.from_arrays(np.where(x == x.max(), 20, x), digits.label)
    run = Stressing(CONFIG, wider, None, None, generator, tmp_path / "run")
    assert run.dataset.units == generator.units != wider.units


def test_a_generator_of_other_data_is_refused(tmp_path: Path) -> None:
    digits = data.load("digits")
    generator = genenv.fit(digits.x.astype(np.uint8), digits.label, steps=1)
    with pytest.raises(Mistake, match=r"dtype float32 .* dtype uint8 .* fit one on these data"):
        Stressing(CONFIG, digits, None, None, generator, tmp_path / "run")


def test_gradient_refuses_a_model_that_torch_cannot_differentiate(tmp_path: Path) -> None:
    config = StressConfig(search=("gradient",), budget=100)
    with pytest.raises(Mistake, match="expected a torch model for the search 'gradient'"):
        job(tmp_path / "run", config, lambda x: np.full((len(x), 10), 0.1))
    assert not (tmp_path / "run").exists()


class Fragile:
    """The first pixels decide; raises on one sample in thirty or so, real or not."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        bad = (1000 * x.reshape(len(x), -1).sum(1)).astype(np.int64) % 31 == 0
        if bad.any():
            raise ZeroDivisionError("of this picture")
        return np.exp(-0.1 * np.abs(x.reshape(len(x), -1)[:, 10:20]))


def test_a_model_that_raises_on_some_rows_is_searched_to_the_end(tmp_path: Path) -> None:
    config = StressConfig(
        search=("random", "evolution"), budget=256, steps=20, anyway=True, output="logits"
    )
    folder = tmp_path / "run"
    report = job(folder, config, Fragile()).run()
    errors = sum(row["errors"] for row in report.searches)
    stored = unanswered.load(folder / "errors")
    assert stored is not None
    assert errors == len(stored) > 10
    assert f"no usable answer to {errors} of 512 queries" in str(report)
    assert f"no usable answer to {errors} of 512 queries" in (folder / "report.html").read_text()
    again = replay(folder, Fragile())
    assert not len(again.unexpected("fail"))
    assert not len(again.unexpected_errors("fail"))
    assert len(again.unexpected_errors("pass")) == errors
    (folder / "report.json").unlink()
    job(folder, config, Fragile()).run(resume=True)
    assert without_seconds(folder)["searches"] == [
        {name: value for name, value in row.items() if name != "seconds"} for row in report.searches
    ]


ROWS = np.arange(1797) < 1200  # of the digits


class Watched(Exception):  # noqa: N818 it is no error
    """Rows that a critic learns from, and rows that it is watched by."""


def test_a_critic_is_watched_by_held_out_rows_of_their_own_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def curves(_tracker: Any, train: Any, held_out: Any, _modes: Any) -> None:
        raise Watched(len(train[0]), len(held_out[0]))

    monkeypatch.setattr(prepared, "Curves", curves)
    digits = data.load("digits")
    own, other = (data.from_arrays(digits.x[r], digits.label[r]) for r in (ROWS, ~ROWS))
    run = Stressing(CONFIG, own, other, None, None, tmp_path / "run", line="again", no_cache=True)
    with pytest.raises(Watched) as seen:
        run.generator.make(lambda _: None)
    assert seen.value.args == (int(ROWS.sum()), int((~ROWS).sum()))


class Mapped(np.ndarray):
    """Rows of which no more are copied than are held."""

    most = 600  # curves of a training look at 512

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        assert not isinstance(key, np.ndarray) or len(found) <= self.most, f"{len(found)} rows"
        return found

    def astype(self, *given: Any, **more: Any) -> Any:
        assert len(self) <= self.most, f"{len(self)} rows as other numbers"
        return super().astype(*given, **more)


def test_of_rows_that_are_more_than_memory_holds_only_some_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splits, "MOST_BYTES", 4 * 64 * 300)
    digits = data.load("digits")
    assert digits.label is not None
    train = replace(digits, x=digits.x[:1300].view(Mapped), label=digits.label[:1300])
    other = digits.at(np.arange(1300, 1797))
    small = StressConfig(search=("random",), budget=64, steps=9)
    given = LogisticRegression(tol=0.1).fit(other.x.reshape(497, -1), other.label)
    run = Stressing(small, train, other, given, None, tmp_path / "run", no_cache=True)
    told = "look at 300 of 1,300 training rows, drawn evenly"
    assert any(told in note for note in run.notes)
    found = run.run().data
    assert found["data"]["split"]["train"] == 1300  # which the generator learned from
    assert found["generator"]["samples"] <= 300


def test_a_search_that_climbs_slopes_is_refused_where_workers_answer(tmp_path: Path) -> None:
    config = replace(CONFIG, search=("random", "gradient"))
    place = tmp_path / "run"
    with pytest.raises(Mistake, match=r"searches without slopes with --ray.*'gradient'"):
        Stressing(config, data.load("digits"), None, None, None, place, cluster=Cluster())
    assert not place.exists()
