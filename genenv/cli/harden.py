"""The command `harden`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from genenv.cli.running import chosen_folder, load_data
from genenv.cli.stress import UNDECIDED
from genenv.settings import HardenConfig, LoadingConfig
from genenv.settings.shown import InPlace, Left, Switch, shown


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
        from genenv import hardening, report, runs
        from genenv.progress import Progress

        name = self.data or str(report.load(self.run).data["data"]["name"])
        dataset = load_data(name, self.loading)
        other = None
        if runs.recorded_settings(Path(self.run)).get("held_out") is not None:
            other = dataset.held_out
        if self.held_out is not None:
            other = load_data(self.held_out, self.loading)
        out = chosen_folder(self.out, self.resume) or runs.next_folder(f"harden-{dataset.name}")
        study = hardening.Hardening(
            self.settings,
            Path(self.run),
            dataset,
            other,
            out,
            Progress(display=True),
            line,
            self.trust,
        )
        content = study.run(self.resume)
        print(hardening.summary(content))
        print(f"Results: {out}/harden.json")
        return UNDECIDED if content["undecided"] else 0
