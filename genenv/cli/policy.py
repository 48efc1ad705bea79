"""The command `stress --env`: a policy under test."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from genenv.cli.running import chosen_folder
from genenv.cli.stress import UNDECIDED
from genenv.settings import PolicyConfig
from genenv.settings.shown import InPlace, Switch, shown

FLAG = "--env"  # of `genenv stress`, that makes it this command
NAME = "stress-policy"


@dataclass(frozen=True)
class StressPolicy:
    """Search for disturbances that fail a policy in its world, and write a page.

    `genenv stress --env ID` is the same. Exit 3: the policy fails undisturbed, or failures do not
    repeat.
    """

    policy: Annotated[str | None, shown("FILE.zip|MODULE:NAME", "the world's own")] = None
    """The zip of a Stable-Baselines3 model (with --trust: reading it runs code that it holds), or a
    function of a batch of observations that returns actions."""
    trust: Switch = False
    """Read that zip."""
    settings: Annotated[PolicyConfig, InPlace] = field(default_factory=PolicyConfig)
    """Of the run."""
    resume: Switch = False
    """Go on with what --out holds."""
    out: Annotated[Path | None, shown("RUN", "runs/stress-NAME-000, the next free number")] = None
    """The run's folder."""

    def __call__(self, line: str) -> int:
        """Run and print the summary."""
        content, said = self.done(line)
        print(said)
        from genenv import trust

        return UNDECIDED if trust.bad(content["trust"]) else 0

    def done(self, line: str) -> tuple[dict[str, Any], str]:
        """Run; returns the content of report.json, and its summary."""
        from genenv import runs
        from genenv.policies import PolicyStress, summary
        from genenv.progress import Progress

        name = self.settings.env.replace("/", "-").replace(":", "-")
        out = chosen_folder(self.out, self.resume) or runs.next_folder(f"stress-{name}")
        study = PolicyStress(self.settings, self.policy, self.trust, out, Progress(True), line)
        content = study.run(self.resume)
        return content, summary.text(content, f"{out}/report.html")
