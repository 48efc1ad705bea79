"""
Corruptions at strengths 0 to 5
===============================

One digit under some of the corruptions that `genenv react` meets learners with.
"""

import matplotlib.pyplot as plt

from genenv import data
from genenv.corruptions import CORRUPTIONS

digits = data.load("digits")
kinds = ("rotate", "blur", "contrast", "gaussian")
figure, axes = plt.subplots(len(kinds), 6, figsize=(8, 5.4))
for row, kind in zip(axes, kinds, strict=True):
    corruption = CORRUPTIONS[kind](digits.units)
    for strength, axis in enumerate(row):
        (spoiled,) = corruption.sample(digits.x[:1], strength=strength, seed=0)
        axis.imshow(spoiled, cmap="gray_r", vmin=0, vmax=16)
        axis.set(xticks=[], yticks=[])
        if not strength:
            axis.set_ylabel(kind)
figure.tight_layout()
