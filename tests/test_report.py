from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from genenv import report
from genenv.checks import Mistake
from genenv.codecs import Codec, Pictures, Vectors
from genenv.report import (
    Curve,
    Evidence,
    Failures,
    Report,
    figures,
    nearest,
    numerals,
    summary,
)
from genenv.report.document import KEYS, MODE_KEYS, SEARCH_KEYS
from genenv.report.page import flat
from genenv.report.variety import variety

IMAGES = Pictures((8, 8), "float32", (0.0,), (16.0,))
COLOUR = Pictures((12, 10, 3), "uint8", (0.0,), (255.0,))
VECTORS = Vectors((20,), "float32", (-1.0,) * 20, (1.0,) * 20)
INERT = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "$\\frac{$")


TRUSTED = {
    name: {"light": "good", "figure": f"figures of the {name}", "advice": ""}
    for name in ("generator", "judge", "model", "people")
} | {
    "people": {"light": "doubtful", "figure": "nobody has looked", "advice": "genenv audit RUN"},
    "controls": {},
}


def share(part: float) -> dict:
    return {"share": part, "low": part / 2, "high": part * 2, "rows": 147}


def search_row(name: str, confirmed: int, seed: int = 0, **other) -> dict:
    row = {key: 0 for key in SEARCH_KEYS} | {
        "name": name,
        "seed": seed,
        "samples_law": name == "random",
        "queries": 20_000,
        "flips": 4 * confirmed,
        "realistic": 2 * confirmed,
        "ambiguous": confirmed,
        "invalid": 2 * confirmed,
        "confirmed": confirmed,
        "distinct": confirmed,
        "modes": min(confirmed, 2),
        "first_confirmed_at": 5 if confirmed else None,
        "tenth_confirmed_at": None,
        "confirmed_per_1k": confirmed / 20,
        "lift_over_random": None,
        "seconds": 1.5,
    }
    return row | other


def class_row(name: object, errors: float, modes: list[dict]) -> dict:
    own = [row for row in modes if row["condition"] == name]
    found = {key: sum(row[key] for row in own) for key in ("confirmed", "distinct")}
    return {"class": name, "refused": share(0.1), "errors": share(errors), **found}


def content(searches: list[dict], modes: list[dict], probability: dict | None) -> dict:
    return {
        "schema": 2,
        "trust": TRUSTED,
        "data": {"name": "digits", "rows": 1797, "split": {"train": 800}},
        "generator": {"network": "mlp", "agreement": 0.987},
        "model": {"name": "mine:model", "test_accuracy": 0.971},
        "judge": {
            "real_rejected": {"joint": share(0.1), "realism": share(0.06), "label": share(0.05)},
            "oracle_accuracy": {"guide cnn": 0.97, "audit svm": 0.985},
            "test_rows": 147,
        },
        "searches": searches,
        "modes": modes,
        "variety": variety(np.array([mode["id"] for mode in modes], int), np.arange(len(modes))),
        "grades": {
            "q": 0.1,
            "confirmed": sum(row["confirmed"] for row in modes) // 2,
            "distinct": 3,
            "belief": "corrected on the 40 real rows there are",
        },
        "classes": [class_row(3, 0.1, modes), class_row(8, 0.02, modes)],
        "failure_probability": probability,
        "failure_probabilities": [],
        "people": None,
        "timings": {"generator": 31.2, "report": 0.4},
    }


