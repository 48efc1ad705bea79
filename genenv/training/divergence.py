"""A guard over a run's numbers that never makes the device wait."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from genenv import checks


class TrainingDiverged(checks.Mistake):
    """A loss term or a weight became NaN or infinite."""

    afresh = ()


class FiniteGuard:
    """Notes on the device which term left the finite numbers at which step.

    Parameters
    ----------
    device
        Where the terms live.
    advice
        What keeps such a training finite, for the sentence.
    """

    def __init__(self, device: torch.device, advice: str) -> None:
        self._device = device
        self._advice = advice
        self._first_bad: dict[tuple[str, ...], Tensor] = {}  # the first such step a term, or -1

    def note(self, terms: dict[str, Tensor], step: int) -> None:
        """Look at the scalars of a step, without a host synchronisation."""
        names = tuple(terms)
        if names not in self._first_bad:
            self._first_bad[names] = torch.full((len(names),), -1, device=self._device)
        before = self._first_bad[names]
        bad = ~torch.stack(list(terms.values())).isfinite()
        self._first_bad[names] = before.masked_fill((before < 0) & bad, step)

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
        names = [name for together in self._first_bad for name in together]
        steps = torch.cat(list(self._first_bad.values())).tolist()
        bad = [(step, term) for step, term in zip(steps, names, strict=True) if step >= 0]
        if bad:
            step, term = min(bad, key=lambda pair: pair[0])  # the first computed of that step
            raise self._diverged(term, step, good)

    def check_weights(self, modules: dict[str, nn.Module], step: int, good: Path | None) -> None:
        """Raise TrainingDiverged unless all parameters and buffers of these modules are finite."""
        for name, module in modules.items():
            sums = [t.detach().double().abs().sum() for t in module.state_dict().values()]
            if not torch.stack(sums).sum().isfinite():
                raise self._diverged(f"the weights of {name}", step, good)

    def _diverged(self, where: str, step: int, good: Path | None) -> TrainingDiverged:
        return TrainingDiverged(
            "finite loss terms and weights",
            f"NaN or infinity in {where} at step {step}",
            f"{self._advice}; "
            + (f"the last good checkpoint is {good}" if good else "no checkpoint was written"),
        )
