"""A watch over a run's numbers that never makes the device wait."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from genenv import checks


class TrainingDiverged(checks.Mistake):
    """A loss term or a weight became NaN or infinite."""


class Watch:
    """Notes on the device which term left the finite numbers at which step.

    Parameters
    ----------
    device
        Where the terms live.
    """

    def __init__(self, device: torch.device) -> None:
        self._never = torch.tensor(-1, device=device)
        self._first_bad: dict[str, Tensor] = {}  # term -> the first such step, or -1

    def note(self, terms: dict[str, Tensor], step: int) -> None:
        """Look at the scalars of a step, without a host synchronisation."""
        for name, term in terms.items():
            before = self._first_bad.get(name, self._never)
            self._first_bad[name] = before.masked_fill((before < 0) & ~term.isfinite(), step)

    def check(self, good: Path | None) -> None:
        """Read the notes.

        Parameters
        ----------
        good
            The last whole checkpoint, for the sentence.

        Raises
        ------
        TrainingDiverged
            Names the term that was first not finite, its step, and `good`.
        """
        if not self._first_bad:
            return
        steps = torch.stack(list(self._first_bad.values())).tolist()
        bad = [(step, term) for step, term in zip(steps, self._first_bad, strict=True) if step >= 0]
        if bad:
            step, term = min(bad, key=lambda pair: pair[0])  # the first computed of that step
            raise _diverged(term, step, good)


def check_weights(modules: dict[str, nn.Module], step: int, good: Path | None) -> None:
    """Raise TrainingDiverged unless all parameters and buffers of these modules are finite."""
    for name, module in modules.items():
        sums = [t.detach().double().abs().sum() for t in module.state_dict().values()]
        if not torch.stack(sums).sum().isfinite():
            raise _diverged(f"the weights of {name}", step, good)


def _diverged(where: str, step: int, good: Path | None) -> TrainingDiverged:
    return TrainingDiverged(
        "finite loss terms and weights",
        f"NaN or infinity in {where} at step {step}",
        "lower lr or raise the penalty; "
        + (f"the last good checkpoint is {good}" if good else "no checkpoint was written"),
    )