def evidence(units: Codec, classes: tuple, names: list[str], modes: list[int]) -> Evidence:
    """Failures of classes 0 -> 1 (mode 7) and 0 -> 2 (mode 8), one for each name."""
    rows = len(names)
    rng = np.random.default_rng(0)
    mode = np.array(modes, np.int64)
    prediction = mode - 6
    output = np.full((rows, len(classes)), np.log(0.05), np.float32)
    output[np.arange(rows), prediction] = np.log(0.9)
    failures = Failures(
        x=rng.uniform(min(units.low), max(units.high), (rows, *units.shape)).astype(units.dtype),
        label=np.zeros(rows, np.int64),
        prediction=prediction,
        output=output,
        severity=np.ones(rows, np.float32),
        p=np.full(rows, 0.95, np.float32),
        q=np.full(rows, 0.05),
        e=np.zeros((rows, 4), np.float32),
        nearest=np.zeros((rows, *units.shape), units.dtype),
        nearest_label=np.zeros(rows, np.int64),
        nearest_distance=np.ones(rows, np.float32),
        search=np.array(names, dtype=np.str_),
        seed=np.zeros(rows, np.int64),
        query=np.arange(1, rows + 1),
        mode=mode,
        on_edge=np.arange(rows) % 2 == 0,
        distinct=np.ones(rows, np.bool_),
    )
    curves = tuple(
        Curve(name, 0, np.append(np.arange(names.count(name)) * 9 + 5, 20_000),
              np.append(np.arange(1, names.count(name) + 1), names.count(name)), name == "random")
        for name in ("random", "evolution")
    )  # fmt: skip
    return Evidence(
        failures, curves, units, classes, 2.0, "genenv stress digits", "genenv replay RUN",
        ("integers are rounded",), {"torch": "2.13"},
    )  # fmt: skip


def mode_row(classes: tuple, mode: int, confirmed: int, mass: float | None) -> dict:
    near = {
        "rows": list(range(40, 52)),
        "accuracy": share(0.25),
        "elsewhere": share(0.45),
        "q": 0.02,
        "borne_out": mode == 8,
    }
    enriched = {"model": 9, "reference": 1, "draws": 20_000, "ratio": 6.3, "low": 1.5,
                "alarm": True} if mode == 7 else None  # fmt: skip
    apart = {"rule": "ink above 0.3", "mode": 0.9, "class": 0.2} if mode == 8 else None
    values = {
        "id": mode, "condition": classes[0], "prediction": classes[mode - 6],
        "confirmed": confirmed, "distinct": confirmed, "mass": mass, "mass_low": 0.0,
        "mass_high": 2e-4, "apart": apart, "enrichment": enriched,
        "searches": ["evolution"], "near": near,
        "moved": [{"column": "age", "share": 0.9, "real": 0.2, "up": 0.1}] if mode == 8 else None,
    }  # fmt: skip
    return {name: values[name] for name in MODE_KEYS}


def example(units: Codec = IMAGES, classes: tuple = (3, 8, 9)) -> Report:
    """Random confirms 2, evolution 15, in two modes."""
    names = ["random"] * 2 + ["evolution"] * 15
    modes = [7, 8] + [7] * 10 + [8] * 5
    searches = [
        search_row("random", 2, lift_over_random=1.0),
        search_row("evolution", 15, tenth_confirmed_at=86, lift_over_random=7.5),
    ]
    rows = [mode_row(classes, 7, 11, 5e-5), mode_row(classes, 8, 6, None)]
    probability = {"method": "random", "estimate": 1e-4, "low": 3e-5, "high": 4e-4}
    data = content(searches, rows, probability | {"samples": 20_000})
    return Report(data, evidence(units, classes, names, modes))


def nothing_found(random: bool = True) -> Report:
    bound = {"method": "random", "estimate": 0.0, "low": 0.0, "high": 1.5e-4, "samples": 20_000}
    data = content([search_row("random" if random else "evolution", 0)], [], bound)
    data |= {} if random else {"failure_probability": None}
    return Report(data, evidence(IMAGES, (3, 8, 9), [], []))


def page(of: Report, tmp_path) -> str:
    return of.html(tmp_path / "page.html").read_text()


def words(html: str) -> str:
    """What a reader sees, in one line."""
    text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.S)
    return re.sub(r"[\s\xa0]+|&nbsp;", " ", text)


@pytest.mark.slow
def test_report_json_has_the_promised_keys_in_order(tmp_path):
    example().save(tmp_path)
    stored = json.loads((tmp_path / "report.json").read_text())
    assert tuple(stored) == KEYS
    assert all(tuple(row) == SEARCH_KEYS for row in stored["searches"])
    assert all(tuple(row) == MODE_KEYS for row in stored["modes"])


@pytest.mark.slow
def test_a_report_reads_back_what_it_saved(tmp_path):
    saved = example()
    assert saved.save(tmp_path) == tmp_path / "report.html"
    read = report.load(tmp_path)
    assert read.data == saved.data
    assert str(read) == str(saved)
    assert read.failures is None
    assert len(saved.failures) == 17
    assert saved.searches[1]["name"] == "evolution"


