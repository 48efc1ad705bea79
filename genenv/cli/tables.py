"""What `fit` and `sample` do with tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genenv import checks
from genenv.cli.running import chosen_folder
from genenv.settings import TableConfig

if TYPE_CHECKING:
    import pandas as pd

    from genenv.cli.fit import Fit
    from genenv.cli.sample import Sample
    from genenv.data import TableOptions
    from genenv.table_fitting import Made

MADE = "loans"  # a table that is made, by name
OF_FIT = {
    "data", "out", "resume", "network", "seed", "metrics", "target", "kinds", "drop", "schema",
}  # fmt: skip
OF_NETWORK = {"steps", "threads"}
OF_SAMPLE = {"run", "out", "count", "where", "seed", "data"}


def fit_table(given: Fit, line: str) -> int:
    """Fit a table and say where the run lies."""
    from genenv import runs
    from genenv.data import TableOptions, loans
    from genenv.parts import load_json
    from genenv.progress import Progress
    from genenv.table_fitting import TableFitting, TableSettings
    from genenv.tables import infer
    from genenv.tables.measuring import table

    own = given.settings
    asked = TableSettings(own.network, own.seed, given.metrics, own.steps, own.threads)
    _no_others(given, OF_FIT | (set() if own.network == "mixture" else OF_NETWORK))
    columns = columns_of(given.table)
    frame, notes = _read(given.data)
    if columns is None and given.data == MADE:
        columns = TableOptions(loans.TARGET)
    schema = infer(frame) if columns is None else columns.schema_of(frame)
    out = chosen_folder(given.out, given.resume) or runs.next_folder(f"fit-{Path(given.data).stem}")
    stages = Progress(display=True)
    fit = TableFitting(frame, schema, out, asked, stages, line)
    fit.run(given.resume)
    for sentence in (*notes, *(column.words for column in schema.columns), *fit.notes):
        print(sentence)
    if (out / "metrics.json").is_file():
        print(*table(load_json(out / "metrics.json")), sep="\n")
        print(f"metrics:   {out}/metrics.json")
    print(f"generator: {out}/generator")
    return 0


def sample_table(given: Sample) -> int:
    """Write rows of a table's generator."""
    from genenv import loading
    from genenv.tables import frames

    _no_others(given, OF_SAMPLE)
    if given.data is not None and given.where is None:
        raise checks.Mistake("--where beside --data", "none", "leave out --data")
    made = loading.table(Path(given.run) / "generator")
    count = frames.write(given.out, made.stream(given.count, given.seed, given.where))
    print(f"{count} rows: {given.out}{_masses(made, given)}")
    return 0


def _masses(made: Made, given: Sample) -> str:
    """Tell how frequent a condition is among the generator's rows, and among the real ones."""
    from genenv.tables import share

    if given.where is None:
        return ""
    own = f", P({given.where}) = {made.mass(given.where):.3g}"
    if given.data is None:
        return f"{own}; --data FILE tells the real rows' share"
    frame, _ = _read(given.data)
    return f"{own}; of the {len(frame):,} real rows {share(frame, given.where, made.schema):.3g}"


def _read(data: str) -> tuple[pd.DataFrame, list[str]]:
    """Read a file, or draw the table that ships; sentences beside it."""
    from genenv.data import loans
    from genenv.tables import frames

    if data == MADE:
        return loans.drawn(loans.ROWS), []
    return frames.read(Path(data))


def columns_of(said: TableConfig) -> TableOptions | None:
    """Return what `data.load` takes; None: nothing was said."""
    if said == TableConfig():
        return None
    from genenv.data import TableOptions
    from genenv.tables import Schema

    kinds = dict(_pair(each) for each in said.kinds)
    if said.schema is None:
        return TableOptions(said.target, kinds, said.drop)
    if said.target or kinds or said.drop:
        raise checks.Mistake(
            "--schema alone", "--target, --kinds or --drop beside it", "write it into the schema"
        )
    return TableOptions(schema=Schema.load(said.schema))


def _pair(word: str) -> tuple[str, str]:
    name, equals, kind = word.rpartition("=")
    if not equals:
        raise checks.Mistake("--kinds COLUMN=KIND", repr(word), "write both")
    return name, kind


def _options(given: Any) -> Iterator[tuple[Field[Any], Any]]:
    """Yield the options of a command with what was given, those of its settings too."""
    for field in fields(given):
        value = getattr(given, field.name)
        if field.name in ("settings", "table", "loading"):
            yield from _options(value)
        else:
            yield field, value


def _no_others(given: Any, known: set[str]) -> None:
    """Refuse options that mean nothing for tables."""
    for field, value in _options(given):
        if field.name not in known and value != field.default:
            flag = field.name.replace("_", "-")
            raise checks.Mistake("options that tables have", f"--{flag}", "leave it out")
