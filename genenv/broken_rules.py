"""What a run says of rules that were broken, by real rows and by flips."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from genenv.codecs import Codec
from genenv.ledger import Ledger
from genenv.rules import Rules


def by_real_rows(rules: Rules, units: Codec, x: NDArray[Any]) -> list[str]:
    """Say how many untouched real rows (n, *units.shape) break a rule, where any does."""
    if not rules:
        return []
    count = int(rules.broken(units, units.tensor(x)).sum())
    return [f"{count:,} of {len(x):,} untouched real rows break a rule."] if count else []


def by_flips(rules: Rules, run: Path, names: Iterable[str], seeds: Iterable[int]) -> list[str]:
    """Say how many flips of the searches `names` broke a rule; these are among the invalid ones."""
    if not rules:
        return []
    ledger = Ledger(run)
    broken = sum(
        int((shard["broken"] & (shard["severity"] > 0)).sum())
        for name, seed in product(names, seeds)
        for shard in ledger.shards(name, seed, ("broken", "severity"))
    )
    named = ", ".join(name for name, _ in rules.named)
    return [f"{broken:,} flips break a rule ({named}) and are invalid."]
