"""The command `harden`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from genenv import checks
from genenv.cli.running import chosen_folder, load_data, load_values
from genenv.cli.stress import UNDECIDED
from genenv.cli.tables import columns_of
from genenv.settings import HardenConfig, LoadingConfig, TableConfig, places
from genenv.settings.shown import InPlace, Left, Switch, shown

if TYPE_CHECKING:
    from genenv.finished import Finished
    from genenv.hardening import Subject


@dataclass(frozen=True)
class Harden:
    """Train on a run's failures, and say whether that mends the model, beside two controls.

    Each seed trains four models: on the real rows (before), with real rows repeated (retrained),
    with samples of the generator as they come (generated), with failures (hardened); all but the
    first on as many rows. Half of the failure modes and a fifth of the other failures are held out.
    Exit 3: the run cannot be trusted.
    """

    run: Left
    """A folder that stress left."""
    data: Annotated[str | None, shown("DATA", "the run's, where its name is enough")] = None
    """What that run was made of, see stress."""
    held_out: Annotated[str | None, shown("DATA", "the data's own, where the run used it")] = None
    """Its held-out rows."""
    settings: Annotated[HardenConfig, InPlace] = field(default_factory=HardenConfig)
    """Of the study."""
    loading: Annotated[LoadingConfig, InPlace] = field(default_factory=LoadingConfig)
    """Of the data."""
    table: Annotated[TableConfig, InPlace] = field(default_factory=TableConfig)
    """Of its columns."""
    trust: Switch = False
    """Import a criterion from the path that the run records: that runs the code it names."""
    resume: Switch = False
    """Go on with what --out holds."""
    out: Annotated[Path | None, shown("FOLDER", "runs/harden-NAME-000, the next free number")] = (
        None
    )
    """Where harden.json and the results of seeds go."""

    def __call__(self, line: str) -> int:
        """Harden and print the table."""
        places.run(self.run)
        places.data(self.data, self.held_out)
        from genenv import finished, hardening, runs
        from genenv.progress import Progress

        run = finished.opened(self.run)
        subject = self._subject(run)
        name = run.content["data"]["name"]
        out = chosen_folder(self.out, self.resume) or runs.next_folder(f"harden-{name}")
        study = hardening.Hardening(self.settings, subject, out, Progress(display=True), line)
        content = study.run(self.resume)
        print(hardening.summary(content))
        print(f"Results: {out}/harden.json")
        return UNDECIDED if content["undecided"] else 0

    def _subject(self, run: Finished) -> Subject:
        """Return what is hardened, with the data of its run."""
        from genenv import hardening, regression, runs

        if run.kind == "policy":
            raise checks.Mistake(
                "a run of a classifier or a regressor", f"that of a policy in {self.run}",
                "a policy learns from a world, not from rows: train it with the disturbances in it",
            )  # fmt: skip
        name = self.data or str(run.content["data"]["name"])
        factory, own = self.settings.factory, columns_of(self.table)
        if run.kind == regression.KIND:
            values = load_values(name, own)
            if values is None:
                raise checks.Mistake(
                    "the data of that run, with --target", name, "give its file as DATA"
                )
            more = None if self.held_out is None else regression.more(self.held_out, values)
            return hardening.Values(run, factory, values, more)
        dataset = load_data(name, self.loading, own)
        other = None
        if runs.recorded_settings(Path(self.run)).get("held_out") is not None:
            other = dataset.held_out
        if self.held_out is not None:
            other = load_data(self.held_out, self.loading)
        return hardening.Classes(run, factory, dataset, other, self.trust)
