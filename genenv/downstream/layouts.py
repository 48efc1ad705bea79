"""Where the axes of a batch of images lie."""

from __future__ import annotations

from torch import Tensor

from genenv import checks
from genenv.codecs import Codec

LAYOUTS = ("first", "last", "plain", "flat")


def checked(layout: str, view: str, units: Codec) -> str:
    """Return a layout, or raise a Mistake where the data or the view have none such.

    Parameters
    ----------
    layout
        `first`: (n, c, h, w); `last`: (n, h, w, c); `plain`: (n, h, w); `flat`: (n, c * h * w);
        `auto`: channels first under the views unit and stored, and as the data are under raw.
    view
        See `Downstream`.
    units
        Of the data.
    """
    checks.choice("layout", layout, ("auto", *LAYOUTS))
    if layout == "auto":
        return layout
    if not units.channels:
        raise checks.Mistake("images with a layout", f"{units.kind}s", "leave the layout out")
    if view == "flat":
        raise checks.Mistake(
            "input raw, unit or stored with a layout", "input flat", "leave one of both out"
        )
    if layout == "plain" and units.channels > 1:
        raise checks.Mistake(
            "grey images with layout plain", f"{units.channels} channels", "choose first or last"
        )
    return layout


def laid_out(batch: Tensor, layout: str) -> Tensor:
    """Lay images (n, c, h, w) out, see `checked`; auto leaves them as they are."""
    if layout == "last":
        return batch.permute(0, 2, 3, 1).contiguous()
    if layout == "plain":
        return batch[:, 0]
    return batch.flatten(1) if layout == "flat" else batch
