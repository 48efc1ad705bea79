"""The question metrics: generated rows beside real ones, whatever made them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from genenv import metrics, seeding
from genenv.metrics import FULL, Evaluation, own_features, own_steps
from genenv.parts import Advance, Part, load_json, save_json
from genenv.reacting.question import Question
from genenv.reactions.rows import CELLS

if TYPE_CHECKING:
    from genenv.reacting.study import Reacting

OF = "samples"  # how many rows the figures are of, of either kind


class Measured(Question):
    """Every metric of `fit`, of rows: no generator is needed, and no trial.

    The real rows are those that `helps` would learn from; the others are those that it tests on, as
    many as there are generated ones, for figures of few rows are worse.
    """

    needs_judge = False

    def __init__(self, study: Reacting) -> None:
        super().__init__(study)
        self.needs_generator = study.generated is None  # type: ignore[misc]
        self.beside = study.beside
        real, _ = self.beside.rows
        steps = own_steps(len(real), real.label, real.units)
        self._part = Part(
            f"{CELLS}/metrics.json", "metrics", self._made, save_json, load_json,
            "metrics", steps,
        )  # fmt: skip

    def parts(self) -> Sequence[Part[Any]]:
        """See `Question.parts`."""
        drawn = [] if "helps" in self.study.asked else self.beside.parts
        return [*drawn, self._part]

    def answer(self) -> dict[str, Any]:
        """See `Question.answer`."""
        return {"metrics": self.study.get(self._part)}

    def _made(self, advance: Advance) -> list[dict[str, Any]]:
        """Return a row a figure: of generated rows, and of other real rows in their place."""
        real, test = self.beside.rows
        features = own_features(real.x, real.label, real.units, len(real.classes), advance=advance)
        seed = self.study.config.seed
        evaluation = Evaluation(
            features, (real.x, real.label), (test.x, test.label), metrics.build(metrics.METRICS),
            seed=seed,
        )  # fmt: skip
        rows = self.beside.source().draw(FULL, seeding.fold(seed, "metrics"))
        made = evaluation.evaluate_rows(*rows)
        count = made[OF]
        found = made | evaluation.reference(int(count)) | {f"{OF}_real": count}
        return [
            {"figure": key, "generated": value, "real": found.get(f"{key}_real")}
            for key, value in found.items()
            if (key == OF or OF not in key) and not key.endswith("_real")
        ]
