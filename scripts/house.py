"""Figures of the house at any revision: statements, lines, long files and functions, packed lines.

A statement is one of Python's grammar, a docstring too. A packed assignment gives several names as
many values in one statement (`a, b = 1, 2`); one that takes a value apart (`low, high = found`) is
none. Example: python scripts/house.py 197e719 HEAD
"""

from __future__ import annotations

import argparse
import ast
import io
import subprocess
import tarfile
from collections import Counter
from collections.abc import Iterator

FOLDERS = ("genenv", "envs", "agents", "scripts", "tests")
PRODUCT = FOLDERS[:3]
ROWS = {"product": PRODUCT, "scripts": FOLDERS[3:4], "tests": FOLDERS[4:]}
LONG_FILE = 300  # lines
SHOWN = 8  # of the longest functions


def sources(revision: str) -> dict[str, str]:
    """Path -> text of every Python file of the folders at a revision."""
    command = ["git", "archive", revision, *FOLDERS]
    packed = subprocess.run(command, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        return {
            member.name: archive.extractfile(member).read().decode()
            for member in archive
            if member.isfile() and member.name.endswith(".py")
        }


def is_packed(node: ast.AST) -> bool:
    """Whether a node gives several names as many values."""
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Tuple)
        and any(isinstance(target, ast.Tuple) for target in node.targets)
    )


def counted(text: str) -> Counter[str]:
    """Count what one file holds."""
    nodes = list(ast.walk(ast.parse(text)))
    return Counter(
        files=1,
        lines=text.count("\n"),
        statements=sum(isinstance(node, ast.stmt) for node in nodes),
        packed=sum(map(is_packed, nodes)),
        ternaries=sum(isinstance(node, ast.IfExp) for node in nodes),
    )


def functions(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Lines and place of every function of a file, its docstring among them."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            yield node.end_lineno - node.lineno + 1, f"{path}:{node.lineno} {node.name}"


def main() -> None:
    """Print the figures of each revision."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("revisions", nargs="+")
    for revision in parser.parse_args().revisions:
        texts = sources(revision)
        print(f"\n## {revision}\n")
        print("| folders | files | lines | statements | packed / 1,000 | ternaries / 1,000 |")
        print("|---|---|---|---|---|---|")
        for name, folders in ROWS.items():
            n = sum((counted(t) for p, t in texts.items() if p.split("/")[0] in folders), Counter())
            share = {key: 1000 * n[key] / n["lines"] for key in ("packed", "ternaries")}
            print(
                f"| {name} | {n['files']} | {n['lines']:,} | {n['statements']:,} "
                f"| {share['packed']:.1f} | {share['ternaries']:.1f} |"
            )
        own = {path: text for path, text in texts.items() if path.split("/")[0] in PRODUCT}
        sizes = sorted(((text.count("\n"), path) for path, text in own.items()), reverse=True)
        over = [f"{path} {lines}" for lines, path in sizes if lines > LONG_FILE]
        print(f"\nFiles over {LONG_FILE} lines: {len(over)}: {', '.join(over) or 'none'}\n")
        longest = sorted((f for p, t in own.items() for f in functions(p, t)), reverse=True)
        print("Longest functions: " + ", ".join(f"{where} {n}" for n, where in longest[:SHOWN]))


if __name__ == "__main__":
    main()
