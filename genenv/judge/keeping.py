"""A judge on disk: safetensors, arrays and JSON; loading refits nothing and executes nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from genenv import checks, codecs, files, reading
from genenv.codecs import Codec
from genenv.judge.audit import Audit
from genenv.judge.belief import Belief
from genenv.judge.crossfit import Member
from genenv.judge.folds import COUNT, Folds
from genenv.judge.guide import Guide
from genenv.judge.judging import Judge, Record
from genenv.judge.layout import seen
from genenv.judge.oracle import Oracle
from genenv.judge.promise import Promise
from genenv.judge.realism import Gate, Surroundings
from genenv.judge.residual import Residual
from genenv.judge.trees import Trees
from genenv.judge.variations import Variation
from genenv.reading import Column

FORMAT = 3
GUIDE = "guide.safetensors"
AUDIT = "audit.safetensors"
ROWS = "rows.npz"
SPEC = "judge.json"
BESIDE = "beside.json"  # what a model's answers made of the cut, in place of what SPEC says
SWAPPED = "swapped"  # name of the detectors among the tensors
FOLDS = {  # of ROWS, a row a different one
    "name": Column("u", (None,)),
    "fold": Column("iu", (None,), 0, COUNT - 1),
}


def save(judge: Judge, folder: Path) -> None:
    """Write a judge into a folder, made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    save_guide(judge.guide, folder)
    tensors: dict[str, Tensor] = {}
    specs: dict[str, Any] = {}
    for make, members in judge.audit.members.items():
        for number, member in enumerate(members):
            name = f"{make}/{number}"
            specs[name] = _pack(member, name, tensors)
        for number, around in enumerate(judge.audit.around.get(make, [])):
            tensors[f"{make}/{number}/around"] = around.neighbours.reference.half()
            specs[f"{make}/{number}"]["scale"] = around.scale
    for number, detector in enumerate(judge.audit.swapped):
        for field, array in detector.arrays().items():
            tensors[f"{SWAPPED}/{number}/{field}"] = torch.from_numpy(np.array(array))
    for number, residual in enumerate(judge.audit.residual):
        tensors[f"residual/{number}/middle"] = residual.middle
        tensors[f"residual/{number}/directions"] = residual.directions
    save_file(_whole(tensors), folder / AUDIT, metadata={"members": json.dumps(specs)})
    _save_rows(judge, folder / ROWS)
    spec = {
        "format": FORMAT,
        "units": judge.units.to_json(),
        "classes": list(judge.classes),
        "weight": judge.audit.weight,
        "own_temperature": judge.audit.own_temperature,
        "temperature": judge.audit.temperature,
        "variation": asdict(judge.audit.variation),
        "gates": [gate.to_json() for gate in judge.audit.gates],
        **_beside(judge),
    }
    files.write_atomically(
        folder / SPEC, lambda file: file.write(json.dumps(spec, indent=2).encode())
    )


def save_beside(judge: Judge, path: Path) -> None:
    """Write what depends on a model: as `beside.json` beside a judge, it replaces what is there."""
    path.write_text(json.dumps(_beside(judge), indent=2))


def _beside(judge: Judge) -> dict[str, Any]:
    return {
        "cut": judge.audit.cut,
        "promise": judge.promise.to_json(),
        "belief": judge.belief.to_json(),
        "quality": judge.quality,
    }


def load(folder: Path | str) -> Judge:
    """Read what `save` wrote.

    Raises
    ------
    Mistake
        No judge, one of an older version, or a damaged one.
    """
    folder = Path(folder)
    spec = _spec(folder)
    try:
        return reading.guarded(folder / SPEC, lambda: _judge(folder, spec))
    except reading.Damaged as damage:
        raise checks.Mistake(f"a whole judge in {folder}", damage.got, "make it again") from damage


def _judge(folder: Path, spec: dict[str, Any]) -> Judge:
    units, classes = codecs.from_json(spec["units"]), tuple(spec["classes"])
    folds, record = _load_rows(folder / ROWS, len(classes))
    gates = tuple(Gate(**gate) for gate in spec["gates"])
    members, around, residual, swapped = _load_members(folder / AUDIT)
    audit = Audit(
        members, spec["weight"], spec["own_temperature"], spec["temperature"], around, residual,
        gates, spec["cut"], swapped, Variation(**spec.get("variation", {})),
    )  # fmt: skip
    judge = Judge(
        units, classes, folds, load_guide(folder, units), audit, record,
        Promise(**spec["promise"]), Belief(**spec["belief"]), spec["quality"],
    )  # fmt: skip
    _try(judge)
    return judge


def _try(judge: Judge) -> None:
    """Ask everything about a sample, so that parts that do not fit fail here and not in a run."""
    x = np.zeros((COUNT, *judge.units.shape), judge.units.dtype)
    rows = seen(x, judge.units)
    width = rows.flatten(1).shape[1]
    trees = [m for own in judge.audit.members.values() for m in own if isinstance(m, Trees)]
    assert all(int(m.column.max()) < width for m in trees), "trees over other columns"
    judge.audit.look(rows, np.arange(COUNT))
    judge.guide.look(
        judge.units.encode(judge.units.tensor(x)), torch.zeros(COUNT, dtype=torch.long)
    )


