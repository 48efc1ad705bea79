"""Print, for each section of docs/benchmarks, the commit and the day its figures were entered.

Of the lines of a section that hold a row of figures (or, without a table, of its first line with a
number) the commit that most of them come from counts, whichever file they were in at the time. The
code that was measured is that commit or one shortly before it. Copy the table into
docs/benchmarks/index.md.
"""

from __future__ import annotations

import argparse
import re
import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

PAGES = Path(__file__).parents[1] / "docs" / "benchmarks"
ENTERED = re.compile(r"^([0-9a-f]{40}) \d+ \d+")


def blamed(page: Path) -> list[tuple[str, str, int]]:
    """Return the text, commit and time (seconds since 1970) of each line."""
    words = ["git", "blame", "-w", "-C", "-C", "--line-porcelain", page.name]
    told = subprocess.run(words, cwd=page.parent, check=True, capture_output=True, text=True).stdout
    lines: list[tuple[str, str, int]] = []
    commit = ""
    time = 0
    for line in told.splitlines():
        if found := ENTERED.match(line):
            commit = found[1][:7]
        elif line.startswith("committer-time "):
            time = int(line.split()[1])
        elif line.startswith("\t"):
            lines.append((line[1:], commit, time))
    return lines


def sections(page: Path) -> dict[str, list[tuple[str, int]]]:
    """Return, by heading, commit and time of each row of figures, else of the first figure."""
    heading = ""
    rows: dict[str, list[tuple[str, int]]] = {}
    first: dict[str, tuple[str, int]] = {}
    for text, commit, time in blamed(page):
        if text.startswith(("# ", "## ")):
            heading = text.lstrip("# ")
        elif re.search(r"\d", text):
            first.setdefault(heading, (commit, time))
            if text.startswith("|"):
                rows.setdefault(heading, []).append((commit, time))
    return {name: rows.get(name, [entered]) for name, entered in first.items()}


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    print("| figures | entered by | on |\n|---|---|---|")
    for page in sorted(PAGES.glob("*.md")):
        if page.name == "index.md":
            continue
        for heading, entries in sections(page).items():
            (commit, time), _ = Counter(entries).most_common(1)[0]
            day = datetime.fromtimestamp(time, UTC).date()
            print(f"| [{heading}]({page.name}) | {commit} | {day} |")


if __name__ == "__main__":
    main()
