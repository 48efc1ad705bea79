"""The command `check`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from genenv import checks, run_file
from genenv.cli.parsing import parsed
from genenv.cli.stress import Stress
from genenv.settings.shown import Switch, shown

if TYPE_CHECKING:
    from genenv.report import Report

OWN = ("fail-if", "junit", "markdown", "trust")  # options that stress does not have
REPORT = "report.json"
Limits = Annotated[tuple[str, ...], tyro.conf.UseAppendAction, shown("LIMIT", "give at least one")]


@dataclass(frozen=True)
class Check(Stress):
    """Hold a run against limits: exit 0 pass, 1 fail, 3 investigate.

    RUN alone is read as it stands, that of a policy or regressor, too. RUN with --model: that model
    is asked first, on the run's data, with its settings, generator, judge and cut, by random
    sampling and the failures stored there. DATA: `stress` runs first, with the options below, which
    are its own.
    """

    data: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RUN|DATA")]
    """A folder that stress left, or what stress takes."""
    fail_if: Limits = ()
    """What fails it: "p_confirmed > 0.002", "p_failure > 1%", "accuracy < 0.95", "accuracy(class) <
    0.9" (each of them), "accuracy(class: 7) < 0.9", "accuracy(mode) < 0.8" (on the real rows
    nearest to each failure mode); may be repeated."""
    junit: Annotated[Path | None, shown("FILE", "none")] = None
    """JUnit XML to write, for a build server."""
    markdown: Annotated[Path | None, shown("FILE", "none")] = None
    """A Markdown summary to write, for a pull request."""
    trust: Switch = False
    """Import what RUN/run.toml names, such as a criterion of one's own: that runs that code."""

    def __call__(self, line: str) -> int:
        """Say what becomes of each limit."""
        from genenv import limits
        from genenv.limits import junit, markdown

        held = limits.parsed(self.fail_if)
        found = limits.checked(self._without_classes() or self._examined(line).data, held)
        print(found)
        if self.junit is not None:
            junit.write(found, self.junit)
        if self.markdown is not None:
            markdown.write(found, self.markdown)
        return int(found.outcome)

    def _without_classes(self) -> dict[str, Any] | None:
        """Return the content of a policy's or regressor's run; None: it is no such run."""
        from genenv import policies, reading, regression

        run = Path(self.data).expanduser()
        if not (policies.is_run(run) or regression.is_run(run)):
            return None
        if self.model is not None:
            raise checks.Mistake(
                "a run of a policy or of a regressor as it stands", f"--model {self.model}",
                "run `genenv stress` on the other one, and check that run",
            )  # fmt: skip
        return reading.plain(run / REPORT)

    def _examined(self, line: str) -> Report:
        """Return the report of the run, of a run with its settings, or of a first one."""
        from genenv import report

        is_run = (Path(self.data).expanduser() / REPORT).is_file()
        if self.model is None:
            return report.load(self.data)
        words = self._again(line) if is_run else ["stress", self.data, *_stress_options(line)]
        first: Stress = parsed(Stress, words[1:])
        done = first.report(shlex.join(["genenv", *words]))
        print(f"{done}\n")
        return done

    def _again(self, line: str) -> list[str]:
        """Return the line of `stress` that asks a model what RUN asked another."""
        from genenv.report import load

        run = Path(self.data).expanduser()
        told = load(run)  # of an older version: that is said before what it lacks
        if not (run / run_file.NAME).is_file():
            raise checks.Mistake(
                f"the file {run / run_file.NAME}", "none, as after a run from Python",
                f"give the data: genenv check DATA --generator {run} --judge {run} --model MODEL",
            )  # fmt: skip
        own = _stress_options(line)
        found = any(row["confirmed"] for row in told.data["searches"])
        usual = {
            "generator": [str(run)], "judge": [str(run)],
            "search": ["random", *(["stored"] if found else [])],
            **({"starts-from": [str(run)]} if found else {}),
        }  # fmt: skip
        said = run_file.read_line(["stress", *own])[2]
        for name, values in usual.items():
            own += [] if name in said else [f"--{name}", *values]
        words = run_file.expanded(["stress", run_file.FLAG, str(run / run_file.NAME), *own])
        if not self.trust:
            _refuse_code(words, run_file.read_line(["stress", *own])[2])
        return words


def _stress_options(line: str) -> list[str]:
    """Return the options of a line of `check` that `stress` has, too."""
    words: list[str] = []
    for name, values in run_file.read_line(shlex.split(line)[1:])[2].items():
        words += [] if name in OWN else [f"--{name}", *values]
    return words


def _refuse_code(words: list[str], said: dict[str, list[str]]) -> None:
    """Raise the Mistake of an import path that the recorded line alone names."""
    from genenv.criteria import CRITERIA

    for name, values in run_file.read_line(words)[2].items():
        for value in () if name in said else values:
            if ":" in value and value.partition(":")[0] not in CRITERIA:
                raise checks.Mistake(
                    f"--trust or --{name} {value}",
                    "a recorded import path, which runs the code that it names",
                    "read it, and say so",
                )
