"""Writes what a run shows in TensorBoard."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genenv import checks
from genenv.tracking import hparams, layout, projector
from genenv.tracking.pictures import still

HEAD = "events.out.tfevents"
EVENTS = f"{HEAD}.*.*"
AHEAD = 2  # seconds by which an older file may seem newer; more: the clock was set back


def _until_names_sort_last(folder: Path) -> None:
    """Let a new event file sort behind those that are there.

    Readers take the files of a folder by name: second, host, process, and a count that is not
    padded, so that of two files of one second the tenth stands before the ninth. Those that seem
    newer, for the clock was set back, get seconds before the present one; else it is waited.
    """
    dated = {path: second for path in folder.glob(EVENTS) if (second := _second(path)) is not None}
    now = int(time.time())
    newer = sorted(path for path, second in dated.items() if second >= now + AHEAD)
    for earlier, path in enumerate(reversed(newer), start=1):
        rest = path.name.split(".", 4)[4]
        path.rename(path.with_name(f"{HEAD}.{now - earlier:010d}.{rest}"))
    newest = max((second for path, second in dated.items() if path not in newer), default=0)
    while int(time.time()) <= newest:
        time.sleep(0.02)


def _second(path: Path) -> int | None:
    """Read from its name when an event file was begun; None: it does not say."""
    word = path.name.split(".")[3]
    return int(word) if word.isdecimal() else None


class Tracker:
    """Writes what one run shows in TensorBoard: its curves, pictures, settings, points and texts.

    Parameters
    ----------
    folder
        The run's folder, made if missing; event files lie directly in it. None: nothing is written
        and TensorBoard is not imported.
    resume_at
        On resume, the first step that will be written again, see `forget`. None: a fresh run.
    """

    def __init__(self, folder: Path | str | None, resume_at: int | None = None) -> None:
        self.folder = None if folder is None else Path(folder)
        self._writer: Any = None
        self._session = False  # a row of the HParams table that has no end yet
        if self.folder is not None:
            from torch.utils.tensorboard import SummaryWriter

            _until_names_sort_last(self.folder)
            # The default flush of 120 s would lose two minutes of curves with a killed process.
            self._writer = SummaryWriter(str(self.folder), purge_step=resume_at, flush_secs=10)

    def below(self, name: str) -> Tracker:
        """Return the tracker of a run in a folder below this one's: TensorBoard's own colour."""
        return Tracker(None if self.folder is None else self.folder / name)

    def forget(self, step: int) -> None:
        """On resume: let readers ignore what an earlier process wrote from this step on."""
        if self._writer is not None:
            from tensorboard.compat.proto.event_pb2 import Event, SessionLog

            mark = Event(session_log=SessionLog(status=SessionLog.START))
            self._writer.file_writer.add_event(mark, step)

    def hparams(self, settings: Mapping[str, hparams.Setting], metrics: Sequence[str]) -> None:
        """Make the run a row of the HParams table; call it before anything else is written.

        The row ends when the tracker is closed without an error; a run that was interrupted has
        no end until it is resumed. Of several calls, also on resume, the first one counts.

        Parameters
        ----------
        settings
            Columns: truth values, finite numbers or strings; `plain` makes them. Those that runs
            are compared by stand first: TensorBoard shows five until others are ticked.
        metrics
            Tags of scalars of this run, columns by which the table is sorted too.

        Raises
        ------
        Mistake
            Another kind of value.
        """
        if self._writer is not None:
            self._add(hparams.start(settings, metrics), 0)
            self._session = True

    def layout(self, categories: Mapping[str, Sequence[layout.Chart]]) -> None:
        """Write what the tab Custom Scalars shows: title of a category -> its charts.

        TensorBoard joins the layouts of all its runs: the charts of categories of one title stand
        together, equal ones once.

        Raises
        ------
        Mistake
            Two charts of a category have one title.
        """
        contents = layout.contents(categories)
        if self._writer is not None:
            self._writer.add_custom_scalars(contents)

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Write named numbers at a step; a slash in a name groups the curves."""
        if self._writer is not None and values:
            # one event for all: a tenth of the time of one a number
            self._add([{"tag": k, "simple_value": float(v)} for k, v in values.items()], step)

    def images(self, tag: str, grid: NDArray[np.uint8], step: int) -> None:
        """Write one picture (height, width, 1 or 3) of uint8, as `grid` makes it."""
        if self._writer is not None:
            checks.shape("a picture", grid, (None, None, None))
            self.encoded(tag, still(grid), grid.shape, step)

    def encoded(self, tag: str, data: bytes, shape: Sequence[int], step: int) -> None:
        """Write the bytes of a PNG or GIF of this height, width and number of channels."""
        if self._writer is not None:
            sizes = dict(zip(("height", "width", "colorspace"), shape, strict=True))
            self._add([{"tag": tag, "image": {**sizes, "encoded_image_string": data}}], step)

    def histogram(self, tag: str, values: ArrayLike, step: int) -> None:
        """Write the distribution of the finite ones among `values`, of any shape."""
        array = np.asarray(values, np.float64)
        array = array[np.isfinite(array)]  # TensorBoard's buckets hold no NaN or infinity
        if self._writer is not None and array.size:
            self._writer.add_histogram(tag, array, step)

    def pr_curve(self, tag: str, hit: ArrayLike, score: ArrayLike, step: int) -> None:
        """Write precision over recall, at 127 cuts of a score.

        Parameters
        ----------
        tag
            Name.
        hit
            (n,) truth values: what should be found. n above 0.
        score
            (n,) in [0, 1]: found are those at or above a cut.
        step
            A slider goes over the steps.

        Raises
        ------
        Mistake
            Other shapes, or a score outside [0, 1].
        """
        truth, ranked = np.asarray(hit, np.bool_), np.asarray(score, np.float64)
        checks.shape("hit", truth, (None,))
        checks.shape("score", ranked, truth.shape)
        if not len(ranked) or not ((ranked >= 0) & (ranked <= 1)).all():
            got = f"{ranked.min()} to {ranked.max()}" if len(ranked) else "none"
            raise checks.Mistake("scores from 0 to 1", got, "scale them")
        if self._writer is not None:
            self._writer.add_pr_curve(tag, truth, ranked, step)

    def embedding(
        self,
        tag: str,
        points: NDArray[Any],
        columns: Mapping[str, Sequence[Any]],
        sprites: NDArray[np.uint8] | None = None,
    ) -> None:
        """Write points for the Projector, see `projector.write`; the last one of a tag stays.

        Parameters
        ----------
        tag
            Name in the projector's list.
        points
            (n, d), n and d at least 2, finite.
        columns
            What is known of the points, n values a column.
        sprites
            (n, h, w) or (n, h, w, 1 or 3) uint8, shown in place of dots; None: dots.

        Raises
        ------
        Mistake
            Other shapes, points that are not finite, or columns of another length.
        """
        if self._writer is not None and self.folder is not None:
            projector.write(self.folder, tag, np.asarray(points), columns, sprites)

    def text(self, tag: str, markdown: str, step: int = 0) -> None:
        """Write a text that TensorBoard renders as Markdown."""
        if self._writer is not None:
            self._writer.add_text(tag, markdown, step)

    def _add(self, values: list[Any], step: int) -> None:
        """Write summary values at a step, as one event."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        self._writer.file_writer.add_summary(Summary(value=values), step)

    def close(self) -> None:
        """Write what is buffered and close the file; later calls write nothing."""
        if self._writer is not None:
            if self._session:
                self._add([hparams.end()], 0)
            self._writer.close()
            self._writer = None

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session = self._session and error is None
        self.close()
