"""
What the seats look like
========================

The picture of each environment after up to twelve random actions, as
`render_mode="rgb_array"` gives it.
"""

import gymnasium
import matplotlib.pyplot as plt

import genenv

names = list(genenv.ENVIRONMENTS)
figure, axes = plt.subplots(3, 3, figsize=(11, 9))
for axis, name in zip(axes.flat, names, strict=True):
    env = gymnasium.make(name, render_mode="rgb_array")
    env.action_space.seed(0)
    env.reset(seed=0)
    for _ in range(12):
        _, _, terminated, truncated, _ = env.step(env.action_space.sample())
        if terminated or truncated:
            break
    axis.imshow(env.render())
    axis.set_title(name, fontsize=9)
    axis.axis("off")
    env.close()
figure.tight_layout()
