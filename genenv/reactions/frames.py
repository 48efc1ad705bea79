"""One sample as its noise grows, beside what every learner says of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from genenv.reactions.meeting import Answers
from genenv.reactions.noises import STRENGTHS, Lot
from genenv.tracking import picture

SIDE, BAR, MARGIN, LINE = 144, 88, 8, 14  # pixels: the sample, bars, gaps, a line of text
PAPER, INK, GREY = (255, 255, 255), (40, 40, 40), (190, 190, 190)
OWN, OTHER = (46, 125, 50), (198, 40, 40)  # the label; the class answered in its place


def path_frames(answers: Answers, noise: str, lot: Lot) -> NDArray[np.uint8] | None:
    """Draw the frames of an animation.

    Parameters
    ----------
    answers
        Of one seed.
    noise
        SOURCE:KIND.
    lot
        The samples that were answered.

    Returns
    -------
    (strengths, height, width, 3) uint8; None where samples are vectors. The sample is the first
    whose answer changes for a learner, or else the first.
    """
    if not lot.units.is_image:
        return None
    said = answers.log_p[noise].argmax(3)
    changed = (said != said[:, :1]).any((0, 1))
    row = int(changed.argmax())
    sheets = []
    for j, strength in enumerate(STRENGTHS):
        x, label = lot.at(noise, strength)
        shown = picture(x[row : row + 1], lot.units)
        assert shown is not None
        p = np.exp(answers.log_p[noise][:, j, row])
        sheets.append(_sheet(shown[0], p, int(label[row]), answers.learners, strength))
    return np.stack(sheets)


def _sheet(
    image: NDArray[np.uint8],
    p: NDArray[np.float32],
    label: int,
    learners: tuple[str, ...],
    strength: int,
) -> NDArray[np.uint8]:
    """Lay the sample out beside one row of bars a learner."""
    height = max(SIDE + LINE, len(learners) * (BAR // 2 + LINE)) + 2 * MARGIN
    sheet = Image.new("RGB", (SIDE + BAR * 2 + 3 * MARGIN, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    whole = Image.fromarray(image.squeeze(2) if image.shape[2] == 1 else image).convert("RGB")
    scale = SIDE / max(whole.size)
    size = (round(whole.width * scale), round(whole.height * scale))
    sheet.paste(whole.resize(size, Image.Resampling.NEAREST), (MARGIN, MARGIN))
    draw.text((MARGIN, MARGIN + SIDE), f"strength {strength}", fill=INK)
    left, width = SIDE + 2 * MARGIN, 2 * BAR / p.shape[1]
    for i, learner in enumerate(learners):
        top = MARGIN + i * (BAR // 2 + LINE)
        draw.text((left, top), learner[:28], fill=INK)
        answer = int(p[i].argmax())
        for c, value in enumerate(p[i]):
            colour = OWN if c == label else OTHER if c == answer else GREY
            bottom = top + LINE + BAR // 2 - 2
            high = bottom - float(value) * (BAR // 2 - 4)
            draw.rectangle(
                (left + c * width, high, left + (c + 1) * width - 2, bottom), fill=colour
            )
    return np.asarray(sheet).copy()
