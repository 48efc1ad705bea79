"""Verify and measure training on a CUDA device, all in one call.

Checks, for every objective on its networks, for packs and for codes: the device agrees with the
CPU on the first step's terms; two runs are equal bit for bit, and so are 10 steps, a checkpoint and
10 more to 20 (but for codes of images, which repeat to rounding there); no step waits for the host;
bf16, TF32 and torch.compile train to finite weights; a batch that does not fit is told with a batch
to try. Then images a second of each way to train. Prints Markdown, writes JSON, and exits with 1 if
a check failed, 3 where there is no CUDA device: nothing was checked then.
Example: python scripts/check_gpu.py --out gpu.json
"""

import argparse
import json
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from genenv.checks import Mistake
from genenv.codecs import Pictures
from genenv.data import Dataset
from genenv.objectives import OBJECTIVES
from genenv.training import Trainer, preset, state
from genenv.training.machine import reproducible

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

units = Pictures((args.side, args.side, 3), "uint8", (0.0,), (255.0,))
shape = (2048, *units.shape)
x = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
label = np.arange(len(x), dtype=np.int64) % 10
classes = tuple(range(10))
failures = []
rows = []


def trainer(objective, folder=None, **changes):
    """Make a trainer of random images with an objective's preset."""
    settings = {"steps": 20, "device": "cuda", "batch": 32, "width": 16, "critic_width": 16}
    rarer = {"penalty_every": 2} if OBJECTIVES[objective].penalised else {}
    config = replace(preset(objective, units), **(settings | rarer | changes))
    bare = config.unlabelled
    names = () if bare else classes
    return Trainer(Dataset("rows", x, None if bare else label, names, units), config, folder=folder)


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


@contextmanager
def drawn_alike():
    """Draw what steps draw on the CPU and from the same seeds: a GPU has other random numbers."""
    streams = {}
    drawers = (torch.rand, torch.randn)

    def through(draw):
        def drawn(*size, generator=None, device=None, **others):
            if generator is None:
                return draw(*size, device=device, **others)
            if generator not in streams:
                streams[generator] = torch.Generator().manual_seed(generator.initial_seed())
            return draw(*size, generator=streams[generator], **others).to(device)

        return drawn

    torch.rand, torch.randn = map(through, drawers)
    try:
        yield
    finally:
        torch.rand, torch.randn = drawers


def alike(objective, settings):
    """Whether the terms of the first step, of one critic update, are those of the CPU."""
    terms = []
    for device in ("cuda", "cpu"):
        run = trainer(objective, **settings, critic_steps=1, penalty_every=1, device=device)
        with reproducible(1), drawn_alike():
            terms.append({k: t.cpu().float() for k, t in run.game.step(0, run.config.lr).items()})
    here, there = terms
    return here.keys() == there.keys() and all(
        torch.allclose(here[k], there[k], rtol=1e-2, atol=1e-3) for k in there
    )


print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, CUDA {torch.version.cuda}")
cases = [(o, {"network": n}) for o in OBJECTIVES for n in ("dcgan", "deep-dcgan", "resnet", "mlp")]
for objective in ("gan", "wgan-gp", "relativistic"):
    cases.append((objective, {"network": "dcgan", "pack": 2}))
    cases.append((objective, {"network": "mlp", "categorical": (10,), "continuous": 2}))
for objective, settings in cases:
    name = f"{objective}, {', '.join(f'{k} {v}' for k, v in settings.items())}: "
    runs = [trainer(objective, **settings) for _ in range(2)]
    for run in runs:
        run.fit()
    straight = everything(runs[0])
    check(f"{name}weights are finite", finite(straight))
    if "categorical" not in settings:
        check(f"{name}two runs are equal", equal(straight, everything(runs[1])))
        with tempfile.TemporaryDirectory() as folder:
            first = trainer(objective, folder, **settings)
            for _ in range(10):
                first.step()
            first.save()
            second = trainer(objective, folder, **settings)
            second.resume()
            second.fit()
        check(f"{name}resume is exact", equal(straight, everything(second)))

    here, there = (trainer(objective, **settings, device=d) for d in ("cuda", "cpu"))
    e = torch.randn(8, here.game.generator.noise.base_dim)
    with torch.no_grad(), reproducible(1):
        fake = [
            run.game.generator.eval()
            .from_base(
                e.to(run.device),
                torch.arange(8, device=run.device) if run.game.generator.classes else None,
            )
            .cpu()
            for run in (here, there)
        ]
    check(f"{name}a sample is the CPU's to 1e-3", bool((fake[0] - fake[1]).abs().max() < 1e-3))
    check(f"{name}the first step's terms are the CPU's to 1 %", alike(objective, settings))

    quiet = trainer(objective, **settings)
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
        Dataset("rows", np.broadcast_to(x[:1], (2_000_000, *units.shape)), None, (), units),
        replace(preset("gan", units), batch=2_000_000, width=512, device="cuda", steps=1),
    ).fit()  # fmt: skip
    words = False
except Mistake as mistake:
    words = "memory on cuda" in str(mistake)
torch.cuda.empty_cache()
check("a batch that does not fit is told with one to try", words)

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