def save_guide(guide: Guide, folder: Path) -> None:
    """Write the guide alone: all that a search needs."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, Tensor] = {}
    specs = [_pack(o, str(number), tensors) for number, o in enumerate(guide.oracles)]
    tensors["around"] = guide.around.neighbours.reference.half()
    header = {"guide": json.dumps(guide.to_json() | {"oracles": specs, "format": FORMAT})}
    save_file(_whole(tensors), folder / GUIDE, metadata=header)


def load_guide(folder: Path, units: Codec) -> Guide:
    """Read what `save_guide` wrote, for samples in these units.

    Raises
    ------
    Mistake
        No guide, one of an older version, or a damaged one.
    """
    path = folder / GUIDE
    if not path.is_file():
        older = "a guide of genenv 0.1" if (folder / "guide.json").is_file() else "none"
        raise checks.Mistake(f"a guide in {folder}", older, "give a run that this version left")
    return reading.guarded(path, lambda: _guide(path, units))


def _guide(path: Path, units: Codec) -> Guide:
    spec, tensors = reading.metadata(path, "guide"), reading.tensors(path)
    oracles = tuple(
        _oracle(path, specs, str(number), tensors) for number, specs in enumerate(spec["oracles"])
    )
    around = Surroundings(oracles[0], tensors["around"].float(), float(spec["scale"]))
    gates = (float(spec[name]) for name in ("temperature", "cut", "threshold"))
    return Guide(units, oracles, around, *gates)


def _spec(folder: Path) -> dict[str, Any]:
    path = folder / SPEC
    if not path.is_file():
        older = (folder / "guide.json").is_file()
        got = "one of genenv 0.1, which kept the guide alone" if older else f"no {SPEC}"
        raise checks.Mistake(f"a judge in {folder}", got, "make one with `genenv judge`")
    spec = reading.plain(path)
    found = spec.get("format")
    if found != FORMAT:
        raise checks.Mistake(f"a judge of format {FORMAT}", found, "make it with this version")
    beside = folder / BESIDE
    return spec | reading.plain(beside) if beside.is_file() else spec


def _pack(member: Member, name: str, tensors: dict[str, Tensor]) -> dict[str, Any]:
    """Put a member's arrays under its name, and describe it."""
    if isinstance(member, Trees):
        arrays = member.arrays()
        tensors.update({f"{name}/{k}": torch.from_numpy(np.array(v)) for k, v in arrays.items()})
        return {"trees": list(arrays)}
    tensors.update({f"{name}/{k}": v for k, v in member.state_dict().items()})
    return {"oracle": member.to_json()}


def _load_members(
    path: Path,
) -> tuple[
    dict[str, list[Member]], dict[str, list[Surroundings]], list[Residual], tuple[Trees, ...]
]:
    specs: dict[str, Any] = reading.metadata(path, "members")
    tensors = reading.tensors(path)
    members: dict[str, list[Member]] = {}
    around: dict[str, list[Surroundings]] = {}
    for name, plain in specs.items():
        make = name.split("/")[0]
        if "trees" in plain:
            arrays = {k: tensors[f"{name}/{k}"].numpy() for k in plain["trees"]}
            members.setdefault(make, []).append(Trees.of_arrays(arrays))
            continue
        oracle = _oracle(path, plain, name, tensors)
        members.setdefault(make, []).append(oracle)
        points = tensors[f"{name}/around"].float()
        around.setdefault(make, []).append(Surroundings(oracle, points, plain["scale"]))
    residual = [
        Residual(*(tensors[f"residual/{number}/{part}"] for part in ("middle", "directions")))
        for number in range(COUNT)
    ]
    return members, around, residual, _detectors(tensors)


def _detectors(tensors: dict[str, Tensor]) -> tuple[Trees, ...]:
    """Read the detectors of swapped cells; (): no table was learned."""
    parts: dict[str, dict[str, Any]] = {}
    for name, tensor in tensors.items():
        kind, number, field = name.split("/", 2)
        if kind == SWAPPED:
            parts.setdefault(number, {})[field] = tensor.numpy()
    return tuple(Trees.of_arrays(parts[number]) for number in sorted(parts))


def _oracle(path: Path, plain: dict[str, Any], name: str, tensors: dict[str, Tensor]) -> Oracle:
    specs = plain["oracle"]
    if max(math.prod(specs["shape"]), specs["outputs"]) > path.stat().st_size:
        raise reading.damaged(path, f"an oracle of samples of shape {specs['shape']}")
    oracle = Oracle.blank(specs)
    own = {k: tensors[f"{name}/{k}"] for k in oracle.state_dict()}
    oracle.load_state_dict(own)
    return oracle


def _save_rows(judge: Judge, path: Path) -> None:
    values: dict[str, Any] = {f"value/{k}": v for k, v in judge.record.values.items()}
    columns: dict[str, Any] = {
        "name": judge.folds.name,
        "fold": judge.folds.fold,
        "label": judge.record.label,
        "own": judge.record.fold.astype(np.uint8),
        "p": judge.record.p,
    }
    files.write_atomically(path, lambda file: np.savez_compressed(file, **columns, **values))


def _load_rows(path: Path, classes: int) -> tuple[Folds, Record]:
    columns = reading.arrays(path)
    values = {k.split("/")[1]: v for k, v in columns.items() if k.startswith("value/")}
    reading.check(path, columns, FOLDS)
    reading.check(
        path,
        columns,
        {
            "label": Column("iu", (None,), 0, classes - 1),
            "own": FOLDS["fold"],
            "p": Column("f", (None, classes), 0, 1.001),
            **{f"value/{name}": Column("f", (None,)) for name in values},
        },
    )
    record = Record(columns["label"], columns["own"].astype(np.int64), columns["p"], values)
    return Folds(columns["name"], columns["fold"]), record


def _whole(tensors: Iterable[Any]) -> dict[str, Tensor]:
    """Give every tensor its own memory, in order: safetensors takes no views."""
    return {name: tensor.contiguous().clone() for name, tensor in dict(tensors).items()}
