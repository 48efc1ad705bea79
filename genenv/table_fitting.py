"""A fit of a table as a study: schema, generator, metrics on rows held out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genenv import seeding
from genenv.parts import Part, load_json, save_json
from genenv.progress import Progress
from genenv.study import Study
from genenv.tables import Mixture, Schema, mixture
from genenv.tables.measuring import HELD_OUT as UNSEEN
from genenv.tables.measuring import MOST_ROWS, measured

if TYPE_CHECKING:
    import pandas as pd

LEAST_ROWS = 100  # with fewer none are held out
HELD_OUT = 5  # one row in so many is
MORE_COPIES = 0.01  # than held-out rows are, from which it is told


class TableFitting(Study[Mixture]):
    """One fit in a folder.

    Parameters
    ----------
    frame, schema
        The table, and what its columns are.
    folder
        The run's.
    seed
        Address of first guesses and of the rows that are held out.
    metrics
        Whether a fifth of the rows is held out to measure the rest's generator by.
    stages, line
        See `Study`.
    """

    command = "fit"

    def __init__(
        self,
        frame: pd.DataFrame,
        schema: Schema,
        folder: Path,
        seed: int = 0,
        metrics: bool = True,
        stages: Progress | None = None,
        line: str = "",
    ) -> None:
        super().__init__(folder, stages, line)
        self.frame = frame
        self.schema = schema
        self.seed = seed
        self.codes = schema.encode(frame)
        apart = len(frame) // HELD_OUT if metrics and len(frame) >= LEAST_ROWS else 0
        self.order = seeding.numpy_generator(seed, "metrics").permutation(len(frame))
        self.held_out, self.learned = self.order[:apart], self.order[apart:]
        self.notes += schema.notes
        if metrics and not apart:
            self.notes.append(f"No metrics: {len(frame)} rows are fewer than {LEAST_ROWS}.")
        if apart:
            self.notes.append(f"{apart:,} of {len(frame):,} rows were held out for metrics.")

    def settings(self) -> dict[str, Any]:
        """See `Study.settings`."""
        digest = hashlib.sha256(self.codes.tobytes()).hexdigest()
        return {
            "table": {"rows": len(self.frame), "sha256": digest},
            "schema": self.schema.to_json(),
            "network": "mixture",
            "held_out": len(self.held_out),
            "seed": self.seed,
        }

    def parts(self) -> Sequence[Part[Any]]:
        """See `Study.parts`."""
        return [self._generator, self._metrics] if len(self.held_out) else [self._generator]

    def work(self) -> Mixture:
        """Fit and measure, whatever is not there."""
        if self._metrics in self.parts():
            self._tell_of_copies(self.get(self._metrics)["copies"])
        return self.get(self._generator)

    @cached_property
    def _generator(self) -> Part[Mixture]:
        return Part(
            "generator",
            "the generator",
            lambda _: mixture.fit(self.codes[self.learned], self.schema, self.seed),
            lambda made, place: made.save(place),
            Mixture.load,
        )

    @cached_property
    def _metrics(self) -> Part[dict[str, Any]]:
        return Part("metrics.json", "its metrics", lambda _: self._measure(), save_json, load_json)

    def _tell_of_copies(self, share: dict[str, float]) -> None:
        made, real = share["mixture"], share[UNSEEN]
        if made > real + MORE_COPIES:
            self.notes.append(
                f"{made:.1%} of the generated rows copy a learned row in every column, {real:.1%} "
                "of the held-out ones do: the generator remembers people."
            )

    def _measure(self) -> dict[str, Any]:
        made = self.get(self._generator)
        learned, held_out = self.codes[self.learned], self.codes[self.held_out]
        count = max(len(held_out), min(len(learned), MOST_ROWS))
        rows = {"mixture": self.schema.encode(made.sample(count, self.seed))}
        about = {
            "components": len(made.parameters.weights),
            "learned_rows": len(learned),
            "held_out_rows": min(len(held_out), MOST_ROWS),
        }
        return about | measured(rows, self.schema, learned, held_out, self.seed)
