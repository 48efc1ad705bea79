"""The one place that decides how a critic may be normalised, under which objective."""

from __future__ import annotations

from genenv import checks
from genenv.networks.kinds import Kind, name_of, pair_of

NORMS = ("none", "batch", "spectral")


def choose(asked: str, network: Kind, *, penalised: bool, clips: bool, preferred: str) -> str:
    """Choose the normalisation of a critic.

    Parameters
    ----------
    asked
        A name in NORMS, or auto: the objective's own, none where that is batch norm and the kind
        of network has none.
    network
        A name in NETWORKS, or a class, see `kinds.Kind`.
    penalised, clips, preferred
        Of the objective: whether it penalises gradients, whether it clips weights, and a name in
        NORMS.

    Returns
    -------
    A name in NORMS.

    Raises
    ------
    Mistake
        An unknown name, or a normalisation that is unsound there, with the reason.
    """
    checks.choice("critic_norm", asked, ["auto", *NORMS])
    pair_of(network)
    if asked == "auto":
        asked = preferred if preferred != "batch" or pair_of(network).batch_norm else "none"
    check(asked, network, penalised=penalised, clips=clips)
    return asked


def check(norm: str, network: Kind, *, penalised: bool = False, clips: bool = False) -> None:
    """Raise a Mistake where a normalisation is unsound; see `choose`."""
    objections = {name: _objection(name, network, penalised, clips) for name in NORMS}
    if objections[checks.choice("critic_norm", norm, NORMS)]:
        sound = " or ".join(name for name, objection in objections.items() if not objection)
        raise checks.Mistake(f"critic_norm {sound}", norm, f"change it, for {objections[norm]}")


def _objection(norm: str, network: Kind, penalised: bool, clips: bool) -> str:
    """Say why a normalisation is unsound, "" where it is sound."""
    if norm == "batch" and penalised:
        return (
            "a gradient penalty is on one row's gradient, and batch norm makes rows see each other"
        )
    if norm == "batch" and not pair_of(network).batch_norm:
        return f"the {name_of(network)} critic has no batch norm"
    if norm == "spectral" and clips:
        return (
            "spectral norm divides clipped weights by their largest singular value, "
            "so that clipping would do nothing"
        )
    return ""
