"""The game itself: generator against critic, one step at a time, all randomness by address."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn

from genenv import networks, objectives, seeding
from genenv.codecs import Codec
from genenv.data.batches import Batches
from genenv.networks import Classes, Generator, Kind, normalisation
from genenv.noise import Categorical, Gaussian, Noise, Product, Uniform
from genenv.objectives import InfoGan
from genenv.training import distributed
from genenv.training.aim import kind
from genenv.training.average import TENTH, TWENTIETH, Average
from genenv.training.config import TrainingConfig
from genenv.training.distributed import World
from genenv.training.draws import DrawnTogether
from genenv.training.machine import laid_out
from genenv.training.update import bound, descend, update_critic

Batch = tuple[Tensor, Tensor, Tensor | None]  # real, fake in [-1, 1]; label


class Game:
    """Networks, their optimizers, the averaged generator, and what one step does to them.

    Parameters
    ----------
    batches
        Addressed by position; of several processes each has its own part of a batch.
    units
        Layout, dtype and range of the data.
    classes
        The user's labels; () trains unconditionally.
    config
        Settings.
    noise
        The law of the latents beside the codes; None: Gaussian of `config.latent` dimensions.
    device
        Where the networks live.
    world
        The processes that train together.
    """

    def __init__(
        self,
        batches: Batches,
        units: Codec,
        classes: Classes,
        config: TrainingConfig,
        noise: Noise | None,
        device: torch.device,
        world: World,
    ) -> None:
        self.batches = batches
        self.units = units
        self.config = config
        self.device, self.world = device, world
        self.objective = _objective(config)
        network, self.norm = critic_of(config, units)
        generator, critic = networks.build(
            network,
            with_codes(config, noise),
            units,
            classes,
            config.width,
            config.critic_width,
            critic_norm=self.norm,
            pack=config.pack,
            seed=config.seed,
        )
        # images come in this layout from the user; weights in another are copied at every pass
        self.generator = laid_out(generator.to(device), torch.channels_last)
        self.critic = laid_out(critic.to(device), torch.channels_last)
        self.auxiliary = self.objective.auxiliary(self.generator)
        # a game without a penalty on slopes circles (arXiv 1801.04406): it is averaged for longer
        gamma = TWENTIETH if self.objective.penalised else TENTH
        self.ema = Average(self.generator, config.ema, gamma)
        self.modules: dict[str, nn.Module] = {
            "generator": self.generator,
            "critic": self.critic,
            "ema": self.ema,
        }
        trained = list(self.generator.parameters())
        if self.auxiliary is not None:
            self.modules["auxiliary"] = self.auxiliary.to(device)
            trained += self.auxiliary.parameters()
        self.optimizers = {
            "generator": _optimizer(config, trained),
            "critic": _optimizer(config, list(self.critic.parameters())),
        }
        self._weights_of_critic = list(self.critic.parameters())
        norms = nn.modules.batchnorm._BatchNorm
        self._apart = any(isinstance(part, norms) for part in critic.modules())
        self._generate, self._judge = self._compiled()
        self._latents = torch.Generator(device)  # the same in every process, which takes its part
        self._rng = torch.Generator(device)  # the same, too
        self.batch: Batch | None = None  # of the last step
        self.whole = True  # the last critic update: it had the penalties, where there are any

    @property
    def average(self) -> Generator:
        """The generator with averaged parameters, as it stands."""
        return cast(Generator, self.ema.module)

    @property
    def parameters(self) -> int:
        """Trained numbers of generator and critic."""
        return sum(p.numel() for m in (self.generator, self.critic) for p in m.parameters())

    def step(self, index: int, rate: float) -> dict[str, Tensor]:
        """Update the critic `critic_steps` times, the generator once, and the average.

        Parameters
        ----------
        index
            Address of all that is drawn.
        rate
            Learning rate of both networks.

        Returns
        -------
        The last critic update's and the generator update's terms, on the device.
        """
        self._address(index)
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = rate
        with self._drawn():
            terms = self._play(index)
        self.ema.update(index + 1)
        return terms

    def _play(self, index: int) -> dict[str, Tensor]:
        for k in range(self.config.critic_steps):
            update = index * self.config.critic_steps + k
            rows, label = self.batches.at(update)
            real = self.units.encode(rows)
            latent = self._latent()
            last = k + 1 == self.config.critic_steps  # the generator learns from these rows, too
            with torch.set_grad_enabled(last), self._precision():
                fake = self._generate(latent, label).float()
            terms = self._update_critic(update, real, fake.detach(), label)
        return terms | self._update_generator(real, fake, latent, label)

    def _drawn(self) -> AbstractContextManager[Any]:
        """Draw for this process's rows what one process would draw for them."""
        if self.world.size == 1:
            return nullcontext()
        return DrawnTogether(self._rng, self.batches.rows_here, self.world)

    def _address(self, index: int) -> None:
        seed = self.config.seed
        self._latents.manual_seed(seeding.fold(seed, "step", index))
        self._rng.manual_seed(seeding.fold(seed, "step", index, "rank", 0))

    def _update_critic(
        self, update: int, real: Tensor, fake: Tensor, label: Tensor | None
    ) -> dict[str, Tensor]:
        self.batch = real, fake, label
        self.whole = self.config.due(update)
        terms = update_critic(
            self.objective,
            self._bound(label),
            self.critic,
            self.optimizers["critic"],
            real,
            fake,
            self._rng,
            self._precision(),
            self.config.penalty_every if self.whole else 0,
            partial(self._join, "critic"),
        )
        return {f"critic/{name}": term for name, term in terms.items()}

    def _update_generator(
        self, real: Tensor, fake: Tensor, latent: Tensor, label: Tensor | None
    ) -> dict[str, Tensor]:
        self._freeze(True)
        with self._precision():
            terms = self.objective.generator_terms(
                self._bound(label), real, fake, latent, self._rng
            )
        reduced = descend(terms, self.optimizers["generator"], partial(self._join, "generator"))
        self._freeze(False)
        return {f"generator/{name}": term for name, term in reduced.items()}

    def _freeze(self, frozen: bool) -> None:
        """Spare the generator's step the critic's weight gradients."""
        for weight in self._weights_of_critic:
            weight.requires_grad_(not frozen)

    def _join(self, name: str) -> None:
        """Average gradients and running statistics over the processes."""
        if self.world.size > 1:
            groups = self.optimizers[name].param_groups
            slopes = [p.grad for g in groups for p in g["params"]]
            buffers = [b for b in self.modules[name].buffers() if b.is_floating_point()]
            distributed.average([*(s for s in slopes if s is not None), *buffers], self.world)

    def _bound(self, label: Tensor | None) -> objectives.Score:
        """Bind the step's labels to the critic, for any number of concatenated batches.

        It sees all of them through the instance noise. Each batch goes alone where the critic has
        batch statistics: those of real and generated rows together would tell neither.
        """
        rows, together = self.batches.rows_here, bound(self._judge, label)

        def score(x: Tensor) -> Tensor:
            x = self._blurred(x)
            if not self._apart:
                return together(x).float()
            return torch.cat([together(batch) for batch in torch.split(x, rows)]).float()

        return score

    def _blurred(self, x: Tensor) -> Tensor:
        """Add instance noise to batches that are concatenated (arXiv 1610.04490, section 3).

        Few rows are then no longer known by heart, and both laws still agree only where they are
        equal. Every process draws the noise of the whole batch and takes its part.
        """
        sigma, count = self.config.instance_noise, len(x) // self.batches.rows_here
        if not sigma:
            return x
        shape = (count, self.batches.batch, *x.shape[1:])
        noise = torch.randn(shape, generator=self._latents, device=self.device)
        return x + sigma * noise[:, self.batches.part].flatten(0, 1)

    def _latent(self) -> Tensor:
        noise, shape = self.generator.noise, (self.batches.batch, self.generator.noise.base_dim)
        e = torch.randn(shape, generator=self._latents, device=self.device)
        return noise.from_base(e[self.batches.part])

    def _precision(self) -> torch.autocast:
        enabled = self.config.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled)

    def _compiled(self) -> tuple[nn.Module, nn.Module]:
        """Compile what may be: not a penalised critic, whose second derivative is asked for."""
        if not self.config.compile:
            return self.generator, self.critic
        critic = self.critic if self.objective.penalised else torch.compile(self.critic)
        return cast(nn.Module, torch.compile(self.generator)), cast(nn.Module, critic)


