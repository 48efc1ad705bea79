"""Count the modes of stacked digits that objectives find, by the published protocol.

Three digits are the channels of a picture: 1,000 modes. Of 25,600 samples: triples of classes that
there are, by a classifier of the digits whose accuracy is told, and the reverse KL of their
histogram against uniform (a perfect sampler has 0.0195). Each objective trains unconditionally,
with its preset. A row of as many real stacks stands beside. Writes JSON.
Example: python scripts/stacked_digits.py digits.npz --seeds 0 --steps 8000
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import torch

from genenv import data
from genenv.data.stacked_digits import stacked
from genenv.metrics import StackedModes
from genenv.metrics.stacked import SAMPLES
from genenv.training import preset, train

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("data", help="digits: a name, a folder of idx files or an .npz file")
parser.add_argument("--objectives", nargs="+", default=["relativistic"])
parser.add_argument("--seeds", type=int, nargs="+", default=[0])
parser.add_argument("--steps", type=int, default=None, help="generator updates; default: preset")
parser.add_argument("--rows", type=int, default=50_000, help="stacks to learn from")
parser.add_argument("--samples", type=int, default=SAMPLES)
parser.add_argument("--settings", default="{}", help="changes of the preset, as JSON")
parser.add_argument("--out", type=Path, default=Path("stacked_digits.json"))
args = parser.parse_args()

torch.set_num_threads(1)
digits = data.load(args.data)
count = StackedModes(digits)
print(f"classifier right on {count.accuracy:.2%} of held-out digits")
real = count(stacked(digits, args.samples, seed=1).x)
print(f"real stacks: {real['modes']} modes, reverse KL {real['reverse_kl']:.4f}", flush=True)
table = []
for objective in args.objectives:
    for seed in args.seeds:
        dataset = stacked(digits, args.rows, seed)
        config = replace(preset(objective, dataset.units), seed=seed, threads=1, device="cpu")
        config = replace(config, steps=args.steps or config.steps, **json.loads(args.settings))
        began = time.process_time()
        generator = train(dataset.without_labels(), config)
        seconds = time.process_time() - began
        found = count(generator.sample(args.samples, seed)[0])
        about = {"objective": objective, "seed": seed, "steps": config.steps}
        table.append(about | found | {"cpu_seconds": seconds})
        print(table[-1], flush=True)
        whole = {"accuracy": count.accuracy, "real": real, "rows": table}
        args.out.write_text(json.dumps(whole, indent=2))
