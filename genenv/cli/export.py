"""The command `export`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from genenv import checks
from genenv.settings import places
from genenv.settings.shown import Left, Number, shown


@dataclass(frozen=True)
class Export:
    """Write a run's confirmed failures as tests, which pass once the model is mended; or the run.

    Tests and pictures are of generated samples.
    """

    run: Left
    """A folder that stress left."""
    pytest: Annotated[Path | None, shown("FILE.py", "none")] = None
    """The file of tests; its samples go beside it, into an .npz of that name."""
    png: Annotated[Path | None, shown("FOLDER", "none")] = None
    """Where each sample goes as a picture."""
    without_rows: Annotated[Path | None, shown("FOLDER", "none")] = None
    """Where a copy of the run goes that holds none of the data's rows: no pages and no pictures.
    Its generator may have memorised some."""
    model: Annotated[str | None, shown("MODULE:NAME", "the recorded one")] = None
    """The model that the tests ask, package.module:name or an .onnx file; not imported now."""
    criterion: Annotated[str, shown("NAME")] = "misclassified"
    """When it has failed, see stress --criterion."""
    count: Number = 100
    """The most failures that are taken: the surest of each pair of classes, in turn."""

    def __call__(self, _line: str) -> int:
        """Write what is asked for."""
        if (self.pytest, self.png, self.without_rows) == (None, None, None):
            raise checks.Mistake(
                "--pytest FILE.py, --png FOLDER or --without-rows FOLDER", "none", "name one"
            )
        places.run(self.run)
        if self.without_rows is not None:
            self._forward(self.without_rows)
        if self.pytest is not None or self.png is not None:
            self._export()
        return 0

    def _forward(self, to: Path) -> None:
        from genenv import forwarding

        size, left = forwarding.forward(Path(self.run), to)
        print(f"{to}: {size / 1e6:.1f} MB, without {', '.join(left) or 'anything left out'}")

    def _export(self) -> None:
        """Choose the failures and write them."""
        from genenv import known, model_spec, policies, regression

        run = Path(self.run).expanduser()
        if policies.is_run(run) or regression.is_run(run):
            self._replayed(run)
            return
        chosen = known.of_run(Path(self.run), self.count)
        if self.pytest is not None:
            words = model_spec.read(Path(self.run))
            model = self.model or words.path
            if model is None:
                raise checks.Mistake(
                    "a model with an import path",
                    "a run of a model without one",
                    "give --model package.module:name",
                )
            arrays = known.export(chosen, self.pytest, model, self.criterion, words.preprocess)
            print(f"{len(chosen)} failures: {self.pytest}, samples in {arrays}")
            self._told(self.model is None, model, words.preprocess)
        if self.png is not None:
            print(f"{len(known.pictures(chosen, self.png))} pictures: {self.png}")

    def _replayed(self, run: Path) -> None:
        """Write the failures of a policy or a regressor as tests."""
        from genenv import known, policies, reading, regression
        from genenv.policies import known as played
        from genenv.regression import known as asked

        if self.png is not None or self.criterion != "misclassified" or self.pytest is None:
            raise checks.Mistake(
                "--pytest alone, of a run without classes", "--png or --criterion", "leave it out"
            )
        found: played.Known | asked.Known
        if policies.is_run(run):
            found = played.of_run(run, self.count)
            kind, room, named = "policy", "policies", f", env={found.config.env!r}"
        else:
            found, kind, room, named = asked.of_run(run, self.count), "regressor", "regression", ""
        recorded = reading.plain(run / "config.json").get("model")
        model = recorded if self.model is None else self.model
        if model == regression.GIVEN:
            raise checks.Mistake(
                "a model with an import path", "a run of a model without one",
                "give --model package.module:name",
            )  # fmt: skip
        arrays = known.export_replayed(found, self.pytest, model, kind, room, named)
        print(f"{len(found)} failures: {self.pytest}, kept in {arrays}")
        self._told(self.model is None, str(model))

    def _told(self, recorded: bool, *paths: str) -> None:
        """Say how the tests are run, and whose code that runs where nobody named it here."""
        if recorded:
            named = " and ".join(path for path in paths if path)
            print(f"They import what the run records, and run its code: {named}")
        print(f"Run it: {shlex.join(['pytest', str(self.pytest)])}")
