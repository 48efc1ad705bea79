"""The command `replay`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from genenv import checks
from genenv.settings.shown import Left, Switch, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from genenv.policies import Replayed as FailingAgain
    from genenv.replaying import Replayed

SHOWN = 20  # rows of which more than their number is said


@dataclass(frozen=True)
class Replay:
    """Ask a model again about the stored failures and errors of a run; exit 1 names the rows."""

    run: Left
    """A folder that stress left."""
    model: Annotated[
        str | None, shown("MODULE:NAME", "the recorded one, where the run holds its weights")
    ] = None
    """package.module:name, file.py:name or an .onnx file: the recorded one, or a mended one."""
    criterion: Annotated[str | None, shown("NAME", "as recorded")] = None
    """When the model fails, see stress --criterion."""
    expect: Annotated[str, shown("fail|pass")] = "fail"
    """fail: all stored failures fail and errors get no answer; pass: none does, it is mended."""
    png: Annotated[Path | None, shown("FOLDER", "none")] = None
    """Where each failure that is not as expected goes as a picture."""
    trust: Switch = False
    """Import the model from the path that the run records: that runs the code it names."""

    def __call__(self, _line: str) -> int:
        """Replay and say which rows are not as expected."""
        from genenv import api

        checks.choice("--expect", self.expect, ["fail", "pass"])
        if (Path(self.run) / "config.json").is_file():
            from genenv import policies, regression

            if policies.is_run(Path(self.run)):
                return self._again(policies.replay(Path(self.run), self.model, self.trust))
            if regression.is_run(Path(self.run)):
                return self._again(regression.replay(Path(self.run), self.model, self.trust))
        replayed = api.replay(self.run, self.model, self.trust, self.criterion)
        for sentence in replayed.notes:
            print(sentence)
        rows = replayed.unexpected(self.expect)
        verb = "fail" if self.expect == "fail" else "pass"
        print(f"{replayed.rows - len(rows)} of {replayed.rows} stored failures {verb}")
        for line in self._lines(replayed, rows):
            print(line)
        errors = replayed.unexpected_errors(self.expect)
        if count := len(replayed.silent):
            verb = "get no answer" if self.expect == "fail" else "get one"
            print(f"{count - len(errors)} of {count} stored errors {verb}")
        if len(errors):
            print(f"not as expected, rows of {self.run}/errors: {' '.join(map(str, errors))}")
        return int(bool(len(rows) or len(errors)))

    def _again(self, found: FailingAgain) -> int:
        """Say which failures of a policy or a regressor are not as expected."""
        rows = found.unexpected(self.expect)
        total = len(found.failing)
        print(f"{total - len(rows)} of {total} stored failures {self.expect}")
        if len(rows):
            print(f"not as expected, rows of {self.run}/failures: {' '.join(map(str, rows))}")
        return int(bool(len(rows)))

    def _lines(self, replayed: Replayed, rows: NDArray[np.int64]) -> Iterator[str]:
        """Say which rows are not as expected: the first with class, answers and picture."""
        if not len(rows):
            return
        yield f"not as expected, rows of {self.run}/failures:"
        places = self._pictures(rows)
        for row, place in zip(rows[:SHOWN].tolist(), places, strict=False):
            yield f"  {replayed.words(row)}{place}"
        if len(rows) > SHOWN:
            yield f"  and the rows {' '.join(map(str, rows[SHOWN:]))}"

    def _pictures(self, rows: NDArray[np.int64]) -> list[str]:
        """Write the pictures that were asked for, and say where each is."""
        if self.png is None:
            return [""] * len(rows)
        from genenv import known

        places = known.pictures(known.of_rows(Path(self.run), rows), self.png)
        return [f", {place}" for place in places]
