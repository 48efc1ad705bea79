"""Time a training step beside a plain PyTorch loop and beside torchgan: same networks, same batch.

The networks are genenv's dcgan pair: 32 x 32 pixels RGB, width 64, 64 rows, latents of 64. A step
is one update of the generator, with one critic update before it (gan) or five (wgan-gp).

contender   what it is
plain       a loop in the manner of pytorch/examples dcgan (gan) and of caogang/wgan-gp (wgan-gp:
            fakes without a graph, critic frozen in the generator's step), default Adam. Its data
            lie in memory as float tensors already: it pays for no DataLoader.
plain-bf16  the same under bfloat16 autocast, gradient penalty included.
torchgan    torchgan 0.1.0's Trainer with its losses and these networks, its logging off. It takes
            the critic's loss and the penalty as two updates, with two sets of fakes, and the
            penalty's norm over the whole batch. It imports torchvision, for pictures alone: where
            that is absent, an empty module stands in.
genenv      Trainer.fit, with its average of the generator and its watch over the numbers.
genenv-bf16 the same with precision="bf16": the gradient penalty stays in float32.

Each contender runs in a fresh process, in turn, round after round; the first steps of each are not
timed. A ratio is of two medians of one round: CPU seconds of the process, and seconds on the wall
beside them. The table has the median ratio over the rounds, and the least and the greatest. The
work of a step is counted in multiplications and additions of convolutions and matrix products as
they run; `rate` is that of one large convolution by oneDNN, channels last, in the same round, and
`of rate` is what a step reaches of it (bf16 contenders: of the rate in bfloat16).

Run on a quiet machine; torchgan from a folder of its own, for it pins nothing that must be met:
    pip install --no-deps --target /tmp/torchgan torchgan==0.1.0
    python scripts/bench_training.py --torchgan /tmp/torchgan --out bench_training.json
"""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from genenv import networks
from genenv.codecs import Pictures
from genenv.data import Dataset
from genenv.noise import Gaussian
from genenv.training import Trainer, TrainingConfig

BATCH = 64
WIDTH = 64
LATENT = 64
WARM = 3
CRITIC_STEPS = {"gan": 1, "wgan-gp": 5}
NORM = {"gan": "batch", "wgan-gp": "none"}
ADAM = {"gan": (2e-4, (0.5, 0.999)), "wgan-gp": (1e-4, (0.0, 0.9))}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--rounds", type=int, default=7)
parser.add_argument("--steps", type=int, default=12, help="timed in each process; wgan-gp: a third")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--objectives", nargs="+", default=["gan", "wgan-gp"], choices=CRITIC_STEPS)
parser.add_argument("--torchgan", type=Path, help="folder that torchgan was installed to")
parser.add_argument("--out", type=Path, default=Path("bench_training.json"))
parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)  # contender, objective
args = parser.parse_args()

torch.set_num_threads(args.threads)
units = Pictures((32, 32, 3), "uint8", (0.0,), (255.0,))
x = np.random.default_rng(0).integers(0, 256, (4096, *units.shape), dtype=np.uint8)