def critic_of(config: TrainingConfig, units: Codec) -> tuple[Kind, str]:
    """Choose the kind of network and how its critic is normalised.

    Raises
    ------
    Mistake
        A normalisation that is unsound there, with the reason.
    """
    game = config.game()
    network = units.networks[0] if config.network == "auto" else kind(config.network)
    norm = normalisation.choose(
        config.critic_norm,
        network,
        penalised=game.penalised,
        clips=game.clips,
        preferred=game.normalise,
    )
    return network, norm


def with_codes(config: TrainingConfig, noise: Noise | None) -> Noise:
    """Put the codes of a training before its other latents."""
    parts: list[Noise] = [Categorical(k) for k in config.categorical]
    parts += [Uniform(config.continuous)] if config.continuous else []
    if noise is not None or config.latent:
        parts.append(noise or Gaussian(config.latent))
    return Product(parts) if config.coded else parts[0]


def _objective(config: TrainingConfig) -> objectives.Objective:
    game = config.game()
    if not config.coded:
        return game
    codes = config.categorical, config.continuous
    return InfoGan(game, *codes, config.information, seeding.fold(config.seed, "codes"))


def _optimizer(config: TrainingConfig, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(parameters, config.lr, alpha=config.betas[1])
    return torch.optim.Adam(parameters, config.lr, config.betas, fused=True)
