"""The command `replay`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from genenv import checks
from genenv.cli.shown import Left, shown


@dataclass(frozen=True)
class Replay:
    """Ask a model again about the stored failures of a run; exit 1 names the rows."""

    run: Left
    """A folder that stress left."""
    model: Annotated[str | None, shown("MODULE:NAME", "the recorded one")] = None
    """package.module:name or an .onnx file, for example the mended model."""
    expect: Annotated[str, shown("fail|pass")] = "fail"
    """fail: every stored failure still fails; pass: none does, the model is mended."""

    def __call__(self, _line: str) -> int:
        """Replay and say which rows are not as expected."""
        from genenv import api
        from genenv.downstream import import_model

        checks.choice("--expect", self.expect, ["fail", "pass"])
        model = None if self.model is None else import_model(self.model)
        replayed = api.replay(self.run, model)
        for sentence in replayed.told:
            print(sentence)
        rows = replayed.unexpected(self.expect)
        verb = "fail" if self.expect == "fail" else "pass"
        print(f"{replayed.rows - len(rows)} of {replayed.rows} stored failures {verb}")
        if len(rows):
            print(f"not as expected, rows of {self.run}/failures: {' '.join(map(str, rows))}")
        return int(bool(len(rows)))