def test_rows_of_version_0_1_0_know_the_control_by_its_name():
    old = dict(example().data)
    old["searches"] = [
        {k: v for k, v in row.items() if k != "samples_law"} for row in old["searches"]
    ]
    assert [row["samples_law"] for row in Report(old).searches] == [True, False]


@pytest.mark.slow
def test_saving_twice_writes_the_same_bytes(tmp_path):
    for name in "ab":
        example().save(tmp_path / name)
    for file in ("report.json", "report.html"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.slow
def test_saving_leaves_nothing_but_the_two_files(tmp_path):
    example().save(tmp_path)
    left = ["nearest.npz", "report.html", "report.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == left


def test_numpy_scalars_and_tuples_become_plain_values():
    data = content([search_row("random", np.int64(0))], [], None)
    data["generator"] = {"shape": (8, 8), "loss": np.float32(0.5), "norms": np.array([1, 2])}
    stored = Report(data).data
    assert stored["generator"] == {"shape": [8, 8], "loss": 0.5, "norms": [1, 2]}
    json.dumps(stored)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("nan")])
def test_nan_is_refused_with_the_name_of_its_place(value):
    data = content([search_row("random", 0, lift_over_random=value)], [], None)
    with pytest.raises(
        Mistake,
        match=r"report.searches\[0\].lift_over_random to be finite, got (nan|inf); write None",
    ):
        Report(data)


def test_nan_that_came_in_later_is_refused_on_saving(tmp_path):
    late = example()
    late.data["timings"]["report"] = float("nan")
    with pytest.raises(Mistake, match=r"report\.timings.report to be finite"):
        late.save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_missing_and_unknown_keys_of_a_row_are_named():
    row = search_row("random", 0)
    del row["modes"]
    with pytest.raises(Mistake, match=r"missing: \['modes'\], unknown: \['mode'\]"):
        Report(content([row | {"mode": 1}], [], None))


@pytest.mark.parametrize("block", ["data", "model"])
def test_data_and_model_must_have_a_name(block):
    data = content([search_row("random", 0)], [], None)
    data[block] = {}
    with pytest.raises(Mistake, match=f"expected report.{block} with name, got no"):
        Report(data)


def test_values_that_json_cannot_hold_are_refused(tmp_path):
    data = content([search_row("random", 0)], [], None)
    with pytest.raises(Mistake, match=r"report\.data.path to be a number, a string, None"):
        Report(data | {"data": {"name": "a", "path": tmp_path}})
    with pytest.raises(Mistake, match=r"expected keys of report\.data to be strings, got 3"):
        Report(data | {"data": {"name": "a", 3: 1}})


def test_another_schema_is_refused(tmp_path):
    data = content([], [], None) | {"schema": 1}
    (tmp_path / "report.json").write_text(json.dumps(data))
    with pytest.raises(Mistake, match="expected a report of schema 2, got 1; read it with"):
        report.load(tmp_path)


def test_loading_says_what_is_missing_or_broken(tmp_path):
    with pytest.raises(Mistake, match=r"expected the file .*report\.json, got none"):
        report.load(tmp_path)
    (tmp_path / "report.json").write_text("{")
    with pytest.raises(Mistake, match=r"a whole file .*report\.json, got JSONDecodeError"):
        report.load(tmp_path)


@pytest.mark.slow
def test_a_report_read_back_makes_no_page(tmp_path):
    example().save(tmp_path)
    with pytest.raises(Mistake, match=r"open the report\.html beside it"):
        report.load(tmp_path).html(tmp_path / "again.html")


@pytest.mark.slow
@pytest.mark.parametrize("units", [IMAGES, COLOUR, VECTORS], ids=["grey", "colour", "vectors"])
def test_the_page_loads_nothing_and_runs_nothing(units, tmp_path):
    html = page(example(units), tmp_path)
    assert "http" not in html.replace('http-equiv="Content-Security-Policy"', "")
    assert "<script" not in html
    assert "<link" not in html
    assert "@import" not in html
    assert all(source.startswith("data:image/png;base64,") for source in
               re.findall(r'src="([^"]*)"', html))  # fmt: skip
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', html))
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", html))
    assert "default-src 'none'" in html


