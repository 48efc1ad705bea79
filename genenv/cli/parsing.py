"""A command line as a command; what cannot be read is a Mistake in one sentence."""

from __future__ import annotations

import contextlib
import difflib
import io
import re
import textwrap
from pathlib import Path
from typing import Any, get_args

import tyro

from genenv import checks

PROG = "genenv"
FRAME = re.compile(r" *([╭╰─]|-+$)")  # of the parser's box; dashes where a terminal has no such
ENDS = (
    *("Perhaps you meant", "Arguments similar to", "Available subcommands"),
    *("Arguments are applied", "Argument helptext", "For full helptext"),
)
APPLIED = re.compile(r" \(applied to [^)]*\)|(?<=Unrecognized) or misplaced")
ELSEWHERE = re.compile(r"in \w+ ([\w-]+) --help")
EXPLAINED = " " * 8  # so far in stands what an option does
HOME = re.compile(r"(--[\w-]+=|)~(?=/|$)")  # a shell replaces it neither after = nor in quotes
MARKUP = re.compile(r"\[/?[a-z]+\]")
REFUSED = re.compile(r"Error parsing (--[\w-]+): .*?(?:\[([^\]]*)\]|('[^']*'))\.?(?: Got errors|$)")


def parsed(commands: Any, words: list[str]) -> Any:
    """Return the command that the words name, with its options.

    Parameters
    ----------
    commands
        A union of dataclasses.
    words
        Without the program's name.

    Raises
    ------
    Mistake
        A setting that cannot be, or words that are no command line.
    SystemExit
        Help was asked for and printed.
    """
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return tyro.cli(
                commands,
                prog=PROG,
                description="Find out where, how often and in how many ways a model fails.",
                args=words,
            )
    except SystemExit as left:
        if not left.code:
            raise
        names = [each.__metadata__[0].name for each in get_args(commands)]
        command = [word for word in words[:1] if word in names]
        refusal = _cause(left) or _unknown(words, names) or _refusal(said.getvalue(), command)
        raise refusal from left


def valued(words: list[str], flag: str, value: str) -> list[str]:
    """Give a flag this value where the line gives it none."""
    bare = [
        word == flag and (not after or after.startswith("--"))
        for word, after in zip(words, [*words[1:], ""], strict=False)
    ]
    return [w for word, alone in zip(words, bare, strict=True) for w in [word] + alone * [value]]


def at_home(words: list[str]) -> list[str]:
    """Replace ~/ by the home folder, in an option's value too."""
    home = str(Path.home())
    return [HOME.sub(lambda found: found[1] + home, w, 1) if HOME.match(w) else w for w in words]


def _cause(error: BaseException) -> checks.Mistake | None:
    """Find the Mistake of a setting, which the parser has wrapped."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, checks.Mistake):
        found = found.__context__
    return found


def _inner(box: list[str]) -> list[str]:
    """Return the lines in a box without its title."""
    lines = [line.strip("│").rstrip() for line in box]
    edges = [i for i, line in enumerate(lines) if FRAME.match(line)]
    kept = [line for i, line in enumerate(lines) if i > edges[0] and i not in edges]
    return textwrap.dedent("\n".join(kept)).splitlines()


def _unknown(words: list[str], names: list[str]) -> checks.Mistake | None:
    """Name the commands, or the one that may have been meant by a first word that is none."""
    if not words:
        said = ", ".join(names)
        return checks.Mistake(f"a command of {PROG}'s", "none", f"give {said}, or --help")
    if words[0] in names or words[0].startswith("-"):
        return None
    near = difflib.get_close_matches(words[0], names, 1)
    meant = "".join(f"perhaps {name} was meant, " for name in near)
    return checks.Mistake(f"a command of {PROG}'s", words[0], f"{meant}see {PROG} --help")


def _value(text: str, inner: list[str]) -> str | None:
    """Say which value an option did not get, as its help names it; None: it is another mistake."""
    found = REFUSED.search(text)
    heads = [line.strip() for line in inner if found and line.strip().startswith(found[1])]
    if found is None or not heads:
        return None
    given = " ".join(re.findall(r"'([^']*)'", found[2] or found[3]))
    return f"{found[1]} {given} where {heads[0]} is read"


def _near(given: str, lines: list[str], command: list[str]) -> str:
    """Say which option of the command may have been meant, or whose option this is."""
    where: dict[str, list[str]] = {}
    for line in (line.strip() for line in lines):
        if line.startswith("--"):
            where.setdefault(line.split()[0], [])
        elif where and (found := ELSEWHERE.fullmatch(line)):
            where[list(where)[-1]].append(found[1])
    if given in where:
        return f"{given} is of {PROG} {', '.join(where[given])}, "
    own = [name for name, others in where.items() if not others or set(others) & set(command)]
    return f"perhaps {own[0]} was meant, " if own else ""


def _refusal(said: str, command: list[str]) -> checks.Mistake:
    """Turn the parser's box into a sentence: what is wrong, and what may have been meant."""
    inner = _inner(MARKUP.sub("", said).splitlines())
    ends = [i for i, line in enumerate(inner) if line.startswith(ENDS)]
    wrong = inner[: ends[0]] if ends else inner
    text = " ".join(line for line in wrong if not line.startswith(EXPLAINED))
    text = APPLIED.sub("", " ".join(text.split()))
    got = _value(text, inner) or text.rstrip(".:")
    do = f"see {' '.join([PROG, *command])} --help"
    given = re.search(r"--[\w-]+", got)
    if given and got.startswith("Unrecognized"):
        do = _near(given[0], inner[len(wrong) :], command) + do
    return checks.Mistake(f"a command line of {PROG}'s", got[:1].lower() + got[1:], do)
