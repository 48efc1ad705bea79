"""What an installation costs, and what a user would save without some of its requirements.

python scripts/install_cost.py stable-baselines3 tensorboard
"""

from __future__ import annotations

import argparse
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement


def needed(name: str, without: set[str], found: dict[str, Distribution]) -> None:
    """Add a distribution and all that it needs, but for some."""
    key = name.lower().replace("_", "-")
    if key in found or key in without:
        return
    try:
        found[key] = distribution(name)
    except PackageNotFoundError:  # for another system
        return
    for line in found[key].requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            needed(requirement.name, without, found)


def size(dist: Distribution) -> float:
    """Return the megabytes of a distribution's files."""
    files = [Path(str(dist.locate_file(file))) for file in dist.files or ()]
    return sum(path.stat().st_size for path in files if path.is_file()) / 1e6


def closure(without: set[str]) -> dict[str, Distribution]:
    """Return all that genenv needs, but for some and what these alone need."""
    found: dict[str, Distribution] = {}
    needed("genenv", without, found)
    return found


def main() -> None:
    """Print the whole, the largest, and the whole without the named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("without", nargs="*")
    names = parser.parse_args().without
    whole = {name: size(dist) for name, dist in closure(set()).items()}
    print(f"all: {len(whole)} packages, {sum(whole.values()):,.0f} MB")
    for name in sorted(whole, key=whole.__getitem__, reverse=True)[:12]:
        print(f"  {name:24} {whole[name]:8.1f} MB")
    for name in [*names, *(["+".join(names)] if len(names) > 1 else [])]:
        left = closure(set(name.split("+")))
        saved = {each: whole[each] for each in whole.keys() - left.keys()}
        print(f"without {name}: {len(saved)} fewer, {sum(saved.values()):,.0f} MB: {sorted(saved)}")


if __name__ == "__main__":
    main()
