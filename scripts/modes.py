"""Count the modes that each objective finds, by the protocol of VEEGAN and PacGAN.

Ring: 8 modes; grid: 25 modes; 20,000 rows. Of 2,500 samples: modes covered (a sample within 3 σ of
its centre), the share of high quality (within 3 σ of a centre; a perfect sampler has 98.89 %), and
the reverse KL over modes against uniform. Each objective trains with its preset for vectors, on one
thread. Prints Markdown with the rows that PacGAN published (arXiv 1712.04086, table 1) and writes
JSON; rows that the JSON has already are not measured again.
Examples: python scripts/modes.py --objectives relativistic --seeds 0 1 2 3 4 5 6 7 8 9
          python scripts/modes.py --data grid --objectives gan --pack 2
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from genenv import data, seeding
from genenv.metrics import mode_metrics
from genenv.objectives import OBJECTIVES
from genenv.training import Trainer, preset

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--data", nargs="+", default=["ring", "grid"])
parser.add_argument("--objectives", nargs="+", default=list(OBJECTIVES))
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
parser.add_argument("--steps", type=int, default=None, help="generator updates; default: preset")
parser.add_argument("--pack", type=int, default=1)
parser.add_argument("--settings", default="{}", help="further changes of the preset, as JSON")
parser.add_argument("--out", type=Path, default=Path("modes.json"))
args = parser.parse_args()

SAMPLES = 2500
PUBLISHED = {  # data, name -> modes, high quality in %, reverse KL; None: not in the table
    ("ring", "GAN, PacGAN's table 1"): (6.3, None, None),
    ("ring", "PacGAN2, PacGAN's table 1"): (7.9, None, None),
    ("grid", "GAN, PacGAN's table 1"): (17.3, None, 0.70),
    ("grid", "PacGAN4, PacGAN's table 1"): (24.8, 93.6, 0.04),
}
table = json.loads(args.out.read_text()) if args.out.is_file() else []


def measure(name, objective, seed):
    """Train on one mixture and count."""
    dataset = data.load(name)
    usual = preset(objective, dataset.units)
    steps = args.steps or usual.steps
    config = replace(usual, seed=seed, steps=steps, pack=args.pack, threads=1, device="cpu")
    config = replace(config, **json.loads(args.settings))
    run = Trainer(dataset.without_labels(), config)
    began = time.process_time()
    run.fit()
    seconds = time.process_time() - began
    x, _ = run.result().sample(SAMPLES, seed=seeding.fold(seed, "modes"))
    counted = mode_metrics(x, dataset.modes)
    nets = f"G 3×{config.width}, D 3×{config.critic_width}, z {config.latent}"  # noqa: RUF001
    return {
        "data": name,
        "objective": objective,
        "pack": args.pack,
        "seed": seed,
        "networks": nets,
        "norm": run.game.norm,
        "steps": steps,
        "settings": args.settings,
        "critic_steps": config.critic_steps,
        "cpu_seconds": seconds,
    } | counted


def known(name, objective, seed):
    """Find a row that was measured before."""
    asked = name, objective, args.pack, seed, args.settings
    keys = "data", "objective", "pack", "seed", "settings"
    same = [r for r in table if tuple(r[key] for key in keys) == asked]
    return same[0] if same else None


for name in args.data:
    for objective in args.objectives:
        for seed in args.seeds:
            if known(name, objective, seed) is None:
                table.append(measure(name, objective, seed))
                args.out.write_text(json.dumps(table, indent=2))
                print(table[-1], flush=True)

print(
    "\n| data | objective | steps (critic) | seeds | CPU s | modes: mean (least) "
    "| high quality %: mean (least) | KL: mean (most) |\n|---|---|---|---|---|---|---|---|"
)
for name in args.data:
    for objective in args.objectives:
        rows = [known(name, objective, seed) for seed in args.seeds]
        modes, good, kl, seconds = (
            np.array([r[k] for r in rows])
            for k in ("modes", "high_quality", "reverse_kl", "cpu_seconds")
        )
        first = rows[0]
        packed = f", pack {args.pack}" if args.pack > 1 else ""
        norm = f", {first['norm']} norm" if first["norm"] != "none" else ""
        print(
            f"| {name} | {objective}{packed}{norm} | {first['steps']:,} ({first['critic_steps']}) "
            f"| {len(rows)} | {seconds.mean():.0f} | {modes.mean():.1f} ({modes.min()}) "
            f"| {100 * good.mean():.1f} ({100 * good.min():.1f}) "
            f"| {kl.mean():.4f} ({kl.max():.4f}) |"
        )
    for (where, title), numbers in PUBLISHED.items():
        if where == name:
            cells = ["" if number is None else f"{number}" for number in numbers]
            print(f"| {name} | published: {title} | | 10 | | {' | '.join(cells)} |")
print(f"\nnetworks: {table[-1]['networks']}; one thread")
