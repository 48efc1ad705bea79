"""What one rater answered, kept after every answer; and how far raters agree."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genenv import checks, files, reading

UNANSWERED, CANNOT_TELL, NONE_OF_THESE = -3, -2, -1  # beside class indices 0 to k - 1
MOST_SHEET = 2**24  # bytes of a filled sheet
WORDS = {"cannot tell": CANNOT_TELL, "none of these": NONE_OF_THESE}


class Answers:
    """The answers of one rater, in RUN/audit/NAME.json.

    Parameters
    ----------
    run
        The run's folder.
    rater
        Letters, digits, - and _.
    count
        Samples on the sheet.
    classes
        The user's class names.

    Raises
    ------
    Mistake
        A name of other characters, or a file that is damaged or of another sheet.
    """

    def __init__(self, run: Path, rater: str, count: int, classes: Sequence[int | str]) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", rater):
            raise checks.Mistake(
                "a rater's name of letters, digits, - and _", repr(rater), "choose another"
            )
        self.rater = rater
        self.path = run / "audit" / f"{rater}.json"
        self.names = [str(name) for name in classes]
        self.values: NDArray[np.int64] = np.full(count, UNANSWERED)
        if self.path.is_file():
            self._read()

    def set(self, item: int, answer: int) -> None:
        """Take an answer, or UNANSWERED to undo one, and keep all on disk."""
        if not 0 <= item < len(self.values):
            raise checks.Mistake(f"an item of 0 to {len(self.values) - 1}", item, "reload the page")
        if not UNANSWERED <= answer < len(self.names):
            raise checks.Mistake("an answer of the page", answer, "reload the page")
        self.values[item] = answer
        self._write()

    def read_csv(self, path: Path) -> None:
        """Take answers from a file with the columns item and answer.

        Raises
        ------
        Mistake
            Another layout, an item that is missing or twice, or an answer that is no class.
        """
        words = {name: i for i, name in enumerate(self.names)} | WORDS
        content = reading.content(path, MOST_SHEET)
        text = reading.guarded(path, lambda: content.decode("utf-8-sig"))
        rows = reading.guarded(path, lambda: list(csv.DictReader(io.StringIO(text, newline=""))))
        if not rows or not {"item", "answer"} <= set(rows[0]):
            raise checks.Mistake(f"columns item and answer in {path}", "others", "keep its header")
        found = {}
        for row in rows:
            answer = (row["answer"] or "").strip()
            if answer not in words:
                got = repr(answer) if answer else "nothing"
                raise checks.Mistake(
                    f"an answer to item {row['item']} in {path}", got,
                    f"write one of: {', '.join(words)}",
                )  # fmt: skip
            found[row["item"]] = words[answer]
        wanted = {str(i) for i in range(len(self.values))}
        if set(found) != wanted or len(rows) != len(wanted):
            raise checks.Mistake(
                f"items 0 to {len(wanted) - 1} in {path}, each once",
                f"{len(rows)} rows", "write it anew and fill that in",
            )  # fmt: skip
        self.values[:] = [found[str(i)] for i in range(len(self.values))]
        self._write()

    def _read(self) -> None:
        plain = reading.plain(self.path)
        values = plain.get("answers")
        own = isinstance(values, list) and all(type(v) is int for v in values)
        if not own or len(values or ()) != len(self.values):
            raise reading.damaged(self.path, "answers to another sheet", "move it away")
        self.values[:] = np.clip(np.array(values, object), UNANSWERED, len(self.names) - 1)

    def _write(self) -> None:
        text = json.dumps({"rater": self.rater, "answers": self.values.tolist()})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomically(self.path, lambda file: file.write(text.encode()))


def every(run: Path, count: int, classes: Sequence[int | str]) -> list[Answers]:
    """Read the answers of all raters of a run."""
    paths = sorted((run / "audit").glob("*.json"))
    return [Answers(run, path.stem, count, classes) for path in paths]


def consensus(raters: Sequence[Answers]) -> NDArray[np.int64]:
    """Return the answer that most raters gave, (n,); where none leads, CANNOT_TELL."""
    table = np.stack([rater.values for rater in raters])
    joint = np.full(table.shape[1], UNANSWERED)
    for item, column in enumerate(table.T):
        given, times = np.unique(column[column != UNANSWERED], return_counts=True)
        if len(given):
            leads = times == times.max()
            joint[item] = given[leads][0] if leads.sum() == 1 else CANNOT_TELL
    return joint


def agreement(first: Answers, second: Answers) -> float | None:
    """Return Cohen's kappa of two raters on what both answered; None: fewer than two such items."""
    from sklearn.metrics import cohen_kappa_score

    both = (first.values != UNANSWERED) & (second.values != UNANSWERED)
    if both.sum() < 2:
        return None
    a, b = first.values[both], second.values[both]
    return 1.0 if (a == b).all() else float(cohen_kappa_score(a, b))
