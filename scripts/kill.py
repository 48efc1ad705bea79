"""Kill a command at random moments, go on from what is on disk, and compare with an unbroken run.

Each round starts the command on an earlier round's folder with --resume and sends SIGKILL after a
random time; the last one is left to finish. Then every file must say the same as the unbroken
run's: tensors and arrays bit for bit, findings row for row, reports but for seconds. After each
kill every command that reads runs is asked about the folder: a folder that can neither be resumed
nor read, or read only by a traceback, ends the script. With --signal TERM a command has to leave
with 143 and say how to go on. `rate` works inside a run of `stress` and has no --resume: it is
started again on the same folder. Processes are forked from one that has imported all, so that a
kill hits work and not imports; seconds are of the wall.

    python scripts/kill.py fit stress judge react train rate harden --kills 30
    python scripts/kill.py fit stress judge react train rate harden --kills 10 --signal TERM
"""

import argparse
import collections
import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from stable_baselines3.common.save_util import load_from_zip_file

from genenv import api, checks, cli, runs, tracking
from genenv.hardening import Hardening
from genenv.judge import recipe
from genenv.practising import Practising
from genenv.stressing import Stressing

SMALL = {
    "fit": "fit digits --no-metrics --steps 600 --checkpoint-every 25",
    "stress": "stress digits --search random evolution --budget 1000 --steps 60 --no-cache",
    "judge": "judge digits --no-cache",
    "react": "react digits --learner logistic --noise sample:gaussian real:blur --samples 30 "
    "--sizes 60 120 --seeds 0 1 --steps 60 --no-cache",
    "train": "train genenv/LatentProbe-v0 --steps 30000 --episodes 8 --checkpoint-seconds 1",
    "rate": "rate {base} --rate-budget 20000",
    "harden": "harden {base} --factory logistic --amounts 20 --budget 256 --seeds 0 1 2 3 4 5",
}
BASE = "stress digits --search random evolution --budget 4000 --no-cache"  # of rate and harden
INSIDE = "rate"  # works in its run's own folder
WARM = (api, runs, Stressing, Practising, Hardening)  # imported before the first fork
READING = (  # what may be asked about a folder at any moment
    "replay {folder}",
    "check {folder} --fail-if p_confirmed>0.5",
    "sample {folder} --count 2 --out {aside}",
    "export {folder} --png {aside}",
    "compare {folder} {folder} --out {aside}",
)
SECONDS = frozenset(("seconds", "timings", "took"))
PASSING = ("events.out", "timings.json", "parts.json", "config.json", ".lock", "markdown")

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("command", nargs="+", choices=SMALL)
parser.add_argument("--kills", type=int, default=30)
parser.add_argument("--base", type=Path, help="a trusted run of stress, for rate and harden")
parser.add_argument("--seed", type=int, default=0, help="of the moments")
parser.add_argument("--epochs", type=int, help="of the judge at most, for quick rounds")
parser.add_argument("--signal", choices=("KILL", "TERM"), default="KILL")
args = parser.parse_args()
SENT = signal.Signals[f"SIG{args.signal}"]


def started(line, folder, resume):
    """Start a command in a process of its own, as a user would, silently."""
    words = line.format(base=folder if line.startswith(INSIDE) else args.base).split()
    if not line.startswith(INSIDE):
        words += ["--out", str(folder), *(["--resume"] if resume else [])]
    return forked(words, folder.with_suffix(".txt"))


def forked(words, place):
    """Start a command in a process of its own; what it says goes to a file."""
    child = os.fork()
    if child:
        return child
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    said = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(said, stream)
    try:
        cli.main(words)
    except SystemExit as end:
        os._exit(int(end.code or 0))
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    os._exit(70)


