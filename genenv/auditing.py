"""Auditing a run: the sheet that people answer, and what their answers make of its counts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, files, lock, networks, people, reading, trust
from genenv.codecs import Codec
from genenv.judge import Verdict
from genenv.parts import checked
from genenv.people import answers as raters
from genenv.people import sheet as sheets
from genenv.report.amending import amend, parts_of
from genenv.report.document import document
from genenv.report.numerals import count, plural
from genenv.wording import inert


@dataclass(frozen=True)
class Audit:
    """A run with its sheet and the flips behind it."""

    run: Path
    sheet: people.Sheet
    units: Codec
    classes: tuple[int | str, ...]
    flips: sheets.Flips  # all of the run

    def answers(self, rater: str) -> people.Answers:
        """Return what a rater answered so far."""
        return people.Answers(self.run, rater, len(self.sheet), self.classes)

    def write_csv(self, path: Path) -> None:
        """Write a sheet to fill in, and its pictures beside it as PNG files."""
        from genenv.tracking import picture
        from genenv.tracking.pictures import still

        folder, rows = path.with_suffix(""), []
        for item in range(len(self.sheet)):
            x = self.sheet.x[item : item + 1]
            drawn = picture(x, self.units)
            cells = zip(self.units.names(), self.units.words(x)[0], strict=True)
            shown = "; ".join(f"{name} {value}" for name, value in cells)
            if drawn is not None:
                shown = f"{folder.name}/{item:03d}.png"
                content = still(drawn[0])
                files.write_atomically(folder / f"{item:03d}.png", partial(_filled, content))
            rows.append((item, inert(shown), ""))
        text = io.StringIO()
        csv.writer(text).writerows([("item", "sample", "answer"), *rows])
        files.write_atomically(path, partial(_filled, text.getvalue().encode()))

    def result(self) -> dict[str, Any] | None:
        """Correct the run's counts by all answers; None where no confirmed flip has one."""
        everyone = raters.every(self.run, len(self.sheet), self.classes)
        if not everyone:
            return None
        joint = raters.consensus(everyone)
        given = joint != people.UNANSWERED
        seen = joint == self.sheet.label
        by_verdict = {
            verdict.name.lower(): seen[given & (self.sheet.kind == verdict)]
            for verdict in sheets.STRATA
        }
        if not len(by_verdict["confirmed"]):
            return None
        known = given & (self.sheet.kind == people.REAL) & (self.sheet.label >= 0)
        pairs = combinations(everyone, 2)
        kappas = [k for k in (people.agreement(*pair) for pair in pairs) if k is not None]
        confirmed = Verdict.CONFIRMED
        predicted = (
            self.sheet.p[given & (self.sheet.kind == confirmed)],
            self.flips.p[self.flips.verdict == confirmed],
        )
        found = people.corrected(self.flips.counts, by_verdict, predicted=predicted)
        return {
            **found.to_json(),
            "raters": len(everyone),
            "kappa": float(np.mean(kappas)) if kappas else None,
            "real_recognised": float(seen[known].mean()) if known.any() else None,
            "real_rows": int(known.sum()),
        }


def open_audit(run: Path, count: int = 60, seed: int = 0) -> Audit:
    """Open a run for raters; the first call draws the sheet, which later ones find as it is.

    Parameters
    ----------
    run
        What `stress` left.
    count
        Samples on a sheet that is drawn now.
    seed
        Address of the draw.

    Raises
    ------
    Mistake
        The run holds no flips, or neither its generator nor a confirmed failure; a damaged file;
        a folder that is a link.
    """
    files.refuse_links(run)
    if (run / "report.json").is_file():
        document(reading.plain(run / "report.json"))  # an older version is refused by its name
    found = sheets.flips_of(run)
    units, classes = _described(run)
    sheet = people.sheet_of(run, lambda: _draw(run, found, units, count, seed))
    if sheet.x.shape[1:] != tuple(units.shape):
        raise reading.damaged(run / "audit" / sheets.NAME, f"samples of shape {sheet.x.shape[1:]}")
    return Audit(run, sheet, units, classes, found)


def publish(audit: Audit) -> dict[str, Any] | None:
    """Write what people found into report.json and the page; returns it, None: nothing yet.

    Raises
    ------
    Mistake
        Another process works in the run; the answers are kept.
    """
    result = audit.result()
    path = audit.run / "report.json"
    if result is not None and path.is_file():
        with lock.held(audit.run):
            _enter(result, path)
    return result


def _enter(result: dict[str, Any], path: Path) -> None:
    """Write a result into report.json and the page beside it."""
    content = reading.plain(path)
    light = trust.people_light(result)
    content["trust"]["people"] = {
        "light": light.light, "figure": light.figure, "advice": light.advice,
    }  # fmt: skip
    content["people"] = result
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    files.write_atomically(path, lambda file: file.write(text.encode()))
    amend(path.with_name("report.html"), parts_of(document(content), ["trust", "worth"]))


def sentence(result: dict[str, Any]) -> str:
    """Say a result in words."""
    counted = (
        f"People see the condition in {result['precision']:.0%} [{result['low']:.0%}, "
        f"{result['high']:.0%}] of the confirmed failures; of {result['flips']:,} flips about "
        f"{count(result['failures'])} [{count(result['failures_low'])}, "
        f"{count(result['failures_high'])}] are failures ({result['labels']} answers, "
        f"{plural(result['raters'], 'rater')})."
    )
    if result["kappa"] is not None:
        counted += f" Raters agree at kappa {result['kappa']:.2f}."
    if result["real_recognised"] is not None:
        counted += (
            f" Of {result['real_rows']} real rows among them {result['real_recognised']:.0%} were "
            "recognised."
        )
    return counted


def _filled(content: bytes, file: BinaryIO) -> None:
    file.write(content)


def _described(run: Path) -> tuple[Codec, tuple[int | str, ...]]:
    generator = networks.stored(checked(run, "generator")) if (run / "generator").is_dir() else None
    if generator is None:
        raise checks.Mistake(f"a generator in {run}", "none", "give a run that kept its generator")
    return generator.units, generator.classes


def _draw(run: Path, flips: sheets.Flips, units: Codec, count: int, seed: int) -> people.Sheet:
    generator = networks.stored(checked(run, "generator")).in_eval()

    def make(rows: sheets.Flips) -> NDArray[Any]:
        with torch.no_grad():
            made = generator.from_base(torch.from_numpy(rows.e), torch.from_numpy(rows.label))
        return units.store(units.decode(made))

    return people.draw(flips, make, _real(run), count, seed)


def _real(run: Path) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the real rows that a run stores for its replay check, -1 for classes not stored."""
    found = reading.arrays(run / "model" / "outputs.npz")
    x = found["x"]
    return x, found.get("label", np.full(len(x), -1)).astype(np.int64)


def names_of(classes: Sequence[int | str]) -> str:
    """List class names as answers are written in a file."""
    return ", ".join([*(str(name) for name in classes), *raters.WORDS])
