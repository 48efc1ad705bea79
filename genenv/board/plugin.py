"""TensorBoard's side of the tab: what it serves, and to whom it listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tensorboard.backend import http_util
from tensorboard.plugins import base_plugin
from werkzeug import wrappers

from genenv import checks
from genenv.board import callers
from genenv.board.folders import named, roots, runs, views

if TYPE_CHECKING:
    from genenv.board.descent import Descent
    from genenv.board.details import Details
    from genenv.board.flips import Flips
    from genenv.board.reactions import Reactions
    from genenv.codecs import Codec

MOST_PAGES = 10**6  # numbers that a question may name
MOST_ROWS = 10**7
HERE = Path(__file__).parent

Answer = Callable[[wrappers.Request], tuple[Any, str]]


class Board(base_plugin.TBPlugin):  # type: ignore[misc]
    """The tab genenv: it reads what runs below TensorBoard's folders hold, and nothing else."""

    plugin_name = "genenv"

    def __init__(self, context: Any) -> None:
        self.flags = getattr(context, "flags", None)
        self.roots = roots(context.logdir, getattr(self.flags, "logdir_spec", ""))

    def is_active(self) -> bool:
        """Whether there is a run to show."""
        return bool(runs(self.roots))

    def frontend_metadata(self) -> Any:
        """Name the tab and its module."""
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="genenv")

    def get_plugin_apps(self) -> dict[str, Any]:
        """Route -> what answers it."""
        answers: dict[str, Answer] = {
            "/runs": self._runs,
            "/flips": self._flips,
            "/flip": self._flip,
            "/reactions": self._reactions,
            "/path": self._path,
            "/picture": self._picture,
            "/generations": self._generations,
            "/descendants": self._descendants,
        }
        answers |= {f"/{script.name}": _script(script) for script in HERE.glob("*.js")}
        return {route: _served(answer, self.flags) for route, answer in answers.items()}

    def _runs(self, _request: wrappers.Request) -> tuple[Any, str]:
        found = runs(self.roots)
        return [
            {"name": name, "views": views(folder, kind)} for name, (folder, kind) in found.items()
        ], JSON

    def _flips(self, request: wrappers.Request) -> tuple[Any, str]:
        flips = _flips_of(self._folder(request, "stress"))
        flips.read()
        return flips.page(request.args, _number(request, "page", MOST_PAGES)), JSON

    def _flip(self, request: wrappers.Request) -> tuple[Any, str]:
        """Tell of one flip, and of its path."""
        return self._details(request).of(*_address(request)), JSON

    def _reactions(self, request: wrappers.Request) -> tuple[Any, str]:
        from genenv.board.reactions import Asked

        names = {field.name for field in fields(Asked)} & request.args.keys()
        study = self._open(request, "react")
        asked = Asked(**{name: request.args[name] for name in names})
        return study.page(asked, _number(request, "page", MOST_PAGES)), JSON

    def _path(self, request: wrappers.Request) -> tuple[Any, str]:
        """Tell what learners say of one sample at each strength, of every class."""
        study = self._open(request, "react")
        row = _number(request, "row", len(study.batch.label) - 1)
        return study.path(request.args.get("noise", ""), row), JSON

    def _picture(self, request: wrappers.Request) -> tuple[Any, str]:
        """Draw a flip at a frame of its path, or a sample under a noise; bars where it is a row."""
        from genenv import tracking
        from genenv.board import bars

        x, start, units = self._sample(request)
        shown = tracking.picture(x, units)
        if shown is None:
            draw = bars.large if request.args.get("large") else bars.small
            return tracking.still(draw(x[0], start[0], units)), "image/png"
        return tracking.still(shown[0]), "image/png"

    def _generations(self, request: wrappers.Request) -> tuple[Any, str]:
        return self._descent(request).chains(), JSON

    def _descendants(self, request: wrappers.Request) -> tuple[Any, str]:
        """Draw samples of one generation."""
        from genenv import tracking

        descent = self._descent(request)
        arm, seed = request.args.get("arm", ""), request.args.get("seed", "")
        t = _number(request, "t", MOST_PAGES)
        x = descent.samples(arm, seed, t, request.args.get("condition", "all"))
        return tracking.still(tracking.overview(x, descent.first.units, columns=3)), "image/png"

    def _sample(self, request: wrappers.Request) -> tuple[Any, Any, Codec]:
        """Make the sample that is asked for, and the one that its path begins with."""
        from genenv.board.details import FRAMES

        _, kind = named(self.roots, request.args.get("run", ""))
        opened = self._open(request, kind)
        if kind == "stress":
            details, address = opened.details, _address(request)
            frame = _number(request, "frame", FRAMES - 1, FRAMES - 1)
            units, start = opened.index.generator.units, details.sample(*address, 0)
            if request.args.get("nearest"):
                return details.real(*address), start, units
            return details.sample(*address, frame / (FRAMES - 1)), start, units
        row = _number(request, "row", len(opened.batch.label) - 1)
        noise, strength = request.args.get("noise", ""), _number(request, "strength", 5)
        checks.choice("noise", noise, opened.noises)
        made = opened.sample(row, noise, strength), opened.sample(row, noise, 0)
        return *made, opened.generator.units

    def _details(self, request: wrappers.Request) -> Details:
        details: Details = self._open(request, "stress").details
        return details

    def _descent(self, request: wrappers.Request) -> Descent:
        folder = self._folder(request, "react")
        return _descent_of(folder, _changed(folder / "cells"))

    def _open(self, request: wrappers.Request, wanted: str) -> Any:
        folder = self._folder(request, wanted)
        if wanted == "react":
            return _study_of(folder, _changed(folder / "cells"))
        flips = _flips_of(folder)
        if not flips.index.is_open:
            flips.read()
        return flips

    def _folder(self, request: wrappers.Request, wanted: str) -> Path:
        folder, kind = named(self.roots, request.args.get("run", ""))
        if kind != wanted:
            raise checks.Mistake(f"a run of {wanted}", f"one of {kind}", "choose another")
        return folder


