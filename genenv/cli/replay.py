"""The command `replay`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from genenv import checks
from genenv.settings.shown import Left, Switch, shown


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
    trust: Switch = False
    """Import the model from the path that the run records: that runs the code it names."""

    def __call__(self, _line: str) -> int:
        """Replay and say which rows are not as expected."""
        from genenv import api

        checks.choice("--expect", self.expect, ["fail", "pass"])
        replayed = api.replay(self.run, self.model, self.trust, self.criterion)
        for sentence in replayed.told:
            print(sentence)
        rows = replayed.unexpected(self.expect)
        verb = "fail" if self.expect == "fail" else "pass"
        print(f"{replayed.rows - len(rows)} of {replayed.rows} stored failures {verb}")
        if len(rows):
            print(f"not as expected, rows of {self.run}/failures: {' '.join(map(str, rows))}")
        errors = replayed.unexpected_errors(self.expect)
        if count := len(replayed.silent):
            verb = "get no answer" if self.expect == "fail" else "get one"
            print(f"{count - len(errors)} of {count} stored errors {verb}")
        if len(errors):
            print(f"not as expected, rows of {self.run}/errors: {' '.join(map(str, errors))}")
        return int(bool(len(rows) or len(errors)))
