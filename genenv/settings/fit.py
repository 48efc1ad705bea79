"""Settings of `fit`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from genenv import checks
from genenv.settings import names
from genenv.settings.names import Objective, named
from genenv.settings.shown import Name, Number, Real, Switch, Threads, Updates, Whole, shown

OPTIMIZERS = ("adam", "rmsprop")
WHOLE = (  # of 1 or more
    *("width", "critic_width", "steps", "batch", "critic_steps", "pack"),
    *("penalty_every", "log_every", "picture_every", "checkpoint_every", "keep"),
)
CHECKPOINT_SECONDS = 60.0  # between two checkpoints of any training
NONE_OR_MORE = (
    "latent",
    "threads",
    "continuous",
    "metrics_every",
    "checkpoint_seconds",
    "instance_noise",
)
ABOVE_ZERO = ("lr", "information")
SHARES = ("lr_floor", "ema")


@dataclass(frozen=True)
class FitConfig:
    """Everything that decides a training but the data; None is up to the preset, see `configured`.

    `training.TrainingConfig` is the same where nothing is left to a preset any more.
    """

    objective: Objective = "relativistic"
    """What critic and generator are trained for."""
    network: Annotated[Any, named(names.networks, constructor=str)] = "auto"
    """Kind of both; auto: mlp for vectors and images below 16 pixels, else deep-dcgan for
    relativistic and dcgan for other objectives; of tables mixture and table, of which the one is
    kept that is harder to tell from rows held out."""
    latent: Whole = None
    """Dimension of the Gaussian noise, unless another noise is given; 0 only beside codes."""
    categorical: Annotated[tuple[int, ...], shown("CLASSES [CLASSES ...]", "none")] = ()
    """Classes of each categorical code, learned in the place of labels, which are then left out
    (InfoGAN)."""
    continuous: Number = 0
    """Continuous codes in [-1, 1]; labels, where there are any, still choose the class
    (InfoGAN)."""
    information: Annotated[float, shown("X")] = 1.0
    """Weight of the codes' mutual-information term."""
    width: Whole = None
    """Units (mlp, table) or channels at half the full size (others) of the generator."""
    critic_width: Whole = None
    """Units (mlp, table) or channels of the first layer (others) of the critic."""
    critic_norm: Annotated[str, named(names.norms)] = "auto"
    """Of the critic's layers; auto: what the objective prefers, where the network has it."""
    pack: Number = 1
    """Samples that the critic judges together (PacGAN)."""
    steps: Updates = None
    """Generator updates."""
    batch: Whole = None
    """Rows a step, over all processes."""
    critic_steps: Whole = None
    """Critic updates a generator update."""
    optimizer: Annotated[str | None, named(names.optimizers, "the preset's")] = None
    """Of both networks."""
    lr: Real = None
    """Learning rate of both networks at step 0."""
    lr_floor: Annotated[float, shown("X")] = 0.02
    """Share of the learning rate that the cosine decay leaves at the last step; 1: no decay."""
    betas: Annotated[tuple[float, float] | None, shown("X X", "the preset's")] = None
    """Adam's decay of gradients and of squared gradients; rmsprop takes the second."""
    penalty: Real = None
    """Weight of the gradient penalty; for wgan-gp and relativistic."""
    penalty_every: Whole = None
    """Critic updates from one gradient penalty to the next, which weighs as many times as much."""
    instance_noise: Real = None
    """Standard deviation of noise on all that the critic sees, real rows as samples, in [-1, 1] of
    pictures or standard deviations of vectors; what is sampled never has it."""
    ema: Annotated[float | None, shown("X", "by the steps so far")] = None
    """Decay a step of the averaged generator, 0: no average; by default it forgets by the steps so
    far, over a twentieth of them, of an objective without gradient penalty a tenth."""
    seed: Number = 0
    """Address of initial weights, order of the data and latents."""
    device: Name = "auto"
    """auto (cuda where there is one), cpu, cuda or cuda:N."""
    precision: Name = "32"
    """32; bf16 for autocast, on CUDA or, for images of 16 pixels or more, on a processor with
    bfloat16 instructions (lscpu tells); tf32 on CUDA. Gradient penalties stay in float32."""
    compile: Switch = False
    """torch.compile of the generator, and of a critic without penalty."""
    threads: Threads = 0
    """CPU threads; 0: one for tiny networks, else torch's default."""
    log_every: Annotated[
        int | None, shown("N", "100, or a twelfth of the steps where these are fewer")
    ] = None
    """Steps between two points of the curves; divergence is noticed then, too."""
    picture_every: Number = 500
    """Steps between two pictures of samples."""
    metrics_every: Number = 0
    """Steps between two measurements of the averaged generator; 0: at the end alone."""
    checkpoint_every: Number = 500
    """Steps between two checkpoints, where there is a folder for them."""
    checkpoint_seconds: Annotated[float, shown("SECONDS")] = CHECKPOINT_SECONDS
    """By the clock, a checkpoint as soon as the last one is so old; 0: by steps alone."""
    keep: Number = 2
    """Newest checkpoints that stay on disk."""
    best: Annotated[str | None, shown("METRIC", "the last generator")] = None
    """Metric whose best generator is kept as the result; needs --metrics-every."""

    def __post_init__(self) -> None:
        """Raise a Mistake that names the field."""
        names.known("objective", self.objective, names.objectives())
        names.known("network", self.network, names.networks())
        checks.choice("critic_norm", self.critic_norm, names.norms())
        checks.choice("precision", self.precision, names.precisions())
        if self.optimizer is not None:
            checks.choice("optimizer", self.optimizer, names.optimizers())
        self._check_numbers()
        for classes in self.categorical:
            if classes < 2:
                raise checks.Mistake("categorical codes of 2 classes or more", classes, "give more")
        if self.best is not None and not self.metrics_every:
            raise checks.Mistake("metrics_every above 0 with best", "0", "say how often to measure")

    def _check_numbers(self) -> None:
        for name, value in self._given(WHOLE):
            checks.integer(name, value)
        for name, value in self._given(ABOVE_ZERO):
            checks.positive(name, value)
        for name, value in self._given(NONE_OR_MORE):
            checks.none_or_more(name, value)
        for name, value in self._given(SHARES):
            if not 0 <= value <= 1:
                raise checks.Mistake(f"{name} from 0 to 1", value, "give a share")
        for number, beta in enumerate(self.betas or (), start=1):
            if not 0 <= beta < 1:
                raise checks.Mistake(f"beta {number} from 0 to below 1", beta, "give a smaller one")

    def _given(self, fields: tuple[str, ...]) -> list[tuple[str, Any]]:
        """Return the named fields that are not left to the preset, with their values."""
        return [(name, value) for name in fields if (value := getattr(self, name)) is not None]

    def given(self) -> dict[str, Any]:
        """Return what is not left to the preset."""
        return {name: value for name, value in vars(self).items() if value is not None}
