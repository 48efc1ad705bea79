"""Damage a file of a run, give the run to every command that reads it, and look at the outcome.

Small runs of each kind are made once, in a folder that is kept. Then a file is cut, emptied,
flipped, exchanged for another, nested, inflated, or replaced by a link, a pipe or a folder, and a
command that reads such a run is started in a process of its own. It may do its work, or refuse the
run in a sentence: exit 2, or 3 where a run is undecided, or 1 where `check` or `replay` read what
still is a run. Anything else is told and counted: a traceback, another code, a wait, memory beyond
a limit, raw escapes on the terminal, a changed file that nobody named.

    python scripts/fuzz_runs.py RUNS --rounds 20
    python scripts/fuzz_runs.py RUNS --kinds stress react --seed 7
"""

import argparse
import collections
import io
import json
import os
import random
import resource
import shutil
import signal
import struct
import sys
import tempfile
import traceback
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch
from werkzeug.test import Client

from genenv import api, cli, policies, prepared, regression, runs, tracking
from genenv.board import Board
from genenv.hardening import Hardening
from genenv.judge import recipe
from genenv.practising import Practising
from genenv.reacting import Reacting
from genenv.stressing import Stressing
from genenv.training import presets

WARM = (api, policies, regression, runs, Hardening, Practising, Reacting, Stressing)  # imported
MODELS = """
import numpy as np

CENTRES = np.array([[0, 0], [6, 0], [0, 6.0]])

def model(x):
    x = np.asarray(x)
    k = ((x[:, None] - CENTRES) ** 2).sum(2).argmin(1)
    return np.eye(3)[np.where((k == 2) & (x[:, 0] > 0), 1, k)] * 0.85 + 0.05

def cut(f):
    return np.eye(3)[np.digitize(f["size"], [-0.3, 0.5])] * 0.85 + 0.05

def price(f):
    return 500 + 100 * f["size"] - 150 * (f["cut"] == "fair")

def still(observation):
    return np.zeros(len(observation), int)
"""
MODEL = "--model {all}/models.py:model"
THREE = "{all}/three.npz --no-cache"
STONES = "stress {all}/stones.csv --search random --budget 300 --target"
MADE = {  # kind of run -> what leaves it in --out
    "fit": "fit {all}/three.npz --steps 60 --checkpoint-every 30",
    "judge": f"judge {THREE}",
    "stress": f"stress {THREE} {MODEL} --generator {{all}}/fit --judge {{all}}/judge --anyway "
    "--search random evolution policy --budget 600 --train-queries 2112",
    "harden": "harden {all}/stress --data {all}/three.npz --factory logistic --amounts 20 "
    "--budget 64",
    "react": f"react {THREE} --judge {{all}}/judge --learner logistic "
    "--samples 40 --sizes 60 120 --only noise generations --generations 2",
    "train": "train genenv/LatentProbe-v0 --steps 600 --episodes 4",
    "table": f"{STONES} cut --model {{all}}/models.py:cut --anyway --no-cache",
    "regressor": f"{STONES} price --model {{all}}/models.py:price",
    "policy": "stress --env CartPole-v1 --policy {all}/models.py:still --search random --budget 64",
}
SEARCHED = (  # what reads any run of `stress`
    "check {run} --fail-if p_confirmed>0.5",
    "compare {run} {all}/stress",
    "export {run} --without-rows {out}",
    "export {run} --png {out}",
    "export {run} --pytest {out}/test_it.py",
)
READ = {  # kind -> what reads it; TAB and CURVES are calls, not commands
    "fit": ("sample {run} --count 4 --out {out}.npz", "CURVES", "resume",
            f"stress {THREE} {MODEL} --anyway --generator {{run}} --judge {{all}}/judge "
            "--search random --budget 64 --out {out}"),
    "judge": ("resume", f"stress {THREE} {MODEL} --anyway --generator {{all}}/fit --judge {{run}} "
              "--search random --budget 64 --out {out}"),
    "stress": (*SEARCHED, "TAB", "CURVES", "resume",
               f"replay {{run}} {MODEL}", f"replay {{run}} --png {{out}} {MODEL}",
               f"check {{run}} --fail-if p_confirmed>0.5 {MODEL} --trust --budget 64 --out {{out}}",
               f"export {{run}} --pytest {{out}}/test_it.py {MODEL}",
               f"compare {{run}} {{all}}/stress {MODEL} {{all}}/models.py:model --out {{out}}",
               f"rate {{run}} {MODEL} --rate-budget 300",
               "audit {run} --csv --count 4",
               "harden {run} --data {all}/three.npz --factory logistic --amounts 20 --budget 64 "
               "--out {out}",
               f"stress {THREE} {MODEL} --anyway --generator {{run}} --judge {{run}} "
               "--starts-from {run} --search stored --budget 64 --out {out}"),
    "harden": ("resume",),
    "react": ("resume", "TAB", "CURVES",
              f"react {THREE} --generated {{run}} --judge {{run}} --learner logistic --sizes 60 "
              "--seeds 0 --out {out}"),
    "train": ("resume", "CURVES"),
    "table": (*SEARCHED, "TAB", "resume", "sample {run} --count 4 --out {out}.npz",
              "sample {run} --count 4 --where size>0 --out {out}.npz",
              "replay {run} --model {all}/models.py:cut", "audit {run} --csv --count 4"),
    "regressor": (*SEARCHED, "resume", "replay {run} --model {all}/models.py:price",
                  "rate {run} --model {all}/models.py:price --rate-budget 300"),
    "policy": (*SEARCHED, "resume", "replay {run} --model {all}/models.py:still"),
}  # fmt: skip
EVIL = (
    *("<script>alert(1)</script>", "=cmd|calc", "\x1b[2J", "../../x", "a" * 100_000, "\u202eabc"),
    *("", None, True, -1, 0, 1e308, float("nan"), 10**400, 2**63, [], {}, [[[]]]),
)
WAYS = ("value", "value", "value", "cut", "flip", "flips", "empty", "random", "deep", "claim",
        "swap", "pipe", "folder", "link", "gone")  # fmt: skip