class Work(TorchDispatchMode):
    """Counts multiplications and additions of convolutions and matrix products."""

    total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Run an operation and add its count."""
        out = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        self.total += count(*args, **(kwargs or {}), out_val=out) if count else 0
        return out


class Clock:
    """Called after every step; counts the work of the second, times those after WARM."""

    def __init__(self):
        self.done = 0
        self.cpu = []
        self.wall = []
        self.work = Work()

    def __call__(self):
        """Note one step."""
        self.done += 1
        if self.done == 1:
            self.work.__enter__()
        elif self.done == 2:
            self.work.__exit__(None, None, None)
        elif self.done > WARM:
            self.cpu.append(time.process_time() - self._cpu)
            self.wall.append(time.perf_counter() - self._wall)
        self._cpu = time.process_time()
        self._wall = time.perf_counter()


def pair(objective):
    """Make the networks, as the Trainer makes them."""
    law = Gaussian(LATENT)
    norm = NORM[objective]
    return networks.build("dcgan", law, units, (), WIDTH, WIDTH, critic_norm=norm, seed=0)


def batches():
    """Float batches in [-1, 1] without end."""
    rows = torch.from_numpy(x).float().div_(127.5).sub_(1)
    while True:
        for picked in torch.randperm(len(rows)).split(BATCH):
            yield rows[picked]


def adams(objective, *modules):
    """Adam as it is by default, for each module."""
    lr, betas = ADAM[objective]
    return [torch.optim.Adam(module.parameters(), lr=lr, betas=betas) for module in modules]


def plain_gan(tick, count, autocast):
    """D on real rows, D on fakes, then the generator through D, as pytorch/examples does."""
    generator, critic = pair("gan")
    of_generator, of_critic = adams("gan", generator, critic)
    criterion = nn.BCEWithLogitsLoss()
    data = batches()
    for _ in range(count):
        critic.zero_grad()
        label = torch.full((BATCH,), 1.0)
        with autocast():
            on_real = critic(next(data))
            loss_real = criterion(on_real, label)
        loss_real.backward()
        label.fill_(0.0)
        with autocast():
            fake = generator(torch.randn(BATCH, LATENT))
            on_fake = critic(fake.detach())
            loss_fake = criterion(on_fake, label)
        loss_fake.backward()
        of_critic.step()
        generator.zero_grad()
        label.fill_(1.0)
        with autocast():
            loss = criterion(critic(fake), label)
        loss.backward()
        of_generator.step()
        _ = (loss_real + loss_fake).item(), loss.item(), on_real.mean().item()
        tick()


def plain_wgan_gp(tick, count, autocast):
    """Five critic updates with a gradient penalty, then the generator with the critic frozen."""
    generator, critic = pair("wgan-gp")
    of_generator, of_critic = adams("wgan-gp", generator, critic)
    data = batches()
    for _ in range(count):
        critic.requires_grad_(True)
        for _ in range(CRITIC_STEPS["wgan-gp"]):
            critic.zero_grad()
            real = next(data)
            with torch.no_grad(), autocast():
                fake = generator(torch.randn(BATCH, LATENT))
            with autocast():
                on_real = critic(real).mean()
            (-on_real).backward()
            with autocast():
                on_fake = critic(fake).mean()
            on_fake.backward()
            epsilon = torch.rand(BATCH, 1, 1, 1)
            between = (epsilon * real + (1 - epsilon) * fake).requires_grad_()
            with autocast():
                score = critic(between)
                slope = torch.autograd.grad(
                    score, between, torch.ones_like(score), create_graph=True, retain_graph=True
                )[0]
                norm = slope.reshape(BATCH, -1).norm(2, dim=1)
                penalty = 10 * ((norm - 1) ** 2).mean()
            penalty.backward()
            of_critic.step()
        critic.requires_grad_(False)
        generator.zero_grad()
        with autocast():
            loss = -critic(generator(torch.randn(BATCH, LATENT))).mean()
        loss.backward()
        of_generator.step()
        _ = loss.item(), (on_real - on_fake).item(), penalty.item()
        tick()


def plain(tick, objective, count, bf16):
    """Run the loop of the objective."""
    loop = {"gan": plain_gan, "wgan-gp": plain_wgan_gp}[objective]
    loop(tick, count, lambda: torch.autocast("cpu", torch.bfloat16, enabled=bf16))


def genenv(tick, objective, count, bf16):
    """Fit a Trainer; the last step, after which it looks at all weights, is one more."""
    lr, betas = ADAM[objective]
    config = TrainingConfig(
        objective=objective,
        network="dcgan",
        latent=LATENT,
        width=WIDTH,
        critic_width=WIDTH,
        batch=BATCH,
        critic_steps=CRITIC_STEPS[objective],
        lr=lr,
        betas=betas,
        steps=count + 1,
        device="cpu",
        threads=args.threads,
        precision="bf16" if bf16 else "32",
    )
    Trainer(Dataset("rows", x, None, (), units), config).fit(
        lambda _: tick() if tick.done < count else None
    )


class Enough(Exception):  # noqa: N818 it is no error
    """All batches were asked for."""


def torchgan(tick, objective, count):
    """Train with torchgan, which is given batches and asks for the next one after each update."""
    os.environ |= {"TENSORBOARD_LOGGING": "0", "VISDOM_LOGGING": "0"}
    if args.torchgan is not None:
        sys.path.append(str(args.torchgan))
    if importlib.util.find_spec("torchvision") is None:
        sys.modules["torchvision"] = types.ModuleType("torchvision")
    from torchgan import losses
    from torchgan.models import Discriminator, Generator
    from torchgan.trainer import Trainer as TorchganTrainer

    generator, critic = pair(objective)

    class Made(Generator):
        def __init__(self):
            super().__init__(LATENT)
            self.body = generator

        def forward(self, z):
            return self.body(z)

    class Judge(Discriminator):
        def __init__(self):
            super().__init__(3)
            self.body = critic

        def forward(self, rows):
            return self.body(rows)

    class Loader:
        batch_size = BATCH

        def __iter__(self):
            data = batches()
            for _ in range(count):
                for _ in range(CRITIC_STEPS[objective]):
                    yield next(data)
                tick()
            raise Enough

    lr, betas = ADAM[objective]
    adam = {"name": torch.optim.Adam, "args": {"lr": lr, "betas": betas}}
    models = {
        "generator": {"name": Made, "optimizer": adam},
        "discriminator": {"name": Judge, "optimizer": adam},
    }
    terms = {
        "gan": [losses.MinimaxGeneratorLoss(), losses.MinimaxDiscriminatorLoss()],
        "wgan-gp": [
            losses.WassersteinGeneratorLoss(),
            losses.WassersteinDiscriminatorLoss(),
            losses.WassersteinGradientPenalty(),
        ],
    }[objective]
    with tempfile.TemporaryDirectory() as folder:
        trainer = TorchganTrainer(
            models,
            terms,
            device=torch.device("cpu"),
            ncritic=CRITIC_STEPS[objective],
            epochs=1,
            sample_size=BATCH,
            checkpoints=f"{folder}/model",
            recon=folder,
        )
        try:
            trainer(Loader())
        except Enough:
            return


def rate(dtype):
    """Return the best of five rates of one large convolution, in 10^9 operations a CPU second."""
    kept = {"dtype": dtype, "memory_format": torch.channels_last}
    rows = torch.randn(32, 256, 32, 32).to(**kept)
    weight = torch.randn(256, 256, 3, 3).to(**kept)
    seconds = []
    for _ in range(6):
        before = time.process_time()
        nn.functional.conv2d(rows, weight, padding=1)
        seconds.append(time.process_time() - before)
    return 2 * rows.numel() * weight[0].numel() / min(seconds[1:]) / 1e9


if args.child:
    name, objective = args.child
    count = WARM + max(args.steps // (3 if objective == "wgan-gp" else 1), 1)
    clock = Clock()
    if name == "rate":
        print(json.dumps({"32": rate(torch.float32), "bf16": rate(torch.bfloat16)}))
        sys.exit()
    if name == "torchgan":
        torchgan(clock, objective, count)
    else:
        {"plain": plain, "genenv": genenv}[name.removesuffix("-bf16")](
            clock, objective, count, name.endswith("-bf16")
        )
    seconds = {"cpu": statistics.median(clock.cpu), "wall": statistics.median(clock.wall)}
    print(json.dumps(seconds | {"work": clock.work.total, "steps": len(clock.cpu)}))
    sys.exit()


def child(name, objective):
    """Run one contender in a fresh process."""
    command = [sys.executable, __file__, "--child", name, objective]
    command += ["--steps", str(args.steps), "--threads", str(args.threads)]
    command += [] if args.torchgan is None else ["--torchgan", str(args.torchgan)]
    threads = {"OMP_NUM_THREADS": str(args.threads)}
    done = subprocess.run(command, env=os.environ | threads, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name}, {objective}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
processor = next((v.split(":")[1].strip() for v in flags.splitlines() if "model name" in v), "")
bf16 = [flag for flag in ("amx_bf16", "avx512_bf16") if flag in flags]
there = args.torchgan is not None or importlib.util.find_spec("torchgan") is not None
contenders = ["plain", *(["torchgan"] if there else []), "genenv", "plain-bf16", "genenv-bf16"]
machine = {
    "processor": processor or platform.processor(),
    "cores": os.cpu_count(),
    "bfloat16": bf16,
    "torch": torch.__version__,
    "threads": args.threads,
    "load": os.getloadavg()[0],
}
print("  ".join(f"{key} {value}" for key, value in machine.items()))
print(f"bfloat16 in the processor: {', '.join(bf16) or 'none, it is emulated'}")
if not there:
    print(
        "torchgan is not there: pip install --no-deps --target DIR torchgan==0.1.0, --torchgan DIR"
    )
runs = []
for turn in range(args.rounds):
    for objective in args.objectives:
        row = {"round": turn, "objective": objective, "rate": child("rate", objective)}
        row |= {name: child(name, objective) for name in contenders}
        runs.append(row)
        words = "  ".join(f"{name} {1e3 * row[name]['cpu']:.0f}" for name in contenders)
        print(f"round {turn}  {objective}  CPU ms: {words}", flush=True)

others = ["plain_cpu", "plain_wall", *(["torchgan_cpu"] if there else [])]
print(f"\nload at the end {os.getloadavg()[0]:.1f}; {args.rounds} rounds")
print("ratio: how many times as fast as plain or torchgan, median over the rounds [range]\n")
head = ["objective", "contender", "CPU ms", "10^9 operations", "of rate"]
head += [f"ratio to {other.replace('_', ', ')}" for other in others]
print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
table = []
for objective in args.objectives:
    rows = [row for row in runs if row["objective"] == objective]
    for name in contenders:
        line = {"objective": objective, "contender": name}
        line["cpu_ms"] = 1e3 * statistics.median(row[name]["cpu"] for row in rows)
        line["work"] = rows[0][name]["work"] / 1e9
        kind = "bf16" if name.endswith("bf16") else "32"
        per_core = [row[name]["work"] / 1e9 / row[name]["cpu"] for row in rows]
        reached = [w / row["rate"][kind] for w, row in zip(per_core, rows, strict=True)]
        line["of_rate"] = statistics.median(reached)
        for other in others:
            whom, clock = other.split("_")
            ratios = [row[whom][clock] / row[name][clock] for row in rows]
            line[other] = [statistics.median(ratios), min(ratios), max(ratios)]
        table.append(line)
        cells = [objective, name, f"{line['cpu_ms']:.0f}", f"{line['work']:.0f}"]
        cells.append(f"{100 * line['of_rate']:.0f} %")
        cells += ["{:.2f} [{:.2f}, {:.2f}]".format(*line[other]) for other in others]
        print("| " + " | ".join(cells) + " |")
rates = {kind: statistics.median(row["rate"][kind] for row in runs) for kind in ("32", "bf16")}
print(f"\nrate: {rates['32']:.0f} x 10^9 a CPU second in float32, {rates['bf16']:.0f} in bfloat16")
result = {"machine": machine, "rates": rates, "table": table, "runs": runs}
args.out.write_text(json.dumps(result, indent=2))
