"""Kill a training at random moments, go on from what is on disk, and compare with an unbroken run.

Each round starts `genenv fit` on an earlier round's folder with --resume and sends SIGKILL after a
random time; the last one is left to finish. Every tensor of the last checkpoint (networks,
average, optimizers) must equal the unbroken run's, bit for bit.
Example: python scripts/kills.py --kills 30
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from genenv.training import checkpoint

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--kills", type=int, default=30)
parser.add_argument("--data", default="digits")
parser.add_argument("--objective", default="relativistic")
parser.add_argument("--steps", type=int, default=3000)
parser.add_argument("--checkpoint-every", type=int, default=25)
parser.add_argument("--arguments", default="--no-metrics", help="more of `genenv fit`")
parser.add_argument("--seed", type=int, default=0, help="of the moments")
args = parser.parse_args()

work = Path(tempfile.mkdtemp(prefix="kills-"))
command = [
    *(sys.executable, "-m", "genenv", "fit", args.data, "--objective", args.objective),
    *("--steps", str(args.steps), "--checkpoint-every", str(args.checkpoint_every)),
    *args.arguments.split(),
]
broken, whole = (work / name for name in ("broken", "whole"))


def begun():
    """Say whether a killed process left a run to go on with."""
    return (broken / "config.json").is_file()


def start(folder, resume):
    """Start the training as a user would, silently."""
    line = [*command, "--out", str(folder), *(["--resume"] if resume else [])]
    return subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(process):
    """Wait for a training, and stop with what it said if it failed."""
    said = process.communicate()[1]
    if process.returncode:
        sys.exit(f"a training failed:\n{said}")


began = time.perf_counter()
process = start(whole, resume=False)
while checkpoint.newest(whole / "checkpoints") is None and process.poll() is None:
    time.sleep(0.05)
startup = time.perf_counter() - began  # of Python, the data and the first steps
finish(process)
straight = time.perf_counter() - began
moments, steps, kills = random.Random(args.seed), [], 0
while kills < args.kills:
    if broken.exists() and not begun():
        shutil.rmtree(broken)  # killed before there was anything
    process = start(broken, resume=begun())
    try:
        share = (straight - startup) / args.kills
        process.wait(moments.uniform(0.5 * startup, 1.2 * startup + 1.5 * share))
    except subprocess.TimeoutExpired:
        process.kill()
        kills += 1
    else:
        finish(process)
        print("the training ended before its kills did: give more --steps")
        break
    process.communicate()
    newest = checkpoint.newest(broken / "checkpoints") if broken.exists() else None
    steps.append(0 if newest is None else checkpoint.read(newest)[1]["step"])
    print(f"kill {kills}: the newest whole checkpoint is of step {steps[-1]}", flush=True)
finish(start(broken, resume=begun()))

ends = [checkpoint.read(checkpoint.newest(f / "checkpoints"))[0] for f in (broken, whole)]
unequal = [n for n in ends[1] if n not in ends[0] or not torch.equal(ends[0][n], ends[1][n])]
print(
    f"\n{kills} kills, {len(set(steps))} different checkpoints resumed from; of {len(ends[1])} "
    f"tensors {len(unequal)} differ from the unbroken run ({straight:.0f} s)"
)
shutil.rmtree(work)
sys.exit(bool(unequal or ends[0].keys() != ends[1].keys()))