@pytest.mark.slow
def test_the_words_of_users_are_inert(tmp_path):
    hostile = example(classes=INERT)
    hostile.data["model"]["name"] = hostile.data["data"]["name"] = INERT[0]
    hostile.data["generator"][INERT[0]] = INERT[1]
    hostile.data["searches"][0]["name"] = INERT[1]
    hostile.evidence = replace(
        hostile.evidence, notes=INERT, command=INERT[0], versions={INERT[0]: INERT[1]}
    )
    html = page(hostile, tmp_path)
    assert "<script" not in html
    assert "onerror=alert(1)&gt;" in html
    assert '"><img src=x' not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "$\\frac{$" in html  # no formula, and none that stops the figure


@pytest.mark.slow
def test_the_page_shows_pictures_of_failures_beside_real_rows(tmp_path):
    html = page(example(), tmp_path)
    assert html.count('alt="nearest real row') == 8
    assert html.count('alt="generated as 3, predicted') == 8 + 17  # and the surest of all modes
    assert "5 distinct" not in words(html)
    assert "11 distinct of 11 confirmed 0.005 % of random samples [0, 0.02]" in words(html)
    assert "6 distinct of 6 confirmed unseen in 20,000 random samples" in words(html)


@pytest.mark.slow
def test_the_page_is_sorted_by_q_and_distinct_failures_come_first(tmp_path):
    shown = example()
    failures = shown.evidence.failures
    kept, q = np.ones(17, np.bool_), np.linspace(0.09, 0.01, 17)  # the last is the surest
    kept[16] = False
    shown.evidence = replace(shown.evidence, failures=replace(failures, distinct=kept, q=q))
    html = page(shown, tmp_path)
    titles = re.findall(r'<figure title="\w+, seed 0, query (\d+), p 0.95, q 0.0\d+">', html)
    surest = titles[:16]
    modes = titles[16:]
    assert surest == [str(query) for query in range(16, 0, -1)]
    assert modes == ["12", "11", "10", "9", "16", "15", "14", "13"]  # of two modes
    assert "8 of 17 are at q ≤ 0.1 (3 distinct)" in words(html)


@pytest.mark.slow
def test_vectors_are_shown_as_values(tmp_path):
    shown = example(VECTORS)
    html = page(shown, tmp_path)
    assert "<img" not in html
    assert f"{shown.failures.x[0, 3]:.4g}" in html
    assert "x[11]" in html
    assert "x[12]" not in html
    assert "… and 8 more values." in words(html)


@pytest.mark.slow
@pytest.mark.parametrize("units", [IMAGES, VECTORS])
def test_q_stands_on_the_page_only_where_failures_are_counted_by_it(units, tmp_path):
    told = example(units)
    q = re.compile(r'<br>q |, q [0-9]|<th scope="col">q</th>')
    assert q.search(page(told, tmp_path))
    told.data["grades"] |= {"confirmed": None, "distinct": None}
    assert not q.search(page(told, tmp_path))


@pytest.mark.slow
def test_the_page_has_its_sections_and_figures(tmp_path):
    text = words(page(example(), tmp_path))
    for title in (
        "What each search found", "Confirmed failures against queries", "What is taken for what",
        "Failure modes", "How good the judge is", "Where the failures lie", "What it cost",
        "What this does not say", "The judge is automatic.", "How to repeat it",
        "genenv stress digits", "genenv replay RUN", "integers are rounded",
    ):  # fmt: skip
        assert title in text
    assert "8 flips → 4 realistic → 2 confirmed" in text
    assert "60 flips → 30 realistic → 15 confirmed" in text
    assert "left out 10.0 % [5.00, 20.0]" in text


@pytest.mark.slow
def test_seeds_of_a_search_are_added_in_the_funnel(tmp_path):
    two = example()
    two.data["searches"].append(search_row("evolution", 5, seed=1))
    text = words(page(two, tmp_path))
    assert "80 flips → 40 realistic → 20 confirmed" in text
    assert "all seeds added" in text


