"""Settings of one training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from genenv import checks, naming
from genenv.metrics import ranked
from genenv.networks import Kind
from genenv.networks.normalisation import NORMS
from genenv.networks.packing import divisible
from genenv.objectives import Objective
from genenv.training.aim import Aim, kind, made
from genenv.training.machine import PRECISIONS

OPTIMIZERS = ("adam", "rmsprop")
WHOLE = (  # of 1 or more
    *("width", "critic_width", "steps", "batch", "critic_steps", "pack"),
    *("log_every", "picture_every", "checkpoint_every", "keep"),
)
NONE_OR_MORE = ("latent", "threads", "continuous", "metrics_every")
ABOVE_ZERO = ("lr", "information")
SHARES = ("lr_floor", "ema")
# Fields that may change on resume; every other one must equal the checkpoint's.
FREE_ON_RESUME = frozenset(
    ("device", "threads", "log_every", "picture_every", "checkpoint_every", "keep", "compile")
)


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a training but the data."""

    objective: Aim = "relativistic"
    """Name in OBJECTIVES, or one of your own, see `training.aim`."""
    network: Kind = "auto"
    """Name in NETWORKS; auto: mlp for vectors and images below 16 pixels, else dcgan; or a class
    with generator and critic, see `networks.Kind`."""
    latent: int = 32
    """Dimension of the Gaussian noise, unless another noise is given; 0 only beside codes."""
    categorical: tuple[int, ...] = ()
    """Classes of each categorical code, learned in the place of labels (InfoGAN)."""
    continuous: int = 0
    """Continuous codes in [-1, 1], learned beside labels or without them (InfoGAN)."""
    information: float = 1.0
    """Weight of the codes' mutual-information term."""
    width: int = 256
    """Units (mlp) or channels at half the full size (dcgan, resnet) of the generator."""
    critic_width: int = 256
    """Units (mlp) or channels of the first layer (dcgan, resnet) of the critic."""
    critic_norm: str = "auto"
    """none, batch or spectral; auto: what the objective prefers, where the network has it."""
    pack: int = 1
    """Samples that the critic judges together (PacGAN)."""
    steps: int = 3000
    """Generator updates."""
    batch: int = 64
    """Rows a step, over all processes."""
    critic_steps: int = 1
    """Critic updates a generator update."""
    optimizer: str = "adam"
    """adam or rmsprop."""
    lr: float = 1e-3
    """Learning rate of both networks at step 0."""
    lr_floor: float = 0.02
    """Share of the learning rate that the cosine decay leaves at the last step; 1: no decay."""
    betas: tuple[float, float] = (0.0, 0.99)
    """Adam's decay of gradients and of squared gradients; rmsprop takes the second."""
    penalty: float | None = None
    """Weight of the gradient penalty; None: the objective's own default, or it has none."""
    ema: float | None = None
    """Decay a step of the averaged generator, 0: no average; None: it forgets by the steps so far,
    over a twentieth of them."""
    seed: int = 0
    """Address of initial weights, order of the data and latents."""
    device: str = "auto"
    """auto (cuda where there is one), cpu, cuda or cuda:N."""
    precision: str = "32"
    """32; bf16 for autocast; tf32 on CUDA. Gradient penalties stay in float32."""
    compile: bool = False
    """torch.compile of the generator, and of a critic without penalty."""
    threads: int = 0
    """CPU threads; 0: one for tiny networks, else torch's default."""
    log_every: int = 100
    """Steps between two points of the curves; divergence is noticed then, too."""
    picture_every: int = 500
    """Steps between two pictures of samples."""
    metrics_every: int = 0
    """Steps between two measurements of the averaged generator; 0: at the end alone."""
    checkpoint_every: int = 500
    """Steps between two checkpoints, where there is a folder for them."""
    keep: int = 2
    """Newest checkpoints that stay on disk."""
    best: str | None = None
    """Metric whose best generator is kept as the result; None: the last one is."""

    def __post_init__(self) -> None:
        """Raise a Mistake that names the field."""
        self.game()
        kind(self.network)
        checks.choice("critic_norm", self.critic_norm, ["auto", *NORMS])
        checks.choice("optimizer", self.optimizer, OPTIMIZERS)
        checks.choice("precision", self.precision, PRECISIONS)
        for name in WHOLE:
            checks.whole(name, getattr(self, name))
        for name in ABOVE_ZERO:
            checks.positive(name, getattr(self, name))
        shares = {name: getattr(self, name) for name in SHARES}
        for name, value in shares.items():
            if value is not None and not 0 <= value <= 1:
                raise checks.Mistake(f"{name} from 0 to 1", value, "give a share")
        for number, beta in enumerate(self.betas, start=1):
            if not 0 <= beta < 1:
                raise checks.Mistake(f"beta {number} from 0 to below 1", beta, "give a smaller one")
        for name in NONE_OR_MORE:
            if getattr(self, name) < 0:
                raise checks.Mistake(f"{name} of 0 or more", getattr(self, name), "give 0 or more")
        for classes in self.categorical:
            if classes < 2:
                raise checks.Mistake("categorical codes of 2 classes or more", classes, "give more")
        if not (self.latent or self.coded):
            raise checks.Mistake("a latent of 1 or more without codes", 0, "give one")
        divisible("a batch", self.batch, self.pack)
        if self.best is not None:
            ranked(self.best)
            if not self.metrics_every:
                raise checks.Mistake(
                    "metrics_every above 0 with best", "0", "say how often to measure"
                )

    def game(self) -> Objective:
        """Make the adversarial game, without codes."""
        return made(self.objective, self.penalty)

    def plain(self) -> dict[str, Any]:
        """Return the settings by name; what is of one's own by its import path."""
        own = {name: naming.spelled(getattr(self, name)) for name in ("objective", "network")}
        return vars(self) | own

    @property
    def coded(self) -> bool:
        """Whether codes are learned."""
        return bool(self.categorical or self.continuous)

    @property
    def unlabelled(self) -> bool:
        """Whether no labels are used: categorical codes are learned in their place."""
        return bool(self.categorical)

    def rate(self, step: int) -> float:
        """Learning rate of a step: cosine decay to `lr_floor` of its value at step 0."""
        cosine = 0.5 * (1 + math.cos(math.pi * step / self.steps))
        return self.lr * (self.lr_floor + (1 - self.lr_floor) * cosine)
