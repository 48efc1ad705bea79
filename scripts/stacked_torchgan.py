"""Count the modes of stacked digits that torchgan's WGAN-GP finds in a number of CPU seconds.

The loop and the losses are those of torchgan 0.1.0, whose penalty takes one norm of a whole batch
and is an update of its own; networks, rates, batch and the classifier that counts are those of
`stacked_digits.py --objectives wgan-gp`. torchgan goes into a folder of its own:
pip install --no-deps --target DIR torchgan==0.1.0
Example: python scripts/stacked_torchgan.py digits.npz --torchgan DIR --seconds 450
"""

import argparse
import importlib.util
import os
import sys
import tempfile
import time
import types
from pathlib import Path

import torch

from genenv import data, networks
from genenv.data.batches import Batches
from genenv.data.stacked_digits import stacked
from genenv.metrics import StackedModes
from genenv.metrics.stacked import SAMPLES
from genenv.noise import Gaussian
from genenv.training import preset

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("data", help="digits: a name, a folder of idx files or an .npz file")
parser.add_argument("--torchgan", type=Path, required=True, help="folder that it was installed to")
parser.add_argument("--seconds", type=float, default=450, help="of this process, training alone")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--rows", type=int, default=50_000, help="stacks to learn from")
parser.add_argument("--samples", type=int, default=SAMPLES)
args = parser.parse_args()


class Enough(Exception):  # noqa: N818 it is no error
    """The seconds are spent."""


class Loader:
    """Hands out batches until the seconds are spent, and counts the generator's steps."""

    def __init__(self, batches, units, critic_steps):
        self.batches = batches
        self.units = units
        self.critic_steps = critic_steps
        self.batch_size = batches.batch
        self.asked = 0

    def __iter__(self):
        """Yield rows in [-1, 1] without end."""
        began = time.process_time()
        while time.process_time() - began < args.seconds:
            rows, _ = self.batches.at(self.asked)
            self.asked += 1
            yield self.units.encode(rows)
        raise Enough


def wrapped(pair, config):
    """Describe the networks as torchgan wants them: classes, their optimizers beside them."""
    from torchgan.models import Discriminator, Generator

    class Made(Generator):
        def __init__(self):
            super().__init__(config.latent)
            self.body = pair[0]

        def forward(self, z):
            return self.body(z)

    class Judge(Discriminator):
        def __init__(self):
            super().__init__(3)
            self.body = pair[1]

        def forward(self, rows):
            return self.body(rows)

    adam = {"name": torch.optim.Adam, "args": {"lr": config.lr, "betas": config.betas}}
    return {
        "generator": {"name": Made, "optimizer": adam},
        "discriminator": {"name": Judge, "optimizer": adam},
    }


def train(pair, loader, config):
    """Run torchgan's Trainer, its logging off."""
    from torchgan import losses
    from torchgan.trainer import Trainer

    terms = [
        losses.WassersteinGeneratorLoss(),
        losses.WassersteinDiscriminatorLoss(),
        losses.WassersteinGradientPenalty(lambd=config.penalty),
    ]
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            wrapped(pair, config),
            terms,
            device=torch.device("cpu"),
            ncritic=config.critic_steps,
            epochs=1,
            sample_size=config.batch,
            checkpoints=f"{folder}/model",
            recon=folder,
        )
        try:
            trainer(loader)
        except Enough:
            return


def main():
    os.environ |= {"TENSORBOARD_LOGGING": "0", "VISDOM_LOGGING": "0"}
    sys.path.append(str(args.torchgan))
    if importlib.util.find_spec("torchvision") is None:  # it is imported for pictures alone
        sys.modules["torchvision"] = types.ModuleType("torchvision")
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)  # torchgan draws from the global generator
    digits = data.load(args.data)
    count = StackedModes(digits)
    dataset = stacked(digits, args.rows, args.seed)
    units = dataset.units
    config = preset("wgan-gp", units)
    law = Gaussian(config.latent)
    widths = config.width, config.critic_width
    pair = networks.build(
        units.networks[0], law, units, (), *widths, critic_norm="none", seed=args.seed
    )
    batches = Batches(dataset.x, None, config.batch, args.seed)
    loader = Loader(batches, units, config.critic_steps)
    train(pair, loader, config)
    with torch.no_grad():
        z = law.sample(args.samples, args.seed)
        made = torch.cat([pair[0].eval()(part) for part in z.split(1024)])
    found = count(units.store(units.decode(made)))
    print(f"{loader.asked} batches of {config.batch}, {args.seconds:.0f} CPU s: {found}")


main()
