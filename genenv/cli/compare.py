"""The command `compare`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from genenv import checks
from genenv.settings.shown import Switch, shown

if TYPE_CHECKING:
    from genenv.comparing.replayed import Kind

PARTS = (
    "generator",
    "judge",
)  # of a run of a regressor: alike, they make the same draws and verdicts


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
        from genenv import comparing, files, runs
        from genenv.report import comparison

        if self.model and len(self.model) != len(self.runs):
            raise checks.Mistake(
                f"a model a run, {len(self.runs)}", len(self.model), "name one for each"
            )
        models = self.model or (None,) * len(self.runs)
        if (kind := self._kind()) is not None:
            return self._replayed(kind, models)
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
        described = [content["first"], *content["others"]]
        return 3 if any(row["undecided"] for row in described) else 0

    def _kind(self) -> Kind | None:
        """Return what is under test where that is a policy or a regressor; None: a classifier."""
        from genenv import policies, regression
        from genenv.comparing.replayed import Kind
        from genenv.policies import replayed as played
        from genenv.regression import replayed as asked

        run = Path(self.runs[0]).expanduser()
        if policies.is_run(run):
            return Kind("policy", played.named, played.failing, ())
        if regression.is_run(run):
            return Kind(asked.KIND, asked.named, lambda f, m, _: asked.failing(f, m), PARTS)
        return None

    def _replayed(self, kind: Kind, models: tuple[str | None, ...]) -> int:
        """Compare runs without classes."""
        from genenv import files, runs
        from genenv.comparing import replayed

        folders = [Path(run).expanduser() for run in self.runs]
        content = replayed.compare(kind, folders, models, self.trust)
        name = str(content["data"]).replace("/", "-").replace(":", "-")
        out = self.out or runs.next_folder(f"compare-{name}")
        files.write_json(out / "compare.json", content)
        print(replayed.summary(content))
        print(f"Content: {out / 'compare.json'}")
        return 0
