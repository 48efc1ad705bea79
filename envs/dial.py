"""A problem for Detective that can be solved by hand: a dial tells which lamp to look at."""

from __future__ import annotations

from typing import Any

import numpy as np

from genenv import data, seeding
from genenv.envs.rungs import CLASS

NOISE, PRICES = (2.0, 4.0), (0.03, 0.09)  # of a look at the whole, as an episode draws them


def dial(side: int = 2, rows: int = 240, seed: int = 0) -> dict[str, Any]:
    """Return arguments of `genenv/Detective-v0`: data of a dial and lamps, and its game.

    A row is side^2 parts: a dial and n = side^2 - 1 lamps. The dial has n columns, of which one is
    up: that of the lamp that it points at. A lamp's n columns are all 1 (lit) or all -1 (dark). The
    lamp that the dial points at is lit in real rows and dark in forgeries; others are lit by
    chance, so often that each lamp is lit in half of the real rows. So a lamp tells little before
    it is known where the dial points: who knows takes two looks, who does not sees every part.

    Parameters
    ----------
    side
        2: three lamps; 3: eight.
    rows
        Real rows: a multiple of twice the lamps.
    seed
        Of what is chance.
    """
    lamps = side**2 - 1
    place = np.arange(rows) % lamps
    order = seeding.numpy_generator(seed, "dial").random((rows, lamps))
    order[np.arange(rows), place] = -1.0  # first of all
    lit = np.where(order.argsort(0).argsort(0) < rows // 2, 1.0, -1.0)
    pointing = np.where(place[:, None] == np.arange(lamps), 1.0, -1.0)
    x = np.concatenate([pointing, lit.repeat(lamps, 1)], 1).astype(np.float32)
    span = {"noise": NOISE, "prices": PRICES}
    game = {"ladder": (), "flaw": CLASS, "side": side}
    return {"data": data.from_arrays(x, place, "dial"), **game, **span}
