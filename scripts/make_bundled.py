"""Make the package's bundled set: digits, a generator with its ladder, a model and a guide.

Takes about a minute on one core; the same versions of torch and scikit-learn give the same files.
Generators are stored in float16 and compute in float32; model and guide, whose thresholds were
calibrated in float32, are stored so.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from genenv import bundled, data, seeding
from genenv.classifier import fit_classifier
from genenv.data import Dataset
from genenv.judge import make_judge, save_guide
from genenv.recorded import MODEL
from genenv.training import Trainer, preset

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", type=Path, default=bundled.FOLDER)
arguments = parser.parse_args()
seed = arguments.seed
out = arguments.out
ROLES = ("train", "guide", "audit", "calibration", "test")

torch.set_num_threads(1)
digits = data.load("digits")
parts = data.split(digits, seed)
x = digits.x[parts.train]
label = digits.label[parts.train]
for part in ("ladder", "generator", "model", "judge"):
    shutil.rmtree(out / part, ignore_errors=True)


def halve(folder: Path, critic: bool) -> None:
    """Store a saved generator in float16, with its critic or without."""
    for path in folder.glob("*.safetensors"):
        tensors = load_file(path)
        save_file({k: v.half() if v.is_floating_point() else v for k, v in tensors.items()}, path)
    if not critic:
        (folder / "critic.safetensors").unlink()
        spec = json.loads((folder / "spec.json").read_text()) | {"critic": None}
        (folder / "spec.json").write_text(json.dumps(spec, indent=2) + "\n")


trainer = Trainer(
    Dataset("rows", x, label, digits.classes, digits.units), preset("relativistic", digits.units)
)
for step in bundled.LADDER:
    while trainer.done < step:
        trainer.step()
    trainer.result().save(bundled.rung(step, out))
    halve(bundled.rung(step, out), critic=False)
trainer.check_finite(weights=True)
assert trainer.done == trainer.config.steps
trainer.result().save(out / "generator")
halve(out / "generator", critic=True)

model = fit_classifier(
    "cnn", x, label, digits.units, len(digits.classes), seeding.fold(seed, "model")
)
(out / "model").mkdir(parents=True)
model.save(out / "model" / MODEL)
judge = make_judge(digits, digits, parts, seeding.fold(seed, "judge"))
save_guide(judge.guide, out / "judge")

rows = {role: getattr(parts, role).astype(np.int16) for role in ROLES}
np.savez_compressed(
    out / "data.npz", x=digits.x.astype(np.uint8), label=digits.label.astype(np.uint8), **rows
)
files = [path for path in out.rglob("*") if path.suffix in (".safetensors", ".json", ".npz")]
print(f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.2f} MB in {out}")
print(json.dumps(judge.quality["accuracy"], indent=2))
