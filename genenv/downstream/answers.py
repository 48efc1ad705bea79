"""What a model answers: numbers, finite, probabilities or logits, and their logarithms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genenv import checks

OUTPUTS = ("probabilities", "logits")
TOLERANCE = 1e-3  # of a probability: on a row's sum, below 0, and from one answer to the next
HALF = (torch.bfloat16, torch.float16)
LEAST = 1e-12  # probability below which log p is cut off
LOWEST = -1e30  # log p of logits farther apart than float32 can hold: sums over rows stay finite


def numbers(answer: Any) -> Tensor:
    """Copy numbers from NumPy, torch or nested lists to float64 on the CPU.

    Half precision stays as it is: a row of it may sum to less or more, see `tolerance`.
    """
    if isinstance(answer, Tensor):
        own = answer.detach().cpu()
        return own if own.dtype in HALF else own.double()
    array = np.asarray(answer)
    if array.dtype.kind not in "fiub":
        raise checks.Mistake(
            "the model to return numbers",
            f"{type(answer).__name__} of {array.dtype}",
            "return probabilities or logits, an array (n, classes), not names of classes",
        )
    kept = array.dtype if array.dtype == np.float16 else np.float64
    return torch.from_numpy(array.astype(kept, order="C"))


def rows_not_finite(values: Tensor) -> list[int]:
    """Return the rows of (n, k) with a NaN or infinity."""
    if math.isfinite(values.sum().item()):  # a tenth of the cost of looking at each number
        return []
    return (~torch.isfinite(values).all(1)).nonzero()[:, 0].tolist()


def are_probabilities(values: Tensor, tolerance: float = TOLERANCE) -> bool:
    """Whether each row of (n, k) is at least 0 and sums to 1."""
    low, high = values.sum(1).aminmax()
    in_sum = low.item() >= 1 - tolerance and high.item() <= 1 + tolerance
    return in_sum and values.amin().item() >= -TOLERANCE


def tolerance(values: Tensor, dtype: torch.dtype) -> float:
    """How far from 1 a row of probabilities (n, k) may sum, for how they were computed or rounded.

    Parameters
    ----------
    values
        float32 or float64.
    dtype
        In which the model answered: bfloat16 has a step of 2⁻⁸ below 1, float16 of 2⁻¹¹.
    """
    k = values.shape[1]
    if dtype in HALF:
        return max(TOLERANCE, min(k, 16) * torch.finfo(dtype).eps / 2)
    for digits in (2, 3):
        scaled = values.double() * 10**digits
        if bool(((scaled - scaled.round()).abs() < 10 ** (digits - 6)).all()):
            return max(TOLERANCE, k * 0.5 * 10**-digits)
    return TOLERANCE


def worst_sum(values: Tensor) -> float:
    """Return the row sum that is farthest from 1."""
    sums = values.sum(1)
    return float(sums[(sums - 1).abs().argmax()])


def logarithms(values: Tensor, output: str) -> Tensor:
    """Turn probabilities or logits (n, k) into finite log-probabilities (n, k), float32.

    Probabilities below 1e-12 are cut off. Logits are not, so that a model that is sure of itself
    still tells a search which way is up.
    """
    if output == "probabilities":
        return values.clamp_min(LEAST).log().float()
    if len(values) == 1:
        return values.log_softmax(1).clamp_min(LOWEST).float()
    log_p = values.T.log_softmax(0).T.contiguous()  # five times as fast as along short rows
    return log_p.clamp_min(LOWEST).float()


def check_alike(log_p: Tensor, again: Tensor) -> None:
    """Raise a Mistake unless the same rows are answered alike twice, (n, classes) each."""
    apart = float((log_p.exp() - again.exp()).abs().max()) if len(log_p) else 0.0
    if apart > TOLERANCE:
        raise checks.Mistake(
            "a model that answers the same row alike, whenever and beside whatever it is asked",
            f"probabilities that are {apart:.3g} apart",
            "switch off dropout, batch statistics and randomness (eval mode, a fixed seed)",
        )


def recognise(values: Tensor, tolerance: float = TOLERANCE) -> str:
    """Name the output that (n, k) are.

    Raises
    ------
    Mistake
        They lie within 0 and 1 but do not sum to 1.
    """
    if are_probabilities(values, tolerance):
        return "probabilities"
    if values.min() >= 0 and values.max() <= 1:
        raise checks.Mistake(
            "probabilities or logits that can be told apart",
            f"values within 0 and 1, and a row that sums to {worst_sum(values):.3g}",
            "choose output probabilities or logits; where each column is a label of its own, wrap "
            "one of them",
        )
    if values.min() >= 0 and are_probabilities(values / 100, tolerance):
        raise checks.Mistake(
            "probabilities or logits", "rows that sum to 100, percentages", "divide them by 100"
        )
    return "logits"


def check_shape(values: Tensor, rows: int, classes: int, kind: str) -> None:
    """Raise a Mistake unless a model of a kind answered with (rows, classes)."""
    if values.shape != (rows, classes):
        do = f"return {classes} probabilities or logits a row, one for each class"
        labels = values.shape in ((rows,), (rows, 1))
        raise checks.Mistake(
            f"the {kind} to answer with shape ({rows}, {classes})",
            f"shape {tuple(values.shape)}",
            f"{do} (predict_proba in the place of predict)" if labels else do,
        )


def check_probabilities(values: Tensor, output: str, dtype: torch.dtype) -> None:
    """Raise a Mistake where probabilities are none.

    Parameters
    ----------
    values
        Finite answers (n, k), float32 or float64.
    output
        `probabilities`, `logits` or `auto`: not recognised yet.
    dtype
        In which the model answered.
    """
    if output != "probabilities" or are_probabilities(values):
        return
    if not are_probabilities(values, tolerance(values, dtype)):
        raise checks.Mistake(
            "probabilities, which are at least 0 and sum to 1 in each row",
            f"values from {float(values.min()):.3g} to {float(values.max()):.3g} "
            f"and a row that sums to {worst_sum(values):.3g}",
            "normalise them, or choose output logits",
        )