LIMIT = 2**31  # bytes beyond what the imports hold
PATIENCE = 90, 240  # seconds of the CPU, of the wall
MAKING = 3600  # of the wall, for a run that is to be damaged

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("all", type=Path, help="where the runs are, or are made")
parser.add_argument("--kinds", nargs="+", choices=MADE, default=[*MADE])
parser.add_argument("--commands", nargs="+", help="first words of those to ask; else all")
parser.add_argument("--rounds", type=int, default=1, help="damages of each kind and command")
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
ALL = args.all.resolve()
ALL.mkdir(parents=True, exist_ok=True)
ASIDE = "damaged-"  # begins the name of a folder of this process alone
PLACE = Path(tempfile.mkdtemp(prefix=ASIDE, dir=ALL))
RUN, OUT, SAID = PLACE / "runs" / "run", PLACE / "runs" / "out", PLACE / "said.txt"


def data():
    """Write the data and the models."""
    rng = np.random.default_rng(0)
    y = np.arange(600) % 3
    x = np.array([[0, 0], [6, 0], [0, 6.0]])[y] + rng.normal(0, 1, (600, 2))
    np.savez(ALL / "three.npz", x=x.astype(np.float32), y=y)
    size, cut = rng.normal(size=700).round(3), rng.choice(["fair", "good", "ideal"], 700)
    frame = pd.DataFrame({"size": size, "cut": cut, "depth": rng.normal(size=700).round(2)})
    frame["price"] = (500 + 100 * size + 60 * (cut == "ideal") + rng.normal(size=700)).round(2)
    frame.to_csv(ALL / "stones.csv", index=False)
    (ALL / "models.py").write_text(MODELS)


