"""A model of two classes that answers one number a row: a probability or log-odds of the second."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional


class OneColumn:
    """Gives the first of two classes what one column leaves it.

    Parameters
    ----------
    columns
        The classes in the order of the model's columns.

    Attributes
    ----------
    notes
        That it was done, in a sentence; []: the model answers a column a class.
    """

    def __init__(self, columns: Sequence[int | str]) -> None:
        self.columns, self.notes = columns, list[str]()

    def widened(self, values: Tensor, rows: int, output: str, recognised: bool) -> Tensor:
        """Return answers with a column a class; labels, and all that is none of it, as they are.

        Parameters
        ----------
        values
            (rows,) or (rows, 1) of the second class, or anything else.
        rows
            That were asked.
        output
            `probabilities`, `logits` (log-odds), or `auto`: probabilities where all lie in [0, 1].
        recognised
            Whether an earlier answer decided what the model returns.
        """
        if len(self.columns) != 2 or values.shape not in ((rows,), (rows, 1)):
            return values
        column = values.reshape(-1)
        known = column.detach()[torch.isfinite(column.detach())]
        if not recognised and bool((known != known.round()).any()):
            self.notes = [
                f"Its one column is taken for that of the second class, {self.columns[1]}."
            ]
        if not self.notes:  # whole numbers: labels
            return values
        inside = bool(((known >= 0) & (known <= 1)).all())
        if output == "probabilities" or (output == "auto" and inside):
            return torch.stack([1 - column, column], 1)
        return torch.stack([functional.logsigmoid(-column), functional.logsigmoid(column)], 1)
