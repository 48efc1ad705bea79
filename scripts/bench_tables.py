"""How good generators of tables are: likeness, use for training, copies, and conditions.

Adult is data/census.csv of the package `xai`, diamonds data/diamonds.csv of `plotnine`
(`pip download --no-deps`). CTGAN and TVAE of the package `ctgan` (source-available, pandas below 3)
come into an environment of their own, which shares torch. Example:
python scripts/bench_tables.py census.csv --target loan --drop "Unnamed: 0" \
    --where "age in 60..70 and hours-per-week <= 25" --networks mixture table CTGAN --epochs 100
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
import venv
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.compose import make_column_transformer
from sklearn.ensemble import AdaBoostClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from genenv import seeding, tables
from genenv.tables import frames, infer, mixture
from genenv.tables.conditional import apart
from genenv.tables.conditions import holds, parse
from genenv.tables.measuring import LEARNED, measured, table
from genenv.tables.usefulness import usefulness
from genenv.training.tables import learn, settings

CUBIC = 163.5  # mm³ a carat: the median of the real ones
PROTOCOL = {  # SDGym's four, whose F1 is averaged
    "tree": lambda seed: DecisionTreeClassifier(
        max_depth=15, class_weight="balanced", random_state=seed
    ),
    "ada": lambda seed: AdaBoostClassifier(random_state=seed),
    "logistic": lambda _: LogisticRegression(class_weight="balanced", max_iter=300),
    "mlp": lambda seed: MLPClassifier((50,), max_iter=50, random_state=seed),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--target", required=True)
    parser.add_argument("--drop", nargs="*", default=())
    parser.add_argument("--where")
    parser.add_argument("--every", action="store_true", help="a condition on each column, too")
    parser.add_argument("--seeds", type=int, nargs="+", default=(0, 1, 2))
    parser.add_argument("--networks", nargs="+", choices=MAKERS, default=("mixture", "table"))
    parser.add_argument("--epochs", type=int, default=300, help="of CTGAN and TVAE")
    parser.add_argument("--environment", type=Path, default=Path("ctgan-environment"))
    parser.add_argument("--protocol", action="store_true", help="F1 of SDGym's four, too: minutes")
    parser.add_argument("--volume", action="store_true", help="of diamonds: x y z beside the carat")
    given = parser.parse_args()
    torch.set_num_threads(1)
    frame, _ = frames.read(given.table)
    schema = infer(frame, given.target, drop=given.drop)
    for seed in given.seeds:
        measure(frame, schema, seed, given)


def measure(frame, schema, seed, given):
    order = seeding.numpy_generator(seed, "bench").permutation(len(frame))
    held, kept = order[: len(frame) // 5], order[len(frame) // 5 :]
    real = schema.encode(frame.iloc[kept])
    test = schema.encode(frame.iloc[held])
    rows = {}
    for name in given.networks:
        rows[name], seconds, words, made = MAKERS[name](real, schema, seed, given)
        print(f"seed {seed}: {name} {seconds:.0f} CPU s{words}", flush=True)
        if made is not None and given.where:
            print(conditioned(made, real, test, schema, given.where, seed), flush=True)
        if made is not None and given.every:
            print(every(made, real, schema, seed), flush=True)
    print(*table(measured(rows, schema, real, test, seed)), sep="\n", flush=True)
    if given.protocol:
        for name, each in {**rows, LEARNED: real}.items():
            mean = protocol(each, test, schema, seed)
            print(f"{name}: F1 of the protocol {mean:.3f}", flush=True)
    if given.volume:
        for name, each in {**rows, LEARNED: real}.items():
            print(f"{name}: {volume(each, schema):.3f} of the rows within 5 %", flush=True)


def with_mixture(real, schema, seed, _given):
    began = time.process_time()
    made = mixture.fit(real, schema, seed)
    seconds = time.process_time() - began
    words = f", {len(made.parameters.weights)} components"
    return schema.encode(made.sample(len(real), seed)), seconds, words, made


def with_table(real, schema, seed, _given):
    began = time.process_time()
    made = learn(real, schema, settings(seed, threads=1))
    seconds = time.process_time() - began
    return schema.encode(made.frame(len(real), seed)), seconds, "", made


def with_ctgan(kind, real, schema, seed, given):
    python = environment(given.environment)
    program = Path(__file__).with_name("ctgan_rows.py")
    discrete = [column.name for column in schema.columns if column.discrete]
    with tempfile.TemporaryDirectory() as place:
        learned, made = Path(place, "learned.csv"), Path(place, "made.csv")
        schema.decode(real).to_csv(learned, index=False)
        line = [python, program, kind, str(given.epochs), str(seed), learned, made, *discrete]
        told = subprocess.run(line, check=True, capture_output=True, text=True)
        frame, _ = frames.read(made)
    return clipped(frame, schema), float(told.stdout), f", {given.epochs} epochs", None


def environment(folder):
    """Return the Python of an environment with ctgan, made where it is not there."""
    python = folder.absolute() / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        packages = ["ctgan", "rdt", "faker", "tqdm", "pytz", "pandas<3"]
        subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", *packages], check=True)
        own = next(folder.glob("lib/python*/site-packages"))
        (own / "shared.pth").write_text(f"{Path(torch.__file__).parents[1]}\n")
    return python


def clipped(frame, schema):
    """Encode rows whose numbers may leave the range of the data."""
    for column in schema.columns:
        if not column.discrete:
            own = frame[column.name].clip(column.low, column.high).round(column.decimals or 12)
            frame[column.name] = own
    return schema.encode(frame)


MAKERS = {
    "mixture": with_mixture,
    "table": with_table,
    "CTGAN": partial(with_ctgan, "CTGAN"),
    "TVAE": partial(with_ctgan, "TVAE"),
}


def volume(rows, schema):
    """Share of diamonds whose x y z is what the carat brings in the real ones, to 5 %."""
    x, y, z, carat = (rows[:, schema.names.index(name)] for name in ("x", "y", "z", "carat"))
    return np.mean(np.abs(x * y * z / np.maximum(carat, 1e-9) / CUBIC - 1) < 0.05)


def conditioned(made, real, test, schema, where, seed):
    """Tell hits, masses, and how far the law of the other columns is from the real one."""
    condition = parse(where, schema)
    learned, held = (rows[holds(condition, schema, rows)] for rows in (real, test))
    drawn = drawn_where(made, schema, len(learned), seed, where)
    unconditional = drawn_where(made, schema, len(learned), seed, None)
    hits = holds(condition, schema, drawn).mean()
    masses = f"mass {made.mass(where):.4f}, real {len(learned) / len(real):.4f}"
    lines = [f"  {where}: {len(held)} held-out rows, hits {hits:.4f}, {masses}"]
    for words, rows in (("", drawn), ("unconditional: ", unconditional)):
        lines.append(f"  {words}{apart(rows, learned, held, schema, set(condition), seed)}")
    return "\n".join(lines)


def every(made, real, schema, seed):
    """Tell the share of hits under a condition on each column: common states, the middle half."""
    hits = {}
    for i, column in enumerate(schema.columns):
        known = real[~np.isnan(real[:, i]), i]
        if column.discrete:
            common = np.argsort(-np.bincount(known.astype(int)), kind="stable")[:2]
            named = ", ".join(repr(str(column.values[each])) for each in common)
            where = f"`{column.name}` in {{{named}}}"
        else:
            low, high = np.quantile(known, [0.25, 0.75], method="nearest")
            where = f"`{column.name}` in {low:g}..{high:g}"
        drawn = drawn_where(made, schema, 1_000, seed, where)
        hits[where] = holds(parse(where, schema), schema, drawn).mean()
    worst = min(hits, key=hits.get)
    return f"  of {len(hits)} columns the least share of hits is {hits[worst]:.4f}: {worst}"


def drawn_where(made, schema, count, seed, where):
    draw = made.sample if isinstance(made, tables.Mixture) else made.frame
    return schema.encode(draw(count, seed, where))


def protocol(rows, test, schema, seed):
    """Mean F1 of the last class of a tree, AdaBoost, logistic regression and a network."""
    return np.mean(
        [
            usefulness(rows, test, schema, seed, make_pipeline(seen(schema), make(seed)))[1]
            for make in PROTOCOL.values()
        ]
    )


def seen(schema):
    """Codes as the protocol's models take them: one-hot or standardised, nothing missing."""
    columns = [column for column in schema.columns if column.name != schema.target]
    named = [i for i, column in enumerate(columns) if column.discrete]
    numbers = [i for i, column in enumerate(columns) if not column.discrete]
    hot = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=-1),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    return make_column_transformer(
        (hot, named), (make_pipeline(SimpleImputer(), StandardScaler()), numbers)
    )


if __name__ == "__main__":
    main()
