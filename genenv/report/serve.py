"""The audit's page on 127.0.0.1: nothing is reachable without the token in its address."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, NotFound
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from genenv import checks
from genenv.codecs import Codec
from genenv.people.answers import Answers
from genenv.people.sheet import Sheet
from genenv.report.template import template

HOST = "127.0.0.1"
FOLDER = Path(__file__).parent
MOST = 4096  # bytes of a request
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'self'; "
    "script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
STATIC = {"audit.js": "text/javascript", "audit.css": "text/css", "page.css": "text/css"}


class Page:
    """The WSGI application of one rater's sheet.

    What it sends tells neither label nor verdict nor whether a sample is real.

    Parameters
    ----------
    sheet
        What is asked.
    answers
        The rater's, kept after each.
    units, classes
        Of the data.
    """

    def __init__(
        self, sheet: Sheet, answers: Answers, units: Codec, classes: Sequence[int | str]
    ) -> None:
        self.sheet = sheet
        self.answers = answers
        self.units = units
        self.names = [str(name) for name in classes]
        self.token = secrets.token_urlsafe(16)

    def address(self, port: int) -> str:
        """Return where the page lies."""
        return f"http://{HOST}:{port}/{self.token}/"

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        request.trusted_hosts = [HOST]
        request.max_content_length = MOST
        try:
            response = self._answer(request)
        except HTTPException as error:
            response = Response(error.description, status=error.code)
        response.headers.update(HEADERS)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        request.host  # noqa: B018  raises SecurityError for another host: DNS rebinding
        token, _, name = request.path.lstrip("/").partition("/")
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            raise NotFound("nothing here")
        if request.method == "GET" and name == "":
            return Response(template("audit.html", {}).render(), mimetype="text/html")
        if request.method == "GET" and name in STATIC:
            return Response((FOLDER / name).read_bytes(), mimetype=STATIC[name])
        if request.method == "GET" and name == "sheet":
            return _json(self._asked())
        if request.method == "POST" and name == "answer":
            return self._take(request)
        raise NotFound("nothing here")

    def _take(self, request: Request) -> Response:
        if request.headers.get("Origin") != f"http://{request.host}":
            raise Forbidden("another page asked")
        plain = request.get_json(force=True, silent=True)
        values = (plain.get("item"), plain.get("answer")) if isinstance(plain, dict) else ()
        if [type(value) for value in values] != [int, int]:
            raise BadRequest("expected item and answer")
        try:
            self.answers.set(*values)
        except checks.Mistake as mistake:
            raise BadRequest(str(mistake)) from mistake
        return _json({"answers": self.answers.values.tolist()})

    def _asked(self) -> dict[str, Any]:
        return {
            "rater": self.answers.rater,
            "classes": self.names,
            "answers": self.answers.values.tolist(),
            "samples": [self._shown(i) for i in range(len(self.sheet))],
        }

    def _shown(self, item: int) -> dict[str, Any]:
        from genenv.tracking import picture
        from genenv.tracking.pictures import still

        x = self.sheet.x[item : item + 1]
        drawn = picture(x, self.units)
        if drawn is not None:
            data = base64.b64encode(still(drawn[0])).decode()
            return {"picture": f"data:image/png;base64,{data}"}
        return {"values": self.units.words(x)[0], "names": [*self.units.names()]}


def _json(plain: Any) -> Response:
    return Response(json.dumps(plain), content_type="application/json")


def served(page: Page, port: int = 0) -> BaseWSGIServer:
    """Bind the page to a port of 127.0.0.1; 0: a free one.

    Raises
    ------
    Mistake
        The port is in use.
    """
    try:
        return make_server(HOST, port, page, threaded=True, request_handler=_quiet())
    except (OSError, SystemExit) as error:
        raise checks.Mistake(
            f"a free port {port}", "one in use", "choose another --port"
        ) from error


def _quiet() -> type:
    from werkzeug.serving import WSGIRequestHandler

    class Quiet(WSGIRequestHandler):
        """Logs nothing: the token is in every address."""

        def log(self, type: str, message: str, *args: Any) -> None:
            """Drop a line."""

    return Quiet
