"""Which of several generators of a table is taken, by what was measured of them."""

from __future__ import annotations

from collections.abc import Sequence

from genenv.tables.measuring import HELD_OUT, Figures

MORE_COPIES = 0.01  # than held-out rows are, from which a generator remembers people


def chosen(figures: Figures, names: Sequence[str]) -> tuple[str, str]:
    """Choose the generator that is hardest to tell from held-out rows and copies nobody.

    Parameters
    ----------
    figures
        See `measuring.measured`.
    names
        Of the generators among them.

    Returns
    -------
    The best `c2st` among those whose copies are at most one point above those of held-out rows; if
    there are none, the fewest copies. And a sentence that says so.
    """
    honest = [name for name in names if not remembers(figures, name)]
    if not honest:
        taken = min(names, key=lambda name: figures["copies"][name])
        return taken, f"Taken: the {taken}, which copies fewest rows; all of them remember people."
    taken = max(honest, key=lambda name: figures["c2st"][name])
    beside = ", ".join(f"{name} {figures['c2st'][name]:.3f}" for name in names)
    left = [name for name in names if name not in honest]
    why = f"; left out, for it copies rows: {', '.join(left)}" if left else ""
    return taken, f"Taken: the {taken}, harder to tell from held-out rows (c2st: {beside}){why}."


def remembers(figures: Figures, name: str) -> bool:
    """Whether a generator's rows are copies more often than held-out rows, by over one point."""
    copies = figures["copies"]
    return copies[name] > copies[HELD_OUT] + MORE_COPIES
