"""
Every noise is a map of the base space
======================================

The same 4,000 standard-normal vectors, through each law of latents that takes two numbers.
"""

import matplotlib.pyplot as plt
import torch

from genenv.noise import NOISES

generator = torch.Generator().manual_seed(0)
e = torch.randn(4000, 2, generator=generator, dtype=torch.float64)
laws = ("gaussian", "uniform", "sphere", "student-t", "laplace", "truncated-gaussian")
figure, axes = plt.subplots(1, 6, figsize=(12, 2.2), sharex=True, sharey=True)
for axis, name in zip(axes, laws, strict=True):
    z = NOISES[name](2).from_base(e)
    axis.scatter(*z.T, s=1, alpha=0.4)
    axis.set(title=name, xlim=(-4, 4), ylim=(-4, 4), aspect="equal")
figure.tight_layout()
