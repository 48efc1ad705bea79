"""The command `compare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from genenv import checks
from genenv.settings import places
from genenv.settings.shown import Switch, shown

if TYPE_CHECKING:
    from genenv.finished import Finished


@dataclass(frozen=True)
class Compare:
    """Say which failures of a run went, came and stayed in others; exit 3: one is undecided."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """Folders that stress left, of the same data; the others are compared with the first."""
    model: Annotated[
        tuple[str, ...], shown("MODULE:NAME [...]", "the recorded ones, where runs hold weights")
    ] = ()
    """The model of each run, in order."""
    trust: Switch = False
    """Import the models from the paths that the runs record: that runs the code they name."""
    out: Annotated[Path | None, shown("FOLDER", "runs/compare-NAME-000")] = None
    """Where compare.json and compare.html go."""

    def __call__(self, _line: str) -> int:
        """Ask the failures of both, and write what became of them."""
        if len(self.runs) < 2:
            raise checks.Mistake("two runs or more", len(self.runs), "name the first and another")
        places.run(*self.runs)
        from genenv import comparing, files, finished, runs
        from genenv.report import comparison

        if self.model and len(self.model) != len(self.runs):
            raise checks.Mistake(
                f"a model a run, {len(self.runs)}", len(self.model), "name one for each"
            )
        models = self.model or (None,) * len(self.runs)
        runs_of = [finished.opened(run) for run in self.runs]
        if runs_of[0].kind != "stress":
            return self._replayed(runs_of, models)
        pairs = zip(self.runs, models, strict=True)
        found = [comparing.opened(Path(run), model, self.trust) for run, model in pairs]
        content = comparing.compare(found)
        out = self.out or runs.next_folder(f"compare-{content['data']}")
        files.write_json(out / "compare.json", content)
        page = out / "compare.html"
        records = [run.record for run in found]
        comparison.write_page(content, records, found[0].model.units, found[0].model.classes, page)
        print(comparison.summary(content))
        print(f"Page: {page}")
        return _code(content)

    def _replayed(self, found: Sequence[Finished], models: tuple[str | None, ...]) -> int:
        """Compare runs without classes."""
        from genenv import files, runs
        from genenv.comparing import replayed

        content = replayed.compare(found, models, self.trust)
        name = str(content["data"]).replace("/", "-").replace(":", "-")
        out = self.out or runs.next_folder(f"compare-{name}")
        files.write_json(out / "compare.json", content)
        replayed.write_page(content, found, out / "compare.html")
        print(replayed.summary(content))
        print(f"Page: {out / 'compare.html'}")
        return _code(content)


def _code(content: Mapping[str, Any]) -> int:
    """Return the exit code: 3 where a run is undecided."""
    return 3 if any(row["undecided"] for row in (content["first"], *content["others"])) else 0
