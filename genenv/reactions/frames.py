"""One sample as its noise grows, beside what every learner says of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from genenv.reactions.meeting import Answers
from genenv.reactions.noises import STRENGTHS, SampleBatch
from genenv.tracking import picture

SIDE, BAR, MARGIN, LINE = 144, 120, 8, 14  # pixels: the sample, the longest bar, gaps, a line
NAME, PITCH, LETTER = 64, 11, 10  # pixels: a class's name, from bar to bar, the height of letters
SHOWN = 10  # classes, at most
PAPER = (255, 255, 255)
INK = (40, 40, 40)
GREY = (190, 190, 190)
OWN, OTHER = (46, 125, 50), (198, 40, 40)  # the label; the class answered in its place
GREYS, COLOURS = 32, 90  # with the two above within the 128 of an animation: red stays red


def path_frames(answers: Answers, noise: str, batch: SampleBatch) -> NDArray[np.uint8] | None:
    """Draw the frames of an animation.

    Parameters
    ----------
    answers
        Of one seed.
    noise
        SOURCE:KIND.
    batch
        The samples that were answered.

    Returns
    -------
    (strengths, height, width, 3) uint8; None where samples are vectors. The sample is the first
    whose answer changes for a learner, or else the first. Of more than ten classes the label's is
    shown, then those that are answered somewhere, then the most probable ones.
    """
    if not batch.units.channels:
        return None
    said = answers.log_p[noise].argmax(3)
    row = int((said != said[:, :1]).any((0, 1)).argmax())
    x = np.concatenate([batch.at(noise, strength)[0][row : row + 1] for strength in STRENGTHS])
    shown = picture(x, batch.units)
    assert shown is not None
    p = np.exp(answers.log_p[noise][:, :, row])
    label = int(answers.label_of(noise)[row])
    names = [str(c) for c in batch.generator.classes]
    sheet = _Sheet(answers.learners, names, label, _likely(p, label))
    sheets = [
        sheet.draw(image, p[:, j], f"strength {strength}")
        for j, (image, strength) in enumerate(zip(_few_colours(shown), STRENGTHS, strict=True))
    ]
    return np.stack(sheets)


def _likely(p: NDArray[np.float32], label: int) -> list[int]:
    """Pick classes, in their own order, of probabilities (learners, strengths, classes)."""
    most = p.max((0, 1))
    most[np.unique(p.argmax(2))] += 1  # what is answered somewhere comes before what is not
    most[label] = np.inf
    return sorted(np.argsort(-most, kind="stable")[:SHOWN].tolist())


def _few_colours(images: NDArray[np.uint8]) -> list[Image.Image]:
    """Turn (n, h, w, 1 or 3) into colour images of the same 90 colours, greys into 32 greys."""
    n, height, width, channels = images.shape
    long = images.reshape(n * height, width, channels)
    whole = Image.fromarray(long.squeeze(2) if channels == 1 else long).convert("RGB")
    if channels > 1:
        whole = whole.quantize(COLOURS, dither=Image.Dither.NONE).convert("RGB")
    return [whole.crop((0, i * height, width, (i + 1) * height)) for i in range(n)]


class _Sheet:
    """What all frames have in common: learners, one below the other, and classes."""

    def __init__(
        self, learners: Sequence[str], names: Sequence[str], label: int, classes: Sequence[int]
    ) -> None:
        self.learners = learners
        self.names = names
        self.label = label
        self.classes = classes
        self.font = ImageFont.load_default(LETTER)
        self.block = LINE + len(classes) * PITCH + LINE + MARGIN  # a learner's height
        self.left = SIDE + 2 * MARGIN

    def draw(self, image: Image.Image, p: NDArray[np.float32], words: str) -> NDArray[np.uint8]:
        """Lay the sample out beside the learners' probabilities (learners, classes)."""
        height = max(SIDE + LINE + MARGIN, len(self.learners) * self.block) + MARGIN
        sheet = Image.new("RGB", (self.left + NAME + BAR + 2 * MARGIN, height), PAPER)
        pen = ImageDraw.Draw(sheet)
        scale = SIDE / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        sheet.paste(image.resize(size, Image.Resampling.NEAREST), (MARGIN, MARGIN))
        pen.text((MARGIN, MARGIN + SIDE), words, INK, self.font)
        for i, learner in enumerate(self.learners):
            self._bars(pen, MARGIN + i * self.block, learner, p[i])
        return _fewer_greys(np.asarray(sheet))

    def _bars(
        self, pen: ImageDraw.ImageDraw, top: int, learner: str, p: NDArray[np.float32]
    ) -> None:
        """Draw one learner: its name, a bar a class from 0 to 1, and the scale below."""
        start = self.left + NAME
        answer = int(p.argmax())
        pen.text((self.left, top), self._cut(learner, NAME + BAR), INK, self.font)
        for k, c in enumerate(self.classes):
            y = top + LINE + k * PITCH
            colour = OWN if c == self.label else OTHER if c == answer else GREY
            pen.text((self.left, y - 1), self._cut(self.names[c], NAME - 4), INK, self.font)
            pen.rectangle((start, y + 1, start + float(p[c]) * BAR, y + PITCH - 2), colour)
        bottom = top + LINE + len(self.classes) * PITCH
        pen.line((start, bottom, start + BAR, bottom), INK)
        for mark in (0, 0.5, 1):
            place = start + mark * BAR
            pen.line((place, bottom, place, bottom + 2), INK)
            pen.text((place, bottom + 2), f"{mark:g}", INK, self.font, "ma")

    def _cut(self, text: str, width: int) -> str:
        """Shorten a text to its first letters that fit."""
        while self.font.getlength(text) > width:
            text = text[:-1]
        return text


def _fewer_greys(sheet: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Round what is grey (h, w, 3), letters too, to 32 levels."""
    grey = (sheet == sheet[..., :1]).all(-1, keepdims=True)
    step = 255 / (GREYS - 1)
    rounded = np.rint(np.rint(sheet / step) * step).astype(np.uint8)
    return np.where(grey, rounded, sheet)
