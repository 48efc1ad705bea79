"""Who may ask the tab: TensorBoard's own page, under a name that the user opened it by."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from werkzeug import wrappers

from genenv import checks

HERE = frozenset(("127.0.0.1", "localhost", "::1"))
OWN = ("same-origin", "none")  # a browser's word for the page itself, and for an address typed in


def check(request: wrappers.Request, flags: Any) -> None:
    """Raise a Mistake unless a request is of TensorBoard's own page, on this machine.

    A name that another site lets point to this machine would hand that site what a run holds (DNS
    rebinding).

    Parameters
    ----------
    request
        Of a browser, or of a program, which names no origin.
    flags
        TensorBoard's: --host adds a name, --bind_all takes any.
    """
    name = urlsplit(f"//{request.host}").hostname
    known = {*HERE, getattr(flags, "host", None) or "localhost"}
    if name not in known and not getattr(flags, "bind_all", False):
        raise checks.Mistake(
            f"the tab to be opened at {' or '.join(sorted(HERE))}", name,
            "start TensorBoard with --host NAME, or with --bind_all for any",
        )  # fmt: skip
    origin, site = (request.headers.get(name) for name in ("Origin", "Sec-Fetch-Site"))
    if (origin is not None and urlsplit(origin).netloc != request.host) or site not in (None, *OWN):
        raise checks.Mistake("a request of TensorBoard's own page", origin or site, "open the tab")
