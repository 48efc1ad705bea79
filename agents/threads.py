"""Threads of torch while Stable-Baselines3 learns."""

from __future__ import annotations

import torch
from stable_baselines3.common.callbacks import BaseCallback


class OneThreadUpdates(BaseCallback):
    """A small network updates on one thread; the environment keeps the run's thread count."""

    def __enter__(self) -> OneThreadUpdates:
        self.threads = torch.get_num_threads()
        return self

    def __exit__(self, *_: object) -> None:
        torch.set_num_threads(self.threads)

    def _on_rollout_start(self) -> None:
        torch.set_num_threads(self.threads)

    def _on_rollout_end(self) -> None:
        torch.set_num_threads(1)

    def _on_step(self) -> bool:
        return True
