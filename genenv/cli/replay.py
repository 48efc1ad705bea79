"""The command `replay`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from genenv import checks
from genenv.settings import places
from genenv.settings.shown import Left, Switch, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from genenv.policies import Replayed as FailingAgain

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
        checks.choice("--expect", self.expect, ["fail", "pass"])
        places.run(self.run)
        from genenv import api

        if (Path(self.run) / "config.json").is_file():
            from genenv import policies, regression

            for kind in (policies, regression):
                if kind.is_run(Path(self.run)):
                    self._without_pictures()
                    return self._again(kind.replay(Path(self.run), self.model, self.trust))
        replayed = api.replay(self.run, self.model, self.trust, self.criterion)
        for sentence in replayed.notes:
            print(sentence)
        rows = replayed.unexpected(self.expect)
        self._say(replayed.rows, rows, replayed.words, self._pictures(rows))
        errors = replayed.unexpected_errors(self.expect)
        if count := len(replayed.silent):
            verb = "get no answer" if self.expect == "fail" else "get one"
            print(f"{count - len(errors)} of {count} stored errors {verb}")
        if len(errors):
            print(f"not as expected, rows of {self.run}/errors: {' '.join(map(str, errors))}")
        return int(bool(len(rows) or len(errors)))

    def _without_pictures(self) -> None:
        if self.png is not None:
            got = f"--png {self.png}"
            raise checks.Mistake("pictures of a classifier's failures alone", got, "leave it out")

    def _again(self, found: FailingAgain) -> int:
        """Say which failures of a policy or a regressor are not as expected."""
        rows = found.unexpected(self.expect)
        self._say(len(found.failing), rows, found.words, [""] * len(rows))
        return int(bool(len(rows)))

    def _say(
        self,
        total: int,
        rows: NDArray[np.int64],
        words: Callable[[int], str],
        places: Sequence[str],
    ) -> None:
        """Say how many are as expected, and which are not: the first in words."""
        print(f"{total - len(rows)} of {total} stored failures {self.expect}")
        if not len(rows):
            return
        print(f"not as expected, rows of {self.run}/failures:")
        for row, place in zip(rows[:SHOWN].tolist(), places, strict=False):
            print(f"  {words(row)}{place}")
        if len(rows) > SHOWN:
            print(f"  and the rows {' '.join(map(str, rows[SHOWN:]))}")

    def _pictures(self, rows: NDArray[np.int64]) -> list[str]:
        """Write the pictures that were asked for, and say where each is."""
        if self.png is None or not len(rows):
            return [""] * len(rows)
        from genenv import known

        places = known.pictures(known.of_rows(Path(self.run), rows), self.png)
        return [f", {place}" for place in places]