def ended(child, seconds):
    """Return the exit code of a process if it ends in time; None: it still runs."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    return None


def stopped(child, name, folder):
    """Send the signal; a command that is asked to end says so, with the code that shells expect.

    Returns its exit code: below 0 where the signal ended it, 0 or 3 where its work was over.
    """
    os.kill(child, SENT)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    said = folder.with_suffix(".txt").read_text()
    told = code == 128 + SENT and "terminated" in said and "Traceback" not in said
    if SENT == signal.SIGTERM and not told and code not in (0, 3, -SENT):  # over, or not yet begun
        sys.exit(f"{name} left with {code} after SIGTERM:\n{said}")
    return code


def read(folder):
    """Ask all that read runs about a folder, as it is, and end where one does not answer."""
    if not folder.exists():
        return
    aside, place = folder.with_name("aside"), folder.with_name("said.txt")
    for line in READING:
        child = forked(line.format(folder=folder, aside=aside).split(), place)
        code = ended(child, 120)
        if code not in (0, 1, 2, 3) or "Traceback" in place.read_text():
            sys.exit(f"{line} of {folder} ended with {code}:\n{place.read_text()}")
        shutil.rmtree(aside, ignore_errors=True)
    with contextlib.suppress(checks.Mistake):  # no event file is there yet
        tracking.read(folder)


def finished(child, folder):
    """Wait for a process to end well: 0, or 3 where the run says that it is undecided."""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code not in (0, 3):
        sys.exit(f"a command failed with {code}:\n{folder.with_suffix('.txt').read_text()}")


def without_seconds(value):
    """JSON without what the clock says."""
    if isinstance(value, dict):
        return {k: without_seconds(v) for k, v in value.items() if k not in SECONDS}
    return [without_seconds(v) for v in value] if isinstance(value, list) else value


def in_order(value):
    """Tensors as bytes, and dicts without the order of their keys."""
    if isinstance(value, dict):
        return {k: in_order(v) for k, v in value.items()}
    return value.numpy().tobytes() if isinstance(value, torch.Tensor) else value


def content(path):
    """Return what a file says, in a form that compares; None: it may differ."""
    if path.name.startswith(PASSING) or path.suffix in (".html", ".md"):
        return None
    if path.suffix == ".json":
        return without_seconds(json.loads(path.read_text()))
    if path.suffix == ".safetensors":
        return {name: t.numpy().tobytes() for name, t in load_file(path).items()}
    if path.suffix == ".zip":  # which holds the time of its making
        return {name: in_order(value) for name, value in load_from_zip_file(path)[1].items()}
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            return {name: (a.dtype, a.shape, a.tobytes()) for name, a in arrays.items()}
    return path.read_bytes()


def unequal(one, two):
    """Files that one folder lacks, or that say something else."""
    names = {p.relative_to(f) for f in (one, two) for p in f.rglob("*") if p.is_file()}
    names = {n for n in names if not n.name.startswith(PASSING)}
    wrong = [n for n in names if not ((one / n).is_file() and (two / n).is_file())]
    wrong += [n for n in names if n not in wrong and content(one / n) != content(two / n)]
    return sorted(map(str, wrong))


def rounds(name, work):
    """Kill a command, let it finish, and return what differs."""
    whole = work / f"{name}-whole"
    broken = work / f"{name}-broken"
    if name == INSIDE:
        shutil.copytree(args.base, whole)
        shutil.copytree(args.base, broken)
    began = time.monotonic()
    finished(started(SMALL[name], whole, resume=False), whole)
    straight = time.monotonic() - began
    moments = random.Random(args.seed)
    kills, codes = 0, collections.Counter()
    print(f"{name}: unbroken {straight:.1f} s", flush=True)
    while kills < args.kills:
        resume = (broken / "config.json").is_file()
        if broken.exists() and not resume:
            shutil.rmtree(broken)  # killed before there was anything
        child = started(SMALL[name], broken, resume)
        code = ended(child, moments.uniform(0.02, 0.3) * straight)
        if code is None:
            codes[stopped(child, name, broken)] += 1
            kills += 1
            read(broken)
            continue
        if code not in (0, 3):
            sys.exit(f"{name} failed with {code}:\n{broken.with_suffix('.txt').read_text()}")
        differs = unequal(broken, whole)
        print(f"{name}: whole after {kills} kills so far, {len(differs)} files differ", flush=True)
        if differs:
            return differs
        shutil.rmtree(broken)
        if name == INSIDE:
            shutil.copytree(args.base, broken)
    finished(started(SMALL[name], broken, (broken / "config.json").is_file()), broken)
    differs = unequal(broken, whole)
    left = ", ".join(f"{code} {count} times" for code, count in codes.most_common())
    print(f"{name}: {kills} kills (left with {left}), {len(differs)} files differ", *differs)
    sys.stdout.flush()
    return differs


if args.epochs:
    recipe.FEWEST = min(recipe.FEWEST, args.epochs)
    recipe.MOST = args.epochs
torch.set_num_threads(1)
place = Path(tempfile.mkdtemp(prefix="kill-"))
if args.base is None and {"rate", "harden"} & set(args.command):
    args.base = place / "base"
    finished(started(BASE, args.base, resume=False), args.base)
failed = [name for name in args.command if rounds(name, place)]
if not failed:
    shutil.rmtree(place)
sys.exit(f"unequal: {failed}, see {place}" if failed else 0)
