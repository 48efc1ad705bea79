"""What commands ask of a run that `stress` left: a classifier's, a regressor's or a policy's."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, files, reading, trust
from genenv.ledger import Ledger
from genenv.report import typed
from genenv.report.amending import amend

ASKED = 64  # stored queries that tell one model from another
TOLERANCE = 1e-3  # by which an answer may differ: another batch size, or machine
MOST = 0.1  # share of them that may differ by more, or of stored failures that may pass

Content = dict[str, Any]
"""Of report.json."""


@dataclass(frozen=True)
class Found:
    """Addresses of confirmed failures."""

    e: NDArray[np.float32]  # (m, base_dim)
    label: NDArray[np.int64]  # (m,)
    group: NDArray[np.int64]  # (m,), equal of failures of one kind


class Finished(ABC):
    """A run that is done.

    Parameters
    ----------
    folder
        That `stress` left.
    """

    kind: ClassVar[str]
    """The name of its settings in config.json, and of what was under test in sentences."""
    counted: ClassVar[str]
    """How its report calls the rates that the control counted."""
    command: ClassVar[str] = "stress"
    """The command that leaves such runs."""
    model_option: ClassVar[str] = "model"
    """Its option that names what is under test."""
    taken: ClassVar[tuple[str, ...]] = ("generator", "judge")
    """Its options that take a part of a run by the run's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def left(cls, folder: Path) -> bool:
        """Whether `stress` left the folder, of this kind."""
        path = folder / "config.json"
        return path.is_file() and isinstance(reading.plain(path).get(cls.kind), dict)

    @cached_property
    def content(self) -> Content:
        """Of report.json.

        Raises
        ------
        Mistake
            There is none, or a damaged one.
        """
        path = self.folder / "report.json"
        if not path.is_file():
            raise checks.Mistake(f"the file {path}", "none", "give a folder that `stress` finished")
        typed.check(path, typed.Content)
        return reading.plain(path)

    def again(self) -> dict[str, list[str]]:
        """Return options of its command by which another model is asked what this one was.

        That is by random sampling, and by the failures stored here.
        """
        run = [str(self.folder)]
        found = any(row["confirmed"] for row in self.content["searches"])
        searches = {"search": ["random", "stored"], "starts-from": run}
        return dict.fromkeys(self.taken, run) | (searches if found else {"search": ["random"]})

    @property
    def undecided(self) -> bool:
        """Whether nothing that was counted says anything of the model."""
        return bool(trust.bad(self.content["trust"]))

    @abstractmethod
    def verdict(self) -> str:
        """Say in words what was found, or why nothing can be said."""

    @abstractmethod
    def named(self, trusted: bool) -> Any:
        """Return the model that its folder names, where that is trusted; None: the folder's own."""

    @abstractmethod
    def told(self, rows: Sequence[int]) -> tuple[Sequence[str], list[list[str]]]:
        """Show failures by number: heads of columns, and the cells of each."""

    @abstractmethod
    def probe(self, model: Any, trusted: bool) -> Any:
        """Return what a search asks, see `probe.Probe`.

        Parameters
        ----------
        model
            As `stress` takes it; None: the recorded one.
        trusted
            Import, or read, what the run's folder names.

        Raises
        ------
        Mistake
            The model cannot be had, or a part of the run is missing.
        """

    @abstractmethod
    def judge(self) -> Any:
        """Return who gives the verdicts, see `judge.Judge`."""

    @abstractmethod
    def amended(self, content: Content) -> Mapping[str, str]:
        """Return the parts of the page that rates change: name -> markup."""

    @abstractmethod
    def failing(self, probe: Any) -> NDArray[np.bool_]:
        """Ask a probe's model about the stored failures: whether it fails on each, (m,)."""

    @abstractmethod
    def found(self) -> Found | None:
        """Read the addresses of the confirmed failures; None: there are none."""

    @property
    @abstractmethod
    def law(self) -> str:
        """What tells the law of its base vectors from another: a digest, or settings."""

    def check_law(self, law: str) -> None:
        """Raise a Mistake unless addresses of a law mean the same in this run."""
        if law != self.law:
            raise checks.Mistake(
                f"the generator of {self.folder}, whose failures are addresses in it",
                "another one", f"give --generator {self.folder}, or leave it out",
            )  # fmt: skip

    def check_model(self, probe: Any) -> None:
        """Raise a Mistake unless a probe's model is the one that the run asked.

        It fails on the stored failures, and answers the first stored queries as it did.
        """
        passed = ~self.failing(probe)
        if len(passed) and passed.mean() > MOST:
            got = f"one that passes {passed.sum()} of its {len(passed)} failures"
            raise checks.Mistake(f"the model of the run in {self.folder}", got, "give that model")
        first = self.content["searches"][0]
        wanted = "e", "label", "output"
        rows = next(Ledger(self.folder).shards(first["name"], first["seed"], wanted))
        e, label = (torch.from_numpy(rows[name][:ASKED].copy()) for name in ("e", "label"))
        apart = np.abs(probe(e, label).output - rows["output"][:ASKED]).max(1)
        if not np.quantile(apart, 1 - MOST) <= TOLERANCE:
            got = f"one whose answers to stored queries differ by {apart.max():.3g}"
            raise checks.Mistake(f"the model of the run in {self.folder}", got, "give that model")

    def enter(self, content: Content) -> None:
        """Take content with rates: write report.json, and what of the page they change."""
        self.content = content
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        files.write_atomically(self.folder / "report.json", lambda file: file.write(text.encode()))
        amend(self.folder / "report.html", self.amended(content))