JSON = "application/json"


def _script(path: Path) -> Answer:
    """Answer with one of the page's own scripts."""
    return lambda _request: (path.read_text(encoding="utf-8"), "text/javascript")


@lru_cache(maxsize=4)
def _flips_of(folder: Path) -> Flips:
    from genenv.board.flips import Flips

    return Flips(folder)


@lru_cache(maxsize=4)
def _study_of(folder: Path, _changed: float) -> Reactions:
    from genenv.board.reactions import Reactions

    return Reactions(folder)


@lru_cache(maxsize=4)
def _descent_of(folder: Path, _changed: float) -> Descent:
    from genenv.board.descent import Descent

    return Descent(folder)


def _changed(folder: Path) -> float:
    """When a folder's content last changed: a run that goes on is read again."""
    return folder.stat().st_mtime


def _address(request: wrappers.Request) -> tuple[str, int]:
    """Return the shard and row of a flip that is asked for."""
    return request.args.get("shard", ""), _number(request, "row", MOST_ROWS)


def _number(request: wrappers.Request, name: str, most: int, usual: int = 0) -> int:
    """Return a whole number from 0 to `most` of the question.

    Raises
    ------
    Mistake
        Anything else.
    """
    text = request.args.get(name, str(usual))
    if not (text.isascii() and text.isdecimal()) or len(text) > 8 or int(text) > most:
        raise checks.Mistake(f"{name} from 0 to {most}", repr(text), "choose one")
    return int(text)


def _served(answer: Answer, flags: Any) -> Any:
    """Answer by HTTP; a mistake is one sentence with status 400, and 403 for others' pages."""

    @wrappers.Request.application
    def respond(request: wrappers.Request) -> Any:
        try:
            callers.check(request, flags)
        except checks.Mistake as mistake:
            return http_util.Respond(request, {"error": str(mistake)}, JSON, code=403)
        try:
            content, kind = answer(request)
        except checks.Mistake as mistake:
            return http_util.Respond(request, {"error": str(mistake)}, JSON, code=400)
        except OSError as error:  # a run that is moved or deleted while it is looked at
            return http_util.Respond(request, {"error": str(error.strerror)}, JSON, code=404)
        return http_util.Respond(request, content, kind)

    return respond
