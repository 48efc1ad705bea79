"""Whether an objective gives a row of a stack what it gives that row alone: found by trying."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch

from genenv import checks, seeding
from genenv.objectives import Objective
from genenv.stacked.gan import StackedGan

ROWS = (0, 1, 2)
WIDTH = 8
TOLERANCE = 1e-4  # relative and absolute, beside rounding of about 1e-6


def check_by_row(objective: Objective, latent: int, size: int, batch: int) -> None:
    """Try an objective on small networks: three at once, and each of them alone.

    Parameters
    ----------
    objective
        Copies of it are tried.
    latent, size
        Columns of z and of a sample.
    batch
        Rows of an update.

    Raises
    ------
    Mistake
        A term is not one number a row, or depends on other rows than its own.
    """
    together = _outcome(objective, ROWS, latent, size, batch)
    for row in ROWS:
        alone = _outcome(objective, [row], latent, size, batch)
        for name, found in together.items():
            if not torch.allclose(found[row], alone[name][0], TOLERANCE, TOLERANCE, equal_nan=True):
                raise checks.Mistake(
                    "terms in which each row counts alone",
                    f"{name} of {type(objective).__name__}: {found[row]:.6g} among other batches, "
                    f"{alone[name][0]:.6g} alone",
                    "return one number a row, or train this objective by `Trainer`",
                )


def _outcome(
    objective: Objective, rows: Sequence[int], latent: int, size: int, batch: int
) -> dict[str, torch.Tensor]:
    """Terms of both updates, and their gradients' squared norms: (rows,) each."""
    gan = StackedGan(len(rows), copy.deepcopy(objective), latent, size, WIDTH)
    ids = np.array(rows)
    keys = seeding.fold_rows(ids, "trial")
    gan.begin(np.arange(len(rows)), keys, seeding.fold_rows(ids, "critic"))
    scale = torch.from_numpy(1.0 + 2.0 * ids).float()[:, None, None]  # no two batches are alike
    real, z = (
        torch.from_numpy(seeding.normals(seeding.fold_rows(ids, what), batch * columns))
        .view(len(rows), batch, columns)
        .mul(scale)
        for what, columns in (("real", size), ("z", latent))
    )
    still, one = torch.zeros(len(rows)), torch.ones(len(rows))
    critic, slope = gan.update_critic(real, gan.sample(z), still, one, keys)
    generator, other = gan.update_generator(real, z, still, keys)
    named = {f"critic's {k}": v for k, v in critic.items()}
    named |= {f"generator's {k}": v for k, v in generator.items()}
    return named | {"gradient of the critic": slope, "gradient of the generator": other}
