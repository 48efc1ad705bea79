"""The command `rate`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from genenv.cli.stress import UNDECIDED
from genenv.settings import places
from genenv.settings.shown import Left, Number, Switch, shown


@dataclass(frozen=True)
class Rate:
    """Estimate how often a model fails under the generator's own law, rare failures too.

    What the run's random search counted stands first; where it saw fewer than ten, subset
    simulation climbs to the event. Writes report.json and the page anew. Exit 3: the run cannot be
    trusted.
    """

    run: Left
    """A folder that stress left."""
    model: Annotated[
        str | None, shown("MODULE:NAME", "the recorded one, where the run holds its weights")
    ] = None
    """The model that the run asked: package.module:name, file.py:name or an .onnx file; of a
    policy what --policy named."""
    trust: Switch = False
    """Import the model from the path that the run records: that runs the code it names."""
    rate_budget: Number = 100_000
    """Queries to the model, episodes of a policy."""
    seed: Number = 0
    """Address of all draws."""

    def __call__(self, _line: str) -> int:
        """Rate the run and print what came of it."""
        places.run(self.run)
        from genenv import rerating
        from genenv.progress import Progress
        from genenv.report import rates
        from genenv.report.numerals import SPACE

        run = rerating.rerate(
            self.run, self.model, trusted=self.trust, budget=self.rate_budget, seed=self.seed,
            bars=Progress(display=True),
        )  # fmt: skip
        if run.undecided:
            print(run.verdict())
            return UNDECIDED
        print("\n".join(rates.lines(run.content)).replace(SPACE, " "))
        return 0