def test_a_page_without_a_failure_prints_the_bound(tmp_path):
    text = words(page(nothing_found(), tmp_path))
    assert "None of 20,000 random samples of the generator is a confirmed failure" in text
    assert "fewer than 0.015 % of such samples" in text
    assert "none in 20,000; the exact bound, one-sided" in text
    assert "No search confirmed a failure." in text
    assert "What is taken for what" not in text
    assert "Where the failures lie" not in text


def test_without_random_no_probability_is_printed(tmp_path):
    without = nothing_found(random=False)
    text = words(page(without, tmp_path))
    assert "Random sampling was not among the searches, so nothing is said about how often" in text
    assert "random sampling was not run" in text
    assert "Random sampling was not among the searches" in str(without)


@pytest.mark.slow
def test_the_nearest_real_row_of_a_failure_is_kept_by_its_address(tmp_path):
    made = example()
    made.save(tmp_path)
    found, units = made.failures, made.evidence.units
    kept = nearest.Rows(tmp_path, units.shape, 10)
    for i in (0, len(found) - 1):
        own = kept.of(str(found.search[i]), int(found.seed[i]), int(found.query[i]))
        assert np.array_equal(own.x, found.nearest[i])
        assert (own.label, own.distance) == (found.nearest_label[i], found.nearest_distance[i])
    assert kept.of("random", 5, 1) is None
    assert nearest.Rows(tmp_path / "none", units.shape, 10).of("random", 0, 1) is None
    with pytest.raises(Mistake, match=r"expected x in .* of shape"):
        nearest.Rows(tmp_path, (3, 3), 10)


@pytest.mark.slow
def test_a_probability_of_rows_plus_noise_says_that_it_is_none_of_data(tmp_path):
    moved = example()
    moved.data["generator"] |= {"near": 0.3}
    text = words(page(moved, tmp_path))
    told = (
        "Random noise of 0.3 around real rows confirms plausible failures in 0.01 % [0.003, 0.04]"
    )
    assert f"{told} of such changes, a share of that law and not of data;" in text
    assert "P(confirmed failure), rows plus noise" in text
    for other in ("random samples", "sampling of the generator"):
        assert other in words(page(example(), tmp_path)).lower()
        assert other not in str(moved).lower()
    none = nothing_found()
    none.data["generator"] |= {"near": 0.3}
    assert "fewer than 0.015 % of such changes are, a share of that law" in str(none)


def test_the_verdict_is_one_sentence():
    assert example().verdict.replace("\xa0", " ") == (
        "Random sampling of the generator confirms plausible failures in 0.01 % [0.003, 0.04] of "
        "its samples; all searches together found 17 confirmed failures (17 distinct) in 2 modes, "
        "8 of them at q \N{LESS-THAN OR EQUAL TO} 0.1; "
        "class 3 has the most distinct ones (17, mostly predicted 8), which real rows do not deny."
    )


@pytest.mark.slow
def test_each_mode_stands_beside_the_real_rows_that_are_nearest(tmp_path):
    beside = "25.0 % [12.5, 50.0] of the 147 real rows nearest to it, on 45.0 % [22.5, 90.0]"
    told = example()
    text = words(page(told, tmp_path))
    assert text.count(f"right on {beside} of the others") == 2
    assert text.count("Borne out by real rows. The model") == 1
    assert "rows 40, 41, 42, 43, 44, 45, 46, 47, 48, 49 …" in text
    assert (
        f"Real rows bear out 1 mode of 2, by the rows nearest to it:\n3 > 9: right on {beside}"
        in str(told)
    )


@pytest.mark.slow
def test_no_class_is_called_the_worst_where_real_rows_say_otherwise(tmp_path):
    told = example()
    told.data["classes"][1]["errors"] = share(0.5)
    assert "most distinct" not in told.verdict
    for text in (str(told), words(page(told, tmp_path))):
        assert "No class is named as the worst" in text


@pytest.mark.slow
def test_where_nothing_corrects_q_the_headline_counts_nothing_by_it(tmp_path):
    told = example()
    told.data["grades"] |= {"confirmed": None, "distinct": None}
    assert "in 2 modes; class 3" in told.verdict
    assert "are at q" not in words(page(told, tmp_path))


