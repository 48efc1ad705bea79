"""TensorBoard's side of the tab: what it serves, and to whom it listens."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tensorboard.backend import http_util
from tensorboard.plugins import base_plugin
from werkzeug import wrappers

from genenv import checks
from genenv.board.folders import named, roots, runs

if TYPE_CHECKING:
    from genenv.board.flips import Flips
    from genenv.board.reactions import Reactions
    from genenv.codecs import Codec

FRONT = Path(__file__).with_name("index.js")

Answer = Callable[[wrappers.Request], tuple[Any, str]]


class Board(base_plugin.TBPlugin):  # type: ignore[misc]
    """The tab genenv: it reads what runs below TensorBoard's folders hold, and nothing else."""

    plugin_name = "genenv"

    def __init__(self, context: Any) -> None:
        spec = getattr(getattr(context, "flags", None), "logdir_spec", "")
        self.roots = roots(context.logdir, spec)

    def is_active(self) -> bool:
        """Whether there is a run to show."""
        return bool(runs(self.roots))

    def frontend_metadata(self) -> Any:
        """Name the tab and its module."""
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="genenv")

    def get_plugin_apps(self) -> dict[str, Any]:
        """Route -> what answers it."""
        answers: dict[str, Answer] = {
            "/index.js": self._front,
            "/runs": self._runs,
            "/flips": self._flips,
            "/reactions": self._reactions,
            "/path": self._path,
            "/picture": self._picture,
        }
        return {route: _served(answer) for route, answer in answers.items()}

    def _front(self, _request: wrappers.Request) -> tuple[Any, str]:
        return FRONT.read_text(encoding="utf-8"), "text/javascript"

    def _runs(self, _request: wrappers.Request) -> tuple[Any, str]:
        found = runs(self.roots)
        return [{"name": name, "kind": kind} for name, (_, kind) in found.items()], JSON

    def _flips(self, request: wrappers.Request) -> tuple[Any, str]:
        from genenv.board.flips import FRAMES

        flips = self._open(request, "stress")
        answer = {
            "rows": flips.rows(),
            "total": flips.total,
            "unread": flips.unread,
            "frames": FRAMES,
        }
        return answer, JSON

    def _reactions(self, request: wrappers.Request) -> tuple[Any, str]:
        from genenv.reactions.noises import STRENGTHS

        study = self._open(request, "react")
        noise = request.args.get("noise") or study.noises[0]
        strength = _number(request, "strength", STRENGTHS[-1])
        return {
            "rows": study.rows(noise, strength),
            "noises": study.noises,
            "noise": noise,
            "strengths": list(STRENGTHS),
            "unread": study.unread,
        }, JSON

    def _path(self, request: wrappers.Request) -> tuple[Any, str]:
        """Tell what learners say of one sample at each strength."""
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

    def _sample(self, request: wrappers.Request) -> tuple[Any, Any, Codec]:
        """Make the sample that is asked for, and the one that its path begins with."""
        from genenv.board.flips import FRAMES

        _, kind = named(self.roots, request.args.get("run", ""))
        opened = self._open(request, kind)
        if kind == "stress":
            row = _number(request, "row", len(opened.columns["label"]) - 1)
            frame = _number(request, "frame", FRAMES - 1, FRAMES - 1)
            share = frame / (FRAMES - 1)
            return opened.sample(row, share), opened.sample(row, 0), opened.generator.units
        row = _number(request, "row", len(opened.batch.label) - 1)
        noise, strength = request.args.get("noise", ""), _number(request, "strength", 5)
        checks.choice("noise", noise, opened.noises)
        made = opened.sample(row, noise, strength), opened.sample(row, noise, 0)
        return *made, opened.generator.units

    def _open(self, request: wrappers.Request, wanted: str) -> Any:
        folder, kind = named(self.roots, request.args.get("run", ""))
        if kind != wanted:
            raise checks.Mistake(f"a run of {wanted}", f"one of {kind}", "choose another")
        if kind == "stress":
            return _flips_of(folder, _changed(folder / "findings"))
        return _study_of(folder, _changed(folder / "cells"))


JSON = "application/json"


@lru_cache(maxsize=4)
def _flips_of(folder: Path, _changed: float) -> Flips:
    from genenv.board.flips import Flips

    return Flips(folder)


@lru_cache(maxsize=4)
def _study_of(folder: Path, _changed: float) -> Reactions:
    from genenv.board.reactions import Reactions

    return Reactions(folder)


def _changed(folder: Path) -> float:
    """When a folder's content last changed: a run that goes on is read again."""
    return folder.stat().st_mtime


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


def _served(answer: Answer) -> Any:
    """Answer by HTTP; a mistake is one sentence with status 400."""

    @wrappers.Request.application
    def respond(request: wrappers.Request) -> Any:
        try:
            content, kind = answer(request)
        except checks.Mistake as mistake:
            return http_util.Respond(request, {"error": str(mistake)}, JSON, code=400)
        except OSError as error:  # a run that is moved or deleted while it is looked at
            return http_util.Respond(request, {"error": str(error.strerror)}, JSON, code=404)
        return http_util.Respond(request, content, kind)

    return respond
