"""
A path through the noise, and what a model says on the way
==========================================================

The bundled generator of digits and the bundled model: e moves from one draw to another under one
label, and the probability of that label is what falls.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch

import genenv
from genenv import bundled
from genenv.recorded import load_probe

generator = genenv.load(bundled.FOLDER)
probe = load_probe(bundled.FOLDER)
draw = np.random.default_rng(3).normal(size=(2, generator.noise.base_dim))
share = np.linspace(0, 1, 9)[:, None]
path = np.sqrt(1 - share**2) * draw[:1] + share * draw[1:]  # each point is a likely draw
e = torch.tensor(path, dtype=torch.float32)
label = torch.full((len(e),), 8)
found = probe(e, label)
figure, axes = plt.subplots(1, len(e), figsize=(12, 1.9))
for axis, sample, severity in zip(axes, found.x, found.severity, strict=True):
    axis.imshow(sample, cmap="gray_r")
    axis.set_title(f"severity {severity:.1f}", fontsize=8)
    axis.axis("off")
figure.tight_layout()