@pytest.mark.slow
def test_what_verdicts_are_worth_is_said_until_people_have_looked(tmp_path):
    told = example()
    told.data["judge"]["contradictions"] = {"wrong": share(0.06), "found": share(0.4)}
    text = words(page(told, tmp_path))
    for sentence in (
        "On 147 real rows where the audit contradicted the model it was wrong in 6.00 % "
        "[3.00, 12.0], and it found 40.0 % [20.0, 80.0] of the model's errors.",
        "never the precision of what a search finds",
        "corrected on the 40 real rows there are",
        "Nobody has looked at these failures. Where two people looked",
    ):
        assert sentence in str(told)
        assert sentence.replace("'", "&#39;") in text
    assert "weak" not in str(told)
    told.data["model"]["test_accuracy"] = 0.99
    assert "98.5 % at best): these verdicts are weak" in str(told)
    told.data["people"] = {"precision": 0.8}
    assert "Nobody has looked at these failures. Where" not in str(told)


@pytest.mark.slow
def test_of_rows_no_figure_of_pictures_is_told(tmp_path):
    told = example()
    told.data["data"]["shape"] = [4]
    assert "has not been measured: only those on images have" in str(told)
    assert "MNIST sets" not in str(told)
    assert "on rows nobody has measured it" in words(page(told, tmp_path))


@pytest.mark.slow
def test_the_printed_summary_has_the_verdict_the_table_the_judge_and_the_page(tmp_path):
    printed = example()
    assert "Report:" not in str(printed)
    printed.save(tmp_path)
    text = str(printed)
    first = "mine:model on digits: right on 97.1 % of untouched real rows as it is asked"
    assert text.startswith(f"{first}\n\nCan this run be trusted?\ngenerator  good")
    printed.data["model"]["test_accuracy"] = None
    assert str(printed).startswith("mine:model on digits\n\nCan")
    assert "\n\nRandom sampling" in text
    assert re.search(r"^evolution +0 +20,000 +0 +60 +30 +15 +15 +2 +86 +0.75 +7.5$", text, re.M)
    assert re.search(r"^3 +10.0 % +10.0 % +147 +17 +17$", text, re.M)
    assert "not probabilities" in text
    assert "people     doubtful  nobody has looked (genenv audit RUN)" in text
    assert text.endswith(f"Report: {tmp_path / 'report.html'}")
    (tmp_path / "report.html").unlink()
    assert "Report:" not in str(printed)
    assert "\xa0" not in text


@pytest.mark.slow
@pytest.mark.parametrize("part", ["generator", "judge", "model"])
def test_a_bad_light_takes_every_probability_and_the_word_plausible_out(part, tmp_path):
    told = example()
    told.data["failure_probability"] = None
    told.data["trust"][part] = {"light": "bad", "figure": "is stripes", "advice": "more steps"}
    html = page(told, tmp_path)
    for text in (str(told), words(html)):
        assert "Undecided" in text
        assert f"the {part} is stripes. What to do: more steps." in text
        assert "plausible" not in text
        assert "P(failure)" not in text
        assert "P(confirmed failure)" not in text
        assert "confidence" not in text
        assert "bounds the rate" not in text
    assert html.split("<title>")[1].startswith("Undecided: mine:model")


@pytest.mark.slow
def test_many_modes_are_listed_and_the_first_pictured(tmp_path):
    many = example()
    rows = [mode_row((3, 8, 9), 7, 1, None) | {"id": 100 + i} for i in range(30)]
    many.data["modes"] += rows
    text = words(page(many, tmp_path))
    assert "14 more modes" in text


def test_a_confusion_of_many_classes_shows_those_that_fail():
    shown = example(classes=tuple(f"a class with number {i}" for i in range(300))).evidence
    svg = figures.confusion(shown)
    assert svg.count("a class with …") == 6  # three classes on each of two axes
    assert figures.confusion(nothing_found().evidence) is None


def test_figures_take_their_colours_from_the_page():
    for svg in (
        figures.confirmed_against_queries(example().evidence.curves),
        figures.confusion(example().evidence),
    ):
        assert "var(--muted)" in svg
        assert set(re.findall(r"(?:fill|stroke): (#\w+)", svg)) <= {"#000000", "#ffffff"}