def tab():
    """Ask the tab for all that it shows of a run."""
    context = SimpleNamespace(logdir=str(RUN.parent), flags=SimpleNamespace(logdir_spec=""))
    apps = Board(context).get_plugin_apps()
    asked = {"run": RUN.name, "shard": "00000", "row": "0", "noise": "latent:temperature"}
    codes = set()
    for app in apps.values():
        answer = Client(app).get("/", query_string=asked)
        while b'"reading": true' in answer.data:
            answer = Client(app).get("/", query_string=asked)
        codes.add(answer.status_code)
    return 0 if codes <= {200, 400, 404} else 70


def curves():
    """Read the event files."""
    tracking.read_all(RUN)
    return 0


CALLS = {"TAB": tab, "CURVES": curves}


def words(kind, line):
    """Return a command line, or the call that stands for one."""
    if line == "resume":
        line = f"{MADE[kind]} --out {{run}} --resume"
    return line if line in CALLS else line.format(all=ALL, run=RUN, out=OUT).split()


def answer(asked):
    """Answer in this process: the exit code."""
    try:
        if isinstance(asked, str):
            return CALLS[asked]()
        cli.main(asked)
    except SystemExit as end:
        return int(end.code or 0)
    except Exception as error:
        if isinstance(asked, str) and type(error).__module__.startswith("genenv"):
            return 2
        traceback.print_exc()
    return 70


def asked(asked, patience=PATIENCE[1]):
    """Answer in a process of its own; returns exit code, words, CPU seconds."""
    child = os.fork()
    if not child:
        said = os.open(SAID, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + LIMIT, held + LIMIT))
        resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE[0], PATIENCE[0] + 5))
        signal.alarm(patience)
        code = answer(asked)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    _, status, used = os.wait4(child, 0)
    seconds = used.ru_utime + used.ru_stime
    return os.waitstatus_to_exitcode(status), SAID.read_text(errors="replace"), seconds


def values(plain, place=()):
    """List the places of all values in JSON."""
    found = [place]
    if isinstance(plain, dict | list):
        inner = plain.items() if isinstance(plain, dict) else enumerate(plain)
        found += [deeper for key, value in inner for deeper in values(value, (*place, key))]
    return found


def another_value(path, rng):
    """Put something else in the place of a value of JSON, or leave it out."""
    plain = json.loads(path.read_text())
    *above, last = rng.choice(values(plain)[1:] or [("x",)])
    inner = plain
    for key in above:
        inner = inner[key]
    if rng.random() < 0.25 and isinstance(inner, dict):
        inner.pop(last, None)
    elif isinstance(inner, list | dict):
        inner[last] = rng.choice(EVIL)
    path.write_text(json.dumps(plain))


