"""The small default set, laid out as a run: digits, generator, model and guide.

`scripts/make_bundled.py` makes it. Beside the run's folders lie `data.npz` (scikit-learn's digits
as uint8, with the rows of each role) and `ladder/`, the generator at four points of its training.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
LADDER = (300, 1600, 2000, 3000)  # training steps of the generators in `ladder/`


def rung(step: int, folder: Path = FOLDER) -> Path:
    """Return the folder of the generator after so many steps, one of LADDER."""
    return folder / "ladder" / f"step-{step:04d}"
