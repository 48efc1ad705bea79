"""How TensorBoard lays out the curves of a training: charts that belong together."""

from __future__ import annotations

from genenv.tracking import Chart, Lines, exactly

LAYOUT: dict[str, list[Chart]] = {
    "Training": [
        Lines("critic's loss, by term", ("loss/critic/",)),
        Lines("generator's loss, by term", ("loss/generator/",)),
        Lines("norm of the gradients", ("gradient/",)),
        Lines(
            "critic's score: training, held-out and generated rows",
            (*map(exactly, ("critic/train", "critic/held_out", "critic/fake")),),
        ),
    ],
    "Health of the training": [
        Lines("diversity, near 1", ("health/diversity",)),
        Lines("coverage, 0.3 to 1", (exactly("health/coverage"),)),
        Lines("critic's accuracy, 0.5 to 0.95", (exactly("health/critic/accuracy"),)),
        Lines("what the critic remembers", ("health/critic/(overfitting|recognised)",)),
    ],
}
