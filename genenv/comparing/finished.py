"""A finished run, as a comparison reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genenv import checks, failures, recorded, report
from genenv.criteria import Criterion
from genenv.downstream import Downstream
from genenv.failures import Confirmed
from genenv.given_judge import given_judge
from genenv.parts import Shelf


@dataclass(frozen=True)
class Opened:
    """A run with its model."""

    folder: Path
    content: dict[str, Any]  # of report.json
    record: Confirmed | None  # failures; None: none were confirmed
    model: Downstream
    criterion: Criterion

    @property
    def name(self) -> str:
        """As the comparison shows it."""
        return str(self.folder)

    @property
    def judge(self) -> str:
        """What tells its judge from another: rows, gates and cut."""
        found = given_judge(self.folder)
        assert found is not None
        return found.digest

    @property
    def generator(self) -> Any:
        """What tells its generator from another: the digests of its files."""
        return sorted(Shelf(self.folder).digests("generator").items())

    @property
    def controls(self) -> set[str]:
        """Names of the searches that sample the generator's law."""
        return {row["name"] for row in self.content["searches"] if row["samples_law"]}


def opened(folder: Path, model: Any = None, trust: bool = False) -> Opened:
    """Read a run and load its model.

    Parameters
    ----------
    folder, model, trust
        See `recorded.load_model`.

    Raises
    ------
    Mistake
        It is no finished run, or its model cannot be had.
    """
    content = report.load(folder).data
    record = failures.load(folder / "failures")
    loaded = recorded.load_model(folder, model, trust)
    return Opened(folder, content, record, loaded, recorded.load_criterion(folder, None, trust))


def check_alike(runs_of: list[Opened]) -> None:
    """Raise a Mistake unless all runs are of the same data."""
    first = runs_of[0]
    for other in runs_of[1:]:
        if other.content["data"]["sha256"] != first.content["data"]["sha256"]:
            raise checks.Mistake(
                f"a run of the data of {first.name}, {first.content['data']['name']}",
                f"{other.name}, of other rows ({other.content['data']['name']})",
                "compare runs of the same data",
            )
