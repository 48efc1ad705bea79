"""The command `check`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from genenv import checks, run_file
from genenv.cli.parsing import parsed
from genenv.cli.policy import NAME, StressPolicy
from genenv.cli.stress import Stress
from genenv.settings import places
from genenv.settings.shown import Switch, shown

if TYPE_CHECKING:
    from genenv.finished import Finished

COMMANDS = {"stress": Stress, NAME: StressPolicy}
OWN = ("fail-if", "junit", "markdown", "trust")  # options that stress does not have
DATA = ("arguments",)  # of stress, that import nothing whatever they hold
REPORT = "report.json"
Limits = Annotated[tuple[str, ...], tyro.conf.UseAppendAction, shown("LIMIT", "give at least one")]


@dataclass(frozen=True)
class Check(Stress):
    """Hold a run against limits: exit 0 pass, 1 fail, 3 investigate.

    RUN alone is read as it stands. RUN with --model: that model, or policy, is asked first, on the
    run's data or in its world, with its settings, generator, judge and cut, by random sampling and
    the failures stored there. DATA: `stress` runs first, with the options below, which are its own.
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
    """Import what RUN/run.toml names, such as a criterion of one's own, or read the zip of a policy
    that --model names: that runs code."""

    def __call__(self, line: str) -> int:
        """Say what becomes of each limit."""
        places.data(self.data, self.held_out)
        from genenv import limits
        from genenv.limits import junit, markdown

        held = limits.parsed(self.fail_if)
        found = limits.checked(self._examined(line), held)
        print(found)
        if self.junit is not None:
            junit.write(found, self.junit)
        if self.markdown is not None:
            markdown.write(found, self.markdown)
        return int(found.outcome)

    def _examined(self, line: str) -> dict[str, Any]:
        """Return the report of the run, of a run with its settings, or of a first one."""
        from genenv import finished

        run = finished.opened(self.data)
        if self.model is None:
            return run.content
        left = (run.folder / REPORT).is_file()
        words = self._again(run, line) if left else ["stress", self.data, *_stress_options(line)]
        first: Stress | StressPolicy = parsed(COMMANDS[words[0]], words[1:])
        content, said = first.done(shlex.join(["genenv", *words]))
        print(f"{said}\n")
        return content

    def _again(self, run: Finished, line: str) -> list[str]:
        """Return the line of `stress` that asks a model what RUN asked another."""
        usual = run.again()  # reads the report: what an older version wrote is refused by name
        recorded = run.folder / run_file.NAME
        if not recorded.is_file():
            raise checks.Mistake(
                f"the file {recorded}", "none, as after a run from Python",
                f"give the data: genenv check DATA --generator {run.folder} --judge {run.folder} "
                "--model MODEL; of a policy run `genenv stress --env` from the command line",
            )  # fmt: skip
        own = _stress_options(line)
        if run.model_option != "model":
            own = [f"--{run.model_option}" if word == "--model" else word for word in own]
            own += ["--trust"] * self.trust  # reads a zip, which the person named
        said = run_file.read_line([run.command, *own])[2]
        for name, values in usual.items():
            own += [] if name in said else [f"--{name}", *values]
        words = run_file.expanded([run.command, run_file.FLAG, str(recorded), *own])
        if not self.trust:
            _refuse_code(words, said)
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
        for value in () if name in said or name in DATA else values:
            if ":" in value and value.partition(":")[0] not in CRITERIA:
                raise checks.Mistake(
                    f"--trust or --{name} {value}",
                    "a recorded import path, which runs the code that it names",
                    "read it, and say so",
                )
