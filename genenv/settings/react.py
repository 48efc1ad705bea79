"""Settings of `react`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from genenv import checks
from genenv.settings import names
from genenv.settings.names import Objective, named
from genenv.settings.shown import Number, Threads, Updates, shown


@dataclass(frozen=True)
class ReactConfig:
    """Everything that decides a study of reactions but data, generator and judge."""

    learners: Annotated[
        tuple[str, ...],
        tyro.conf.arg(name="learner"),
        named(names.learners, "all but svm, slow on many rows", "NAME [NAME ...]"),
    ] = ()
    """A name or module:factory, where the factory returns what has scikit-learn's fit and
    predict_proba, as sklearn.naive_bayes:GaussianNB does. It is given the seed as seed or
    random_state, or as the one argument that it requires; without any of these it makes the same
    learner for every seed."""
    noises: Annotated[
        tuple[str, ...], tyro.conf.arg(name="noise"), shown("NAME [NAME ...]", "all")
    ] = ()
    """SOURCE:KIND, as latent:temperature, sample:blur or real:blur."""
    samples: Number = 500
    """Generated samples a noise and strength."""
    sizes: Annotated[tuple[int, ...], shown("N [N ...]", "all, at most 10,000, and a quarter")] = ()
    """Real rows of a training set."""
    seeds: Annotated[tuple[int, ...], shown("N [N ...]")] = (0,)
    """Of the learners and samples; several give bands."""
    seed: Number = 0
    """Of the split, the generator and the judge."""
    objective: Objective = "relativistic"
    """Of the generator that is fitted where none is given."""
    steps: Updates = None
    """Updates of that generator."""
    threads: Threads = 0
    """CPU threads; 0: one for tiny networks, else torch's default."""

    def __post_init__(self) -> None:
        """Raise a Mistake that names the field."""
        if not self.seeds:
            raise checks.Mistake("at least one seed", "none", "name some")
        for name in ("learners", "noises", "seeds", "sizes"):
            checks.once(name, getattr(self, name))
        for learner in self.learners:
            names.known("learner", learner, names.learners())
        names.known("objective", self.objective, names.objectives())
        checks.whole("samples", self.samples)
        for size in self.sizes:
            checks.whole("a size", size)
        checks.none_or_more("threads", self.threads)
