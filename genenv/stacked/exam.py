"""What held-out rows say of n GANs at once: quality, critic, diversity."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from genenv import checks
from genenv.data import Dataset
from genenv.metrics.modes import missing_rows
from genenv.metrics.sliced import sliced_rows
from genenv.stacked.gan import StackedGan

WORST = 4.0  # a quality is at most this, also where samples are not finite

Quality = Callable[[Tensor, Dataset, Tensor], Tensor]


def _sliced(real: Tensor, dataset: Dataset, fake: Tensor) -> Tensor:  # noqa: ARG001 one signature
    return sliced_rows(real, fake)


def _missing(real: Tensor, dataset: Dataset, fake: Tensor) -> Tensor:  # noqa: ARG001 one signature
    if dataset.modes is None:
        do = "choose sliced, or ring or grid as data"
        raise checks.Mistake("data whose modes are known", dataset.name, do)
    rows, m, size = fake.shape
    samples = dataset.units.from_unit(fake.reshape(rows * m, size))
    return missing_rows(samples.view(rows, m, size), dataset.modes)


# (held-out rows (m, size), their data set, samples (n, m, size)) -> (n,), less is better
QUALITIES: dict[str, Quality] = {"sliced": _sliced, "missing": _missing}


class Exam:
    """Looks at GANs with the same held-out rows and the same latents every time.

    Parameters
    ----------
    held_out
        (m, size), rows that none of them learns from.
    dataset
        That they come from.
    quality
        A name in QUALITIES: `sliced`, the sliced Wasserstein distance in the data's standard
        deviations; `missing`, the share of modes without a sample within 3 σ.

    Raises
    ------
    Mistake
        An unknown quality, or one that the data do not allow.
    """

    def __init__(self, held_out: Tensor, dataset: Dataset, quality: str) -> None:
        self.held_out, self.dataset = held_out, dataset
        self._quality = QUALITIES[checks.choice("quality", quality, QUALITIES)]
        self._spread = _spread(held_out[None])
        self._quality(held_out, dataset, held_out[None])

    def __call__(
        self, gan: StackedGan, latent: Tensor, rows: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Examine some rows.

        Parameters
        ----------
        gan
            The stack.
        latent
            (k, m, latent): the same in every exam of a row.
        rows
            Indices (k,); None: all.

        Returns
        -------
        quality
            (k,), from 0, the best, to 4.
        accuracy
            (k,): share of pairs of a held-out and a generated sample whose held-out one the critic
            scores higher.
        diversity
            (k,): log of the mean distance between two samples, over that of two held-out rows.
        """
        fake = gan.sample(latent, rows)
        quality = self._quality(self.held_out, self.dataset, fake)
        quality = quality.nan_to_num(WORST, WORST).clamp(max=WORST)
        real = self.held_out.expand(len(fake), -1, -1)
        accuracy = (gan.score(real, rows) > gan.score(fake, rows)).float().mean(1)
        diversity = (_spread(fake) / self._spread + 1e-6).log()
        return quality, accuracy, diversity


def _spread(x: Tensor) -> Tensor:
    """Mean distance of sample i from sample i + m/2: (n, m, size) -> (n,)."""
    a, b = x.chunk(2, 1)
    gaps: Tensor = a[:, : b.shape[1]] - b
    return gaps.square().sum(2).sqrt().mean(1)
