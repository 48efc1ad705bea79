"""Tables as files: CSV and Parquet, read into frames and written row by row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genenv import checks, files

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".parquet")
SEPARATORS = ",;\t|"
THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # bytes that no writing has
COMMA = re.compile(r"-?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?")


def pandas() -> Any:
    """Import pandas, which the extra `table` brings."""
    try:
        import pandas as module
    except ImportError as error:
        raise _absent("pandas") from error
    return module


def read(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Read a table.

    Parameters
    ----------
    path
        A .csv (UTF-8, with or without a byte-order mark, or Latin-1; commas, semicolons, tabs or
        bars between cells) or .parquet file.

    Returns
    -------
    The frame, and a sentence for each thing that was read otherwise than written.

    Raises
    ------
    Mistake
        There is no such file, it is empty or no table, names occur twice, or pandas is missing.
    """
    module = pandas()
    checks.choice("the end of a table's name", path.suffix, SUFFIXES)
    if not path.is_file():
        raise checks.Mistake(f"the file {path}", "none", "check the path")
    try:
        read = (module.read_parquet(path), []) if path.suffix == ".parquet" else _csv(path, module)
    except ImportError as error:
        raise _absent("pyarrow") from error
    except (module.errors.ParserError, module.errors.EmptyDataError, csv.Error, OSError) as error:
        raise _no_table(path, str(error).splitlines()[0][:150]) from error
    except ValueError as error:  # of pyarrow's, too
        if isinstance(error, checks.Mistake):
            raise
        raise _no_table(path, str(error).splitlines()[0][:150]) from error
    if not len(read[0]):
        raise _no_table(path, "a header without rows")
    return read


def write(path: Path, parts: Iterable[pd.DataFrame]) -> int:
    """Write frames of the same columns one below the other, as they come; returns the rows.

    Parameters
    ----------
    path
        A .csv or .parquet file, there whole or not at all.
    parts
        One frame or more.
    """
    checks.choice("the end of a table's name", path.suffix, SUFFIXES)
    counted: list[int] = []

    def fill(file: Any) -> None:
        each = _parquet_parts if path.suffix == ".parquet" else _csv_parts
        counted.extend(each(file, parts))

    files.write_atomically(path, fill)
    return sum(counted)


def _csv_parts(file: Any, parts: Iterable[pd.DataFrame]) -> Iterable[int]:
    for index, part in enumerate(parts):
        file.write(part.to_csv(index=False, header=index == 0, lineterminator="\n").encode())
        yield len(part)


def _parquet_parts(file: Any, parts: Iterable[pd.DataFrame]) -> Iterable[int]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise _absent("pyarrow") from error
    writer = None
    for part in parts:
        table = pa.Table.from_pandas(part, schema=writer and writer.schema, preserve_index=False)
        writer = writer or parquet.ParquetWriter(file, table.schema)
        writer.write_table(table)
        yield len(part)
    if writer:
        writer.close()


def _csv(path: Path, module: Any) -> tuple[pd.DataFrame, list[str]]:
    text, notes = _text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise _no_table(path, "an empty file")
    separator = max(SEPARATORS, key=first.count)
    lines = (row for row in csv.reader(io.StringIO(text), delimiter=separator) if row)
    names = next(lines)
    if len(next(lines, [])) > len(names):  # pandas would make names of rows of the first cells
        raise _no_table(path, f"rows of more than {len(names)} cells")
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        raise checks.Mistake("column names that differ", f"{twice[0]!r} twice", "rename one")
    text_file = io.StringIO(text)
    exact = {"float_precision": "round_trip"} if _rounds(module) else {}
    frame = module.read_csv(
        text_file, sep=separator, low_memory=False, skipinitialspace=True, **exact
    )
    for name in frame.columns:
        frame[name] = _with_commas(frame[name], notes, module)
    return frame, notes


def _rounds(module: Any) -> bool:
    """Whether pandas reads decimals inexactly unless it is asked to do better."""
    return tuple(int(part) for part in module.__version__.split(".")[:2]) < (3, 1)


def _text(path: Path) -> tuple[str, list[str]]:
    raw = path.read_bytes()
    if NO_TEXT.search(raw[:4096]):
        raise _no_table(path, "bytes that are no text")
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return raw.decode("latin-1"), [f"{path.name} is no UTF-8; it was read as Latin-1."]


def _with_commas(series: pd.Series, notes: list[str], module: Any) -> Any:
    """Turn texts such as 1,234.5 (thousands) or 3,14 (decimals) into numbers, and tell it."""
    known = series.dropna()
    if not len(known) or not known.map(lambda v: isinstance(v, str) and "," in v).any():
        return series
    if not known.map(lambda v: isinstance(v, str)).all():
        return series
    thousands = known.map(lambda v: bool(THOUSANDS.fullmatch(v) or re.fullmatch(r"-?\d{1,3}", v)))
    decimals = known.map(lambda v: bool(COMMA.fullmatch(v)))
    if thousands.all():
        notes.append(f"Column {series.name!r}: commas were read as separators of thousands.")
        return module.to_numeric(series.str.replace(",", ""))
    if decimals.all():
        notes.append(f"Column {series.name!r}: commas were read as decimal points.")
        return module.to_numeric(
            series.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        )
    return series


def _no_table(path: Path, got: str) -> checks.Mistake:
    return checks.Mistake(f"a table with a header in {path}", got, "check the file")


def _absent(package: str) -> checks.Mistake:
    return checks.Mistake(f"{package} for tables", "none installed", "pip install 'genenv[table]'")