def test_labels_that_would_overlap_are_pushed_apart_in_order():
    placed = figures._apart([1.0, 1.05, 3.0, 1.01], 0.2)
    assert np.argsort(placed).tolist() == [0, 3, 1, 2]
    assert np.diff(np.sort(placed)).min() >= 0.2 - 1e-6


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (1, "100 %"), (0.5, "50.0 %"), (0.0123, "1.23 %"), (0.0007, "0.07 %"),
     (0.000123, "0.012 %"), (None, numerals.NONE)],
)  # fmt: skip
def test_shares_are_written_as_people_read_them(share, text):
    assert numerals.percent(share).replace("\xa0", " ") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.55, "0.55"), (1.0, "1"), (7.5, "7.5"), (16.35, "16.4"), (161.2, "161"),
     (12345.6, "12,346"), (None, numerals.NONE)],
)  # fmt: skip
def test_numbers_are_written_short(value, text):
    assert numerals.number(value) == text


def test_columns_of_different_lengths_are_refused():
    failures = example().failures
    with pytest.raises(AssertionError, match="columns of different lengths"):
        replace(failures, mode=failures.mode[:3])


@pytest.mark.slow
def test_ordinary_samples_stand_beside_the_headline(tmp_path):
    shown = example()
    bare = page(shown, tmp_path)
    samples = np.arange(3 * 64, dtype=np.float32).reshape(3, 8, 8) % 16
    shown.evidence = replace(shown.evidence, ordinary=samples)
    html = page(shown, tmp_path)
    assert "Samples of the generator as they come" not in bare
    assert html.count("<img") == bare.count("<img") + 3


@pytest.mark.slow
def test_the_page_says_what_sets_a_mode_apart_how_likely_it_is_and_how_many_are_left(tmp_path):
    seen = words(page(example(), tmp_path))
    assert "ink above 0.3: 90% of it, 20% of its class's real rows" in seen.replace("&#39;", "'")
    assert "unseen in 20,000 random samples, below 0.02 %" in seen
    assert "9 of 20,000 draws, the reference 1: 6.3 times, at least 1.5" in seen
    assert "2 modes of 2 pairs of condition and prediction" in seen


def test_rates_beyond_counting_are_told_in_summary_and_page(tmp_path):
    counted = {"method": "random search, counted queries", "estimate": 0.0, "low": 0.0,
               "high": 1.5e-4, "samples": 20_000}  # fmt: skip
    climbed = {"method": "subset simulation, a run a label, 10 runs", "estimate": 2e-6, "low": 1e-6,
               "high": 4e-6, "samples": 60_000}  # fmt: skip
    data = content([search_row("random", 0)], [], climbed) | {
        "failure_probabilities": [{"event": "confirmed", **row} for row in (counted, climbed)],
        "rate": {"queries": 70_000, "least_energy": 8.0, "beta": 4.0, "told": ["a word"]},
    }
    made = Report(data, evidence(IMAGES, (3, 8, 9), [], []))
    for text in (str(made), words(page(made, tmp_path))):
        assert "0.0002 % [0.0001, 0.0004]" in text
        assert "below 0.015 % with 95 % confidence" in text
        assert "4.00 standard deviations from the middle" in text
        assert "a word" in text
        assert "certifies nothing" in text
    assert "Subset simulation puts plausible failures that the judge confirms at" in str(made)


@pytest.mark.slow
def test_a_mode_is_unseen_in_the_controls_samples_and_not_in_those_of_another_method(tmp_path):
    made = example()
    made.data["failure_probability"] |= {"method": "subset simulation", "samples": 77_777}
    seen = words(page(made, tmp_path))
    assert "unseen in 20,000 random samples" in seen
    assert "unseen in 77,777" not in seen


def test_the_text_tab_breaks_sentences_and_keeps_the_columns_of_tables():
    made = summary.markdown(str(example()))
    prose = re.sub(r"```.*?```", "", made, flags=re.DOTALL)
    assert "Random sampling of the generator" in prose
    assert "- judge      good" in prose
    assert "----" not in prose
    assert "evolution" in re.findall(r"```(.*?)```", made, re.DOTALL)[0]


def test_a_whole_number_among_the_facts_has_no_power_of_ten():
    assert dict(flat({"samples": 10_000.0, "share": 0.12345})) == {
        "samples": "10,000",
        "share": "0.1235",
    }
