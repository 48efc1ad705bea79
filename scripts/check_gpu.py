"""Verify and measure training on a CUDA device, all in one call.

Checks, for every objective on its networks: the device agrees with the CPU on the first step's
terms; two runs are equal bit for bit; 10 steps, a checkpoint and 10 more are equal to 20; no step
waits for the host; bf16, TF32 and torch.compile train to finite weights; a batch that does not fit
is told with a batch to try. Then images a second of each way to train. Prints Markdown, writes
JSON, and exits with 1 if a check failed, 3 where there is no CUDA device: nothing was checked then.
Example: python scripts/check_gpu.py --out gpu.json
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from genenv.checks import Mistake
from genenv.data import Units
from genenv.objectives import OBJECTIVES
from genenv.training import Trainer, preset, state

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--side", type=int, default=32, help="pixels of an image")
parser.add_argument("--width", type=int, default=64)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--steps", type=int, default=200, help="of each speed measurement")
parser.add_argument("--out", type=Path, default=Path("check_gpu.json"))
args = parser.parse_args()

if not torch.cuda.is_available():
    print("no CUDA device: nothing was checked")
    sys.exit(3)

units = Units((args.side, args.side, 3), "uint8", (0.0,), (255.0,))
shape = (2048, *units.shape)
x = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
label = np.arange(len(x), dtype=np.int64) % 10
classes = tuple(range(10))
failures, rows = [], []


def trainer(objective, folder=None, **changes):
    """Make a trainer of random images with an objective's preset."""
    settings = {"steps": 20, "device": "cuda", "batch": 32, "width": 16, "critic_width": 16}
    config = replace(preset(objective, units), **(settings | changes))
    return Trainer(x, label, units, classes, config, folder=folder)


def everything(run):
    """Every tensor that decides the next step, on the CPU."""
    tensors = state.pack(run.game.modules, run.game.optimizers)
    return {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}


def equal(first, second):
    """Whether two states are equal to the bit."""
    return first.keys() == second.keys() and all(torch.equal(first[n], second[n]) for n in first)


def finite(tensors):
    """Whether all numbers are finite."""
    return all(bool(t.double().isfinite().all()) for t in tensors.values())


def check(name, passed):
    """Note and print one result."""
    print(f"{'ok    ' if passed else 'FAILED'} {name}", flush=True)
    if not passed:
        failures.append(name)


print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, CUDA {torch.version.cuda}")
for objective in OBJECTIVES:
    for network in ("dcgan", "resnet", "mlp"):
        name = f"{objective}, {network}: "
        runs = [trainer(objective, network=network) for _ in range(2)]
        for run in runs:
            run.fit()
        straight = everything(runs[0])
        check(f"{name}two runs are equal", equal(straight, everything(runs[1])))
        check(f"{name}weights are finite", finite(straight))
        with tempfile.TemporaryDirectory() as folder:
            first = trainer(objective, folder, network=network)
            for _ in range(10):
                first.step()
            first.save()
            second = trainer(objective, folder, network=network)
            second.resume()
            second.fit()
        check(f"{name}resume is exact", equal(straight, everything(second)))

        here, there = trainer(objective, network=network), trainer(
            objective, network=network, device="cpu"
        )  # fmt: skip
        e = torch.randn(8, here.game.generator.noise.base_dim)
        which = torch.arange(8)
        with torch.no_grad():
            fake = [
                run.game.generator.eval().from_base(e.to(run.device), which.to(run.device)).cpu()
                for run in (here, there)
            ]
        check(f"{name}a sample is the CPU's to 1e-3", bool((fake[0] - fake[1]).abs().max() < 1e-3))

        quiet = trainer(objective, network=network)
        quiet.step()  # the first fills caches
        torch.cuda.set_sync_debug_mode("error")
        try:
            quiet.step()
            waited = False
        except RuntimeError as error:
            waited = "synchroniz" in str(error)
        finally:
            torch.cuda.set_sync_debug_mode("default")
        check(f"{name}a step never waits for the host", not waited)

for precision in ("bf16", "tf32"):
    for objective in ("gan", "wgan-gp", "relativistic"):
        run = trainer(objective, precision=precision)
        run.fit()
        check(f"{objective}: {precision} stays finite", finite(everything(run)))
for objective in ("gan", "relativistic"):
    run = trainer(objective, compile=True)
    run.fit()
    check(f"{objective}: torch.compile stays finite", finite(everything(run)))

try:
    Trainer(
        np.broadcast_to(x[:1], (2_000_000, *units.shape)), None, units, (),
        replace(preset("gan", units), batch=2_000_000, width=512, device="cuda", steps=1),
    ).fit()  # fmt: skip
    told = False
except Mistake as mistake:
    told = "memory on cuda" in str(mistake)
torch.cuda.empty_cache()
check("a batch that does not fit is told with one to try", told)

print("\n| objective | precision | compile | images/s | of float32 |\n|---|---|---|---|---|")
for objective in ("gan", "wgan-gp", "relativistic"):
    plain = None
    for precision, compiled in (("32", False), ("tf32", False), ("bf16", False), ("bf16", True)):
        settings = {"width": args.width, "critic_width": args.width, "batch": args.batch}
        run = trainer(
            objective, precision=precision, compile=compiled, steps=args.steps + 20, **settings
        )
        for _ in range(20):
            run.step()
        torch.cuda.synchronize()
        began = time.perf_counter()
        run.fit()
        torch.cuda.synchronize()
        rate = args.steps * args.batch / (time.perf_counter() - began)
        plain = plain or rate
        rows.append(
            {"objective": objective, "precision": precision, "compile": compiled, "rate": rate}
        )
        print(f"| {objective} | {precision} | {compiled} | {rate:,.0f} | {rate / plain:.2f} |")

print(f"\n{len(failures)} checks failed: {', '.join(failures) or 'none'}")
plain = {"device": torch.cuda.get_device_name(), "torch": torch.__version__}
args.out.write_text(json.dumps(plain | {"failures": failures, "speed": rows}, indent=2))
sys.exit(bool(failures))
