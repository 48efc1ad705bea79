"""How many components a mixture of a table has: what rows that were held out allow."""

from __future__ import annotations

import numpy as np

from genenv import seeding
from genenv.tables import em
from genenv.tables.cells import Cells, Floats
from genenv.tables.closeness import copies
from genenv.tables.law import Law, rows_of

CANDIDATES = (1, 5, 20, 60, 100, 140, 250, 400)
ROWS_EACH = 20  # rows that a component needs at the least
KEPT = 0.85  # of the gain in held-out likelihood, see `best`
MORE_COPIES = 0.0025  # than among held-out rows
HELD_OUT = 5  # one row in so many is held out
DRAWN = 20_000  # rows of each candidate, to count its copies
MOST_ROWS = 50_000  # that candidates are fitted to


def fit(cells: tuple[Cells, ...], codes: Floats, seed: int) -> tuple[em.Parameters, Floats]:
    """Fit a mixture of as many components as rows that are held out allow.

    Parameters
    ----------
    cells
        How each column is cut.
    codes
        (n, columns).
    seed
        Address of the first guesses, of the rows that are held out, and of those that are drawn.

    Returns
    -------
    The mixture of all rows, and what was tried, see `best`.
    """
    rows = rows_of(cells, codes)
    width = sum(each.count for each in cells)
    order = seeding.numpy_generator(seed, "held out").permutation(len(rows))[:MOST_ROWS]
    apart = max(1, len(order) // HELD_OUT)
    kept, held = order[apart:], order[:apart]
    expected = copies(codes[held], codes[kept])
    e = seeding.numpy_generator(seed, "drawn").standard_normal((DRAWN, 1 + len(cells)))
    tried = []
    for components in CANDIDATES:
        if components > max(1, len(kept) // ROWS_EACH):
            break
        found = em.em(rows[kept], width, components, seed)
        law = Law(cells, [each.pieces() for each in cells], found)
        more = copies(law.codes(e), codes[kept]) - expected
        tried.append((components, found.log_likelihood(rows[held]).mean(), more))
        if best(np.array(tried)) < components:  # more of them are less likely and copy more
            break
    table = np.array(tried)
    return em.em(rows, width, best(table), seed), table


def best(tried: Floats) -> int:
    """Return the most components that are likely on held-out rows and copy nobody.

    The most are taken that keep KEPT of the best one's gain in likelihood over one component: near
    its best, likelihood falls for some overconfident cells while rows become harder to tell apart.

    Parameters
    ----------
    tried
        (candidates, 3): components, mean log-likelihood of held-out rows, and by how much more of
        the drawn rows than of the held-out ones equal a row that was learned from.
    """
    components, marks, more = tried.T
    honest = more <= max(MORE_COPIES, more[0])
    enough = marks[0] + KEPT * (marks[honest].max() - marks[0])
    return int(components[honest & (marks >= enough)].max())
