"""What people see: the blind sheet, answers, corrected counts, the page and the command."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import toys
from werkzeug.test import Client

from genenv import people
from genenv.checks import Mistake
from genenv.judge import Verdict
from genenv.people import answers as raters
from genenv.people.sheet import Flips, Sheet, draw
from genenv.report.serve import Page, served

CLASSES = ("ring", "disc", "3")
POWERED = (0.425, 0.364381, 0.485619)
KINDS = (Verdict.CONFIRMED, Verdict.AMBIGUOUS, Verdict.INVALID)


def flips(counts=(200, 100, 60)) -> Flips:
    verdict = np.repeat(KINDS, counts)
    rows = len(verdict)
    e = np.arange(rows, dtype=np.float32)[:, None]
    zeros = np.zeros(rows, np.int64)
    return Flips(verdict, e, np.arange(rows) % 3, np.full(rows, "random"), zeros, np.arange(rows),
                 np.full(rows, 0.95, np.float32))  # fmt: skip


def real(rows=64):
    return np.zeros((rows, 5), np.float32), np.arange(rows) % 3


def sheet(count=40, counts=(200, 100, 60)) -> Sheet:
    return draw(flips(counts), lambda part: np.repeat(part.e, 5, 1), real(), count)


def test_a_sheet_mixes_half_confirmed_with_every_other_kind_and_is_the_same_again():
    drawn = sheet()
    again = sheet()
    kinds = {int(k): int((drawn.kind == k).sum()) for k in (*KINDS, people.REAL)}
    assert kinds == {Verdict.CONFIRMED: 20, Verdict.AMBIGUOUS: 8, Verdict.INVALID: 6, -1: 6}
    assert np.array_equal(drawn.x, again.x)
    assert not np.array_equal(np.sort(drawn.kind), drawn.kind)


def test_what_a_stratum_lacks_is_asked_of_the_confirmed_ones():
    drawn = sheet(40, (200, 2, 0))
    assert int((drawn.kind == Verdict.CONFIRMED).sum()) == 32
    assert len(drawn) == 40


def test_a_sheet_on_disk_is_the_sheet(tmp_path):
    first = people.sheet_of(tmp_path, sheet)
    second = people.sheet_of(tmp_path, lambda: pytest.fail("it was there"))
    assert np.array_equal(first.x, second.x)
    assert np.array_equal(first.search, second.search)
    (tmp_path / "audit" / "sheet.npz").write_bytes(b"PK\x03\x04 ruined")
    with pytest.raises(Mistake, match="expected a whole file"):
        people.sheet_of(tmp_path, sheet)


@pytest.mark.slow
def test_corrected_counts_hold_the_truth_as_often_as_they_say():
    truth = {"confirmed": 0.8, "ambiguous": 0.4, "invalid": 0.05}
    flips_of = {"confirmed": 400, "ambiguous": 900, "invalid": 300}
    asked = {"confirmed": 30, "ambiguous": 12, "invalid": 9}
    rng = np.random.default_rng(0)
    held_share = held_count = 0
    for _ in range(400):
        seen = {name: rng.random(asked[name]) < truth[name] for name in truth}
        found = people.corrected(flips_of, seen)
        held_share += found.low <= 0.8 <= found.high
        held_count += found.failures_low <= 695 <= found.failures_high
    assert 370 <= held_share <= 396
    assert 370 <= held_count <= 400


def test_a_stratum_without_an_answer_widens_the_count_and_is_no_mistake():
    seen = {"confirmed": np.ones(20, np.bool_)}
    found = people.corrected({"confirmed": 100, "invalid": 50}, seen)
    assert found.precision == 1
    assert found.failures_high - found.failures_low > 40
    with pytest.raises(Mistake, match="expected answers on confirmed samples, got none"):
        people.corrected({"confirmed": 100}, {})


def test_the_powered_interval_is_that_of_the_package_of_its_authors():
    i = np.arange(200)
    m = np.arange(1000)
    p = ((i * 37) % 100) / 100 + 0.005
    seen = ((i * 53) % 97) / 97 < p
    every = (((m * 61) % 100) / 100 + 0.005) * 0.8
    found = people.powered(seen, p, every)
    assert found == pytest.approx(POWERED, abs=1e-3)  # ppi-python 0.2.3, ppi_mean_ci
    with pytest.raises(Mistake, match="expected at least 150 answers, got 149"):
        people.powered(seen[:149], p[:149], every)


@pytest.mark.parametrize("name", ["../x", "a b", "", "ä", "x" * 41])
def test_a_rater_is_named_in_plain_letters(tmp_path, name):
    with pytest.raises(Mistake, match="expected a rater's name"):
        people.Answers(tmp_path, name, 3, CLASSES)


def test_answers_are_kept_one_by_one_and_taken_back(tmp_path):
    first = people.Answers(tmp_path, "ann", 3, CLASSES)
    first.set(0, 2)
    first.set(1, people.NONE_OF_THESE)
    first.set(1, people.UNANSWERED)
    again = people.Answers(tmp_path, "ann", 3, CLASSES)
    assert again.values.tolist() == [2, people.UNANSWERED, people.UNANSWERED]
    for item, answer in ((3, 0), (-1, 0), (0, 3), (0, -4)):
        with pytest.raises(Mistake):
            again.set(item, answer)
    with pytest.raises(Mistake, match="answers to another sheet"):
        people.Answers(tmp_path, "ann", 4, CLASSES)


def test_raters_are_kept_apart_and_their_agreement_is_cohens_kappa(tmp_path):
    ann, bob = (people.Answers(tmp_path, name, 4, CLASSES) for name in ("ann", "bob"))
    for item, (a, b) in enumerate([(0, 0), (1, 1), (0, 1), (1, 0)]):
        ann.set(item, a)
        bob.set(item, b)
    assert people.agreement(ann, bob) == pytest.approx(0.0)
    assert people.agreement(ann, ann) == 1.0
    everyone = raters.every(tmp_path, 4, CLASSES)
    assert [rater.rater for rater in everyone] == ["ann", "bob"]
    joint = raters.consensus(everyone).tolist()
    assert joint == [0, 1, people.CANNOT_TELL, people.CANNOT_TELL]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("item,answer\n0,ring\n1,\n2,3\n", "an answer to item 1 in .*, got nothing"),
        ("item,answer\n0,ring\n1,cube\n2,3\n", "got 'cube'; write one of: ring, disc, 3, cannot"),
        ("item,answer\n0,ring\n1,disc\n", "items 0 to 2 in .*, each once, got 2 rows"),
        ("item,answer\n0,ring\n1,disc\n1,disc\n", "each once"),
        ("a,b\n1,2\n", "columns item and answer"),
        ("", "columns item and answer"),
    ],
)
def test_a_file_with_gaps_or_unknown_answers_is_refused_and_nothing_is_kept(
    tmp_path, text, sentence
):
    path = tmp_path / "ann.csv"
    path.write_text(text)
    answers = people.Answers(tmp_path, "ann", 3, CLASSES)
    with pytest.raises(Mistake, match=sentence):
        answers.read_csv(path)
    assert not answers.path.exists()


def test_a_filled_in_file_is_read(tmp_path):
    path = tmp_path / "ann.csv"
    path.write_text("item,sample,answer\n0,a,ring\n1,b,none of these\n2,c,3\n")
    answers = people.Answers(tmp_path, "ann", 3, CLASSES)
    answers.read_csv(path)
    assert answers.values.tolist() == [0, people.NONE_OF_THESE, 2]


@pytest.fixture
def page(tmp_path) -> Page:
    drawn = sheet(20)
    answers = people.Answers(tmp_path, "ann", len(drawn), CLASSES)
    return Page(drawn, answers, toys.LinearGenerator().units, CLASSES)


def ask(page, name="", host="127.0.0.1:5000", **kw):
    return Client(page).open(f"/{page.token}/{name}", base_url=f"http://{host}", **kw)


def test_the_sheet_that_is_sent_is_blind(page):
    sent = ask(page, "sheet").get_json()
    assert set(sent) == {"rater", "classes", "answers", "samples"}
    assert {key for sample in sent["samples"] for key in sample} <= {"picture", "values", "names"}
    assert ask(page).status_code == 200
    assert "default-src 'none'" in ask(page).headers["Content-Security-Policy"]


def test_the_page_is_of_the_design_of_all_pages_and_holds_nothing_that_its_policy_forbids(page):
    text = ask(page).text
    assert '<ol class="reading"' in text
    assert '<a href="#words">' in text
    assert not re.search(r"<style|<script>| style=| on\w+=|http-equiv", text)
    for file in re.findall(r'(?:href|src)="([\w.]+)"', text):
        assert ask(page, file).status_code == 200
        assert "style-src 'self'" in ask(page, file).headers["Content-Security-Policy"]


def test_an_answer_of_the_page_itself_is_kept(page):
    origin = {"Origin": "http://127.0.0.1:5000"}
    reply = ask(page, "answer", method="POST", json={"item": 3, "answer": 1}, headers=origin)
    assert reply.status_code == 200
    assert json.loads(Path(page.answers.path).read_text())["answers"][3] == 1


@pytest.mark.parametrize("body", [{"item": 99, "answer": 0}, {"item": "0"}, [1, 2], "x", None])
def test_what_is_no_answer_is_refused(page, body):
    origin = {"Origin": "http://127.0.0.1:5000"}
    reply = ask(page, "answer", method="POST", json=body, headers=origin)
    assert reply.status_code == 400
    assert not page.answers.path.exists()


def test_other_pages_hosts_and_addresses_reach_nothing(page):
    body = {"item": 0, "answer": 0}
    assert ask(page, "answer", method="POST", json=body).status_code == 403
    evil = {"Origin": "http://evil.example"}
    assert ask(page, "answer", method="POST", json=body, headers=evil).status_code == 403
    assert ask(page, "sheet", host="evil.example:5000").status_code == 400
    for path in ("/", "/x/sheet", "/../../etc/passwd", f"/{page.token}/../people.py"):
        reply = Client(page).get(path, base_url="http://127.0.0.1:5000")
        assert reply.status_code == 404
    assert ask(page, "answer").status_code == 404
    long = ask(page, "answer", method="POST", data="x" * 5000, headers=evil)
    assert long.status_code in (403, 413)
    assert not page.answers.path.exists()


def test_a_port_in_use_is_told(page):
    first = served(page)
    try:
        with pytest.raises(Mistake, match="expected a free port"):
            served(page, first.server_port)
    finally:
        first.server_close()
