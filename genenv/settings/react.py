"""Settings of `react`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from genenv import checks
from genenv.settings import names
from genenv.settings.names import Objective, named
from genenv.settings.shown import Number, Threads, Updates, shown

QUESTIONS = ("noise", "shares", "lessons", "helps", "generations", "metrics")
ARMS = ("replace", "accumulate", "accumulate-subsample", "verified", "critic")
PEERS = ("smote",)
USUAL = ("noise", "helps")  # that are asked unless told


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
    only: Annotated[
        tuple[str, ...],
        named(names.questions, "noise helps, of given rows helps", "NAME [NAME ...]"),
    ] = ()
    """What is asked: noise (trained learners meet it), helps (generated rows, added or in place of
    real ones), shares (learners learn from mixtures of real and generated rows, filtered or not),
    lessons (networks are watched while they learn), generations (generators learn from what their
    predecessors made), metrics (generated rows beside real ones: precision, recall, spread)."""
    generations: Annotated[int | None, shown("N", "not asked, or 6")] = None
    """Of generators, the first fitted on real rows: asks for them, beside the other questions."""
    arms: Annotated[tuple[str, ...], named(names.arms, "all", "NAME [NAME ...]")] = ()
    """What a generation learns from: replace (as many rows as there are real ones, made by its
    predecessor), accumulate (the real rows and all that were made since), accumulate-subsample (as
    many of these by chance), verified (replace, where the judge accepts), critic (replace, the half
    that the critic likes best)."""
    peers: Annotated[tuple[str, ...], tyro.conf.arg(name="peer"), shown("smote", "none")] = ()
    """What generated rows have to beat, beside the real rows repeated, varied, and drawn column by
    column: smote (rows between neighbours of a class; extra smote)."""
    sizes: Annotated[tuple[int, ...], shown("N [N ...]", "by the rows there are")] = ()
    """Real rows of a training set; by default the two largest of 50, 200, 800 up to two thirds of
    the rows to learn from; of shares all, at most 10,000, and a quarter of them."""
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
        for name in ("learners", "noises", "seeds", "sizes", "only", "arms", "peers"):
            checks.once(name, getattr(self, name))
        for learner in self.learners:
            names.known("learner", learner, names.learners())
        for question in self.only:
            checks.choice("only", question, names.questions())
        for peer in self.peers:
            checks.choice("peer", peer, PEERS)
        for arm in self.arms:
            checks.choice("arm", arm, ARMS)
        if self.generations is not None:
            checks.integer("generations", self.generations)
        names.known("objective", self.objective, names.objectives())
        checks.integer("samples", self.samples)
        for size in self.sizes:
            checks.integer("a size", size)
        checks.none_or_more("threads", self.threads)
