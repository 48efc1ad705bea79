"""The directive `commands`: every command with its options, read off the settings' dataclasses."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import tyro
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from genenv.cli import Command

Row = tuple[str, str, str]  # the option, its default, its sentence


def commands() -> Iterator[tuple[str, type]]:
    """Yield each command's name and its dataclass, in the order of `genenv --help`."""
    for each in get_args(Command):
        kind, subcommand = get_args(each)
        yield subcommand.name, kind


def rows(kind: type) -> Iterator[Row]:
    """Yield the options of a dataclass, and those of the settings inside it."""
    sentences = _sentences(kind)
    hints = get_type_hints(kind, include_extras=True)
    for field in dataclasses.fields(kind):
        hint, marks = _parted(hints[field.name])
        if dataclasses.is_dataclass(hint):
            assert isinstance(hint, type)
            yield from rows(hint)
        else:
            yield _option(field.name, hint, marks), _default(field, marks), sentences[field.name]


def _parted(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    marks = getattr(hint, "__metadata__", ())
    return (hint.__origin__ if marks else hint), marks


def _option(name: str, hint: Any, marks: tuple[Any, ...]) -> str:
    """Write an option as it is typed."""
    shown = [mark for mark in marks if hasattr(mark, "metavar")]
    metavar = next((mark.metavar for mark in shown if mark.metavar), "")
    if tyro.conf.Positional in marks:
        return metavar
    name = next((mark.name for mark in shown if mark.name), name).replace("_", "-")
    if hint is bool:
        pairs = tyro.conf.FlagCreatePairsOff not in marks
        return f"--{name}, --no-{name}" if pairs else f"--{name}"
    return f"--{name} {metavar}".strip()


def _default(field: dataclasses.Field[Any], marks: tuple[Any, ...]) -> str:
    """Say what an option is unless told, as `--help` has it."""
    if field.default is dataclasses.MISSING:
        return "required"
    usual = "off" if field.default is False else str(field.default)
    hints = [mark.help_behavior_hint for mark in marks if hasattr(mark, "help_behavior_hint")]
    for hint in filter(None, hints):
        said = hint(usual) if callable(hint) else hint
        return said.replace("(default: ", "; ").strip("; )").replace(" ; ", "; ")
    return " ".join(map(str, field.default)) if isinstance(field.default, tuple) else usual


def _sentences(kind: type) -> dict[str, str]:
    """Return the docstring under each field, inherited ones too."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if dataclasses.is_dataclass(base):
            found |= _own_sentences(base)
    return found


def _own_sentences(kind: type) -> dict[str, str]:
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            assert isinstance(field.target, ast.Name)
            assert isinstance(text.value, ast.Constant)
            found[field.target.id] = " ".join(str(text.value.value).split())
    return found


def markdown() -> str:
    """Return the reference: a heading and a table a command."""
    parts = []
    for name, kind in commands():
        table = [
            f"| `{option}` | {_cell(default)} | {_cell(said)} |"
            for option, default, said in rows(kind)
        ]
        head = ["| option | default | |", "|---|---|---|"] if table else []
        parts += [
            f"## genenv {name}",
            "",
            inspect.cleandoc(kind.__doc__ or ""),
            "",
            *head,
            *table,
            "",
        ]
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("`", "")


class Commands(SphinxDirective):
    """Every command with its options."""

    def run(self) -> list[nodes.Node]:
        """Return the reference as sections."""
        return self.parse_text_to_nodes(markdown(), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True}
