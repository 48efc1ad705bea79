"""The command `export`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from genenv import checks
from genenv.settings.shown import Left, Number, shown


@dataclass(frozen=True)
class Export:
    """Write a run's confirmed failures as tests, which pass once the model is mended."""

    run: Left
    """A folder that stress left."""
    pytest: Annotated[Path | None, shown("FILE.py", "none")] = None
    """The file of tests; its samples go beside it, into an .npz of that name."""
    png: Annotated[Path | None, shown("FOLDER", "none")] = None
    """Where each sample goes as a picture."""
    model: Annotated[str | None, shown("MODULE:NAME", "the recorded one")] = None
    """The model that the tests ask, package.module:name or an .onnx file; not imported now."""
    criterion: Annotated[str, shown("NAME")] = "misclassified"
    """When it has failed, see stress --criterion."""
    count: Number = 100
    """The most failures that are taken: the surest of each pair of classes, in turn."""

    def __call__(self, _line: str) -> int:
        """Choose the failures and write them."""
        from genenv import known

        if self.pytest is None and self.png is None:
            raise checks.Mistake("--pytest FILE.py or --png FOLDER", "neither", "name one")
        chosen = known.of_run(Path(self.run), self.count)
        if self.pytest is not None:
            told = known.recorded(Path(self.run))
            model = self.model or told.path
            if model is None:
                raise checks.Mistake(
                    "a model with an import path",
                    "a run of a model without one",
                    "give --model package.module:name",
                )
            arrays = known.export(chosen, self.pytest, model, self.criterion, told.preprocess)
            print(f"{len(chosen)} failures: {self.pytest}, samples in {arrays}")
            print(f"Run it: {shlex.join(['pytest', str(self.pytest)])}")
        if self.png is not None:
            print(f"{len(known.pictures(chosen, self.png))} pictures: {self.png}")
        return 0
