"""The commands, one a file of this folder, and how a line ends: one sentence and an exit code."""

from __future__ import annotations

import errno
import os
import shlex
import signal
import sys
import traceback
from typing import Annotated

import tyro

from genenv import __version__, checks, run_file
from genenv.cli.audit import Audit
from genenv.cli.check import Check
from genenv.cli.compare import Compare
from genenv.cli.doctor import Doctor
from genenv.cli.envs import Envs
from genenv.cli.export import Export
from genenv.cli.fit import Fit
from genenv.cli.harden import Harden
from genenv.cli.judge import Judge
from genenv.cli.parsing import PROG, at_home, parsed, valued
from genenv.cli.policy import FLAG, NAME, StressPolicy
from genenv.cli.rate import Rate
from genenv.cli.react import React
from genenv.cli.replay import Replay
from genenv.cli.sample import Sample
from genenv.cli.stress import Stress
from genenv.cli.terminal import readable, told_once
from genenv.cli.train import Train
from genenv.exhausted import exhausted
from genenv.interrupt import Terminated, terminable
from genenv.wording import said, visible

DEFECT = 70  # exit code, EX_SOFTWARE of sysexits.h: not 1, which says what a run is

Command = (
    Annotated[Fit, tyro.conf.subcommand("fit")]
    | Annotated[Sample, tyro.conf.subcommand("sample")]
    | Annotated[Stress, tyro.conf.subcommand("stress")]
    | Annotated[StressPolicy, tyro.conf.subcommand(NAME)]
    | Annotated[Judge, tyro.conf.subcommand("judge")]
    | Annotated[Replay, tyro.conf.subcommand("replay")]
    | Annotated[Audit, tyro.conf.subcommand("audit")]
    | Annotated[Rate, tyro.conf.subcommand("rate")]
    | Annotated[Check, tyro.conf.subcommand("check")]
    | Annotated[Compare, tyro.conf.subcommand("compare")]
    | Annotated[Export, tyro.conf.subcommand("export")]
    | Annotated[Harden, tyro.conf.subcommand("harden")]
    | Annotated[React, tyro.conf.subcommand("react")]
    | Annotated[Envs, tyro.conf.subcommand("envs")]
    | Annotated[Train, tyro.conf.subcommand("train")]
    | Annotated[Doctor, tyro.conf.subcommand("doctor")]
)


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit.

    0 done, 1 replay or check found otherwise, 2 the user's mistake, 3 undecided, 70 a defect of
    genenv, 130 Ctrl-C, 141 nobody reads what is printed, 143 SIGTERM.

    Parameters
    ----------
    arguments
        Without the program's name; None: those of the process.
    """
    if arguments is not None:
        sys.exit(_answer(arguments))
    waiting = signal.getsignal(signal.SIGINT) is signal.SIG_DFL  # while genenv was imported
    if waiting:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        sys.exit(_answer(sys.argv[1:]))
    except KeyboardInterrupt:  # a second one, while the first was answered
        sys.exit(130)
    finally:
        if waiting:  # nothing is left to be saved while Python ends
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def _answer(words: list[str]) -> int:
    try:
        code = _done(words)
        sys.stdout.flush()  # a pipe that was closed is told here, and not while Python ends
        return code
    except checks.Mistake as mistake:
        return _told(str(mistake), mistake, 2)
    except BrokenPipeError:
        return _unread()
    except OSError as error:
        return _told(_of_the_disk(error), error, 2)
    except Terminated as error:
        return _told("terminated", error, 143)
    except KeyboardInterrupt as error:
        return _told("interrupted", error, 130)
    except Exception as error:
        if exhausted(error):
            return _told(_of_memory(error), error, 2)
        print(visible(traceback.format_exc()), end="", file=sys.stderr)  # with its notes
        return DEFECT


def _done(words: list[str]) -> int:
    if words == ["--version"]:
        print(f"genenv {__version__}")
        return 0
    words = valued(_of_policies(at_home(run_file.expanded(words))), "--ray", "local")
    try:
        command = parsed(Command, words)
    except SystemExit:  # after help
        return 0
    with terminable(), readable(), told_once():
        return int(command(shlex.join([PROG, *(w for w in words if w != "--resume")])))


def _of_policies(words: list[str]) -> list[str]:
    """Return `stress --env ...` under the name of its own command."""
    asked = any(word == FLAG or word.startswith(f"{FLAG}=") for word in words)
    return [NAME, *words[1:]] if asked and words[0] == "stress" else words


def _unread() -> int:
    """Leave quietly: whoever read what was printed has enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + signal.SIGPIPE


def _told(sentence: str, error: BaseException, code: int) -> int:
    """Print what happened and its notes; returns the exit code."""
    for line in (sentence, *getattr(error, "__notes__", ())):
        print(visible(f"genenv: {line}"), file=sys.stderr)
    return code


def _of_memory(error: Exception) -> str:
    """Say in one sentence that memory ran out."""
    do = "ask for less at a time, or give the process more"
    return str(checks.Mistake("memory enough for this", said(error), do))


def _of_the_disk(error: OSError) -> str:
    """Say in one sentence what a disk refused."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
    do = "make room, or choose another place" if full else "check path and rights"
    place = f"a file or folder {error.filename}" if error.filename else "a file"
    return str(checks.Mistake(f"{place} to read or write", error.strerror or str(error), do))
