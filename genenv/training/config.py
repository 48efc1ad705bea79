"""Settings of one training, and the presets by objective and kind of data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from genenv import checks, objectives
from genenv.data.dataset import Units
from genenv.networks import NETWORKS, choose
from genenv.objectives import OBJECTIVES
from genenv.training.machine import PRECISIONS

OPTIMIZERS = ("adam", "rmsprop")
ABOVE_ZERO = (
    *("latent", "width", "critic_width", "steps", "batch", "critic_steps", "lr"),
    *("log_every", "picture_every", "checkpoint_every"),
)


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a training but the data."""

    objective: str = "relativistic"
    """Name in OBJECTIVES."""
    network: str = "auto"
    """Name in NETWORKS; auto: mlp for vectors and images below 16 pixels, else dcgan."""
    latent: int = 32
    """Dimension of the Gaussian noise, unless another noise is given."""
    width: int = 256
    """Units (mlp) or channels at half the full size (dcgan) of the generator."""
    critic_width: int = 256
    """Units (mlp) or channels of the first layer (dcgan) of the critic."""
    steps: int = 3000
    """Generator updates."""
    batch: int = 64
    """Rows a step; all rows where the data have fewer."""
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
    ema: float = 0.999
    """Decay a step of the averaged generator; runs below 3,000 steps average over a third."""
    seed: int = 0
    """Address of initial weights, order of the data and latents."""
    device: str = "auto"
    """auto (cuda where there is one), cpu, cuda or cuda:N."""
    precision: str = "32"
    """32, or bf16 for autocast; gradient penalties stay in float32."""
    threads: int = 0
    """CPU threads; 0: one for tiny networks, else torch's default."""
    log_every: int = 50
    """Steps between two points of the curves; divergence is noticed then, too."""
    picture_every: int = 500
    """Steps between two pictures of samples."""
    checkpoint_every: int = 500
    """Steps between two checkpoints, where there is a folder for them."""

    def __post_init__(self) -> None:
        """Raise a Mistake that names the field."""
        objectives.build(self.objective, self.penalty)
        checks.choice("network", self.network, ["auto", *NETWORKS])
        checks.choice("optimizer", self.optimizer, OPTIMIZERS)
        checks.choice("precision", self.precision, PRECISIONS)
        for name in ABOVE_ZERO:
            checks.positive(name, getattr(self, name))
        shares = {"lr_floor": self.lr_floor, "beta 1": self.betas[0], "beta 2": self.betas[1]}
        for name, value in (shares | {"ema": self.ema}).items():
            if not 0 <= value <= 1:
                raise checks.Mistake(f"{name} from 0 to 1", value, "give a share")
        if self.threads < 0:
            raise checks.Mistake("threads of 0 or more", self.threads, "give 0 for the rule")


# objective -> kind of data -> what differs from TrainingConfig's defaults
PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "relativistic": {
        "vector": {"penalty": 0.1, "steps": 20_000},
        "small": {"penalty": 0.5},
        "image": {"penalty": 1.0},
    },
    "gan": {
        "vector": {"betas": (0.5, 0.999), "steps": 20_000},
        "small": {"betas": (0.5, 0.999)},
        "image": {"betas": (0.5, 0.999), "lr": 2e-4},
    },
    "minimax": {
        "vector": {"betas": (0.5, 0.999), "steps": 20_000},
        "small": {"betas": (0.5, 0.999)},
        "image": {"betas": (0.5, 0.999), "lr": 2e-4},
    },
    "lsgan": {
        "vector": {"betas": (0.5, 0.999), "steps": 20_000},
        "small": {"betas": (0.5, 0.999)},
        "image": {"betas": (0.5, 0.999), "lr": 2e-4},
    },
    "hinge": {
        "vector": {"betas": (0.0, 0.9), "steps": 20_000},
        "small": {"betas": (0.0, 0.9)},
        "image": {"betas": (0.0, 0.9), "lr": 5e-4},
    },
    "wgan": {
        "vector": {"lr": 5e-4, "critic_steps": 5, "steps": 10_000},
        "small": {"lr": 5e-4, "critic_steps": 5},
        "image": {"lr": 5e-5, "critic_steps": 5},
    },
    "wgan-gp": {
        "vector": {"penalty": 0.1, "critic_steps": 2, "betas": (0.0, 0.9), "steps": 15_000},
        "small": {"penalty": 10.0, "critic_steps": 2, "betas": (0.0, 0.9)},
        "image": {"penalty": 10.0, "critic_steps": 5, "betas": (0.0, 0.9), "lr": 1e-4},
    },
}


def kind_of(units: Units) -> str:
    """Name the kind of data: vector, small (images below 16 pixels) or image."""
    if not units.is_image:
        return "vector"
    return "small" if choose(units) == "mlp" else "image"


def preset(objective: str, units: Units) -> TrainingConfig:
    """Return the settings that were measured for an objective on a kind of data.

    Parameters
    ----------
    objective
        Name in OBJECTIVES.
    units
        Of the data.

    Raises
    ------
    Mistake
        An unknown objective.
    """
    checks.choice("objective", objective, OBJECTIVES)
    kind = kind_of(units)
    shape: dict[str, dict[str, Any]] = {
        "vector": {
            "latent": max(2, min(units.size, 32)),
            "width": 128,
            "critic_width": 64,
            "batch": 128,
        },
        "small": {},
        "image": {"latent": 64, "width": 32, "critic_width": 32, "steps": 8000},
    }
    optimizer = {"optimizer": "rmsprop"} if objective == "wgan" else {}
    return TrainingConfig(
        objective=objective, **(shape[kind] | optimizer | PRESETS[objective][kind])
    )
