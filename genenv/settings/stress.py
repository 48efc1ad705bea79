"""Settings of `stress`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from genenv import checks
from genenv.settings import names
from genenv.settings.names import Objective, named
from genenv.settings.shown import Name, Number, Share, Switch, Threads, Updates, shown

LEAST_BUDGET = 64  # queries a search and seed: one batch of the smallest search


@dataclass(frozen=True)
class StressConfig:
    """Everything that decides a stress run but data, model, generator and judge."""

    input: Name = "auto"
    """What the model is handed: raw arrays, unit (float32 n,c,h,w in [0, 1]), stored (the same in
    stored units) or flat rows."""
    layout: Name = "auto"
    """Where the axes of images lie: first (n, c, h, w), last (n, h, w, c), plain (n, h, w) or flat
    (n, c*h*w)."""
    mean: Annotated[tuple[float, ...], shown("X [X ...]", "none")] = ()
    """Subtracted from that: one number, or one a channel or column."""
    std: Annotated[tuple[float, ...], shown("X [X ...]", "none")] = ()
    """What it is then divided by."""
    preprocess: Annotated[str, shown("MODULE:NAME|FILE.pkl", "none")] = ""
    """A function of what the model is handed, or the file of a policy's VecNormalize, of which
    numbers are read and nothing is run."""
    anyway: Switch = False
    """Search a model that is often wrong on real rows, too."""
    output: Name = "auto"
    """What it returns: probabilities or logits; auto: recognised and told."""
    classes: Annotated[
        tuple[int | str, ...], shown("NAME [NAME ...]", "sorted", constructor=tuple[str, ...])
    ] = ()
    """The data's classes in the order of its columns, where that is another."""
    query_timeout: Annotated[float, shown("SECONDS", "any time")] = 0.0
    """That a call of the model may take; a row that takes longer is an error."""
    criterion: Annotated[Any, named(names.criteria, constructor=str)] = "misclassified"
    """When the model has failed: misclassified, misclassified:MARGIN (nats), target:CLASS (its
    index or name), top-k:K, or package.module:name of a function (output, label) -> severity."""
    rules: Annotated[
        tuple[Any, ...], shown("MODULE:NAME [...]", "none", constructor=tuple[str, ...])
    ] = ()
    """Functions from samples (a table's DataFrame) to a mask of those that are possible; what
    breaks one is invalid."""
    search: Annotated[
        tuple[Any, ...] | None,
        named(
            names.searches,
            "random evolution, and policy where no model is given",
            "NAME [NAME ...]",
            constructor=tuple[str, ...] | None,
        ),
    ] = None
    """Players; of your own as package.module:name."""
    budget: Number = 20_000
    """Queries to the model a search and seed."""
    train_queries: Number = 100_000
    """Queries that training the policy player costs."""
    seeds: Annotated[tuple[int, ...], shown("N [N ...]")] = (0,)
    """Seeds of each search."""
    starts_from: Annotated[str | None, shown("RUN", "none")] = None
    """A run whose confirmed failures are asked first, by the search stored; its generator and judge
    are taken where none is given."""
    start: Name = "prior"
    """Where searches begin: prior, anywhere in the generator's law; rows, at untouched rows of the
    data that the model has right, near which they stay."""
    encoder: Annotated[Any, shown("MODULE:NAME", "gradient steps", constructor=str | None)] = None
    """(x, label) -> e, that finds the latents of rows; x float32 in the data's units."""
    near: Share = 0.3
    """How far a search moves a row: standard deviations of its latent."""
    reference: Annotated[Any, shown("MODULE:NAME|default", "none", constructor=str | None)] = None
    """A sibling of the model, trained on the same data: each mode says how much more often the
    model fails than it does; default: one of genenv's own is trained."""
    rate: Switch = False
    """Estimate P(failure) where random sampling meets fewer than ten, too, by subset simulation."""
    rate_budget: Number = 100_000
    """Queries to the model for that."""
    seed: Number = 0
    """Address of the split, the generator, the judge and the default model."""
    objective: Objective = "relativistic"
    """Of the generator that is fitted where none is given."""
    steps: Updates = None
    """Updates of that generator."""
    threads: Threads = 0
    """CPU threads; 0: one for tiny networks, else torch's default."""

    def __post_init__(self) -> None:
        """Raise a Mistake that names the field."""
        if self.search == () or not self.seeds:
            raise checks.Mistake("at least one search and one seed", "none", "name some")
        searches = [given for given in self.search or () if isinstance(given, str)]
        checks.once("search", searches)
        checks.once("seeds", self.seeds)
        checks.choice("start", self.start, ("prior", "rows"))
        checks.positive("near", self.near)
        for name in searches:
            names.known("search", name, names.searches())
        names.known("objective", self.objective, names.objectives())
        names.known("criterion", self.criterion, names.criteria())
        for name in ("budget", "train_queries", "rate_budget"):
            checks.integer(name, getattr(self, name))
        if self.budget < LEAST_BUDGET:
            raise checks.Mistake(
                f"a budget of at least {LEAST_BUDGET} queries, one batch", self.budget, "give more"
            )
        for name in ("threads", "query_timeout"):
            checks.none_or_more(name, getattr(self, name))