def claim(path, rng):
    """Let a file claim more than it holds."""
    held = path.read_bytes()
    if path.suffix == ".safetensors":
        path.write_bytes(struct.pack("<Q", 2 ** rng.choice((20, 33, 62))) + held[8:])
    elif path.suffix == ".npz":
        with zipfile.ZipFile(path) as file:
            arrays = {name: file.read(name) for name in file.namelist()}
        head = io.BytesIO()
        shape = (2 ** rng.choice((20, 34, 50)),)
        about = {"descr": "<f8", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(head, about)
        arrays[rng.choice(sorted(arrays))] = head.getvalue() + bytes(8)
        with zipfile.ZipFile(path, "w") as file:
            for name, content in arrays.items():
                file.writestr(name, content)
    else:
        path.write_text(json.dumps({"shape": [2**31] * 3}))


def flip(path, rng, count):
    """Flip bits."""
    held = bytearray(path.read_bytes())
    for _ in range(count if held else 0):
        held[rng.randrange(len(held))] ^= 1 << rng.randrange(8)
    path.write_bytes(bytes(held))


def damaged(rng):
    """Damage a file of RUN; returns the way and the file."""
    files = sorted(f for f in RUN.rglob("*") if f.is_file() and f.stat().st_size)
    way = rng.choice(WAYS)
    if way == "value":
        files = [f for f in files if f.suffix == ".json"]
    path = rng.choice(files)
    held = path.read_bytes()
    if way in ("pipe", "folder", "link", "gone"):
        path.unlink()
    nested = rng.choice(("[" * 100_000, '{"a":' * 50_000))
    target = rng.choice((path.name, "/dev/zero", "/etc/passwd", "nowhere", str(ALL / "three.npz")))
    other = rng.choice([f for f in files if f.suffix == path.suffix])
    does = {
        "value": lambda: another_value(path, rng),
        "cut": lambda: path.write_bytes(held[: rng.randrange(len(held))]),
        "flip": lambda: flip(path, rng, 1),
        "flips": lambda: flip(path, rng, 16),
        "empty": lambda: path.write_bytes(b""),
        "random": lambda: path.write_bytes(rng.randbytes(len(held))),
        "deep": lambda: path.write_text(nested),
        "claim": lambda: claim(path, rng),
        "swap": lambda: path.write_bytes(other.read_bytes()),
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "link": lambda: path.symlink_to(target),
        "gone": lambda: None,
    }
    does[way]()
    return way, str(path.relative_to(RUN))


def guarded():
    """Return what lies beside the damaged run: nobody may change it."""
    found = {}
    for above, folders, names in os.walk(ALL):
        folders[:] = [name for name in folders if not name.startswith(ASIDE)]
        paths = (Path(above, name) for name in names)
        found |= {f: f.stat().st_mtime_ns for f in paths if f.is_file()}
    return found


def wrong(asking, line, before):
    """Return what is wrong with an outcome, and what was said."""
    code, said, seconds = asked(asking)
    fine = (0, 1, 2, 3) if line.startswith(("check", "replay")) else (0, 2, 3)
    found = [] if code in fine else [f"code {code}"]
    found += ["traceback"] if "Traceback" in said else []
    found += ["escapes"] if "\x1b" in said or "\u202e" in said else []
    found += ["slow"] if seconds > PATIENCE[0] / 2 else []
    found += ["written elsewhere"] if guarded() != before else []
    COUNTS[code] += 1
    return found, said


def made():
    """Make the runs that are not there yet."""
    if not (ALL / "three.npz").is_file():
        data()
    for kind, line in MADE.items():
        run = ALL / kind
        if run.exists():
            continue
        code, said, seconds = asked(f"{line} --out {run}".format(all=ALL).split(), MAKING)
        print(f"{kind}: {code}, {seconds:.1f} CPU s", flush=True)
        if code not in (0, 3):
            sys.exit(said)


def fresh(kind):
    """Lay out a whole run to be damaged."""
    shutil.rmtree(RUN.parent, ignore_errors=True)
    RUN.parent.mkdir()
    shutil.copytree(ALL / kind, RUN)


def lines(kind):
    """Return what is asked of a kind of run."""
    asks = args.commands
    return [line for line in READ[kind] if asks is None or line.split()[0] in asks]


COUNTS = collections.Counter()
os.environ["COLUMNS"] = "200"
os.environ["GENENV_CACHE"] = str(PLACE / "cache")
torch.set_num_threads(1)
recipe.FEWEST, recipe.MOST = 1, 3  # epochs of the judge: the files are under test
prepared.preset = lambda *names: replace(presets.preset(*names), steps=60)
made()
failed = 0
for kind in args.kinds:
    for line in lines(kind):
        fresh(kind)
        found, said = wrong(words(kind, line), line, guarded())
        last = (said.strip().splitlines() or [""])[-1]
        print(f"whole {kind}, {line[:60]}: {found or 'well'} {last[:150]}", flush=True)
for number in range(args.rounds):
    for kind in args.kinds:
        for line in lines(kind):
            fresh(kind)
            way, path = damaged(random.Random(f"{args.seed} {number} {kind} {line}"))
            found, said = wrong(words(kind, line), line, guarded())
            if found:
                failed += 1
                told = "\n    ".join(said.strip().splitlines()[-12:])
                print(
                    f"{kind} {number}, {way} {path}, {line[:60]}: {found}\n    {told}", flush=True
                )
shutil.rmtree(PLACE)
print(f"{sum(COUNTS.values())} commands, codes {dict(COUNTS)}, {failed} wrong")
sys.exit(bool(failed))
