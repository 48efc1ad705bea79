"""run.toml: the command line that repeats a run, to be read, edited and given by `--config`."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from genenv import checks, files

NAME = "run.toml"
FLAG = "--config"
# of one run: another that repeats it has a folder of its own, and nobody trusts in another's name
OWN = frozenset(("out", "resume", "trust"))
GIVEN = "given"  # key of the words that follow the command: data or a run

Value = bool | int | float | str


def write(folder: Path, line: str) -> None:
    """Write what a line of genenv says, but for its folder, into RUN/run.toml; no other line."""
    if not line.startswith("genenv "):
        return
    command, given, options = read_line(shlex.split(line)[1:])
    plain: dict[str, Any] = {"command": command, GIVEN: given}
    for name, values in options.items():
        if name not in OWN:
            own = [_typed(value) for value in values]
            plain[name] = True if not own else own[0] if len(own) == 1 else own
    text = f"# genenv {command} {FLAG} {NAME} repeats this run\n" + tomli_w.dumps(plain)
    files.write_atomically(folder / NAME, lambda file: file.write(text.encode()))


def expanded(words: list[str]) -> list[str]:
    """Return a command line with what the file after `--config` says; the line's own words win.

    Raises
    ------
    Mistake
        There is no such file, it is no TOML, holds nested tables or what a line has to say itself,
        or is of another command.
    """
    if FLAG not in words:
        return words
    at = words.index(FLAG)
    if at + 1 == len(words):
        raise checks.Mistake(f"a file after {FLAG}", "none", f"give RUN/{NAME}")
    plain = _read(Path(words[at + 1]).expanduser())
    command, given, options = read_line(words[:at] + words[at + 2 :])
    if plain.pop("command", command) != command:
        raise checks.Mistake(
            f"a file of the command {command}", words[at + 1], "give the command that it names"
        )
    for name in sorted({name.replace("_", "-") for name in plain} & OWN - options.keys()):
        raise checks.Mistake(
            f"--{name} on the command line", f"{name} in {words[at + 1]}", "take it out, or give it"
        )
    usual = plain.pop(GIVEN, [])
    made = [command, *(given or map(str, usual if isinstance(usual, list) else [usual]))]
    for name, value in plain.items():
        if name not in options and value is not False:
            made += [f"--{name}", *_words(name, value)]
    for name, values in options.items():
        made += [f"--{name}", *values]
    return made


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():  # a pipe would be waited for
        raise checks.Mistake(f"a TOML file {path}", "no plain file", f"give RUN/{NAME}")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise checks.Mistake(
            f"a TOML file {path}", f"what cannot be read ({error})", f"give RUN/{NAME}"
        ) from error


def read_line(words: list[str]) -> tuple[str, list[str], dict[str, list[str]]]:
    """Part a line, without the program's name, into its command, what follows it, and options.

    Raises
    ------
    Mistake
        It has no command.
    """
    if not words or words[0].startswith("--"):
        raise checks.Mistake(f"a command before {FLAG}", "none", "write genenv stress --config ...")
    given: list[str] = []
    options: dict[str, list[str]] = {}
    into = given
    for word in words[1:]:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            into = options.setdefault(name.replace("_", "-"), [])
            into += [value] * bool(equals)
        else:
            into.append(word)
    return words[0], given, options


def _words(name: str, value: Any) -> list[str]:
    if value is True:
        return []
    several = value if isinstance(value, list) else [value]
    if any(isinstance(each, dict | list) for each in several):
        raise checks.Mistake(f"{name} as a value or a list", repr(value), "write it flat")
    return [str(each) for each in several]


def _typed(word: str) -> Value:
    """Return a number where a word is written as TOML writes it, so that files read well."""
    for kind in (int, float):
        try:
            if str(kind(word)) == word:
                return kind(word)
        except ValueError:
            continue
    return word
